use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use wasm_bindgen::JsValue;

use crate::{Error, Result};

#[derive(Serialize)]
struct Failure {
    code: &'static str,
    message: String,
}

/// `{ code, message }`
pub(super) fn error(error: Error) -> JsValue {
    let failure = Failure { code: error.code(), message: error.to_string() };
    to_js(&failure).unwrap_or_else(|_| JsValue::from_str(&failure.message))
}

/// A plain object with camelCase keys.
pub(super) fn to_js(value: &impl Serialize) -> std::result::Result<JsValue, JsValue> {
    let value = serde_json::to_value(value).map_err(|e| JsValue::from_str(&e.to_string()))?;
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    rename(value, &camel).serialize(&serializer).map_err(JsValue::from)
}

/// From a plain object with camelCase keys; `undefined` counts as left out.
pub(super) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T> {
    let bad = |e: &dyn std::fmt::Display| Error::config("options", "a plain object of known settings", e.to_string());
    let value: Value = serde_wasm_bindgen::from_value(value).map_err(|e| bad(&e))?;
    serde_json::from_value(rename(value, &snake)).map_err(|e| bad(&e))
}

fn rename(value: Value, key: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::Object(map) => {
            let renamed = map.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (key(&k), rename(v, key)));
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| rename(item, key)).collect()),
        other => other,
    }
}

fn camel(key: &str) -> String {
    let mut upper = false;
    key.chars()
        .filter_map(|c| {
            if c == '_' {
                upper = true;
                return None;
            }
            let c = if upper { c.to_ascii_uppercase() } else { c };
            upper = false;
            Some(c)
        })
        .collect()
}

fn snake(key: &str) -> String {
    key.chars().fold(String::new(), |mut text, c| {
        if c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
        text
    })
}
