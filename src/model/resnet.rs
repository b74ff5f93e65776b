use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::network::linear;
use super::norm::Norms;
use super::{Architecture, Layout, Network, Norm, Output, Reader};
use crate::Result;
use crate::kernels::{ConvBlock, Form, Maps, conv_block};

const STAGES: usize = 4;
const BLOCKS: usize = 2;

/// How a [`ResNetConfig`] begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stem {
    /// A 3×3 convolution, for images of 28 to 96 pixels.
    Small,
    /// A 7×7 convolution and a max pool, each with stride 2, as torchvision has it for ImageNet.
    ImageNet,
}

/// ResNet-18 as torchvision lays it out, in its names and shapes. The paper's network, with batch norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// Colour channels of an image.
    pub channels: usize,
    /// K
    pub classes: usize,
    /// Channels of the first stage, a multiple of 8; torchvision's has 64.
    pub width: usize,
    /// How it begins.
    pub stem: Stem,
    /// Which normalisation.
    pub norm: Norm,
}

impl ResNetConfig {
    /// Width 64, the stem for small images and batch normalisation.
    pub fn new(channels: usize, classes: usize) -> Self {
        Self { channels, classes, width: 64, stem: Stem::Small, norm: Norm::Batch }
    }

    /// Another width.
    pub fn with_width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }

    /// Another stem.
    pub fn with_stem(mut self, stem: Stem) -> Self {
        self.stem = stem;
        self
    }

    /// Another normalisation.
    pub fn with_norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }

    /// See [`Architecture::init`].
    ///
    /// # Errors
    /// Those of [`Architecture::init`].
    pub fn init(&self, seed: u64, device: &Device) -> Result<Network> {
        Architecture::from(*self).init(seed, device)
    }

    pub(super) fn smallest_side(&self) -> usize {
        match self.stem {
            Stem::Small => 8,
            Stem::ImageNet => 32,
        }
    }

    pub(super) fn layout(&self) -> Layout {
        let mut layout = Layout::default();
        let norm = |layout: &mut Layout, name: String, channels: usize| {
            layout.push(format!("{name}.weight"), &[channels]);
            layout.push(format!("{name}.bias"), &[channels]);
        };
        let side = match self.stem {
            Stem::Small => 3,
            Stem::ImageNet => 7,
        };
        layout.push("conv1.weight", &[self.width, self.channels, side, side]);
        norm(&mut layout, "bn1".into(), self.width);
        for Block { stage, block, input, output, .. } in self.blocks() {
            let name = format!("layer{}.{block}", stage + 1);
            layout.push(format!("{name}.conv1.weight"), &[output, input, 3, 3]);
            norm(&mut layout, format!("{name}.bn1"), output);
            layout.push(format!("{name}.conv2.weight"), &[output, output, 3, 3]);
            norm(&mut layout, format!("{name}.bn2"), output);
            if input != output {
                layout.push(format!("{name}.downsample.0.weight"), &[output, input, 1, 1]);
                norm(&mut layout, format!("{name}.downsample.1"), output);
            }
        }
        layout.push("fc.weight", &[self.classes, self.width << (STAGES - 1)]);
        layout.push("fc.bias", &[self.classes]);
        layout
    }

    /// Numbers that the convolutions give for one image.
    pub(super) fn activations(&self, height: usize, width: usize) -> usize {
        let (first, stage_0) = match self.stem {
            Stem::Small => (1, 1),
            Stem::ImageNet => (2, 4),
        };
        let area = |shrunk: usize| height.div_ceil(shrunk) * width.div_ceil(shrunk);
        let stem = self.width * area(first);
        let blocks = self.blocks().map(|block| {
            let convolutions = if block.input == block.output { 2 } else { 3 };
            convolutions * block.output * area(stage_0 << block.stage)
        });
        stem + blocks.sum::<usize>()
    }

    fn blocks(&self) -> impl Iterator<Item = Block> {
        let width = self.width;
        (0..STAGES).flat_map(move |stage| {
            (0..BLOCKS).map(move |block| {
                let output = width << stage;
                // The first block of each stage but the first halves the sides and doubles the channels.
                let widens = block == 0 && stage > 0;
                let (input, stride) = if widens { (output / 2, 2) } else { (output, 1) };
                Block { stage, block, input, output, stride }
            })
        })
    }

    pub(super) fn compute(&self, parameters: &mut Reader<'_>, norms: &mut Norms<'_>, images: Tensor<4>) -> Output {
        let mut layer = |x, stride, relu| {
            let (weight, norm) = (parameters.next(), norms.next(parameters));
            conv_block(x, ConvBlock { weight, bias: None, norm, form: Form { stride, relu, pool: false } })
        };
        let images = Maps::Plain(images);
        let mut x = match self.stem {
            Stem::Small => layer(images, 1, true),
            Stem::ImageNet => layer(images, 2, true).max_pool(),
        };
        let mut stages = Vec::with_capacity(STAGES);
        for Block { block, input, output, stride, .. } in self.blocks() {
            let y = layer(x.clone(), stride, true);
            let y = layer(y, 1, false);
            let shortcut = if input == output { x } else { layer(x, stride, false) };
            x = y.add_relu(shortcut);
            if block == BLOCKS - 1 {
                stages.push(x.clone());
            }
        }
        let features = x.spatial_mean();
        let logits = linear(features.clone(), parameters);
        Output { logits, taps: [stages[2].clone().spatial_mean(), features.clone(), features] }
    }
}

struct Block {
    stage: usize,
    block: usize,
    input: usize,
    output: usize,
    stride: usize,
}
