//! ResNet-18 against PyTorch: names, shapes, logits, taps and gradients. `tools/resnet_fixture.py` made the figures.

use std::collections::{BTreeMap, HashMap};

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use pollster::block_on;
use purge_unlearning::data::{Dataset, Format, NamedBytes, read};
use purge_unlearning::device::{self, DeviceKind};
use purge_unlearning::model::{
    Architecture, Card, Checkpoint, Network, Norm, Precision, ResNetConfig, SmallCnnConfig, Stem,
};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

const WEIGHTS: &[u8] = include_bytes!("fixtures/resnet/weights.safetensors");
const LABELS: [usize; 4] = [0, 3, 4, 1];

#[derive(serde::Deserialize)]
struct Expected {
    torchvision: BTreeMap<String, Vec<usize>>,
    cases: HashMap<String, Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    logits: Vec<Vec<f32>>,
    taps: Vec<Vec<Vec<f32>>>,
    loss: f32,
    gradients: HashMap<String, Gradient>,
}

#[derive(serde::Deserialize)]
struct Gradient {
    norm: f64,
    sum: f64,
    first: Vec<f32>,
}

fn expected() -> Expected {
    serde_json::from_str(include_str!("fixtures/resnet/expected.json")).unwrap()
}

fn cpu() -> Device {
    block_on(device::open(DeviceKind::Cpu)).unwrap()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn images(name: &str, device: &Device) -> Tensor<4> {
    let all = SafeTensors::deserialize(WEIGHTS).unwrap();
    let view = all.tensor(&format!("images.{name}")).unwrap();
    let pixels: Vec<f32> =
        view.data().as_chunks::<2>().0.iter().map(|&b| half::f16::from_le_bytes(b).to_f32()).collect();
    let shape: [usize; 4] = view.shape().try_into().unwrap();
    Tensor::from_data(TensorData::new(pixels, shape), device)
}

/// The fixture's weights as a file of one of the three networks.
fn file(stem: &str, norm: &str) -> Vec<u8> {
    let all = SafeTensors::deserialize(WEIGHTS).unwrap();
    let mut tensors: BTreeMap<String, TensorView> = all
        .tensors()
        .into_iter()
        .filter(|(name, _)| !name.contains("images") && !name.starts_with("imagenet"))
        .filter(|(name, _)| norm == "batch" || !name.contains("running"))
        .collect();
    if stem == "imagenet" {
        tensors.insert("conv1.weight".into(), all.tensor("imagenet.conv1.weight").unwrap());
    }
    safetensors::serialize(tensors, None).unwrap()
}

#[track_caller]
fn close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4 * scale, "{what}: {found}, PyTorch has {expected}");
    }
}

#[test]
fn logits_taps_and_gradients_are_pytorchs() {
    for (name, case) in expected().cases {
        let (stem, norm) = name.split_once('_').unwrap();
        let network: Network = Checkpoint::read(&name, &file(stem, norm), &cpu()).unwrap().network;
        let leaves = network.parameters().leaves();
        let output = network.forward_with(&leaves, images(stem, &cpu()));
        close(&values(output.logits.clone()), &case.logits.concat(), &format!("{name} logits"));
        for (tap, expected) in output.taps.iter().zip(&case.taps) {
            close(&values(tap.clone()), &expected.concat(), &format!("{name} taps"));
        }

        let batch = case.logits.len();
        let one_hot: Vec<f32> =
            LABELS[..batch].iter().flat_map(|&l| (0..5).map(move |k| f32::from(u8::from(k == l)))).collect();
        let one_hot = Tensor::<2>::from_data(TensorData::new(one_hot, [batch, 5]), &cpu());
        let loss = -(log_softmax(output.logits, 1) * one_hot).sum_dim(1).mean();
        close(&values(loss.clone()), &[case.loss], &format!("{name} loss"));
        let gradient = values(leaves.gradient(loss));
        let layout = network.parameters().layout();
        assert_eq!(layout.iter().count(), case.gradients.len());
        for (parameter, _, range) in layout.iter() {
            let (mine, theirs) = (&gradient[range], &case.gradients[parameter]);
            let what = format!("{name}, gradient of {parameter}");
            close(&mine[..theirs.first.len().min(mine.len())], &theirs.first, &what);
            let norm = mine.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
            let sum: f64 = mine.iter().map(|&g| f64::from(g)).sum();
            assert!((norm - theirs.norm).abs() < 1e-4 * theirs.norm.max(1e-2), "{what}: {norm}, {}", theirs.norm);
            assert!((sum - theirs.sum).abs() < 1e-3 * theirs.norm.max(1e-2), "{what}: {sum}, {}", theirs.sum);
        }
    }
}

#[test]
fn names_and_shapes_are_torchvisions() {
    let network = ResNetConfig::new(3, 5).with_stem(Stem::ImageNet).init(0, &cpu()).unwrap();
    let bytes = block_on(Checkpoint { network, card: Card::default() }.write(Precision::Half)).unwrap();
    let written = SafeTensors::deserialize(&bytes).unwrap();
    let found: BTreeMap<String, Vec<usize>> =
        written.tensors().into_iter().map(|(name, view)| (name, view.shape().to_vec())).collect();
    assert_eq!(found, expected().torchvision);
    let read = Checkpoint::read("resnet", &bytes, &cpu()).unwrap();
    let config = ResNetConfig::new(3, 5).with_stem(Stem::ImageNet);
    assert_eq!(*read.network.architecture(), config.into());
}

#[test]
fn names_may_have_something_before_them() {
    let file = file("small", "batch");
    let all = SafeTensors::deserialize(&file).unwrap();
    let prefixed: Vec<_> = all.tensors().into_iter().map(|(name, view)| (format!("module.{name}"), view)).collect();
    let prefixed = safetensors::serialize(prefixed, None).unwrap();
    let theta = |bytes: &[u8]| values(Checkpoint::read("x", bytes, &cpu()).unwrap().network.parameters().flat());
    assert!(theta(&prefixed) == theta(&file));
}

#[test]
fn images_that_are_too_small_are_refused() {
    let network = ResNetConfig::new(1, 2).with_width(8).with_stem(Stem::ImageNet).with_norm(Norm::Group);
    let network = network.init(0, &cpu()).unwrap();
    let bytes = include_bytes!("fixtures/formats/medmnist_grey.npz");
    let dataset: Dataset = read(Format::Medmnist, &[NamedBytes { name: "grey.npz", bytes }]).unwrap();
    let error = purge_unlearning::fit::check_fit(&network, &dataset).unwrap_err().to_string();
    assert!(error.contains("at least 32×32") && error.contains("28×28"), "{error}");
}

#[test]
fn large_batches_go_through_in_parts() {
    let at_once = |side| Architecture::from(ResNetConfig::new(3, 10)).samples_at_once(side, side);
    // 65,536 numbers of the stem, then 262,144 + 163,840 + 81,920 + 40,960 of the stages: 1.5 GB at 32 bytes each.
    assert_eq!(at_once(32), 1_500_000_000 / (32 * 614_400));
    assert_eq!(at_once(96), 1_500_000_000 / (32 * 9 * 614_400));
    assert_eq!(at_once(10_000), 1);
    let small = Architecture::from(SmallCnnConfig::new(1, 10)).samples_at_once(28, 28);
    assert!(small > 1000, "{small}");
}
