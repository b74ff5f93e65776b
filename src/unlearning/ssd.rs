//! Selective synaptic dampening (Foster, Schoepf & Brintrup, AAAI 2024, arXiv 2308.07707): one shot without a loss. Weights
//! that matter far more for D_f than for all of D are shrunk.
//!
//! I is the mean over batches of (∇CE)², the square of the gradient of a batch's mean. It depends on the size of the batches, so both sides have the
//! same one. Where I_f > α·I_D: θ ← θ·min(λ·I_D/I_f, 1). D is D_f and D_r, without what was forgotten before. Batch
//! normalisation is frozen, as in the authors' program, and its weights are shrunk like all others.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::descent::Slope;
use super::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, Scalar, ScalarInfo, Scalars, Stepping, Steps,
    Subject,
};
use super::run::{BatchConfig, Samples};
use super::settings::{Settings, words};
use crate::Result;
use crate::data::Shuffled;
use crate::kernels::join;
use crate::model::Network;
use crate::work::{Hands, Here, Work, exactly, samples_at_once};

/// See the [module](self).
#[derive(Debug)]
pub struct Ssd;

static INFO: MethodInfo = MethodInfo {
    name: "ssd",
    title: words("Selective synaptic dampening"),
    sentence: words("Shrinks, in one stroke, the weights that matter far more for the class than for the rest."),
    year: 2024,
    paper: words("https://arxiv.org/abs/2308.07707"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with a selection that suits this network.",
        ),
        PresetInfo::new(Preset::Authors, "Authors", "The authors’ values for a ResNet-18 and whole classes."),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("dampened", "Percent of the weights that are shrunk"),
        ScalarInfo::number("dampening_mean", "Mean factor of those"),
    ],
    pass: Pass::Steps,
};

/// SSD's own settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SsdConfig {
    /// α
    selection_weight: f64,
    /// λ
    dampening: f64,
    samples_at_once: usize,
}

