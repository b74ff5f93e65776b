use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[cfg(feature = "cpu")]
use super::Stem;
use super::norm::{Norms, Statistics};
use super::{Layout, Norm, Output, Parameters, Reader, ResNetConfig, SmallCnnConfig, Views};
use crate::kernels::{self, GROUPS};
use crate::{Error, Result};

/// PyTorch's default for running statistics.
const RUNNING_MOMENTUM: f32 = 0.1;

/// The shape of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Four convolutions.
    SmallCnn(SmallCnnConfig),
    /// Eighteen layers with shortcuts.
    ResNet(ResNetConfig),
}

impl From<SmallCnnConfig> for Architecture {
    fn from(config: SmallCnnConfig) -> Self {
        Architecture::SmallCnn(config)
    }
}

impl From<ResNetConfig> for Architecture {
    fn from(config: ResNetConfig) -> Self {
        Architecture::ResNet(config)
    }
}

/// What the activations of one pass may take, in bytes.
const MEMORY_OF_A_PASS: usize = 1_500_000_000;
/// Bytes kept for the backward pass for each number that a convolution gives: eight floats, with its norm, ReLU and pool.
const BYTES_KEPT: usize = 32;

impl Architecture {
    /// Its name in cards and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Architecture::SmallCnn(_) => "small_cnn",
            Architecture::ResNet(_) => "resnet18",
        }
    }

    /// Colour channels of an image.
    pub fn channels(&self) -> usize {
        match self {
            Architecture::SmallCnn(config) => config.channels,
            Architecture::ResNet(config) => config.channels,
        }
    }

    /// K
    pub fn classes(&self) -> usize {
        match self {
            Architecture::SmallCnn(config) => config.classes,
            Architecture::ResNet(config) => config.classes,
        }
    }

    /// Channels after the first convolution.
    pub fn width(&self) -> usize {
        match self {
            Architecture::SmallCnn(config) => config.width,
            Architecture::ResNet(config) => config.width,
        }
    }

    /// Which normalisation.
    pub fn norm(&self) -> Norm {
        match self {
            Architecture::SmallCnn(config) => config.norm,
            Architecture::ResNet(config) => config.norm,
        }
    }

    /// How many images a pass with gradients can take at once without running out of memory on a small graphics card.
    pub fn samples_at_once(&self, height: usize, width: usize) -> usize {
        let activations = match self {
            Architecture::SmallCnn(config) => config.activations(height, width),
            Architecture::ResNet(config) => config.activations(height, width),
        };
        (MEMORY_OF_A_PASS / (BYTES_KEPT * activations)).max(1)
    }

    /// The smallest height and width of an image.
    pub fn smallest_side(&self) -> usize {
        match self {
            Architecture::SmallCnn(_) => 4,
            Architecture::ResNet(config) => config.smallest_side(),
        }
    }

    pub(crate) fn layout(&self) -> Layout {
        match self {
            Architecture::SmallCnn(config) => config.layout(),
            Architecture::ResNet(config) => config.layout(),
        }
    }

    /// Whether a parameter, or a running statistic, is of the last block or the head.
    pub(crate) fn is_late(&self, name: &str) -> bool {
        let of_block = self.late_layers().iter().flat_map(|(layer, norm)| [*layer, *norm]);
        of_block.chain(["fc."]).any(|prefix| name.starts_with(prefix))
    }

    /// The layers of the last block, each with the normalisation that follows it: what their names begin with.
    ///
    /// Of a ResNet's last stage that is the second block alone: the first one holds the shortcut by which the network can be
    /// mended in a hundred steps, and the stage as a whole three quarters of all weights.
    pub(crate) fn late_layers(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Architecture::SmallCnn(_) => &[("conv4.", "norm4.")],
            Architecture::ResNet(_) => &[("layer4.1.conv1.", "layer4.1.bn1."), ("layer4.1.conv2.", "layer4.1.bn2.")],
        }
    }

    /// What gives the features their size.
    pub(crate) fn feature_norms(&self) -> FeatureNorms {
        match self {
            Architecture::SmallCnn(_) => FeatureNorms { giving: &["norm4."], between: None },
            // Both branches of its last stage's first block, and what the second one adds.
            Architecture::ResNet(_) => FeatureNorms {
                giving: &["layer4.0.bn2.", "layer4.0.downsample.1.", "layer4.1.bn2."],
                between: Some("layer4.1.bn1."),
            },
        }
    }

    /// Names and sizes of the running statistics: mean and variance of each norm in turn, or none.
    pub(crate) fn running_layout(&self) -> Layout {
        let mut running = Layout::default();
        if self.norm() == Norm::Batch {
            for (name, shape, _) in self.layout().iter() {
                // Every other layer's weight has more than one dimension.
                if let (Some(norm), [_]) = (name.strip_suffix("weight"), shape) {
                    running.push(format!("{norm}running_mean"), shape);
                    running.push(format!("{norm}running_var"), shape);
                }
            }
        }
        running
    }

    /// For helpers: all that it is, in numbers.
    #[cfg(feature = "cpu")]
    pub(crate) fn numbers(&self) -> [f64; 6] {
        let (kind, stem) = match self {
            Architecture::SmallCnn(_) => (0, false),
            Architecture::ResNet(config) => (1, config.stem == Stem::ImageNet),
        };
        let batch = self.norm() == Norm::Batch;
        [kind, self.channels(), self.classes(), self.width(), batch.into(), stem.into()].map(|number| number as f64)
    }

    /// The architecture of these numbers, if they are one's.
    #[cfg(feature = "cpu")]
    pub(crate) fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let numbers: Vec<usize> = numbers.iter().map(|&number| crate::work::count(number)).collect::<Option<_>>()?;
        let &[kind, channels, classes, width, batch, stem] = numbers.as_slice() else { return None };
        let norm = if batch == 1 { Norm::Batch } else { Norm::Group };
        let architecture: Self = match kind {
            0 => SmallCnnConfig { channels, classes, width, norm }.into(),
            1 => {
                let stem = if stem == 1 { Stem::ImageNet } else { Stem::Small };
                ResNetConfig { channels, classes, width, norm, stem }.into()
            }
            _ => return None,
        };
        architecture.check().ok().map(|()| architecture)
    }

    /// The upper ends are beyond all that is in use, and so low that no size computed from them overflows.
    pub(super) fn check(&self) -> Result<()> {
        if !(GROUPS..=4096).contains(&self.width()) || !self.width().is_multiple_of(GROUPS) {
            return Err(Error::config("width", format!("a multiple of {GROUPS} up to 4096"), self.width()));
        }
        if !(2..=65_536).contains(&self.classes()) {
            return Err(Error::config("classes", "2 to 65536", self.classes()));
        }
        if !(1..=1024).contains(&self.channels()) {
            return Err(Error::config("channels", "1 to 1024", self.channels()));
        }
        Ok(())
    }

    /// A network with random weights, drawn as PyTorch draws them (uniform within 1/√fan-in), the same on every device.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for a width that group normalisation cannot split, fewer than two
    /// classes, or no channel.
    pub fn init(&self, seed: u64, device: &Device) -> Result<Network> {
        self.check()?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let layout = self.layout();
        let mut values = Vec::with_capacity(layout.len());
        let mut bound = 1.0;
        // A norm's bias follows its weight, a layer's bias follows the layer's.
        let mut of_norm = false;
        for (name, shape, range) in layout.iter() {
            let weight = name.ends_with(".weight");
            if weight {
                of_norm = shape.len() == 1;
            }
            if of_norm {
                values.extend(range.map(|_| if weight { 1.0 } else { 0.0 }));
                continue;
            }
            if weight {
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
    pub(crate) fn with_values(&self, values: Vec<f32>, running: Vec<f32>, device: &Device) -> Result<Network> {
        self.check()?;
        let inner = device.clone().without_autodiff();
        let running = self
            .running_layout()
            .iter()
            .map(|(_, shape, range)| Tensor::from_data(TensorData::new(running[range].to_vec(), [shape[0]]), &inner))
            .collect();
        let parameters = Parameters::new(Arc::new(self.layout()), values, device);
        Ok(Network { architecture: *self, parameters, running })
    }
}

/// Where the features get their size: what the names of parameters and running statistics begin with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeatureNorms {
    /// Normalisations whose weights and biases make the features as many times larger as they themselves are made.
    pub giving: &'static [&'static str],
    /// One between them that takes the size of its input out, and keeps statistics of it.
    pub between: Option<&'static str>,
}

