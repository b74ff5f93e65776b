//! Boundary shrink (Chen et al., CVPR 2023, arXiv 2303.11570): each forget image gets the label of the class just over its
//! nearest border, and the network learns that.
//!
//! Once, with the network from before: x' = x + ε·sign ∇ₓCE(x, y), in pixels of 0 to 1 and as whole bytes again, and
//! n = argmax θ₀(x'). Then descent along CE(z_f, n) on the images as they are, D_f alone. Where x' is still of its class,
//! n = y and the step teaches the class, so the share that was flipped is reported.
//!
//! Here n is never another class that is forgotten, now or before. θ₀ is in evaluation mode, the steps in training mode, as in the
//! authors' program: the running statistics of batch normalisation become those of D_f.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::descent::{Descent, DescentConfig, Side};
use super::loss::cross_entropy;
use super::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, Scalar, ScalarInfo, Scalars, Stepping, Steps,
    Subject,
};
use super::run::{Batch, LoopConfig, Samples};
use super::settings::{Settings, words};
use crate::data::{Dataset, labels_at};
use crate::model::Network;
use crate::work::{Hands, answers_at_once};
use crate::{Result, device};

/// See the [module](self).
#[derive(Debug)]
pub struct BoundaryShrink;

static INFO: MethodInfo = MethodInfo {
    name: "boundary_shrink",
    title: words("Boundary shrink"),
    sentence: words("Gives each image of the class the label from just over its nearest border, and learns that."),
    year: 2023,
    paper: words("https://arxiv.org/abs/2303.11570"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with a rate and a nudge that suit this network and an end when it has forgotten.",
        ),
        PresetInfo::new(Preset::Authors, "Authors", "The authors’ values. Their small rate hardly forgets here."),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("neighbour_ce", "CE(z_f, n) with the neighbour’s label"),
        ScalarInfo::number("update_norm", "‖g‖ before clipping"),
        ScalarInfo::number(
            "neighbour_accuracy",
            "Percent of the forget batch that gets the neighbour’s label, before the step",
        ),
        ScalarInfo::number("flipped", "Percent of the forget images whose nudge crossed a border"),
    ],
    pass: Pass::Forget,
};

/// Its own settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct NudgeConfig {
    /// ε, of pixels from 0 to 1.
    nudge: f64,
}

