//! Replays recorded steps of the rival methods through runs as anybody starts them. The recordings are of PyTorch, in 64-bit floats:
//! `tools/rivals_fixture.py`.

use std::path::Path;
use std::sync::Arc;

use pollster::block_on;
use purge_unlearning::data::{Dataset, ImageShape, Normalisation, Split};
use purge_unlearning::model::{Checkpoint, Network, Precision};
use purge_unlearning::unlearning::method::method;
use purge_unlearning::unlearning::{Preset, Run, RunConfig, Subject};
use safetensors::SafeTensors;
use serde_json::Value;

use crate::{device, values};

/// The weights of a step that are recorded: every so many.
const STRIDE: usize = 7;
const ALLOWED: f32 = 2e-5;

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rivals").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&file(&format!("{name}.json"))).unwrap()
}

fn floats(bytes: &[u8], name: &str) -> Vec<f32> {
    let tensors = SafeTensors::deserialize(bytes).unwrap();
    tensors.tensor(name).unwrap().data().as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
}

fn images() -> Dataset {
    let json = json("images");
    let numbers = |key: &str| -> Vec<u64> {
        json[key].as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
    };
    let shape = ImageShape::new(1, 8, 8).unwrap();
    let pixels = numbers("pixels").into_iter().map(|pixel| pixel as u8).collect();
    let labels = numbers("labels").into_iter().map(|label| label as u16).collect();
    let split = Split::new("bars", shape, pixels, labels).unwrap();
    Dataset {
        normalisation: Normalisation { mean: vec![0.3], std: vec![0.3] },
        train: split.clone(),
        test: split,
        ..crate::bars(1)
    }
}

fn network(norm: &str) -> Network {
    Checkpoint::read(norm, &file(&format!("{norm}.safetensors")), &device()).unwrap().network
}

/// The running statistics of a SmallCnn: mean and variance of each norm in turn.
pub(crate) fn running(network: &Network) -> Vec<f32> {
    let checkpoint = Checkpoint { network: network.clone(), card: Default::default() };
    let bytes = block_on(checkpoint.write(Precision::Full)).unwrap();
    let names = (1..=4).flat_map(|norm| ["mean", "var"].map(|what| format!("norm{norm}.running_{what}")));
    names.flat_map(|name| floats(&bytes, &name)).collect()
}

#[track_caller]
fn close(what: &str, ours: &[f32], theirs: &[f32]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert!((ours - theirs).abs() <= ALLOWED, "{what} {at}: ours {ours}, theirs {theirs}");
    }
}

/// A run that sees all of D_f and of D_r in each batch, and never ends.
fn start(case: &Value, batch_size: usize) -> Run {
    let network = network(case["norm"].as_str().unwrap());
    let method = method(case["method"].as_str().unwrap()).unwrap();
    let preset: Preset = case["preset"].as_str().unwrap().parse().unwrap();
    let subject = Subject { dataset: "bars", network: network.architecture() };
    let mut config = RunConfig::new(method, preset, &subject, 1)
        .unwrap()
        .with_all(
            serde_json::json!({ "batch_size": batch_size, "target_forget_accuracy": 0, "epochs": 9 })
                .as_object()
                .unwrap()
                .clone(),
        )
        .unwrap();
    for (key, value) in case["settings"].as_object().unwrap() {
        config = config.with(key, value.clone()).unwrap();
    }
    if config.settings().get("forget_batch_size").is_some() {
        config = config.with("forget_batch_size", 0).unwrap();
    }
    block_on(Run::start(network, Arc::new(images()), config, None)).unwrap()
}

fn replay(name: &str) {
    let (case, recorded) = (json(name), file(&format!("{name}.safetensors")));
    let mut run = start(&case, 24);
    let before = values(run.network().parameters().flat());
    for (step, expected) in case["steps"].as_array().unwrap().iter().enumerate() {
        let done = block_on(run.advance(1)).unwrap().steps;
        for (key, theirs) in expected["scalars"].as_object().unwrap() {
            let (ours, theirs) = (done[0].number(key).unwrap(), theirs.as_f64().unwrap());
            let allowed = 2e-5 * theirs.abs().max(1.0);
            assert!((ours - theirs).abs() <= allowed, "{name} step {step} {key}: ours {ours}, theirs {theirs}");
        }
        let weights = values(run.network().parameters().flat());
        let kept: Vec<f32> = weights.iter().step_by(STRIDE).copied().collect();
        close(&format!("{name} step {step}"), &kept, &floats(&recorded, &format!("step{step}.weights")));
        let moved: f64 = weights.iter().zip(&before).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
        let theirs = expected["moved"].as_f64().unwrap();
        assert!((moved - theirs).abs() <= 1e-4 * theirs, "{name} step {step}: moved {moved}, theirs {theirs}");
        if case["norm"] == "batch" {
            let theirs = floats(&recorded, &format!("step{step}.running"));
            close(&format!("{name} step {step} running"), &running(run.network()), &theirs);
        }
    }
}

macro_rules! replays {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name));
        })*
    };
}

replays! {
    fine_tune_group fine_tune_batch
    gradient_ascent_group gradient_ascent_batch gradient_ascent_frozen
    kl_uniform_plain_group kl_uniform_plain_batch
    neg_grad_plus_group neg_grad_plus_batch
    random_labels_others_group random_labels_others_batch random_labels_adam
    random_labels_all_group random_labels_all_batch
    salun_group salun_batch
    scrub_group scrub_batch
    bad_teacher_group bad_teacher_batch
    l1_sparse_group l1_sparse_batch
}

#[test]
fn every_recording_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rivals");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let here = include_str!("rivals.rs");
    for name in names.filter_map(|name| name.strip_suffix(".json").map(String::from)).filter(|name| name != "images") {
        assert!(here.contains(&format!(" {name}")), "{name}");
    }
}

/// Weights that the class hardly depends on stay as they are, to the last bit and in every step.
#[test]
fn salun_moves_the_weights_of_its_mask_and_no_others() {
    for norm in ["group", "batch"] {
        let name = format!("salun_{norm}");
        let recorded = file(&format!("{name}.safetensors"));
        let tensors = SafeTensors::deserialize(&recorded).unwrap();
        let mask = tensors.tensor("mask").unwrap().data().to_vec();
        let mut run = start(&json(&name), 24);
        let before = values(run.network().parameters().flat());
        block_on(run.advance(3)).unwrap();
        let after = values(run.network().parameters().flat());
        let moved = after.iter().zip(&before).map(|(after, before)| u8::from(after != before));
        assert!(moved.eq(mask.iter().copied()), "{norm}");
    }
}
