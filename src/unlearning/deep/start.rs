//! Where the steps begin.

use burn::tensor::{Tensor, TensorData};

use super::DeepConfig;
use crate::model::Network;
use crate::training::TrainConfig;
use crate::unlearning::method::Preparation;
use crate::unlearning::run::{EXCLUDED, Samples};
use crate::{Result, device};

/// See [`Deepening`](super::Deepening).
#[derive(Debug)]
pub(super) struct Start {
    pub network: Network,
    pub free: Tensor<1>,
    pub excluded: Tensor<2>,
}

impl Start {
    /// The network from before with its last block and its head drawn anew by `seed`, and the rows of the head masked.
    pub(super) async fn new(config: &DeepConfig, run: &Preparation<'_>, seed: u64) -> Result<Self> {
        let network = drawn_anew(run.network, seed).await?;
        Self::of(network, config, run.samples)
    }

    /// The same of a network that was drawn anew.
    pub(super) fn of(mut network: Network, config: &DeepConfig, samples: &Samples) -> Result<Self> {
        let roles = samples.roles();
        let classes = network.architecture().classes();
        let offset = match config.head_offset {
            0.0 => offset(samples),
            given => given,
        };
        let mut free = vec![1.0_f32; network.parameters().layout().len()];
        let mut masked = vec![0.0_f32; free.len()];
        for (name, _, range) in network.parameters().layout().iter().filter(|(name, ..)| name.starts_with("fc.")) {
            let width = range.len() / classes;
            for class in (0..classes).filter(|&class| !roles.retains(class)) {
                let row = range.start + class * width..range.start + (class + 1) * width;
                free[row.clone()].fill(0.0);
                masked[row].fill(if name == "fc.bias" { -offset as f32 } else { 0.0 });
            }
        }
        let on_device = |values: Vec<f32>| {
            let len = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [len]), samples.device())
        };
        let excluded = (0..classes).map(|class| if roles.retains(class) { 0.0 } else { EXCLUDED });
        let (free, masked) = (on_device(free), on_device(masked));
        let theta = network.parameters().flat() * free.clone() + masked;
        network.parameters_mut().set_flat(theta);
        Ok(Self { network, free, excluded: on_device(excluded.collect()).unsqueeze() })
    }
}

/// The network with random weights in its last block and its head, drawn as in training, and fresh statistics there.
pub(super) async fn drawn_anew(network: &Network, seed: u64) -> Result<Network> {
    let architecture = *network.architecture();
    let device = network.parameters().flat().device();
    let random = architecture.init(seed ^ 0xdee9, &device)?;
    let mut values = device::read(network.parameters().flat()).await?;
    let fresh = device::read(random.parameters().flat()).await?;
    let mut running = statistics(network).await?;
    let untouched = statistics(&random).await?;
    let late = |(name, _, range): (&str, &[usize], std::ops::Range<usize>)| architecture.is_late(name).then_some(range);
    for range in architecture.layout().iter().filter_map(late) {
        values[range.clone()].copy_from_slice(&fresh[range]);
    }
    for range in architecture.running_layout().iter().filter_map(late) {
        running[range.clone()].copy_from_slice(&untouched[range]);
    }
    architecture.with_values(values, running, &device)
}

async fn statistics(network: &Network) -> Result<Vec<f32>> {
    match network.running_flat() {
        Some(running) => device::read(running).await,
        None => Ok(Vec::new()),
    }
}

/// b from what θ₀ says of the retained samples: the mean over their classes of how far below 0 the mean logit of the class
/// lies that is furthest from them. A class that was never a label lies that deep for every image after 2000 steps of training,
/// and as the root of the steps after more: nothing holds it, while Adam goes on pushing. The root is a fit to the shipped networks
/// and to no others: docs/deep.md has what these have, and what this gives.
fn offset(samples: &Samples) -> f64 {
    let TrainConfig { epochs, batch_size, .. } = TrainConfig::for_dataset(&samples.dataset().name);
    let steps = (epochs * samples.retain_indices().len() / batch_size) as f64;
    (furthest(samples) * (steps / 2000.0).sqrt().max(1.0)).max(LEAST_OFFSET)
}

fn furthest(samples: &Samples) -> f64 {
    let labels = samples.dataset().train.labels();
    let classes = samples.dataset().classes();
    let mut sums = vec![0.0_f64; classes * classes];
    let mut counts = vec![0.0_f64; classes];
    for &index in samples.retain_indices() {
        let own = labels[index] as usize;
        counts[own] += 1.0;
        let row = &mut sums[own * classes..(own + 1) * classes];
        row.iter_mut().zip(samples.teacher_row(index)).for_each(|(sum, &logit)| *sum += f64::from(logit));
    }
    let retained: Vec<usize> = (0..classes).filter(|&class| counts[class] > 0.0).collect();
    let lowest = |own: usize| {
        let means = retained.iter().map(|&class| sums[own * classes + class] / counts[own]);
        means.fold(f64::INFINITY, f64::min)
    };
    -retained.iter().map(|&own| lowest(own)).sum::<f64>() / retained.len().max(1) as f64
}

/// A row that is masked must not win.
const LEAST_OFFSET: f64 = 10.0;
