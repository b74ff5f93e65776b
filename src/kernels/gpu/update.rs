use burn::tensor::Tensor;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{Kernel, THREADS, empty};
use super::place::{buffer, tensor};
use crate::kernels::{Descent, Projection};

/// Workgroups that a sum is shared among, as the sources have it.
const GROUPS: usize = 64;
/// Sums of a step.
const SUMS: usize = 7;
/// As many threads as these workgroups have.
const UNITS: usize = GROUPS * THREADS;
/// Larger than any entropy or loss.
const NEVER: f64 = f32::MAX as f64;

static DOTS: Kernel =
    Kernel { name: "dots", inputs: &["a", "b"], outputs: &["sums"], source: include_str!("dots.wgsl") };
static FOLD: Kernel =
    Kernel { name: "fold", inputs: &[], outputs: &["sums", "folded"], source: include_str!("fold.wgsl") };
static PROJECT: Kernel = Kernel {
    name: "project",
    inputs: &["forget", "retain", "numbers"],
    outputs: &["gradient", "sums"],
    source: include_str!("project.wgsl"),
};
static DIRECTION: Kernel = Kernel {
    name: "direction",
    inputs: &["theta", "momentum", "retain"],
    outputs: &["gradient", "sums"],
    source: include_str!("direction.wgsl"),
};
static DESCEND: Kernel = Kernel {
    name: "descend",
    inputs: &["theta", "retain"],
    outputs: &["direction", "next", "sums"],
    source: include_str!("descend.wgsl"),
};
static REPORT: Kernel = Kernel {
    name: "report",
    inputs: &["retain_numbers", "numbers"],
    outputs: &["sums", "report"],
    source: include_str!("report.wgsl"),
};

/// ⟨a, b⟩, `[1]`
pub(in crate::kernels) fn dot(a: &Tensor<1>, b: &Tensor<1>) -> Tensor<1> {
    let (a, b) = (buffer(a), buffer(b));
    let sums = empty(&a, [SUMS * GROUPS]);
    find_dots(&a, &b, &sums);
    fold(&sums, 0, false)
}

/// A step of the projected gradient; see [`Projection`]. Gives the numbers of the step.
pub(in crate::kernels) fn update(step: &mut Descent<'_>, projection: &Projection<'_>) -> Tensor<1> {
    let (forget, retain) = (buffer(step.gradient), buffer(projection.retain));
    let sums = empty(&forget, [SUMS * GROUPS]);
    find_dots(&forget, &retain, &sums);
    let numbers = buffer(projection.forget_numbers);
    let [entropy, cross_entropy] = projection.places;
    let most = [projection.gate, projection.cap].map(|most| most.unwrap_or(NEVER));
    take(step, [&forget, &retain, &numbers, &sums], Some(projection));
    let retain_numbers = buffer(projection.retain_numbers);
    let counts = [projection.retain_numbers.dims()[0], projection.forget_numbers.dims()[0]];
    let report = empty(&forget, [counts[0] + counts[1] + SUMS]);
    let info =
        [counts[0].into(), counts[1].into(), entropy.into(), cross_entropy.into(), most[0].into(), most[1].into()];
    REPORT.launch(1, &[&retain_numbers, &numbers], &[&sums, &report], &info);
    tensor(report)
}

/// A step of SGD along a clipped gradient. Gives the gradient's norm before clipping, `[1]`.
pub(in crate::kernels) fn descend(step: &mut Descent<'_>) -> Tensor<1> {
    let gradient = buffer(step.gradient);
    let sums = empty(&gradient, [SUMS * GROUPS]);
    take(step, [&gradient, &gradient, &gradient, &sums], None);
    fold(&sums, 3, true)
}

fn take(
    step: &mut Descent<'_>,
    [forget, retain, numbers, sums]: [&CubeTensor; 4],
    projection: Option<&Projection<'_>>,
) {
    let len = step.gradient.dims()[0];
    let flag = |on: bool| usize::from(on).into();
    let theta = buffer(step.theta);
    let momentum = step.momentum.take().unwrap_or_else(|| step.theta.zeros_like());
    let gradient = empty(forget, [len]);
    let [entropy, cross_entropy] = projection.map_or([0, 0], |projection| projection.places);
    let gate = projection.and_then(|projection| projection.gate).unwrap_or(NEVER);
    let cap = projection.and_then(|projection| projection.cap).unwrap_or(NEVER);
    let share = projection.map_or(0.0, |projection| projection.retain_share);
    let projects = projection.is_some_and(|projection| projection.of_gradient);
    let info =
        [len.into(), flag(projects), share.into(), entropy.into(), cross_entropy.into(), gate.into(), cap.into()];
    PROJECT.launch(UNITS, &[forget, retain, numbers], &[&gradient, sums], &info);
    let info = [len.into(), step.max_norm.into(), step.weight_decay.into(), step.inertia.into()];
    DIRECTION.launch(UNITS, &[&theta, &buffer(&momentum), retain], &[&gradient, sums], &info);
    let next = empty(forget, [len]);
    let strict = projection.is_some_and(|projection| projection.of_direction);
    let info = [len.into(), flag(strict), step.rate.into()];
    DESCEND.launch(UNITS, &[&theta, retain], &[&gradient, &next, sums], &info);
    step.next = Some(tensor(next));
    step.momentum = Some(tensor(gradient));
}

fn find_dots(a: &CubeTensor, b: &CubeTensor, sums: &CubeTensor) {
    let len = a.meta.num_elements();
    DOTS.launch(UNITS, &[a, b], &[sums], &[len.into()]);
}

fn fold(sums: &CubeTensor, which: usize, root: bool) -> Tensor<1> {
    let folded = empty(sums, [1]);
    FOLD.launch(1, &[], &[sums, &folded], &[which.into(), usize::from(root).into()]);
    tensor(folded)
}
