use std::sync::Arc;

use burn::tensor::activation::relu;
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::norm::{GROUPS, frozen_batch_norm, group_norm, training_batch_norm};
use super::{Layout, Norm, Output, Parameters, Views};
use crate::{Error, Result};

const BLOCKS: usize = 4;
/// PyTorch's default for running statistics.
const RUNNING_MOMENTUM: f32 = 0.1;

/// The demo's default network: four 3×3 convolutions with norm and ReLU, two max pools, global average pool, linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmallCnnConfig {
    /// Colour channels of an image.
    pub channels: usize,
    /// K
    pub classes: usize,
    /// w, channels after the first convolution; a multiple of 8.
    pub width: usize,
    /// Which normalisation.
    pub norm: Norm,
}

impl SmallCnnConfig {
    /// Width 16 and group normalisation.
    pub fn new(channels: usize, classes: usize) -> Self {
        Self { channels, classes, width: 16, norm: Norm::Group }
    }

    /// Another width.
    pub fn with_width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }

    /// Another normalisation.
    pub fn with_norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }

    fn check(&self) -> Result<()> {
        if self.width == 0 || !self.width.is_multiple_of(GROUPS) {
            return Err(Error::config("width", format!("a multiple of {GROUPS}"), self.width));
        }
        if self.classes < 2 {
            return Err(Error::config("classes", "at least 2", self.classes));
        }
        if self.channels == 0 {
            return Err(Error::config("channels", "at least 1", self.channels));
        }
        Ok(())
    }

    /// Input and output channels of each convolution.
    fn convolutions(&self) -> [(usize, usize); BLOCKS] {
        let w = self.width;
        [(self.channels, w), (w, 2 * w), (2 * w, 4 * w), (4 * w, 4 * w)]
    }

    pub(crate) fn layout(&self) -> Layout {
        let mut layout = Layout::default();
        for (block, (input, output)) in (1..).zip(self.convolutions()) {
            layout.push(format!("conv{block}.weight"), &[output, input, 3, 3]);
            layout.push(format!("conv{block}.bias"), &[output]);
            layout.push(format!("norm{block}.weight"), &[output]);
            layout.push(format!("norm{block}.bias"), &[output]);
        }
        layout.push("fc.weight", &[self.classes, 4 * self.width]);
        layout.push("fc.bias", &[self.classes]);
        layout
    }

    /// Names and sizes of the running statistics: mean and variance of each block, or none.
    pub(crate) fn running_layout(&self) -> Layout {
        let mut layout = Layout::default();
        if self.norm == Norm::Batch {
            for (block, (_, output)) in (1..).zip(self.convolutions()) {
                layout.push(format!("norm{block}.running_mean"), &[output]);
                layout.push(format!("norm{block}.running_var"), &[output]);
            }
        }
        layout
    }

    /// A network with random weights, drawn as PyTorch draws them (uniform within 1/√fan-in), the same on every device.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for a width that group normalisation cannot split, fewer than two classes, or no channel.
    pub fn init(&self, seed: u64, device: &Device) -> Result<SmallCnn> {
        self.check()?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let layout = self.layout();
        let mut values = Vec::with_capacity(layout.len());
        let mut bound = 1.0;
        for (name, shape, range) in layout.iter() {
            if name.starts_with("norm") {
                values.extend(range.map(|_| if name.ends_with("weight") { 1.0 } else { 0.0 }));
                continue;
            }
            if shape.len() > 1 {
                bound = 1.0 / (shape[1..].iter().product::<usize>() as f32).sqrt();
            }
            values.extend(range.map(|_| rng.random_range(-bound..bound)));
        }
        let mut running = Vec::new();
        for (name, _, range) in self.running_layout().iter() {
            running.extend(range.map(|_| if name.ends_with("var") { 1.0 } else { 0.0 }));
        }
        self.with_values(values, running, device)
    }

    /// A network with these weights, in the layout's order.
    pub(crate) fn with_values(&self, values: Vec<f32>, running: Vec<f32>, device: &Device) -> Result<SmallCnn> {
        self.check()?;
        let inner = device.clone().without_autodiff();
        let running = self
            .running_layout()
            .iter()
            .map(|(_, shape, range)| Tensor::from_data(TensorData::new(running[range].to_vec(), [shape[0]]), &inner))
            .collect();
        Ok(SmallCnn { config: *self, parameters: Parameters::new(Arc::new(self.layout()), values, device), running })
    }
}

