//! Names as Rust and JSON have them, and as JavaScript has them.

use serde_json::Value;

/// `learning_rate` → `learningRate`
pub(crate) fn camel(key: &str) -> String {
    let mut upper = false;
    let mut camel = String::new();
    for c in key.chars() {
        match (c, upper) {
            ('_', _) => upper = true,
            (c, true) => {
                camel.push(c.to_ascii_uppercase());
                upper = false;
            }
            (c, false) => camel.push(c),
        }
    }
    camel
}

/// Plain objects with camelCase keys; what is null is left out.
#[cfg(any(target_arch = "wasm32", feature = "cli"))]
pub fn camel_keys(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let fields = map.into_iter().filter(|(_, field)| !field.is_null());
            Value::Object(fields.map(|(key, field)| (camel(&key), camel_keys(field))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(camel_keys).collect()),
        other => other,
    }
}

/// `learningRate` → `learning_rate`
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) fn snake(key: &str) -> String {
    key.chars().fold(String::new(), |mut text, c| {
        if c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for key in ["seed", "learning_rate", "max_grad_norm", "fa"] {
            assert_eq!(snake(&camel(key)), key);
        }
        assert_eq!(camel("target_forget_accuracy"), "targetForgetAccuracy");
    }
}
