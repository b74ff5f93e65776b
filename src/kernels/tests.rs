//! The kernels against loops that are too simple to be wrong, in f64.

use burn::tensor::{Tensor, TensorData};
use proptest::prelude::*;

use super::batch::{self, Layer};
use super::layout::{self, Shape};
use super::norm::{Norm, Tail};
use super::simd::testing::{LEVELS, with_level};
use super::{EPSILON, GROUPS, pool, testing};
use crate::device::{self, DeviceKind};
use crate::model::{Architecture, Norm as NetworkNorm, ResNetConfig, SmallCnnConfig, Stem};

/// Reproducible numbers between −1 and 1.
pub(super) fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// A layer, its input and the gradient of its result, all in PyTorch's layout.
#[derive(Debug, Clone)]
struct Case {
    s: Shape,
    images: usize,
    frozen: bool,
    relu: bool,
    pool: bool,
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    mean: Vec<f32>,
    inverse: Vec<f32>,
    dout: Vec<f32>,
}

impl Case {
    fn new(s: Shape, images: usize, frozen: bool, pool: bool) -> Self {
        let mut seed = 0;
        let mut some = |count| {
            seed += 1;
            noise(count, seed)
        };
        let (h, w) = if pool { (s.h / 2, s.w / 2) } else { (s.h, s.w) };
        Self {
            s,
            images,
            frozen,
            relu: true,
            pool,
            x: some(images * s.input * s.from.0 * s.from.1),
            weight: some(s.weights()),
            bias: some(s.output),
            gamma: some(s.output),
            beta: some(s.output),
            mean: some(s.output),
            inverse: some(s.output).iter().map(|v| 1.0 + 0.5 * v).collect(),
            dout: some(images * s.output * h * w),
        }
    }

    fn layer(&self) -> Layer<'_> {
        let norm = if self.frozen {
            Norm::Frozen { mean: &self.mean, inverse: &self.inverse }
        } else {
            Norm::Group { epsilon: EPSILON as f32 }
        };
        let tail = Tail { s: self.s, norm, gamma: &self.gamma, beta: &self.beta, relu: self.relu, pool: self.pool };
        Layer { weight: &self.weight, bias: &self.bias, tail }
    }

    fn size(&self) -> (usize, usize) {
        self.layer().tail.size()
    }
}

/// What there is to compare: the result and all gradients, in PyTorch's layout.
struct Found<T> {
    out: Vec<T>,
    dx: Option<Vec<T>>,
    weight: Vec<T>,
    bias: Vec<T>,
    gamma: Vec<T>,
    beta: Vec<T>,
}

fn with_kernels(case: &Case) -> Found<f32> {
    let (s, (h, w)) = (case.s, case.size());
    let x = batch::border(s, &case.x);
    let (out, kept) = batch::forward(case.layer(), &x, true);
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&out), bits(&batch::forward(case.layer(), &x, false).0), "without gradients it is the same");
    let result = Shape::same(s.output, s.output, h, w);
    let dout = batch::border(result, &case.dout);
    let found = batch::backward(case.layer(), &x, &kept.unwrap(), &dout, true);
    let plain = |channels: usize, h: usize, w: usize, values: &[f32]| {
        let mut images = vec![0.0; case.images * channels * h * w];
        let blocked = values.chunks(channels * (h + 2) * (w + 2));
        blocked.zip(images.chunks_mut(channels * h * w)).for_each(|(v, to)| layout::unblock(channels, h, w, v, to));
        images
    };
    Found {
        out: plain(s.output, h, w, &out),
        dx: found.x.map(|dx| plain(s.input, s.from.0, s.from.1, &dx)),
        weight: found.weight,
        bias: found.sums.bias,
        gamma: found.sums.gamma,
        beta: found.sums.beta,
    }
}

