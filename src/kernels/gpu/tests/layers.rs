//! Layers and whole networks, forward and back.

use burn::tensor::{Device, Tensor, TensorData};

use super::{gpu, values};
use crate::kernels::tests::noise;
use crate::kernels::{ConvBlock, Form, Maps, Norm, conv_block, testing};
use crate::model::{Architecture, Norm as NetworkNorm, ResNetConfig, SmallCnnConfig, Stem};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Group,
    Frozen,
    Batch,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    images: usize,
    input: usize,
    output: usize,
    size: [usize; 2],
    side: usize,
    form: Form,
    norm: Kind,
    bias: bool,
}

/// As a layer of a network: 3×3, stride 1, a ReLU.
const USUAL: Case = Case {
    images: 3,
    input: 8,
    output: 16,
    size: [7, 5],
    side: 3,
    form: Form { stride: 1, relu: true, pool: false },
    norm: Kind::Frozen,
    bias: false,
};

fn tensor<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(noise(shape.iter().product(), seed), shape), device)
}

/// By name the result, the gradients of images and parameters, and what the batch's norm has seen.
fn answers(case: &Case, device: &Device) -> Vec<(&'static str, Vec<f32>)> {
    let Case { images, input, output, size: [height, width], side, form, norm, bias } = *case;
    let channels = |seed| tensor([output], seed, device);
    let leaf = |seed| channels(seed).autodiff().require_grad();
    let x = tensor([images, input, height, width], 1, device).autodiff().require_grad();
    let weight = tensor([output, input, side, side], 2, device).autodiff().require_grad();
    let bias = bias.then(|| leaf(3));
    let (gamma, beta) = (leaf(4), leaf(5));
    let mut seen = Vec::new();
    let of_norm = (gamma.clone(), beta.clone());
    let norm = match (norm, of_norm) {
        (Kind::Group, (weight, bias)) => Norm::Group { weight, bias },
        (Kind::Frozen, (weight, bias)) => {
            let statistics = Box::new([channels(6), channels(7).abs() + 0.5]);
            Norm::Frozen { weight, bias, statistics }
        }
        (Kind::Batch, (weight, bias)) => Norm::Batch { weight, bias, seen: &mut seen },
    };
    let block = ConvBlock { weight: weight.clone(), bias: bias.clone(), norm, form };
    let y = conv_block(Maps::Plain(x.clone()), block).into_plain();
    let outer = tensor(y.dims(), 8, device).autodiff();
    let gradients = (y.clone() * outer).sum().backward();
    let mut all = vec![
        ("result", values(&y.without_autodiff())),
        ("x", values(&x.grad(&gradients).unwrap())),
        ("weight", values(&weight.grad(&gradients).unwrap())),
        ("gamma", values(&gamma.grad(&gradients).unwrap())),
        ("beta", values(&beta.grad(&gradients).unwrap())),
    ];
    all.extend(seen.iter().map(|seen| ("statistics", values(seen))));
    all.extend(bias.map(|bias| ("bias", values(&bias.grad(&gradients).unwrap()))));
    all
}

/// The largest difference, beside the largest number.
fn difference(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    let largest = |numbers: &mut dyn Iterator<Item = f32>| numbers.fold(0.0, |most, number| number.abs().max(most));
    let apart = largest(&mut found.iter().zip(wanted).map(|(found, wanted)| found - wanted));
    apart / largest(&mut wanted.iter().copied()).max(f32::MIN_POSITIVE)
}

fn check(case: Case) {
    let wanted = testing::with_stock(|| answers(&case, &Device::flex()));
    for ((name, found), (_, wanted)) in answers(&case, &gpu()).iter().zip(&wanted) {
        if *name == "bias" && case.norm == Kind::Batch {
            // The norm takes it away again, and what is left is rounding.
            assert!(found.iter().all(|gradient| gradient.abs() < 1e-3), "{name} of {case:?}: {found:?}");
            continue;
        }
        let difference = difference(found, wanted);
        assert!(difference < 1e-4, "{name} of {case:?}: {difference:e}");
    }
}

#[test]
fn convolutions_of_every_side_and_stride() {
    for side in [1, 3, 5, 7] {
        for stride in [1, 2, 3] {
            for (input, size) in [(1, [9, 4]), (3, [8, 8]), (8, [5, 11]), (6, [1, 1])] {
                let form = Form { stride, ..USUAL.form };
                check(Case { input, size, side, form, ..USUAL });
            }
        }
    }
}