/// An [`Architecture`] with weights.
#[derive(Debug, Clone)]
pub struct Network {
    architecture: Architecture,
    parameters: Parameters,
    /// Mean and variance of each norm in turn; empty with group normalisation.
    running: Vec<Tensor<1>>,
}

impl Network {
    /// Its shape.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
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

    /// The running statistics one by one, with their names; none with group normalisation.
    pub(crate) fn running_mut(&mut self) -> impl Iterator<Item = (String, &mut Tensor<1>)> {
        let layout = self.architecture.running_layout();
        let names: Vec<String> = layout.iter().map(|(name, ..)| name.to_owned()).collect();
        names.into_iter().zip(&mut self.running)
    }

    /// Logits and taps of images `[B, C, H, W]`, without gradients and with running statistics left alone.
    pub fn forward(&self, images: Tensor<4>) -> Output {
        self.forward_with(&self.parameters.views(), images)
    }

    /// The same with given parameters, such as the leaves of a graph.
    pub fn forward_with(&self, parameters: &Views, images: Tensor<4>) -> Output {
        self.compute(parameters, images, Statistics::Running(&self.running))
    }

    /// A forward pass of training: batch normalisation uses the batch's statistics and updates the running ones.
    pub(crate) fn forward_training(&mut self, parameters: &Views, images: Tensor<4>) -> Output {
        let mut fresh = Vec::new();
        let output = self.compute(parameters, images, Statistics::Batch(&mut fresh));
        for (running, fresh) in self.running.iter_mut().zip(fresh) {
            *running = running.clone() * (1.0 - RUNNING_MOMENTUM) + fresh * RUNNING_MOMENTUM;
        }
        output
    }

    fn compute(&self, parameters: &Views, images: Tensor<4>, statistics: Statistics<'_>) -> Output {
        let mut reader = parameters.reader();
        let mut norms = Norms::new(self.architecture.norm(), statistics);
        match &self.architecture {
            Architecture::SmallCnn(config) => config.compute(&mut reader, &mut norms, images),
            Architecture::ResNet(config) => config.compute(&mut reader, &mut norms, images),
        }
    }
}

/// `[B, features]` → `[B, K]`
pub(super) fn linear(x: Tensor<2>, parameters: &mut Reader<'_>) -> Tensor<2> {
    let (weight, bias) = (parameters.next::<2>(), parameters.next::<1>());
    kernels::linear(x, weight, bias)
}