/// Calls f(output index, input index, weight index) for every product of the convolution.
fn products(s: Shape, images: usize, mut f: impl FnMut(usize, usize, usize)) {
    for n in 0..images {
        for o in 0..s.output {
            for i in 0..s.input {
                for (y, x) in (0..s.h).flat_map(|y| (0..s.w).map(move |x| (y, x))) {
                    for (ky, kx) in (0..s.side).flat_map(|ky| (0..s.side).map(move |kx| (ky, kx))) {
                        let (from_y, from_x) = (y * s.stride + ky, x * s.stride + kx);
                        let ((h, w), border) = (s.from, s.side / 2);
                        if (border..h + border).contains(&from_y) && (border..w + border).contains(&from_x) {
                            let out = ((n * s.output + o) * s.h + y) * s.w + x;
                            let input = ((n * s.input + i) * h + from_y - border) * w + from_x - border;
                            f(out, input, ((o * s.input + i) * s.side + ky) * s.side + kx);
                        }
                    }
                }
            }
        }
    }
}

fn with_loops(case: &Case) -> Found<f64> {
    let s = case.s;
    let (pixels, per_group) = (s.h * s.w, s.output / GROUPS);
    let channel = |k: usize| k / pixels % s.output;
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|&v| f64::from(v)).collect() };
    let (x, weight, gamma, beta) = (wide(&case.x), wide(&case.weight), wide(&case.gamma), wide(&case.beta));
    let mut y: Vec<f64> = (0..case.images * s.output * pixels).map(|k| f64::from(case.bias[channel(k)])).collect();
    products(s, case.images, |o, i, k| y[o] += x[i] * weight[k]);

    // Mean and 1/σ of every number's group, or of its channel.
    let size = per_group * pixels;
    let of_group: Vec<(f64, f64)> = y
        .chunks(size)
        .map(|values| {
            let mean = values.iter().sum::<f64>() / size as f64;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / size as f64;
            (mean, 1.0 / (variance + f64::from(EPSILON as f32)).sqrt())
        })
        .collect();
    let statistics = |k: usize| match case.frozen {
        true => (f64::from(case.mean[channel(k)]), f64::from(case.inverse[channel(k)])),
        false => of_group[k / size],
    };
    let normal: Vec<f64> = y.iter().enumerate().map(|(k, y)| (y - statistics(k).0) * statistics(k).1).collect();
    let z: Vec<f64> = normal.iter().enumerate().map(|(k, n)| n * gamma[channel(k)] + beta[channel(k)]).collect();

    let (h, w) = case.size();
    let mut out = vec![0.0; case.dout.len()];
    let mut dz = vec![0.0; y.len()];
    for (k, out) in out.iter_mut().enumerate() {
        let (plane, i, j) = (k / (h * w), k / w % h, k % w);
        let window: Vec<usize> = match case.pool {
            true => [0, 1, s.w, s.w + 1].iter().map(|d| plane * pixels + 2 * i * s.w + 2 * j + d).collect(),
            false => vec![k],
        };
        let best = window.into_iter().reduce(|a, b| if z[b] > z[a] { b } else { a }).unwrap();
        *out = if case.relu { z[best].max(0.0) } else { z[best] };
        if z[best] > 0.0 || !case.relu {
            dz[best] += f64::from(case.dout[k]);
        }
    }

    let zeros = || vec![0.0; s.output];
    let (mut dgamma, mut dbeta, mut dbias) = (zeros(), zeros(), zeros());
    for k in 0..dz.len() {
        dgamma[channel(k)] += dz[k] * normal[k];
        dbeta[channel(k)] += dz[k];
    }
    let dy: Vec<f64> = (0..dz.len())
        .map(|k| {
            let inverse = statistics(k).1;
            if case.frozen {
                return gamma[channel(k)] * dz[k] * inverse;
            }
            let group = k / size * size..(k / size + 1) * size;
            let of = |f: &dyn Fn(usize) -> f64| group.clone().map(f).sum::<f64>() / size as f64;
            let mean = of(&|k| gamma[channel(k)] * dz[k]);
            let along = of(&|k| gamma[channel(k)] * dz[k] * normal[k]);
            inverse * (gamma[channel(k)] * dz[k] - mean - normal[k] * along)
        })
        .collect();
    dy.iter().enumerate().for_each(|(k, dy)| dbias[channel(k)] += dy);
    let (mut dx, mut dweight) = (vec![0.0; x.len()], vec![0.0; weight.len()]);
    products(s, case.images, |o, i, k| {
        dx[i] += dy[o] * weight[k];
        dweight[k] += dy[o] * x[i];
    });
    Found { out, dx: Some(dx), weight: dweight, bias: dbias, gamma: dgamma, beta: dbeta }
}

