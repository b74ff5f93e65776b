//! NegGrad+ (Kurmanji et al., NeurIPS 2023, arXiv 2302.09880): down the cross-entropy on D_r and up that on D_f at once,
//! `α · CE(z_r, y_r) − (1 − α) · CE(z_f, y_f)`. An epoch is a pass over D_r; D_f goes round as often as it takes. The loss has no lower
//! bound, and what comes of it swings with α.
//!
//! The program of the paper draws one order of D_f and repeats it; here each pass is shuffled anew. D_r and D_f go through the
//! network one after the other, so that batch normalisation, which is in training mode, learns of both in turn.

use serde::{Deserialize, Serialize};

use super::descent::{Descent, DescentConfig, Side, named};
use super::forget_batches::{ForgetBatchConfig, ForgetBatches};
use super::method::{
    Method, MethodInfo, Pass, Preparation, Preparing, Preset, PresetInfo, Scalar, ScalarInfo, Scalars, Stepping, Steps,
    Subject,
};
use super::run::{LoopConfig, Samples};
use super::settings::{Settings, words};
use crate::Result;
use crate::kernels::join;
use crate::model::Network;
use crate::work::Hands;

/// See the [module](self).
#[derive(Debug)]
pub struct NegGradPlus;

static INFO: MethodInfo = MethodInfo {
    name: "neg_grad_plus",
    title: words("NegGrad+"),
    sentence: words("Walks away from the right answer on the class, and towards it on the rest, in one step."),
    year: 2023,
    paper: words("https://arxiv.org/abs/2302.09880"),
    presets: &[
        PresetInfo::new(
            Preset::Published,
            "Published",
            "The method as it is, with weights and a rate that suit this network and an end when it has forgotten. Batch norm learns.",
        ),
        PresetInfo::new(
            Preset::Authors,
            "Authors",
            "The notebook’s values for a hundred samples, with a push of a ten-thousandth. They hardly forget a class here. Batch norm learns.",
        ),
    ],
    default_preset: Preset::Published,
    scalars: &[
        ScalarInfo::number("retain_ce", "CE(z_r, y_r)"),
        ScalarInfo::number("forget_ce", "CE(z_f, y_f)"),
        ScalarInfo::number("loss", "α · CE(z_r, y_r) − (1 − α) · CE(z_f, y_f)"),
        ScalarInfo::number("update_norm", "‖g‖ before clipping"),
        ScalarInfo::number("retain_accuracy", "Percent of the retain batch, before the step"),
        ScalarInfo::number("forget_accuracy", "Percent of the forget batch, before the step"),
    ],
    pass: Pass::Retain,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OwnConfig {
    /// α
    retain_weight: f64,
}

impl Method for NegGradPlus {
    fn info(&self) -> &'static MethodInfo {
        &INFO
    }

    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        let limits = LoopConfig::new(5, 32, subject.network.classes());
        // SCRUB's MIA_experiments.ipynb: plain SGD.
        let authors = DescentConfig { momentum: 0.0, weight_decay: 0.0, ..DescentConfig::unlearn_sparse(1e-2) };
        match preset {
            Preset::Authors => Settings::of(&[
                &OwnConfig { retain_weight: 0.9999 },
                &authors,
                &ForgetBatchConfig::of(16),
                &LoopConfig { target_forget_accuracy: 0.0, ..limits },
            ]),
            Preset::Published => Settings::of(&[
                &OwnConfig { retain_weight: 0.9 },
                &DescentConfig { learning_rate: 1e-3, momentum: 0.9, ..authors },
                &ForgetBatchConfig::of(0),
                &LoopConfig { batch_size: 128, check_every: 2, epochs: 10, ..limits },
            ]),
            other => Err(INFO.no_preset(other)),
        }
    }

    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a> {
        let own = settings.typed::<OwnConfig>();
        let (descent, batches) = (settings.typed::<DescentConfig>(), settings.typed::<ForgetBatchConfig>());
        Box::pin(async move {
            let forget = ForgetBatches::new(&batches?, run.samples);
            let OwnConfig { retain_weight } = own?;
            Ok(Box::new(Opposed { descent: Descent::new(descent?), forget, retain_weight }) as Box<dyn Steps>)
        })
    }
}

#[derive(Debug, Clone)]
struct Opposed {
    descent: Descent,
    forget: ForgetBatches,
    retain_weight: f64,
}

/// α · CE_r − (1 − α) · CE_f
fn loss(retain_weight: f64, retain_ce: f64, forget_ce: f64) -> f64 {
    retain_weight * retain_ce - (1.0 - retain_weight) * forget_ce
}

impl Steps for Opposed {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let (retain, forget) = (samples.next_retain(), self.forget.next(samples));
        Box::pin(async move {
            let alpha = self.retain_weight;
            let (down, up) = (Side::of_labels(&retain, alpha), Side::of_labels(&forget, alpha - 1.0));
            let leaves = network.parameters().leaves();
            let [down, of_retain] = self.descent.gradient(network, &leaves, down, hands).await;
            let [up, of_forget] = self.descent.gradient(network, &leaves, up, hands).await;
            let norm = self.descent.follow(network, &(down + up));
            join(vec![of_retain, of_forget, norm])
        })
    }

    fn packed_len(&self) -> usize {
        5
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let names = [
            ("retain_ce", 1.0),
            ("retain_accuracy", 100.0),
            ("forget_ce", 1.0),
            ("forget_accuracy", 100.0),
            ("update_norm", 1.0),
        ];
        let mut scalars = named(packed, names);
        if let [retain_ce, _, forget_ce, ..] = *packed {
            let loss = loss(self.retain_weight, retain_ce.into(), forget_ce.into());
            scalars.insert("loss", Scalar::Number(loss));
        }
        scalars
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_by_hand() {
        assert!((loss(0.95, 0.2, 3.0) - 0.04).abs() < 1e-12);
    }
}