impl Method for Ssd {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, _: &Subject<'_>) -> Result<Settings> {
        let authors = SsdConfig { selection_weight: 10.0, dampening: 1.0, samples_at_once: 0 };
        let batches = BatchConfig::new(64);
        match preset {
            Preset::Authors => Settings::of(&[&authors, &batches]),
            Preset::Published => Settings::of(&[&SsdConfig { selection_weight: 5.0, ..authors }, &batches]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let config = settings.typed::<SsdConfig>();
        let batch = settings.typed::<BatchConfig>();
        Box::pin(async move {
            let (config, BatchConfig { batch_size, seed, .. }) = (config?, batch?);
            let samples = run.samples;
            let forget = samples.forget_indices().to_vec();
            let all = samples.retain_indices().iter().chain(&forget).copied().collect();
            let [of_forget, of_all] = [
                importance(run.network, samples, batches(forget, batch_size, seed), config.samples_at_once).await,
                importance(run.network, samples, batches(all, batch_size, seed ^ 0x55d), config.samples_at_once).await,
            ];
            let factors = factors(&of_forget, &of_all, config.selection_weight, config.dampening);
            Ok(Box::new(Dampening { factors: Some(factors) }) as Box<dyn Steps>)
        })
    }
}

/// One pass.
fn batches(indices: Vec<usize>, batch_size: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut shuffled = Shuffled::new(indices, batch_size, seed);
    std::iter::from_fn(|| shuffled.next_in_pass().map(<[usize]>::to_vec)).collect()
}

/// The mean over batches of (∇CE)², `[P]`.
pub(super) async fn importance(
    network: &Network,
    samples: &Samples,
    batches: Vec<Vec<usize>>,
    samples_at_once_asked: usize,
) -> Tensor<1> {
    let count = batches.len().max(1);
    let mut sum = network.parameters().flat().zeros_like();
    for indices in batches {
        let batch = samples.batch(indices);
        let leaves = network.parameters().leaves();
        let at_once = samples_at_once(network, &batch.images(), samples_at_once_asked);
        let rows = vec![batch.labels.clone()];
        let work = Work { task: &Slope::of_labels(1.0), images: batch.images(), rows, common: Vec::new() };
        let [gradient, _] = exactly(work.sum(&Here, network, &leaves, at_once).await);
        sum = sum + gradient.square();
    }
    sum / count as f64
}

/// What each weight is multiplied by, `[P]`: 1 where it stays.
pub(super) fn factors(of_forget: &Tensor<1>, of_all: &Tensor<1>, selection: f64, dampening: f64) -> Tensor<1> {
    // Weights that no image touches have importances of rounding alone, which would be compared with each other.
    let rounding = of_forget.clone().max() * ROUNDING;
    let limit = (of_all.clone() * selection).max_pair(rounding.expand(of_all.dims()));
    let stays = of_forget.clone().lower_equal(limit);
    // Only where it stays can I_f be 0.
    let factor = of_all.clone() * dampening / of_forget.clone().clamp_min(f32::MIN_POSITIVE);
    factor.clamp_max(1.0).mask_fill(stays, 1.0)
}

/// The square of what rounding is beside the largest gradient.
const ROUNDING: f64 = 1e-14;

#[derive(Debug, Clone)]
struct Dampening {
    /// Gone once it is done.
    factors: Option<Tensor<1>>,
}

impl Steps for Dampening {
    fn step<'a>(&'a mut self, network: &'a mut Network, _: &'a mut Samples, _: &'a dyn Hands) -> Stepping<'a> {
        let theta = network.parameters().flat();
        let factors = self.factors.take().unwrap_or_else(|| theta.ones_like());
        let shrunk = factors.clone().lower_elem(1.0).float();
        let count = shrunk.clone().sum();
        let mean = (factors.clone() * shrunk.clone()).sum() / count.clone().clamp_min(1.0);
        let numbers = join(vec![count / theta.dims()[0] as f64, mean]);
        network.parameters_mut().set_flat(theta * factors);
        Box::pin(std::future::ready(numbers))
    }

    fn packed_len(&self) -> usize {
        2
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let [share, mean] = *packed.first_chunk().unwrap_or(&[f32::NAN; 2]);
        Scalars::from([
            ("dampened", Scalar::Number(f64::from(share) * 100.0)),
            ("dampening_mean", Scalar::Number(mean.into())),
        ])
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::model::Norm;
    use crate::unlearning::recorded::{Recorded, close, network, none, samples, values};

    #[test]
    fn the_recorded_importances_and_the_one_shot() {
        let recorded = Recorded::open("ssd");
        let mut network = network(Norm::Group);
        let mut samples = samples(&network, [none(), none()]);
        let of = |name: &str| {
            let batches = recorded.batches(&format!("{name}_batches"), 5);
            let importance = pollster::block_on(importance(&network, &samples, batches, 0));
            let some: Vec<f32> = values(importance.clone()).into_iter().step_by(5).collect();
            close(name, &some, &recorded.floats(&format!("{name}_importance")));
            importance
        };
        let factors = factors(&of("forget"), &of("all"), 3.0, 0.8);
        let mut dampening = Dampening { factors: Some(factors) };
        recorded.check_steps(&mut dampening, (&mut network, &mut samples), &["dampened", "dampening_mean"]);
        recorded.check_weights(&network);
    }

    #[test]
    fn weights_that_matter_more_for_the_class_than_selection_allows_are_shrunk() {
        let tensor = |values: &[f32]| Tensor::<1>::from_floats(values, &Device::flex());
        let found = factors(&tensor(&[5.0, 10.0, 40.0, 0.0]), &tensor(&[1.0, 1.0, 1.0, 0.0]), 10.0, 1.0);
        assert_eq!(found.into_data().try_to_vec::<f32>().unwrap(), [1.0, 1.0, 0.025, 1.0]);
    }
}