/// The largest difference, relative to the largest number.
fn difference(found: &[f32], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let scale = wanted.iter().fold(1e-9f64, |max, v| max.max(v.abs()));
    found.iter().zip(wanted).map(|(f, w)| (f64::from(*f) - w).abs()).fold(0.0, f64::max) / scale
}

/// A number near zero, or two nearly equal ones of a window, may come out the other way round in f32: then the gradient
/// goes another way, and the case says nothing.
fn is_decided(case: &Case) -> bool {
    let mut widened = case.clone();
    widened.beta.iter_mut().for_each(|beta| *beta += 2e-5);
    let mut narrowed = case.clone();
    narrowed.beta.iter_mut().for_each(|beta| *beta -= 2e-5);
    let positive = |case: &Case| with_loops(case).out.iter().map(|v| *v > 0.0).collect::<Vec<_>>();
    positive(&widened) == positive(&narrowed)
}

fn check(case: &Case) {
    let (found, wanted) = (with_kernels(case), with_loops(case));
    let close = |name: &str, found: &[f32], wanted: &[f64], at_most: f64| {
        let difference = difference(found, wanted);
        assert!(difference < at_most, "{name} of {:?}, {} images: {difference:e}", case.s, case.images);
    };
    close("the result", &found.out, &wanted.out, 3e-6);
    if !is_decided(case) {
        return;
    }
    close("the weights' gradient", &found.weight, &wanted.weight, 1e-5);
    close("gamma's gradient", &found.gamma, &wanted.gamma, 1e-5);
    close("beta's gradient", &found.beta, &wanted.beta, 3e-6);
    assert_eq!(found.dx.is_none(), case.s.planar());
    if let (Some(found), Some(wanted)) = (&found.dx, &wanted.dx) {
        close("the input's gradient", found, wanted, 1e-5);
    }
    // With a channel a group the norm takes it away again, and what is left is rounding.
    let scale = case.dout.iter().map(|d| f64::from(d.abs())).sum::<f64>();
    let bias: Vec<f64> = found.bias.iter().zip(&wanted.bias).map(|(f, w)| (f64::from(*f) - w).abs()).collect();
    assert!(bias.iter().all(|difference| *difference < 1e-5 * scale), "the bias' gradient of {:?}: {bias:?}", case.s);
}

#[test]
fn the_layers_of_the_small_network_are_right() {
    for (input, output, side, pool) in [(1, 16, 28, true), (16, 32, 14, true), (32, 64, 7, false), (3, 16, 32, true)] {
        for frozen in [false, true] {
            check(&Case::new(Shape::same(input, output, side, side), 2, frozen, pool));
        }
    }
}

#[test]
fn the_instructions_of_older_machines_give_the_same() {
    for level in LEVELS {
        for (input, output, h, w) in [(8, 24, 9, 7), (16, 8, 3, 13), (3, 16, 5, 11)] {
            for (frozen, pool) in [(false, true), (true, false)] {
                with_level(level, || check(&Case::new(Shape::same(input, output, h, w), 3, frozen, pool)));
            }
        }
    }
}

fn resnet(channels: usize, stem: Stem, norm: NetworkNorm) -> Architecture {
    ResNetConfig::new(channels, 10).with_width(16).with_stem(stem).with_norm(norm).into()
}

fn small(channels: usize, norm: NetworkNorm) -> Architecture {
    SmallCnnConfig::new(channels, 10).with_width(24).with_norm(norm).into()
}

