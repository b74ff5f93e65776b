//! SalUn (Fan et al., ICLR 2024, arXiv 2310.12508): [random labels](super::random_labels), where only the weights may move on which the class
//! depends most. Once, at θ₀: G = |Σ_batches ∇(−CE(z_f, y_f))|, each gradient that of a batch's mean; the mask is 1 for the largest `mask_share`
//! of G, all weights ranked together. A weight outside has neither momentum nor decay.
//!
//! Batch normalisation is frozen while G is computed and in training mode in the steps, as in the authors' program; its running
//! statistics are not masked.

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::descent::{Descent, DescentConfig, Slope};
use super::method::{Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, Steps, Subject};
use super::relabelling::{Labels, Relabelling, RelabellingConfig, SCALARS};
use super::run::{LoopConfig, ONLY_AT_ENDS};
use super::settings::{Settings, words};
use crate::work::{Here, Work, exactly, samples_at_once};
use crate::{Result, device};

/// See the [module](self).
#[derive(Debug)]
pub struct SalUn;

static INFO: MethodInfo = MethodInfo {
    name: "salun",
    title: words("SalUn"),
    sentence: words("Teaches the class wrong labels, but moves only the weights on which the class depends most."),
    year: 2024,
    paper: words("https://arxiv.org/abs/2310.12508"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with a rate that suits this network and an end when it has forgotten. Batch norm learns.",
        ),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "The authors’ values for forgetting a tenth of all samples: half of the weights move. Batch norm learns.",
        ),
    ],
    default_preset: Preset::Published,
    scalars: SCALARS,
    pass: Pass::Both,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct MaskConfig {
    mask_share: f64,
    #[serde(skip_serializing, rename = "batch_size")]
    batch: usize,
}

impl Method for SalUn {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        let own = RelabellingConfig::of(Labels::All);
        let mask = MaskConfig { mask_share: 0.5, batch: 1 };
        let limits = LoopConfig::new(10, 256, subject.network.classes());
        match preset {
            Preset::Authors => Settings::of(&[
                &own,
                &mask,
                &DescentConfig::unlearn_sparse(1.3e-2),
                &LoopConfig { target_forget_accuracy: 0.0, ..limits },
            ]),
            Preset::Published => Settings::of(&[
                &own,
                &mask,
                &DescentConfig::unlearn_sparse(5e-3),
                // At the ends of epochs alone: a pass over D_f that ends the run would leave D_r unrepaired.
                &LoopConfig { batch_size: 128, check_every: ONLY_AT_ENDS, ..limits },
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let (own, descent) = (settings.typed::<RelabellingConfig>(), settings.typed::<DescentConfig>());
        let mask = settings.typed::<MaskConfig>();
        Box::pin(async move {
            let descent = descent?;
            let mask = mask?;
            let saliency = device::read(saliency(&run, &descent, mask.batch).await).await?;
            let theta = run.network.parameters().flat();
            let values = TensorData::new(largest(&saliency, mask.mask_share), theta.dims());
            let descent = Descent::new(descent).masked(Tensor::from_data(values, &theta.device()));
            Ok(Box::new(Relabelling::new(descent, &own?, run.samples)) as Box<dyn Steps>)
        })
    }
}

/// Σ_batches ∇(−CE(z_f, y_f)) `[P]`, of which G is the absolute value.
async fn saliency(run: &Preparation<'_>, descent: &DescentConfig, batch: usize) -> Tensor<1> {
    let (network, samples) = (run.network, run.samples);
    let leaves = network.parameters().leaves();
    let task = &Slope::of_labels(-1.0);
    let mut sum = network.parameters().flat().zeros_like();
    for indices in samples.forget_indices().chunks(batch.max(1)) {
        let batch = samples.batch(indices.to_vec());
        let images = batch.images();
        let at_once = samples_at_once(network, &images, descent.samples_at_once);
        let work = Work { task, images, rows: vec![batch.labels.clone()], common: Vec::new() };
        let [gradient, _] = exactly(work.sum(&Here, network, &leaves, at_once).await);
        sum = sum + gradient;
    }
    sum
}

/// 1 for the `share` with the largest absolute values, 0 for the others; of equals, for those that come first.
fn largest(values: &[f32], share: f64) -> Vec<f32> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()));
    let count = (values.len() as f64 * share) as usize;
    let mut mask = vec![0.0; values.len()];
    order.into_iter().take(count).for_each(|place| mask[place] = 1.0);
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Split};
    use crate::model::Checkpoint;
    use crate::unlearning::run::Samples;

    /// The absolute value of each batch's gradient would say (1, 0).
    #[test]
    fn the_absolute_value_comes_after_the_sum() {
        let sum: Vec<f32> = [0.3_f32, -0.4].iter().zip([-0.3, -0.1]).map(|(a, b)| a + b).collect();
        assert_eq!(largest(&sum, 0.5), [0.0, 1.0]);
    }

    /// Recorded from PyTorch with batches of three, the last of two samples.
    #[test]
    fn the_sum_over_batches_is_the_recorded_one() {
        let file = |name: &str| {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rivals");
            std::fs::read(folder.join(name)).unwrap()
        };
        let images: serde_json::Value = serde_json::from_slice(&file("images.json")).unwrap();
        let numbers = |key: &str| -> Vec<u64> { serde_json::from_value(images[key].clone()).unwrap() };
        let pixels = numbers("pixels").into_iter().map(|pixel| pixel as u8).collect();
        let labels: Vec<u16> = numbers("labels").into_iter().map(|label| label as u16).collect();
        let bars = crate::bars::bars(1);
        let train = Split::new("bars", bars.shape, pixels, labels).unwrap();
        let device = burn::tensor::Device::flex();
        for norm in ["group", "batch"] {
            let bytes = file(&format!("{norm}.safetensors"));
            let network = Checkpoint::read(norm, &bytes, &device).unwrap().network;
            let logits = vec![0.0; train.len() * 3].into();
            let dataset = Dataset { train: train.clone(), ..bars.clone() };
            let samples = Samples::new(dataset.into(), &1.into(), logits, (3, 0), &device).unwrap();
            let run = Preparation { network: &network, samples: &samples };
            let sum = pollster::block_on(saliency(&run, &DescentConfig::unlearn_sparse(0.1), 3));
            let ours: Vec<f32> = sum.into_data().try_to_vec().unwrap();
            let recorded = file(&format!("salun_{norm}.safetensors"));
            let tensors = safetensors::SafeTensors::deserialize(&recorded).unwrap();
            let theirs = tensors.tensor("saliency_of_3").unwrap();
            let theirs: Vec<f32> = theirs.data().as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
            for (ours, theirs) in ours.iter().step_by(7).zip(&theirs) {
                assert!((ours - theirs).abs() <= 2e-5 * theirs.abs().max(1.0), "{norm}: {ours} {theirs}");
            }
        }
    }

    #[test]
    fn a_mask_has_its_share() {
        let values: Vec<f32> = (0..100_u8).map(|i| if i % 2 == 0 { -f32::from(i) } else { f32::from(i) }).collect();
        for share in [0.0, 0.1, 0.5, 1.0] {
            let mask = largest(&values, share);
            let ones: Vec<usize> = (0..100).filter(|&i| mask[i] == 1.0).collect();
            assert_eq!(ones, (100 - (share * 100.0) as usize..100).collect::<Vec<_>>());
        }
        assert_eq!(largest(&[0.0; 4], 0.5), [1.0, 1.0, 0.0, 0.0]);
    }
}
