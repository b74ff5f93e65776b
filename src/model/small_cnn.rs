use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::network::linear;
use super::norm::Norms;
use super::{Architecture, Layout, Network, Norm, Output, Reader};
use crate::Result;
use crate::kernels::{ConvBlock, Form, Maps, conv_block};

const BLOCKS: usize = 4;

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

    /// Input and output channels of each convolution.
    fn convolutions(&self) -> [(usize, usize); BLOCKS] {
        let w = self.width;
        [(self.channels, w), (w, 2 * w), (2 * w, 4 * w), (4 * w, 4 * w)]
    }

    /// See [`Architecture::init`].
    ///
    /// # Errors
    /// Those of [`Architecture::init`].
    pub fn init(&self, seed: u64, device: &Device) -> Result<Network> {
        Architecture::from(*self).init(seed, device)
    }

    pub(super) fn layout(&self) -> Layout {
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

    /// Numbers that the convolutions give for one image.
    pub(super) fn activations(&self, height: usize, width: usize) -> usize {
        let pools = [1, 2, 4, 4];
        let sizes = self.convolutions().into_iter().zip(pools);
        sizes.map(|((_, output), pool)| output * (height / pool) * (width / pool)).sum()
    }

    pub(super) fn compute(&self, parameters: &mut Reader<'_>, norms: &mut Norms<'_>, images: Tensor<4>) -> Output {
        let mut x = Maps::Plain(images);
        let mut stages = Vec::with_capacity(BLOCKS);
        for block in 0..BLOCKS {
            let (weight, bias) = (parameters.next(), parameters.next());
            let form = Form { stride: 1, relu: true, pool: block < 2 };
            x = conv_block(x, ConvBlock { weight, bias: Some(bias), norm: norms.next(parameters), form });
            if block >= 2 {
                stages.push(x.clone().spatial_mean());
            }
        }
        let features = stages[1].clone();
        let logits = linear(features.clone(), parameters);
        Output { logits, taps: [stages[0].clone(), stages[1].clone(), features] }
    }
}