/// Holds what `of` makes of images against what it makes of them with burn's operations. Where a number of a layer is as good as
/// zero, or two of a window are as good as equal, rounding decides which way the gradient goes, and that is another on another
/// processor. Then images that are moved by their last digit change it with burn's operations as well: they say nothing, and
/// others are taken.
fn assert_as_with_stock(what: &str, count: usize, of: impl Fn(Vec<f32>) -> [Vec<f32>; 3]) {
    let furthest = |found: &[Vec<f32>; 3], wanted: &[Vec<f32>; 3]| {
        let wide = |of: &[f32]| of.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        found.iter().zip(wanted).map(|(found, wanted)| difference(found, &wide(wanted))).fold(0.0, f64::max)
    };
    let stock = |images: Vec<f32>| testing::with_stock(|| of(images));
    for seed in 7..12 {
        let images = noise(count, seed);
        let wanted = stock(images.clone());
        let far = furthest(&of(images.clone()), &wanted);
        if far < 2e-5 {
            return;
        }
        let moved = |draw: u64| images.iter().zip(noise(count, draw)).map(|(v, by)| v + 1e-7 * by).collect();
        let on_the_edge = (100..116).any(|draw| furthest(&stock(moved(draw)), &wanted) >= 2e-5);
        assert!(on_the_edge, "{what}, seed {seed}: {far:e}");
    }
    panic!("{what}: no images that say anything");
}

#[test]
fn a_network_gives_what_it_gives_with_burns_operations() {
    let device = pollster::block_on(device::open(DeviceKind::Cpu)).unwrap();
    for (architecture, side) in [
        (small(1, NetworkNorm::Group), 28),
        (small(3, NetworkNorm::Batch), 17),
        (small(3, NetworkNorm::Group), 10),
        (resnet(3, Stem::ImageNet, NetworkNorm::Batch), 32),
        (resnet(1, Stem::ImageNet, NetworkNorm::Group), 41),
        (resnet(3, Stem::Small, NetworkNorm::Batch), 17),
    ] {
        let (channels, norm) = (architecture.channels(), architecture.norm());
        let network = architecture.init(3, &device).unwrap();
        assert_as_with_stock(&format!("{norm:?}, {side}"), 5 * channels * side * side, |images| {
            let images = Tensor::<4>::from_data(TensorData::new(images, [5, channels, side, side]), &device);
            let leaves = network.parameters().leaves();
            let output = network.forward_with(&leaves, images.clone());
            let [_, tap, _] = output.taps;
            let loss = output.logits.clone().powi_scalar(2).mean() + tap.powi_scalar(2).mean();
            let plain = network.forward(images).logits;
            [plain.reshape([-1]), output.logits.without_autodiff().reshape([-1]), leaves.gradient(loss)]
                .map(|values| pollster::block_on(device::read(values)).unwrap())
        });
    }
}

#[test]
fn batch_norm_in_training_is_as_with_stock_operations() {
    let device = pollster::block_on(device::open(DeviceKind::Cpu)).unwrap();
    for (architecture, side) in [
        (small(1, NetworkNorm::Batch), 28),
        (small(3, NetworkNorm::Batch), 17),
        (resnet(3, Stem::ImageNet, NetworkNorm::Batch), 64),
        (resnet(1, Stem::Small, NetworkNorm::Batch), 17),
    ] {
        let channels = architecture.channels();
        assert_as_with_stock(&format!("{channels} channels, {side}"), 5 * channels * side * side, |images| {
            let images = TensorData::new(images, [5, channels, side, side]);
            let mut network = architecture.init(3, &device).unwrap();
            let leaves = network.parameters().leaves();
            let output = network.forward_training(&leaves, Tensor::from_data(images, &device));
            let [_, tap, _] = output.taps;
            let loss = output.logits.clone().powi_scalar(2).mean() + tap.powi_scalar(2).mean();
            let running = network.running_flat().unwrap();
            [output.logits.without_autodiff().reshape([-1]), leaves.gradient(loss), running]
                .map(|values| pollster::block_on(device::read(values)).unwrap())
        });
    }
}

#[test]
fn images_whose_gradient_is_wanted_get_it() {
    let device = pollster::block_on(device::open(DeviceKind::Cpu)).unwrap();
    let network = SmallCnnConfig::new(1, 3).with_width(8).init(1, &device).unwrap();
    let values = TensorData::new(noise(2 * 8 * 8, 1), [2, 1, 8, 8]);
    let images = Tensor::<4>::from_data(values, &device).autodiff().require_grad();
    let loss = network.forward_with(&network.parameters().leaves(), images.clone()).logits.powi_scalar(2).mean();
    assert!(images.grad(&loss.backward()).is_some());
}

