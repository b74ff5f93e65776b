use serde::{Deserialize, Serialize};

use crate::data::ClassRoles;
use crate::model::{Architecture, Norm};
use crate::{Error, Result};

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

/// A named set of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The paper's algorithm as it is, with a learning rate that suits the network.
    Published,
    /// Our options: strict projection, conditional target, retain share.
    Strict,
    /// The authors' raw values, which belong to ResNet-18 and thousands of forget samples.
    Authors,
}

/// Settings of a run, in the paper's symbols.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurgeConfig {
    /// The classes to forget, each 0 to K − 1, and those that earlier runs forgot.
    pub classes: ClassRoles,
    /// What the forgotten class's outputs are drawn to.
    pub objective: Objective,
    /// η, over 0.
    pub learning_rate: f64,
    /// Epoch limit: passes over D_f, at least 1.
    pub epochs: usize,
    /// Ours: the epoch limit holds from this many steps on, for few forget samples make short epochs; 0 as published.
    pub min_steps: usize,
    /// λ, weight of the representation loss, from 0.
    pub representation_weight: f64,
    /// β, weight of the distillation loss, from 0.
    pub kd_weight: f64,
    /// T, over 0.
    pub temperature: f64,
    /// c, the global norm that gradients are clipped to; 0 for no clipping.
    pub max_grad_norm: f64,
    /// α: stop when the retain loss is over α times its first value; at least 1.
    pub retain_budget: f64,
    /// Ours: how many samples of D_r the retain budget is judged on, the first of a shuffled D_r; 0 for all, as published.
    pub budget_samples: usize,
    /// Ours: the retain budget is at least this, nats, however small the retain loss was before; 0 as published. A network
    /// that knows its training samples by heart has a loss near 0, of which any step makes a multiple.
    pub budget_floor: f64,
    /// γ, the entropy gate, from 0 (off) to 1.
    pub forget_gate: f64,
    /// μ, from 0 to under 1.
    pub momentum: f64,
    /// w, from 0.
    pub weight_decay: f64,
    /// B, samples in a retain batch and in a forget batch.
    pub batch_size: usize,
    /// Samples in a pass: a larger batch goes through in parts whose gradients are added up, with the same result in less
    /// memory; 0 for as many as [`Architecture::samples_at_once`] says.
    pub samples_at_once: usize,
    /// N: forget accuracy is checked every N steps.
    pub check_every: usize,
    /// Stop when forget accuracy on D_f is at most this, percent.
    pub target_forget_accuracy: f64,
    /// Ours: how many samples of D_f are checked between the ends of epochs, the first of a shuffled D_f; 0 for all, as
    /// published. Where they are at the target, all are checked before the run ends.
    pub target_samples: usize,
    /// A-GEM projection.
    pub projection: bool,
    /// Ours: project the final direction, after momentum and decay.
    pub strict: bool,
    /// ρ, ours: share of g_r that is added, from 0.
    pub retain_share: f64,
    /// Seed of the batches.
    pub seed: u64,
}

impl PurgeConfig {
    /// The authors' values for a dataset (method page, "Defaults in the authors' configuration"), for K classes.
    pub fn authors(dataset: &str, forget: impl Into<ClassRoles>, classes: usize) -> Self {
        let (learning_rate, epochs, representation_weight, kd_weight, retain_budget) = match dataset {
            "cifar10" => (5e-4, 15, 0.05, 2.0, 5.0),
            "pathmnist" => (2e-4, 12, 0.03, 5.0, 4.0),
            _ => (2e-4, 12, 0.03, 3.0, 4.0),
        };
        Self {
            classes: forget.into(),
            objective: Objective::RetainConfusion,
            learning_rate,
            epochs,
            representation_weight,
            kd_weight,
            temperature: 4.0,
            max_grad_norm: 1.0,
            retain_budget,
            budget_samples: 0,
            budget_floor: 0.0,
            min_steps: 0,
            forget_gate: 0.0,
            momentum: 0.9,
            weight_decay: 5e-4,
            batch_size: 128,
            samples_at_once: 0,
            check_every: 50,
            target_forget_accuracy: 100.0 / classes as f64,
            target_samples: 0,
            projection: true,
            strict: false,
            retain_share: 0.0,
            seed: 0,
        }
    }

