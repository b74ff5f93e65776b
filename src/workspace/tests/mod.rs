mod calls;
mod sequences;

use std::sync::OnceLock;

use burn::tensor::Device;
use pollster::block_on;
use serde_json::json;

use super::*;
use crate::bars::bars;
use crate::data::{ImageShape, Normalisation};
use crate::model::{Architecture, Card, SmallCnnConfig};
use crate::training::{TrainConfig, Training};

/// Networks and datasets of three shapes: bars in grey, the same in colour, and bars of four classes.
const SHAPES: usize = 3;

fn device() -> Device {
    Device::flex()
}

fn architecture(shape: usize) -> Architecture {
    let (channels, classes) = [(1, 3), (3, 3), (1, 4)][shape];
    SmallCnnConfig::new(channels, classes).with_width(8).into()
}

fn dataset(shape: usize) -> Dataset {
    let grey = bars(8);
    match shape {
        0 => grey,
        1 => coloured(grey),
        _ => Dataset { class_names: ["a", "b", "c", "d"].map(String::from).to_vec(), ..with_a_fourth(grey) },
    }
}

fn coloured(grey: Dataset) -> Dataset {
    let shape = ImageShape { channels: 3, ..grey.shape };
    let split = |split: &Split| {
        let pixels = (0..split.len()).flat_map(|i| split.image(i).repeat(3)).collect();
        Split::new("colour", shape, pixels, split.labels().to_vec()).unwrap()
    };
    let normalisation = Normalisation { mean: vec![0.3; 3], std: vec![0.3; 3] };
    Dataset { name: "colour".into(), shape, normalisation, train: split(&grey.train), test: split(&grey.test), ..grey }
}

fn with_a_fourth(grey: Dataset) -> Dataset {
    let split = |split: &Split| {
        let labels = split.labels().iter().enumerate().map(|(i, &label)| if i % 4 == 3 { 3 } else { label }).collect();
        Split::new("four", grey.shape, split.pixels().to_vec(), labels).unwrap()
    };
    Dataset { name: "four".into(), train: split(&grey.train), test: split(&grey.test), ..grey.clone() }
}

/// A network that has learnt its bars; of the first shape as its card says, of the others without a card.
fn network(shape: usize) -> Checkpoint {
    static TRAINED: OnceLock<Vec<Checkpoint>> = OnceLock::new();
    TRAINED.get_or_init(|| {
        (0..SHAPES)
            .map(|shape| {
                let dataset = dataset(shape);
                let config = TrainConfig { epochs: 4, batch_size: 8, ..TrainConfig::for_dataset("bars") };
                let training = Training::new(architecture(shape), &dataset, config, &device()).unwrap();
                let network = block_on(training.run(|_| Ok(()))).unwrap();
                let accuracies = [("test".to_string(), 99.0)].into();
                let card = match shape {
                    0 => Card {
                        members_per_class: Some(6),
                        mean: vec![0.4],
                        std: vec![0.2],
                        accuracies,
                        ..Card::default()
                    },
                    _ => Card::default(),
                };
                Checkpoint { network, card }
            })
            .collect()
    })[shape]
        .clone()
}

fn weights(network: &Network) -> Vec<f32> {
    network.parameters().flat().into_data().try_to_vec().unwrap()
}

fn request(forget: usize, changes: serde_json::Value) -> RunRequest {
    let serde_json::Value::Object(changes) = changes else { panic!("no object: {changes}") };
    RunRequest { method: None, preset: None, forget: vec![forget], changes }
}

fn small() -> serde_json::Value {
    json!({ "batch_size": 4, "check_every": 2, "epochs": 3, "target_forget_accuracy": 20.0 })
}

fn ready() -> Workspace {
    let mut workspace = Workspace::new(&device());
    workspace.load(dataset(0), "grey", network(0));
    workspace
}

fn run_to_the_end(workspace: &mut Workspace, forget: usize, changes: serde_json::Value) -> Summary {
    let config = workspace.resolve(request(forget, changes)).unwrap();
    block_on(workspace.start(config)).unwrap();
    while block_on(workspace.advance(usize::MAX)).unwrap().stop.is_none() {}
    workspace.finish().unwrap()
}
