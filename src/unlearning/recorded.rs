//! What an independent program has recorded of methods, see `tests/fixtures/methods`, for their tests.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use pollster::block_on;
use safetensors::SafeTensors;

use super::method::Steps;
use super::run::{Samples, Step};
use crate::data::{Dataset, ImageShape, Normalisation, Split};
use crate::inference::logits;
use crate::model::{Architecture, Network, Norm, SmallCnnConfig};
use crate::work::Here;

/// The class that is forgotten.
pub(super) const FORGET: usize = 1;
pub(super) const NORMS: [(Norm, &str); 2] = [(Norm::Group, "group"), (Norm::Batch, "batch")];

/// A file of recorded tensors.
pub(super) struct Recorded {
    name: String,
    bytes: Vec<u8>,
}

impl Recorded {
    pub(super) fn open(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/methods");
        let bytes = std::fs::read(folder.join(format!("prepared-{name}.safetensors"))).unwrap();
        Self { name: name.into(), bytes }
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        SafeTensors::deserialize(&self.bytes).unwrap().tensor(name).unwrap().data().to_vec()
    }

    pub(super) fn floats(&self, name: &str) -> Vec<f32> {
        self.bytes(name).as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    pub(super) fn indices(&self, name: &str) -> Vec<usize> {
        self.bytes(name).as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes) as usize).collect()
    }

    /// Recorded batches, each of `size` indices.
    pub(super) fn batches(&self, name: &str, size: usize) -> Vec<Vec<usize>> {
        self.indices(name).chunks(size).map(<[usize]>::to_vec).collect()
    }

    /// Compares with the weights after the last step, of which some are recorded.
    #[track_caller]
    pub(super) fn check_weights(&self, network: &Network) {
        // A fifth of that of the numbers, for the steps are short.
        self.check_some("after", 100, network, 4e-6);
    }

    /// Compares with the weights that are recorded under this name, which are more than so many.
    #[track_caller]
    pub(super) fn check_some(&self, name: &str, count: usize, network: &Network, allowed: f32) {
        let places = self.indices(&format!("{name}.places"));
        assert!(places.len() > count, "too few");
        let ours = values(network.parameters().flat());
        let ours: Vec<f32> = places.into_iter().map(|place| ours[place]).collect();
        let theirs = self.floats(&format!("{name}.values"));
        within(&format!("{}: weights", self.name), &ours, &theirs, allowed);
    }

    /// Takes as many steps as there are recorded, and compares what they report with the rows of `scalars`, in this order.
    #[track_caller]
    pub(super) fn check_steps(
        &self,
        steps: &mut dyn Steps,
        (network, samples): (&mut Network, &mut Samples),
        keys: &[&'static str],
    ) {
        for (row, theirs) in self.floats("scalars").chunks_exact(keys.len()).enumerate() {
            let packed = values(block_on(steps.step(network, samples, &Here)));
            assert_eq!(packed.len(), steps.packed_len());
            let step = Step { step: row + 1, scalars: steps.report(&packed) };
            for (key, theirs) in keys.iter().zip(theirs) {
                close(&format!("{}: {key} of step {row}", self.name), &[step.number(key).unwrap() as f32], &[*theirs]);
            }
        }
    }
}

/// Within 2e-5 of what lies around 1, and likewise of larger numbers.
#[track_caller]
pub(super) fn close(what: &str, ours: &[f32], theirs: &[f32]) {
    within(what, ours, theirs, 2e-5);
}

#[track_caller]
pub(super) fn within(what: &str, ours: &[f32], theirs: &[f32], allowed: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (place, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let allowed = allowed * theirs.abs().max(1.0);
        assert!((ours - theirs).abs() <= allowed, "{what}: ours {ours}, theirs {theirs} at {place}");
    }
}

pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn architecture(norm: Norm) -> Architecture {
    SmallCnnConfig::new(1, 4).with_width(8).with_norm(norm).into()
}

/// The network from before.
pub(super) fn network(norm: Norm) -> Network {
    let start = Recorded::open("start");
    let (_, prefix) = NORMS[usize::from(norm == Norm::Batch)];
    let all = |layout: crate::model::Layout| -> Vec<f32> {
        layout.iter().flat_map(|(name, ..)| start.floats(&format!("{prefix}.{name}"))).collect()
    };
    let architecture = architecture(norm);
    let (weights, running) = (all(architecture.layout()), all(architecture.running_layout()));
    architecture.with_values(weights, running, &Device::flex()).unwrap()
}

/// A network with these weights and fresh statistics.
pub(super) fn network_of(norm: Norm, weights: Vec<f32>) -> Network {
    let running = architecture(norm).running_layout();
    let fresh =
        running.iter().flat_map(|(name, _, range)| range.map(move |_| f32::from(u8::from(name.ends_with("var")))));
    architecture(norm).with_values(weights, fresh.collect(), &Device::flex()).unwrap()
}

/// The recorded images, with the network's own answers and with recorded batches of D_f and of D_r.
pub(super) fn samples(network: &Network, batches: [(Vec<usize>, usize); 2]) -> Samples {
    let start = Recorded::open("start");
    let shape = ImageShape { channels: 1, height: 8, width: 8 };
    let labels = start.indices("labels").into_iter().map(|label| label as u16).collect();
    let split = Split::new("recorded", shape, start.bytes("pixels"), labels).unwrap();
    let dataset = Dataset {
        name: "recorded".into(),
        title: "Recorded".into(),
        class_names: (0..4).map(|class| class.to_string()).collect(),
        shape,
        normalisation: Normalisation { mean: vec![0.4], std: vec![0.3] },
        train: split.clone(),
        val: None,
        test: split,
        members: String::new(),
        source: None,
        licence: None,
    };
    let teacher = block_on(logits(&Here, network, &dataset, &dataset.train)).unwrap();
    Samples::in_order(Arc::new(dataset), &FORGET.into(), teacher, batches, &Device::flex())
}

/// No batches of one side.
pub(super) fn none() -> (Vec<usize>, usize) {
    (vec![0], 1)
}