#[test]
fn every_norm_with_all_that_may_follow() {
    for norm in [Kind::Group, Kind::Frozen, Kind::Batch] {
        for (stride, relu, pool) in
            [(1, true, false), (1, false, false), (1, true, true), (2, false, false), (2, true, true)]
        {
            let form = Form { stride, relu, pool };
            check(Case { norm, form, size: [13, 10], ..USUAL });
            check(Case { norm, form, size: [8, 8], images: 70, output: 24, bias: true, ..USUAL });
        }
    }
}

#[test]
fn a_batch_of_one_pixel_has_no_variance() {
    let case = Case { images: 1, size: [1, 1], norm: Kind::Batch, ..USUAL };
    let wanted = testing::with_stock(|| answers(&case, &Device::flex()));
    for ((name, found), (_, wanted)) in answers(&case, &gpu()).iter().zip(&wanted) {
        assert!(found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-3), "{name}: {found:?}");
    }
}

#[test]
fn the_max_pool_of_every_size() {
    for (height, width) in [(1, 1), (2, 3), (7, 4), (8, 8), (1, 9)] {
        let found = [Device::flex(), gpu()].map(|device| {
            let x = tensor([2, 3, height, width], 1, &device).autodiff().require_grad();
            let y = Maps::Plain(x.clone()).max_pool().into_plain();
            let outer = tensor(y.dims(), 2, &device).autodiff();
            let gradients = (y.clone() * outer).sum().backward();
            [values(&y.without_autodiff()), values(&x.grad(&gradients).unwrap())]
        });
        assert_eq!(found[0][0], found[1][0]);
        assert!(difference(&found[1][1], &found[0][1]) < 1e-6);
    }
}

#[test]
fn not_a_number_comes_through_a_max_pool() {
    for at in 0..9 {
        let mut numbers = [1.0; 9];
        numbers[at] = f32::NAN;
        let x = Tensor::<1>::from_floats(numbers, &gpu()).reshape([1, 1, 3, 3]).autodiff().require_grad();
        let y = Maps::Plain(x.clone()).max_pool().into_plain();
        let gradients = (y.clone() * 2.0).sum().backward();
        assert!(values(&y.without_autodiff()).iter().any(|number| number.is_nan()), "{at}");
        assert_eq!(values(&x.grad(&gradients).unwrap()).iter().sum::<f32>(), 8.0, "{at}");
    }
}

/// Logits, taps and the gradient of all weights; in training also the running statistics after it.
fn whole(architecture: Architecture, size: [usize; 2], training: bool, device: &Device) -> Vec<Vec<f32>> {
    let mut network = architecture.init(3, device).unwrap();
    let images = tensor([4, architecture.channels(), size[0], size[1]], 7, device);
    let leaves = network.parameters().leaves();
    let output =
        if training { network.forward_training(&leaves, images) } else { network.forward_with(&leaves, images) };
    let mut all: Vec<_> = output.taps.iter().map(|tap| values(&tap.clone().without_autodiff())).collect();
    all.push(values(&output.logits.clone().without_autodiff()));
    let [tap, ..] = output.taps;
    let loss = output.logits.powi_scalar(2).mean() + tap.powi_scalar(2).mean();
    all.push(values(&leaves.gradient(loss)));
    all.extend(network.running_flat().map(|running| values(&running)));
    all
}

#[test]
fn whole_networks() {
    let resnet = |channels: usize, stem: Stem, norm: NetworkNorm| {
        Architecture::from(ResNetConfig::new(channels, 5).with_width(8).with_stem(stem).with_norm(norm))
    };
    let small = |norm: NetworkNorm| Architecture::from(SmallCnnConfig::new(1, 5).with_width(8).with_norm(norm));
    for (architecture, size, training) in [
        (small(NetworkNorm::Group), [11, 9], false),
        (small(NetworkNorm::Batch), [28, 28], false),
        (small(NetworkNorm::Batch), [9, 12], true),
        (resnet(3, Stem::Small, NetworkNorm::Batch), [16, 16], false),
        (resnet(3, Stem::Small, NetworkNorm::Batch), [17, 11], true),
        (resnet(1, Stem::Small, NetworkNorm::Group), [21, 32], false),
        (resnet(3, Stem::ImageNet, NetworkNorm::Batch), [41, 33], false),
        (resnet(3, Stem::ImageNet, NetworkNorm::Batch), [48, 64], true),
    ] {
        let wanted = testing::with_stock(|| whole(architecture, size, training, &Device::flex()));
        let found = whole(architecture, size, training, &gpu());
        for (place, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            let difference = difference(found, wanted);
            assert!(difference < 1e-4, "{place} of {architecture:?}, {size:?}, training {training}: {difference:e}");
        }
    }
}
