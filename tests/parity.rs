//! Replays recorded PURGE steps. The recordings come from an independent PyTorch implementation of the method.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use purge_unlearning::model::{Checkpoint, Network, SmallCnnConfig};
use purge_unlearning::unlearning::purge::{Objective, Purge, PurgeConfig, StepBatch, StepScalars};
use purge_unlearning::work::Here;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::Value;

struct Case {
    name: String,
    json: Value,
    bytes: Vec<u8>,
}

impl Case {
    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).unwrap()
    }

    fn floats<const D: usize>(&self, name: &str) -> TensorData {
        let tensors = self.tensors();
        let tensor = tensors.tensor(name).unwrap();
        let values: Vec<f32> =
            tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        let shape: [usize; D] = tensor.shape().try_into().unwrap();
        TensorData::new(values, shape)
    }

    fn one_hot(&self, name: &str, classes: usize) -> TensorData {
        let tensors = self.tensors();
        let labels = tensors.tensor(name).unwrap();
        let labels: Vec<i64> = match labels.dtype() {
            Dtype::I64 => labels.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect(),
            Dtype::I32 => {
                labels.data().chunks_exact(4).map(|b| i32::from_le_bytes(b.try_into().unwrap()) as i64).collect()
            }
            other => panic!("labels of type {other:?}"),
        };
        let mut values = vec![0.0_f32; labels.len() * classes];
        for (row, label) in labels.iter().enumerate() {
            values[row * classes + *label as usize] = 1.0;
        }
        TensorData::new(values, [labels.len(), classes])
    }

    /// The network under `prefix` goes through the same reader as any file.
    fn network(&self, prefix: &str, device: &Device) -> Network {
        let tensors = self.tensors();
        let views: Vec<(String, TensorView<'_>)> = tensors
            .tensors()
            .into_iter()
            .filter_map(|(name, view)| name.strip_prefix(prefix).map(|name| (name.to_string(), view)))
            .collect();
        let bytes = safetensors::serialize(views, None).unwrap();
        Checkpoint::read(&self.name, &bytes, device).unwrap().network
    }

    fn forget_class(&self) -> usize {
        self.json["forget_class"].as_u64().unwrap() as usize
    }

    fn config(&self) -> PurgeConfig {
        let h = &self.json["hyperparameters"];
        let number = |key: &str| h[key].as_f64().unwrap();
        PurgeConfig {
            objective: match h["objective"].as_str().unwrap() {
                "retain_confusion" => Objective::RetainConfusion,
                "uniform" => Objective::Uniform,
                "gradient_ascent" => Objective::GradientAscent,
                other => panic!("an objective this crate does not have: {other}"),
            },
            learning_rate: number("learning_rate"),
            momentum: number("momentum"),
            weight_decay: number("weight_decay"),
            representation_weight: number("representation_weight"),
            kd_weight: number("kd_weight"),
            temperature: number("temperature"),
            max_grad_norm: number("max_grad_norm"),
            forget_gate: number("forget_gate"),
            projection: h["projection"].as_bool().unwrap(),
            ..PurgeConfig::authors("mnist")
        }
    }
}

fn cases() -> Vec<Case> {
    let folder = std::env::var_os("PURGE_STEP_FIXTURES")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/purge-steps"));
    let mut cases: Vec<Case> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| Case {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            json: serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap(),
            bytes: std::fs::read(path.with_extension("safetensors")).unwrap(),
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!cases.is_empty(), "no fixtures in {}", folder.display());
    cases
}