/// A [`SmallCnnConfig`] with weights.
#[derive(Debug, Clone)]
pub struct SmallCnn {
    config: SmallCnnConfig,
    parameters: Parameters,
    /// Mean and variance of each block in turn; empty with group normalisation.
    running: Vec<Tensor<1>>,
}

enum Statistics<'a> {
    Running,
    Batch(&'a mut Vec<(Tensor<1>, Tensor<1>)>),
}

impl SmallCnn {
    /// Its shape.
    pub fn config(&self) -> &SmallCnnConfig {
        &self.config
    }

    /// Its weights.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    pub(crate) fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    /// The running statistics of batch normalisation as one tensor; `None` with group normalisation.
    pub(crate) fn running_flat(&self) -> Option<Tensor<1>> {
        (!self.running.is_empty()).then(|| Tensor::cat(self.running.clone(), 0))
    }

    /// Logits and taps of images `[B, C, H, W]`, without gradients and with running statistics left alone.
    pub fn forward(&self, images: Tensor<4>) -> Output {
        self.forward_with(&self.parameters.views(), images)
    }

    /// The same with given parameters, such as the leaves of a graph.
    pub fn forward_with(&self, parameters: &Views, images: Tensor<4>) -> Output {
        self.compute(parameters, images, Statistics::Running)
    }

    /// A forward pass of training: batch normalisation uses the batch's statistics and updates the running ones.
    pub(crate) fn forward_training(&mut self, parameters: &Views, images: Tensor<4>) -> Output {
        let mut statistics = Vec::new();
        let output = self.compute(parameters, images, Statistics::Batch(&mut statistics));
        let fresh = statistics.into_iter().flat_map(|(mean, variance)| [mean, variance]);
        for (running, fresh) in self.running.iter_mut().zip(fresh) {
            *running = running.clone() * (1.0 - RUNNING_MOMENTUM) + fresh * RUNNING_MOMENTUM;
        }
        output
    }

    fn compute(&self, parameters: &Views, images: Tensor<4>, mut statistics: Statistics<'_>) -> Output {
        let mut x = images;
        let mut stages = Vec::with_capacity(BLOCKS);
        for block in 0..BLOCKS {
            let at = 4 * block;
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
            x = conv2d(x, parameters.get::<4>(at), Some(parameters.get::<1>(at + 1)), options);
            let (weight, bias) = (parameters.get::<1>(at + 2), parameters.get::<1>(at + 3));
            x = match (self.config.norm, &mut statistics) {
                (Norm::Group, _) => group_norm(x, weight, bias),
                (Norm::Batch, Statistics::Running) => {
                    let (mean, variance) = (self.running[2 * block].clone(), self.running[2 * block + 1].clone());
                    frozen_batch_norm(x, weight, bias, mean, variance)
                }
                (Norm::Batch, Statistics::Batch(seen)) => {
                    let (x, mean, variance) = training_batch_norm(x, weight, bias);
                    seen.push((mean, variance));
                    x
                }
            };
            x = relu(x);
            if block < 2 {
                x = max_pool2d(x, MaxPoolOptions::new([2, 2]).with_stride([2, 2]));
            } else {
                stages.push(spatial_mean(x.clone()));
            }
        }
        let features = stages[1].clone();
        let weight = parameters.get::<2>(4 * BLOCKS);
        let bias = parameters.get::<1>(4 * BLOCKS + 1);
        let logits = features.clone().matmul(weight.transpose()) + bias.unsqueeze::<2>();
        Output { logits, taps: [stages[0].clone(), stages[1].clone(), features] }
    }
}

/// `[B, C, H, W]` → `[B, C]`
fn spatial_mean(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = x.dims();
    x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels])
}
