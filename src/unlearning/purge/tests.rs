//! The losses and the update as the kernels of the GPU compute them, against the formulas on the CPU.

use burn::tensor::{Device, Distribution, Tensor};

use super::anchor::retain_side;
use super::erasure::forget_side;
use super::pass::{Erase, ForgetPass, Retain, RetainPass};
use super::{Objective, Purge, PurgeConfig};
use crate::data::ClassRoles;
use crate::device::{DeviceKind, open};
use crate::model::{Network, SmallCnnConfig};

fn devices() -> [Device; 2] {
    let gpu = pollster::block_on(open(DeviceKind::Wgpu));
    [Device::flex(), gpu.expect("these tests need a graphics adapter; one of software will do")]
}

/// The same on the CPU and on the GPU.
fn both<const D: usize>(values: Tensor<D>) -> [Tensor<D>; 2] {
    let values = values.into_data();
    devices().map(|device| Tensor::from_data(values.clone(), &device))
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 2.0), &Device::flex())
}

fn labels(rows: usize, classes: usize) -> Tensor<2> {
    let hot = (0..rows * classes).map(|at| f32::from(at % classes == at / classes % classes));
    Tensor::<1>::from_floats(hot.collect::<Vec<_>>().as_slice(), &Device::flex()).reshape([rows, classes])
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.clone().without_autodiff().to_data().try_to_vec().unwrap()
}

fn close<const D: usize>(what: &str, [cpu, gpu]: [Tensor<D>; 2]) {
    assert_eq!(cpu.dims(), gpu.dims(), "{what}");
    for (place, (cpu, gpu)) in values(&cpu).into_iter().zip(values(&gpu)).enumerate() {
        assert!((cpu - gpu).abs() <= 2e-5 + 2e-5 * cpu.abs(), "{what}: {cpu} and {gpu} at {place}");
    }
}

const SHAPES: [[usize; 2]; 4] = [[1, 2], [5, 10], [256, 3], [300, 33]];

#[test]
fn the_retain_side() {
    let task = Retain { kd_weight: 0.7, temperature: 4.0 };
    for [rows, classes] in SHAPES {
        let (logits, teacher) = (both(random([rows, classes])), both(random([rows, classes])));
        let labels = both(labels(rows, classes));
        let found = [0, 1].map(|i| {
            let leaf = logits[i].clone().autodiff().require_grad();
            let (loss, numbers) = retain_side(&task, &leaf, labels[i].clone(), teacher[i].clone(), 0.5);
            let gradient = leaf.grad(&loss.clone().backward()).unwrap();
            (loss.without_autodiff(), numbers, gradient)
        });
        close("loss", found.clone().map(|found| found.0));
        close("numbers", found.clone().map(|found| found.1));
        close("gradient", found.map(|found| found.2 * rows as f32));
    }
}

#[test]
fn the_forget_side() {
    let roles = ClassRoles { forget: vec![1], forgotten: vec![0] };
    let objectives =
        [Objective::RetainConfusion, Objective::Uniform, Objective::GradientAscent, Objective::Conditional];
    for (objective, [rows, classes]) in objectives.into_iter().flat_map(|it| SHAPES[1..].iter().map(move |s| (it, *s)))
    {
        let task = Erase { objective, representation_weight: 0.3, roles: roles.clone() };
        let logits = both(random([rows, classes]));
        let labels = both(labels(rows, classes));
        let confusion = both(random([1, classes]).abs() / 4.0);
        let taps = [8, 64, 65].map(|channels| both(random([rows, channels])));
        let means = both(random([8 + 64 + 65]));
        let found = [0, 1].map(|i| {
            let leaf = |t: &Tensor<2>| t.clone().autodiff().require_grad();
            let (logits, taps) = (leaf(&logits[i]), taps.each_ref().map(|tap| leaf(&tap[i])));
            let given = (labels[i].clone(), confusion[i].clone(), means[i].clone());
            let (loss, numbers) = forget_side(&task, (&logits, &taps), given.0, given.1, given.2, 0.5);
            let gradients = loss.clone().backward();
            let of = |t: &Tensor<2>| t.grad(&gradients).unwrap() * rows as f32;
            (loss.without_autodiff(), numbers, of(&logits), taps.each_ref().map(of))
        });
        let what = format!("{objective:?} {rows}×{classes}");
        close(&what, found.clone().map(|found| found.0));
        close(&what, found.clone().map(|found| found.1));
        close(&what, found.clone().map(|found| found.2));
        let [cpu, gpu] = found.map(|found| found.3);
        cpu.into_iter().zip(gpu).for_each(|(cpu, gpu)| close(&what, [cpu, gpu]));
    }
}

