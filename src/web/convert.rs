use js_sys::{Array, Object, Reflect};
use serde::Serialize;
use serde_json::{Map, Number, Value};
use wasm_bindgen::{JsCast, JsValue};

use crate::attacks::ATTACKS;
use crate::camel::{camel, camel_keys, snake};
use crate::unlearning::settings::TABLE;
use crate::{Error, Result};

#[derive(Serialize)]
struct Failure {
    code: &'static str,
    message: String,
    /// Whether the engine is gone with it.
    fatal: bool,
}

/// `{ code, message, fatal }`. Options are named as JavaScript callers write them.
pub(super) fn error(error: Error) -> JsValue {
    let error = match error {
        Error::BadConfig { field, expected, found } => {
            Error::BadConfig { field: camel(&field), expected: keys_in_camel(&expected), found }
        }
        other => other,
    };
    let failure = Failure { code: error.code(), message: error.to_string(), fatal: error.is_fatal() };
    to_js(&failure).unwrap_or_else(|_| JsValue::from_str(&failure.message))
}

/// A text in which settings are named as JavaScript callers write them.
fn keys_in_camel(text: &str) -> String {
    let of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let of_attacks = || ATTACKS.iter().flat_map(|attack| attack.info().options).map(|row| row.key);
    let is_key = |word: &str| TABLE.iter().map(|row| row.key).chain(of_attacks()).any(|key| key == word);
    let words = text.split_inclusive(|c| !of_name(c)).map(|word| {
        let name = word.trim_end_matches(|c| !of_name(c));
        if is_key(name) { camel(name) + &word[name.len()..] } else { word.into() }
    });
    words.collect()
}

/// A plain object with camelCase keys; what is absent is left out.
pub(super) fn to_js(value: &impl Serialize) -> std::result::Result<JsValue, JsValue> {
    let value = serde_json::to_value(value).map_err(|e| JsValue::from_str(&e.to_string()))?;
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    camel_keys(value).serialize(&serializer).map_err(JsValue::from)
}

/// The fields of a plain object, in snake_case; `undefined` counts as left out. NaN and the infinities, which JSON does not know, become texts that no
/// setting takes.
pub(super) fn fields(value: &JsValue) -> Result<Map<String, Value>> {
    let object = value.dyn_ref::<Object>().filter(|_| !value.is_function() && !Array::is_array(value));
    let object = object.ok_or_else(|| Error::config("options", "an object", kind_of(value)))?;
    let mut fields = Map::new();
    for key in Object::keys(object).iter() {
        let name = key.as_string().unwrap_or_default();
        let field =
            Reflect::get(object, &key).map_err(|_| Error::config(&name, "a value", "one that cannot be read"))?;
        if !field.is_undefined() {
            fields.insert(snake(&name), plain(&name, &field)?);
        }
    }
    Ok(fields)
}

fn plain(name: &str, value: &JsValue) -> Result<Value> {
    if let Some(number) = value.as_f64() {
        return Ok(match whole(number) {
            Some(whole) => whole.into(),
            None => Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number),
        });
    }
    if let Some(text) = value.as_string() {
        return Ok(Value::String(text));
    }
    if let Some(truth) = value.as_bool() {
        return Ok(Value::Bool(truth));
    }
    if let Some(array) = value.dyn_ref::<Array>() {
        return array.iter().map(|item| plain(name, &item)).collect::<Result<Vec<_>>>().map(Value::Array);
    }
    Err(Error::config(name, "a number, a text, true or false, or a list of them", kind_of(value)))
}

/// 8 as a whole number and not as 8.0, which no setting that counts would take.
fn whole(number: f64) -> Option<Number> {
    let exact = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    exact.then(|| if number < 0.0 { (number as i64).into() } else { (number as u64).into() })
}

fn kind_of(value: &JsValue) -> String {
    if value.is_null() {
        return "null".into();
    }
    match value.js_typeof().as_string().as_deref() {
        Some("object") => "an object".into(),
        Some(kind) => format!("a value of type {kind}"),
        None => "something else".into(),
    }
}