    /// A preset for a network of this shape, trained on this dataset.
    pub fn preset(preset: Preset, dataset: &str, network: &Architecture, forget: impl Into<ClassRoles>) -> Self {
        let authors = Self::authors(dataset, forget, network.classes());
        // With its statistics frozen, batch normalisation leaves larger gradients: clipped to the same norm they forget more slowly.
        let (learning_rate, retain_share) = match network.norm() {
            Norm::Group => (5e-3, 0.5),
            Norm::Batch => (1e-2, 0.2),
        };
        match preset {
            Preset::Authors => authors,
            Preset::Published => Self { learning_rate: 5e-3, ..authors },
            Preset::Strict => Self {
                learning_rate,
                objective: Objective::Conditional,
                strict: true,
                retain_share,
                epochs: 40,
                check_every: 4,
                // A sample of this size tells as well, in a fraction of the time.
                budget_samples: 1000,
                target_samples: 1000,
                target_forget_accuracy: if dataset == "pathmnist" { 4.0 } else { 0.9 },
                ..authors
            },
        }
    }

    /// The same with some settings changed, by name.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for a name that is no setting or a value of another kind.
    pub fn changed(&self, changes: serde_json::Map<String, serde_json::Value>) -> Result<Self> {
        let bad = |e: serde_json::Error| Error::config("settings", "known names with values of their kind", e);
        let mut all = match serde_json::to_value(self).map_err(bad)? {
            serde_json::Value::Object(all) => all,
            other => return Err(Error::config("settings", "an object", other)),
        };
        all.extend(changes);
        serde_json::from_value(all.into()).map_err(bad)
    }

    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`Error::BadConfig`] naming the first that is not.
    pub fn check(&self, classes: usize) -> Result<()> {
        let number = |field: &str, value: f64, ok: bool, range: &str| {
            if ok && value.is_finite() { Ok(()) } else { Err(Error::config(field, range, value)) }
        };
        self.classes.check(classes)?;
        number("learning_rate", self.learning_rate, self.learning_rate > 0.0, "a number over 0")?;
        number("representation_weight", self.representation_weight, self.representation_weight >= 0.0, "0 or more")?;
        number("kd_weight", self.kd_weight, self.kd_weight >= 0.0, "0 or more")?;
        number("temperature", self.temperature, self.temperature > 0.0, "a number over 0")?;
        number("max_grad_norm", self.max_grad_norm, self.max_grad_norm >= 0.0, "0 (no clipping) or more")?;
        number("retain_budget", self.retain_budget, self.retain_budget >= 1.0, "1 or more")?;
        number("budget_floor", self.budget_floor, self.budget_floor >= 0.0, "0 or more")?;
        number("forget_gate", self.forget_gate, (0.0..=1.0).contains(&self.forget_gate), "0 (off) to 1")?;
        number("momentum", self.momentum, (0.0..1.0).contains(&self.momentum), "0 to under 1")?;
        number("weight_decay", self.weight_decay, self.weight_decay >= 0.0, "0 or more")?;
        number("retain_share", self.retain_share, self.retain_share >= 0.0, "0 or more")?;
        number(
            "target_forget_accuracy",
            self.target_forget_accuracy,
            (0.0..=100.0).contains(&self.target_forget_accuracy),
            "0 to 100 (percent)",
        )?;
        for (field, value) in
            [("epochs", self.epochs), ("batch_size", self.batch_size), ("check_every", self.check_every)]
        {
            if value == 0 {
                return Err(Error::config(field, "at least 1", value));
            }
        }
        Ok(())
    }
}