#[test]
fn what_is_not_a_number_comes_through() {
    let [_, device] = devices();
    let task = Retain { kd_weight: 1.0, temperature: 4.0 };
    let mut logits = vec![1.0_f32; 20];
    logits[13] = f32::NAN;
    let logits = Tensor::<1>::from_floats(logits.as_slice(), &device).reshape([2, 10]);
    let labels = both(labels(2, 10))[1].clone();
    let leaf = logits.clone().autodiff().require_grad();
    let (loss, numbers) = retain_side(&task, &leaf, labels, logits.zeros_like(), 1.0);
    assert!(values(&numbers)[..2].iter().all(|number| number.is_nan()));
    assert!(values(&loss)[0].is_nan());
    let gradient = values(&leaf.grad(&loss.backward()).unwrap());
    assert!(gradient[10..].iter().all(|number| number.is_nan()));
}

/// Two steps, the second with momentum: θ and the scalars.
fn steps(
    config: &PurgeConfig,
    device: &Device,
    gradients: &[Tensor<1>; 2],
    numbers: &[Tensor<1>; 2],
) -> [Tensor<1>; 3] {
    let mut network: Network = SmallCnnConfig::new(1, 10).with_width(8).init(1, device).unwrap();
    let on = |t: &Tensor<1>| Tensor::from_data(t.to_data(), device);
    let mut purge = Purge::new(config.clone(), 1.into(), &[0.1; 10], &network).unwrap();
    let scalars = [0, 1].map(|_| {
        let [gradient, forget_gradient] = gradients.each_ref().map(on);
        let [retain_numbers, forget_numbers] = numbers.each_ref().map(on);
        let retain = RetainPass { gradient, numbers: retain_numbers.clone(), tap_means: retain_numbers };
        let forget = ForgetPass { gradient: forget_gradient, numbers: forget_numbers };
        purge.update(&mut network, retain, forget)
    });
    let [first, second] = scalars;
    [network.parameters().flat(), first, second]
}

#[test]
fn the_update() {
    let [cpu, gpu] = devices();
    let len = SmallCnnConfig::new(1, 10).with_width(8).init(1, &cpu).unwrap().parameters().flat().dims()[0];
    let retain = random::<1>([len]) / 100.0;
    let against = random::<1>([len]) / 100.0 - retain.clone() * 0.5;
    let along = random::<1>([len]) / 100.0 + retain.clone() * 0.5;
    let published = PurgeConfig::authors("mnist");
    let configs = [
        published.clone(),
        PurgeConfig { strict: true, retain_share: 0.5, max_grad_norm: 0.0, ..published.clone() },
        PurgeConfig { projection: false, momentum: 0.0, ..published.clone() },
        // H, 1.5, is beyond this gate and not beyond the next.
        PurgeConfig { forget_gate: 0.5, ..published.clone() },
        PurgeConfig { forget_gate: 0.9, objective: Objective::GradientAscent, ..published },
    ];
    let numbers = [vec![0.1, 0.2, 0.9], vec![2.5, 1.5, 0.3, 0.8, 0.4]]
        .map(|numbers: Vec<f32>| Tensor::<1>::from_floats(numbers.as_slice(), &cpu));
    for (config, forget) in configs.iter().flat_map(|config| [(config, &against), (config, &along)]) {
        let gradients = [retain.clone(), forget.clone()];
        let found = [&cpu, &gpu].map(|device| steps(config, device, &gradients, &numbers));
        let [cpu, gpu] = found;
        let what = ["weights", "first step", "second step"];
        cpu.into_iter().zip(gpu).zip(what).for_each(|((cpu, gpu), what)| close(what, [cpu, gpu]));
    }
    let broken = retain.clone() * f32::NAN;
    let [theta, scalars, _] = steps(&configs[0], &gpu, &[retain, broken], &numbers);
    assert!(values(&theta).iter().chain(&values(&scalars)[8..9]).all(|number| number.is_nan()));
}