#[test]
fn of_no_images_there_are_no_answers() {
    let device = pollster::block_on(device::open(DeviceKind::Cpu)).unwrap();
    let network = SmallCnnConfig::new(1, 3).with_width(8).init(1, &device).unwrap();
    assert_eq!(network.forward(Tensor::<4>::zeros([0, 1, 8, 8], &device)).logits.dims(), [0, 3]);
}

#[test]
fn a_batch_of_several_parts_is_right() {
    check(&Case::new(Shape::same(8, 8, 3, 2), 35, false, false));
    check(&Case::new(Shape::same(1, 8, 4, 4), 17, true, true));
}

#[test]
fn the_layers_of_a_resnet_are_right() {
    let layers = [(3, 8, (32, 32), 7, 2), (16, 24, (8, 8), 3, 2), (16, 24, (8, 8), 1, 2), (24, 24, (1, 1), 3, 1)];
    for (input, output, from, side, stride) in layers {
        for (frozen, relu) in [(true, false), (true, true), (false, true)] {
            let shape = Shape::of(input, output, from, side, stride);
            check(&Case { relu, ..Case::new(shape, 3, frozen, false) });
        }
    }
}

fn max_pool(x: &[f32], (h, w): (usize, usize), dout: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (rows, columns) = (h.div_ceil(2), w.div_ceil(2));
    let (mut out, mut dx) = (vec![0.0; dout.len()], vec![0.0; x.len()]);
    for (k, out) in out.iter_mut().enumerate() {
        let (plane, y, x_of) = (k / (rows * columns), k / columns % rows, k % columns);
        let rows = (2 * y).saturating_sub(1)..h.min(2 * y + 2);
        let window = rows.flat_map(|y| ((2 * x_of).saturating_sub(1)..w.min(2 * x_of + 2)).map(move |x| y * w + x));
        let best = window.map(|at| plane * h * w + at).reduce(|a, b| if x[b] > x[a] { b } else { a }).unwrap();
        *out = x[best];
        dx[best] += dout[k];
    }
    (out, dx)
}

/// One image as the kernels have it, and back.
fn blocked(channels: usize, h: usize, w: usize, values: &[f32]) -> Vec<f32> {
    batch::border(Shape::same(channels, channels, h, w), values)
}

fn unblocked(channels: usize, h: usize, w: usize, values: &[f32]) -> Vec<f32> {
    let mut plain = vec![0.0; channels * h * w];
    layout::unblock(channels, h, w, values, &mut plain);
    plain
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_other_convolution_is_right(
        (input, blocks, images) in (prop_oneof![1usize..5, Just(8), Just(12), Just(24)], 1usize..4, 1usize..4),
        from in (1usize..16, 1usize..16),
        side in prop_oneof![Just(1usize), Just(3), Just(5), Just(7)],
        stride in 1usize..4,
        frozen: bool,
        relu: bool,
    ) {
        let shape = Shape::of(input, 8 * blocks, from, side, stride);
        // Of one or two pixels, or a multiple of a single channel, a group norm may leave nothing but rounding.
        let frozen = frozen || input == 1 || shape.h * shape.w <= 2;
        check(&Case { relu, ..Case::new(shape, images, frozen, false) });
    }

    #[test]
    fn any_max_pool_is_right(blocks in 1usize..3, h in 1usize..12, w in 1usize..12, seed: u64) {
        let channels = 8 * blocks;
        // From a ReLU, so that no number is negative; but where all of a window are zero, the gradient may go elsewhere.
        let x: Vec<f32> = noise(channels * h * w, seed).iter().map(|v| v.abs() + 0.1).collect();
        let (rows, columns) = pool::size((h, w));
        let dout = noise(channels * rows * columns, seed ^ 1);
        let (out, dx) = max_pool(&x, (h, w), &dout);
        let x = blocked(channels, h, w, &x);
        let found = pool::backward((h, w), &x, &blocked(channels, rows, columns, &dout));
        prop_assert_eq!(unblocked(channels, rows, columns, &pool::forward((h, w), &x)), out);
        let wanted: Vec<f64> = dx.iter().map(|v| f64::from(*v)).collect();
        prop_assert!(difference(&unblocked(channels, h, w, &found), &wanted) < 1e-6);
    }
}