fn values(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[track_caller]
fn assert_close(what: &str, ours: f64, theirs: f64, allowed: f64) {
    // KD of the first step is 0 but for rounding; a scalar that small has no relative error to speak of.
    assert!((ours - theirs).abs() <= allowed + 2e-6, "{what}: ours {ours}, theirs {theirs}");
}

/// The largest difference of the weights after the last step, with every scalar checked on the way.
fn replay(case: &Case, device: &Device, relative: f64, samples_at_once: usize) -> f32 {
    let classes = case.json["model"]["classes"].as_u64().unwrap() as usize;
    let mut network = case.network("initial.", device);
    let teacher = network.clone();
    let config = PurgeConfig { samples_at_once, ..case.config() };
    let p_r: Vec<f32> = case.floats::<1>("retain_confusion").try_to_vec().unwrap();
    let mut purge = Purge::new(config.clone(), case.forget_class().into(), &p_r, &network).unwrap();
    for (index, expected) in case.json["steps"].as_array().unwrap().iter().enumerate() {
        let image =
            |side: &str| Tensor::<4>::from_data(case.floats::<4>(&format!("step{index}.{side}_images")), device);
        let label =
            |side: &str| Tensor::<2>::from_data(case.one_hot(&format!("step{index}.{side}_labels"), classes), device);
        let batch = StepBatch {
            teacher_logits: teacher.forward(image("retain")).logits,
            retain_images: image("retain").into(),
            retain_labels: label("retain"),
            forget_images: image("forget").into(),
            forget_labels: label("forget"),
        };
        let packed = values(block_on(purge.step(&mut network, batch, &Here)));
        let ours = StepScalars::unpack(packed.as_slice().try_into().unwrap(), config.projection);
        let ours = serde_json::to_value(ours).unwrap();
        for (key, theirs) in expected.as_object().unwrap() {
            let what = format!("{} step {index} {key}", case.name);
            match theirs {
                Value::Bool(theirs) => assert_eq!(ours[key].as_bool(), Some(*theirs), "{what}"),
                Value::Number(theirs) => {
                    let number = |key: &str| ours[key].as_f64().unwrap();
                    // An inner product of nearly orthogonal gradients is small beside what it is summed from: in 64-bit
                    // floats the first one here is −0.04726, where the recording has −0.04735.
                    let scale = match key.as_str() {
                        "dot" => (number("forget_sq_norm") * number("retain_sq_norm")).sqrt(),
                        _ => theirs.as_f64().unwrap().abs(),
                    };
                    assert_close(&what, number(key), theirs.as_f64().unwrap(), relative * scale)
                }
                other => panic!("{what}: {other}"),
            }
        }
    }

    let probe = Tensor::<4>::from_data(case.floats::<4>("probe_images"), device);
    let output = network.forward(probe);
    let outputs = [("logits", output.logits.clone())]
        .into_iter()
        .chain(["tap0", "tap1", "tap2"].into_iter().zip(output.taps.clone()));
    for (name, ours) in outputs {
        let theirs: Vec<f32> = case.floats::<2>(&format!("final.{name}")).try_to_vec().unwrap();
        let ours: Vec<f32> = ours.into_data().try_to_vec().unwrap();
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() <= 2e-4 * theirs.abs().max(1.0), "{} {name}: {ours} {theirs}", case.name);
        }
    }

    let theirs = values(case.network("final.", device).parameters().flat());
    let ours = values(network.parameters().flat());
    ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn steps_agree_with_pytorch() {
    let device = Device::flex();
    // Whole, and in parts of 3, 3 and 2 samples whose gradients are added up.
    for samples_at_once in [0, 3] {
        for case in cases() {
            let difference = replay(&case, &device, 1e-4, samples_at_once);
            println!("{}, {samples_at_once} at once: largest difference of a weight {difference:e}", case.name);
            assert!(difference <= 2e-5, "{}: weights differ by {difference}", case.name);
        }
    }
}

#[test]
fn probabilities_of_another_number_of_classes_are_refused() {
    let device = Device::flex();
    let network = SmallCnnConfig::new(1, 10).with_width(8).init(0, &device).unwrap();
    let purge = |p_r: &[f32], class: usize| Purge::new(PurgeConfig::authors("mnist"), class.into(), p_r, &network);
    assert!(purge(&[0.1; 10], 3).is_ok());
    let wrong = purge(&[0.1; 9], 3).unwrap_err().to_string();
    assert_eq!(wrong, "retain_confusion: expected 10 probabilities, one for each class, found 9");
    assert_eq!(purge(&[0.1; 10], 10).unwrap_err().code(), "bad-config");
}
