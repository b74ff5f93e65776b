use std::time::Instant;

use super::EPSILON;
use super::batch::{self, Layer};
use super::layout::Shape;
use super::norm::{Norm, Tail};

/// How fast a layer of the small network is computed on the CPU, on all of rayon's threads.
#[derive(Debug, Clone)]
pub struct LayerSpeed {
    /// Input and output channels of its convolution.
    pub channels: (usize, usize),
    /// Rows and columns of its images.
    pub side: usize,
    /// Milliseconds of the forward and of the backward pass, with norm, ReLU and pool.
    pub milliseconds: [f64; 2],
    /// Billions of multiplications and additions in a second, of the convolution alone.
    pub gflops: [f64; 2],
}

/// Times each layer of a small network of width 16 on 128 images of 28×28 pixels: the best of `repeats`.
pub fn layer_speeds(repeats: usize) -> Vec<LayerSpeed> {
    [(1, 16, 28, true), (16, 32, 14, true), (32, 64, 7, false), (64, 64, 7, false)]
        .map(|(input, output, side, pool)| time(Shape::same(input, output, side, side), pool, repeats))
        .into()
}

fn time(s: Shape, pool: bool, repeats: usize) -> LayerSpeed {
    const IMAGES: usize = 128;
    let some = |count: usize| -> Vec<f32> { (0..count).map(|k| (k * 37 % 101) as f32 / 101.0 - 0.5).collect() };
    let (weight, vector) = (some(s.weights()), some(s.output));
    let norm = Norm::Group { epsilon: EPSILON as f32 };
    let tail = Tail { s, norm, gamma: &vector, beta: &vector, relu: true, pool };
    let layer = Layer { weight: &weight, bias: &vector, tail };
    let x = batch::border(s, &some(IMAGES * s.input * s.h * s.w));
    let mut milliseconds = [f64::INFINITY; 2];
    for _ in 0..repeats {
        let began = Instant::now();
        let (out, kept) = batch::forward(layer, &x, true);
        milliseconds[0] = milliseconds[0].min(began.elapsed().as_secs_f64() * 1e3);
        let Some(kept) = kept else { continue };
        let began = Instant::now();
        batch::backward(layer, &x, &kept, &out, true);
        milliseconds[1] = milliseconds[1].min(began.elapsed().as_secs_f64() * 1e3);
    }
    // Back there are two convolutions as large, and one where nobody wants the gradient of the images.
    let products = [1, if s.planar() { 1 } else { 2 }];
    let flops = (2 * IMAGES * s.weights() * s.h * s.w) as f64;
    let gflops = std::array::from_fn(|k| flops * f64::from(products[k]) / milliseconds[k] / 1e6);
    LayerSpeed { channels: (s.input, s.output), side: s.h, milliseconds, gflops }
}
