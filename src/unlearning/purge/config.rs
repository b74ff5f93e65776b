use serde::{Deserialize, Serialize};

use crate::data::defaults;
use crate::model::Norm;
use crate::unlearning::method::{Preset, Subject};
use crate::unlearning::run::LoopConfig;

/// Which loss makes the network forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// `KL(p_r ‖ σ(z_f))`: answer as the retained classes do on the average.
    RetainConfusion,
    /// `KL(1/K ‖ σ(z_f))`
    Uniform,
    /// `−CE(z_f, y_f)`
    GradientAscent,
    /// Ours: each sample's own answer without the forgotten class, renormalised.
    Conditional,
}

/// PURGE's own settings, in the paper's symbols; the ranges are in the [table](crate::unlearning::settings::TABLE).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PurgeConfig {
    /// What the forgotten class's outputs are drawn to.
    pub objective: Objective,
    /// η
    pub learning_rate: f64,
    /// λ, weight of the representation loss.
    pub representation_weight: f64,
    /// β, weight of the distillation loss.
    pub kd_weight: f64,
    /// T
    pub temperature: f64,
    /// c, the global norm that gradients are clipped to; 0 for no clipping.
    pub max_grad_norm: f64,
    /// γ, the entropy gate, a share of ln K; 0 for off.
    pub forget_gate: f64,
    /// μ
    pub momentum: f64,
    /// w
    pub weight_decay: f64,
    /// Samples in a pass: a larger batch goes through in parts whose gradients are added up, with the same result in less
    /// memory; 0 for as many as [`Architecture::samples_at_once`](crate::model::Architecture::samples_at_once) says.
    pub samples_at_once: usize,
    /// A-GEM projection.
    pub projection: bool,
    /// Ours: project the final direction, after momentum and decay.
    pub strict: bool,
    /// ρ, ours: share of g_r that is added.
    pub retain_share: f64,
}

impl PurgeConfig {
    /// The authors' values for a dataset (method page, "Defaults in the authors' configuration").
    pub fn authors(dataset: &str) -> Self {
        let authors = defaults(dataset).authors;
        Self {
            objective: Objective::RetainConfusion,
            learning_rate: authors.learning_rate,
            representation_weight: authors.representation_weight,
            kd_weight: authors.kd_weight,
            temperature: 4.0,
            max_grad_norm: 1.0,
            forget_gate: 0.0,
            momentum: 0.9,
            weight_decay: 5e-4,
            samples_at_once: 0,
            projection: true,
            strict: false,
            retain_share: 0.0,
        }
    }

    /// The algorithm as published, with a learning rate that suits networks as small as ours: PURGE's own settings, and those of
    /// the loop.
    pub(in crate::unlearning) fn published(subject: &Subject<'_>) -> (Self, LoopConfig) {
        let suited = defaults(subject.dataset).authors;
        let limits = LoopConfig {
            retain_budget: suited.retain_budget,
            ..LoopConfig::new(suited.epochs, 128, subject.network.classes())
        };
        (Self { learning_rate: 5e-3, ..Self::authors(subject.dataset) }, limits)
    }

    /// A preset for a network; `None` where there is no such one.
    pub(super) fn preset(preset: Preset, subject: &Subject<'_>) -> Option<(Self, LoopConfig)> {
        let own = Self::authors(subject.dataset);
        let (published, limits) = Self::published(subject);
        // With its statistics frozen, batch normalisation leaves larger gradients: clipped to the same norm they forget more slowly.
        let (learning_rate, retain_share) = match subject.network.norm() {
            Norm::Group => (5e-3, 0.5),
            Norm::Batch => (1e-2, 0.2),
        };
        let strict_target = defaults(subject.dataset).strict_target;
        match preset {
            Preset::Authors => Some((own, limits)),
            Preset::Published => Some((published, limits)),
            Preset::Plain => None,
            Preset::Strict => Some((
                Self { learning_rate, objective: Objective::Conditional, strict: true, retain_share, ..own },
                LoopConfig {
                    epochs: 40,
                    check_every: 4,
                    // Well over the error of a batch, and over what one step takes off where the target is near.
                    look_margin: 25.0,
                    // A sample of this size tells just as much, in a fraction of the time.
                    budget_samples: 1000,
                    target_samples: 1000,
                    target_forget_accuracy: strict_target,
                    ..limits
                },
            )),
        }
    }
}