impl Method for BoundaryShrink {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        // The authors' program: ε 0.1, batches of 64, rate 1e-5, 10 epochs, no decay.
        let authors = DescentConfig { weight_decay: 0.0, ..DescentConfig::unlearn_sparse(1e-5) };
        let limits = LoopConfig::new(10, 64, subject.network.classes());
        match preset {
            Preset::Authors => Settings::of(&[
                &NudgeConfig { nudge: 0.1 },
                &authors,
                &LoopConfig { target_forget_accuracy: 0.0, ..limits },
            ]),
            Preset::Published => Settings::of(&[
                &NudgeConfig { nudge: 0.1 },
                &DescentConfig { learning_rate: 1e-3, ..authors },
                &LoopConfig { check_every: 4, ..limits },
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let descent = settings.typed::<DescentConfig>();
        let nudge = settings.typed::<NudgeConfig>();
        Box::pin(async move {
            let labels = neighbours(run.network, run.samples, nudge?.nudge).await?;
            Ok(Box::new(Shrinking::new(descent?, labels, run.samples)) as Box<dyn Steps>)
        })
    }
}

/// The labels of the training split, those of D_f replaced by the class over the nearest border.
async fn neighbours(network: &Network, samples: &Samples, nudge: f64) -> Result<Vec<u16>> {
    let roles = samples.roles();
    let dataset = samples.dataset();
    let mut labels = dataset.train.labels().to_vec();
    let at_once = answers_at_once(network, &samples.batch(vec![0]).images());
    for indices in samples.forget_indices().chunks(at_once) {
        let signs = uphill(network, &samples.batch(indices.to_vec())).await?;
        let nudged = nudged(dataset, indices, &signs, nudge);
        let shape = dataset.shape;
        let data = TensorData::new(nudged, [indices.len(), shape.channels, shape.height, shape.width]);
        let logits = network.forward(Tensor::from_data(data, samples.device())).logits;
        let logits = device::read(logits.flatten::<1>(0, 1)).await?;
        for (&index, row) in indices.iter().zip(logits.chunks_exact(dataset.classes())) {
            let own = labels[index] as usize;
            let open = |&(class, _): &(usize, &f32)| class == own || roles.retains(class);
            let best = row.iter().enumerate().filter(open).max_by(|(_, a), (_, b)| a.total_cmp(b));
            labels[index] = best.map_or(labels[index], |(class, _)| class as u16);
        }
    }
    Ok(labels)
}

/// ∇ₓCE(x, y) of a batch, whose signs matter; of normalised images, which have the same ones. `[B · C · H · W]`.
async fn uphill(network: &Network, batch: &Batch) -> Result<Vec<f32>> {
    let images = batch.images().on(&network.parameters().flat().device()).autodiff().require_grad();
    let logits = network.forward_with(&network.parameters().views(), images.clone()).logits;
    let gradients = cross_entropy(logits, batch.labels.clone()).backward();
    let gradient = images.grad(&gradients).unwrap_or_else(|| images.without_autodiff().zeros_like());
    device::read(gradient.flatten::<1>(0, 3)).await
}

/// x' as the network wants it. In bytes, for there the step is exact: half a byte goes to the even one, as in PyTorch.
fn nudged(dataset: &Dataset, indices: &[usize], uphill: &[f32], nudge: f64) -> Vec<f32> {
    let plane = dataset.shape.height * dataset.shape.width;
    let normalisation = &dataset.normalisation;
    let pixels = indices.iter().flat_map(|&index| dataset.train.image(index));
    let step = |(at, (&pixel, slope)): (usize, (&u8, &f32))| {
        let sign = f64::from(u8::from(*slope > 0.0)) - f64::from(u8::from(*slope < 0.0));
        let byte = nudged_byte(pixel, sign * nudge);
        let channel = at / plane % dataset.shape.channels;
        ((byte / 255.0 - normalisation.mean[channel]) / normalisation.std[channel]) as f32
    };
    pixels.zip(uphill).enumerate().map(step).collect()
}

fn nudged_byte(pixel: u8, nudge: f64) -> f64 {
    (f64::from(pixel) + 255.0 * nudge).round_ties_even().clamp(0.0, 255.0)
}

#[derive(Debug, Clone)]
struct Shrinking {
    descent: Descent,
    /// Of the whole training split.
    labels: Arc<[u16]>,
    /// Percent of D_f.
    flipped: f64,
}

impl Shrinking {
    fn new(config: DescentConfig, labels: Vec<u16>, samples: &Samples) -> Self {
        let own = samples.dataset().train.labels();
        let forget = samples.forget_indices();
        let flipped = forget.iter().filter(|&&index| labels[index] != own[index]).count();
        let flipped = 100.0 * flipped as f64 / forget.len() as f64;
        Self { descent: Descent::new(config), labels: labels.into(), flipped }
    }
}

impl Steps for Shrinking {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let mut forget = samples.next_forget();
        let classes = samples.dataset().classes();
        forget.labels = labels_at(&self.labels, &forget.indices, classes, samples.device());
        Box::pin(async move { self.descent.step(network, Side::of_labels(&forget, 1.0), hands).await })
    }

    fn packed_len(&self) -> usize {
        Descent::PACKED_LEN
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let mut scalars = Descent::report(packed, ["neighbour_ce", "update_norm", "neighbour_accuracy"]);
        scalars.insert("flipped", Scalar::Number(self.flipped));
        scalars
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Norm;
    use crate::unlearning::recorded::{Recorded, network, none, samples};

    #[test]
    fn the_recorded_labels_and_three_steps() {
        let recorded = Recorded::open("boundary_shrink");
        let mut network = network(Norm::Group);
        let mut samples = samples(&network, [(recorded.indices("batches"), 5), none()]);
        let labels = pollster::block_on(neighbours(&network, &samples, 0.5)).unwrap();
        let found: Vec<usize> = labels.iter().map(|&label| label.into()).collect();
        assert_eq!(found, recorded.indices("labels"));
        let config = DescentConfig { weight_decay: 0.0, ..DescentConfig::unlearn_sparse(1e-2) };
        let mut shrinking = Shrinking::new(config, labels, &samples);
        let flipped = shrinking.report(&[0.0; 3])["flipped"];
        assert_eq!(flipped, Scalar::Number(recorded.floats("flipped")[0].into()));
        let keys = ["neighbour_ce", "update_norm", "neighbour_accuracy"];
        recorded.check_steps(&mut shrinking, (&mut network, &mut samples), &keys);
        recorded.check_weights(&network);
    }

    #[test]
    fn a_nudge_is_a_whole_number_of_bytes_within_the_range() {
        assert_eq!(nudged_byte(127, 0.1), 152.0);
        assert_eq!(nudged_byte(128, 0.1), 154.0);
        assert_eq!(nudged_byte(128, -0.1), 102.0);
        assert_eq!(nudged_byte(250, 0.1), 255.0);
        assert_eq!(nudged_byte(3, -0.1), 0.0);
        assert_eq!(nudged_byte(9, 0.0), 9.0);
        // An image value of 0.5 becomes 0.6; with a standard deviation of 0.5 that is 0.2 for the network.
        assert!((nudged_byte(128, 0.1) / 255.0 - 153.0 / 255.0).abs() <= 1.0 / 255.0);
    }
}