#[test]
fn not_a_number_comes_through_a_max_pool() {
    for at in 0..9 {
        let mut x = vec![1.0; 8 * 9];
        x[at] = f32::NAN;
        let x = blocked(8, 3, 3, &x);
        let out = unblocked(8, 2, 2, &pool::forward((3, 3), &x));
        assert!(out[..4].iter().any(|v| v.is_nan()) && out[4..].iter().all(|v| *v == 1.0), "{at}: {out:?}");
        let dx = unblocked(8, 3, 3, &pool::backward((3, 3), &x, &blocked(8, 2, 2, &[1.0; 32])));
        assert!(dx.iter().all(|d| d.is_finite()), "{at}: {dx:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape_is_right(
        input in prop_oneof![1usize..5, Just(8), Just(12), Just(24)],
        blocks in 1usize..4,
        h in 1usize..20,
        w in 1usize..20,
        images in 1usize..4,
        frozen: bool,
        pool: bool,
    ) {
        // A pool of a single row or column leaves nothing.
        let pool = pool && h > 1 && w > 1;
        // A group of very few numbers may have next to no variance, by which their rounding is divided.
        let frozen = frozen || blocks * h * w <= 4;
        check(&Case::new(Shape::same(input, 8 * blocks, h, w), images, frozen, pool));
    }
}

#[test]
fn not_a_number_comes_through() {
    for (frozen, pool, at) in
        [(false, false, 0), (true, false, 7), (true, true, 9), (true, true, 14), (false, true, 15)]
    {
        let mut case = Case::new(Shape::same(1, 8, 4, 4), 1, frozen, pool);
        case.x[at] = f32::NAN;
        let found = with_kernels(&case);
        assert!(found.out.iter().any(|v| v.is_nan()), "{at}");
        for gradient in [&found.weight, &found.gamma] {
            assert!(gradient.iter().any(|v| v.is_nan()), "{at}");
        }
    }
}

#[test]
fn an_infinite_weight_is_no_number_in_the_end() {
    let mut case = Case::new(Shape::same(8, 8, 4, 4), 1, false, true);
    case.weight[5] = f32::INFINITY;
    assert!(with_kernels(&case).out.iter().any(|v| v.is_nan()));
}

#[test]
fn the_gradients_are_those_of_finite_differences() {
    for (frozen, pool) in [(false, false), (false, true), (true, true)] {
        let case = Case::new(Shape::same(8, 16, 6, 5), 3, frozen, pool);
        let found = with_kernels(&case);
        // A direction for all weights at once, along which the loss dout · out is measured a little to either side.
        let directions = [(0, 11), (1, 12), (2, 13), (3, 14)];
        let along = |amount: f32| {
            let mut moved = case.clone();
            let Case { weight, bias, gamma, beta, .. } = &mut moved;
            for (values, (_, seed)) in [weight, bias, gamma, beta].into_iter().zip(directions) {
                let steps = noise(values.len(), seed);
                values.iter_mut().zip(steps).for_each(|(value, step)| *value += amount * step);
            }
            let out = with_kernels(&moved).out;
            out.iter().zip(&case.dout).map(|(o, d)| f64::from(*o) * f64::from(*d)).sum::<f64>()
        };
        let step = 1e-3;
        let measured = (along(step) - along(-step)) / f64::from(2.0 * step);
        let gradients = [&found.weight, &found.bias, &found.gamma, &found.beta];
        let computed: f64 = gradients
            .into_iter()
            .zip(directions)
            .map(|(gradient, (_, seed))| {
                let steps = noise(gradient.len(), seed);
                gradient.iter().zip(steps).map(|(g, s)| f64::from(*g) * f64::from(s)).sum::<f64>()
            })
            .sum();
        let scale = computed.abs().max(1.0);
        assert!((measured - computed).abs() < 2e-2 * scale, "{measured} {computed}");
    }
}
