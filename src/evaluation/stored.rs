use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Evaluation;
use crate::camel::camel_keys;
use crate::data::{Dataset, packed};
use crate::{Error, Result};

/// Evaluations of a network to ship beside its file, so that a page has them before it has measured anything. They name
/// what they are of by hashes: of another network, or of other data, they are worth nothing.
#[derive(Debug, Clone, Serialize)]
pub struct Stored {
    /// SHA-256 of the network's file, in hexadecimal digits.
    pub network: String,
    /// SHA-256 of the dataset as a packed file, not compressed.
    pub dataset: String,
    /// Where they were made, such as "CPU (native, SIMD)".
    pub device: String,
    /// Each for other classes.
    pub evaluations: Vec<Evaluation>,
}

impl Stored {
    /// Notes what the evaluations are of: the bytes of the network's file, and the dataset as it was read.
    ///
    /// # Errors
    /// [`Error::BadDataset`] for a dataset that cannot be packed.
    pub fn new(network: &[u8], dataset: &Dataset, device: String, evaluations: Vec<Evaluation>) -> Result<Self> {
        Ok(Self { network: hash(network), dataset: hash(&packed::write(dataset)?), device, evaluations })
    }

    /// As the package reads it: JSON as JavaScript has it, numbers to six digits, gzip.
    ///
    /// # Errors
    /// None that a test would not have found.
    pub fn write(&self) -> Result<Vec<u8>> {
        let failed = |e: &dyn std::fmt::Display| Error::io("scores", e);
        let fields = json!(self);
        let text = serde_json::to_vec(&rounded(camel_keys(fields))).map_err(|e| failed(&e))?;
        let mut file = GzEncoder::new(Vec::new(), Compression::best());
        file.write_all(&text).and_then(|()| file.finish()).map_err(|e| failed(&e))
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Six significant digits: more than anything shows, and half of the file.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let short = format!("{:.5e}", number.as_f64().unwrap_or_default());
            short.parse::<f64>().map_or(Value::Null, Value::from)
        }
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, field)| (key, rounded(field))).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(rounded).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::bars::bars;
    use crate::data::ClassRoles;
    use crate::evaluation::{Answers, NonMembers};

    #[test]
    fn what_is_stored_is_what_was_measured_as_javascript_has_it() {
        let dataset = bars(4);
        let logits: Vec<f32> = (0..12 * 3).map(|i| (i % 7) as f32 / 3.0).collect();
        let answers = Answers { logits: &logits, labels: dataset.train.labels() };
        let roles = ClassRoles::new(vec![1], &[]);
        let evaluation = Evaluation::from_logits(&roles, 3, answers, answers, NonMembers::Test, 1.0 / 3.0).unwrap();
        let stored = Stored::new(b"network", &dataset, "CPU".into(), vec![evaluation.clone()]).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(stored.write().unwrap().as_slice()).read_to_string(&mut text).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["network"], hash(b"network"));
        assert_eq!(read["dataset"].as_str().map(str::len), Some(64));
        let back = &read["evaluations"][0];
        assert_eq!(back["confusionTrain"], json!(evaluation.confusion_train));
        assert_eq!((&back["seconds"], &back["nonMemberSplit"]), (&json!(0.333333), &json!("test")));
        assert!((back["retainLoss"].as_f64().unwrap() / evaluation.retain_loss - 1.0).abs() < 1e-5);
    }
}
