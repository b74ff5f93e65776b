use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::data::ClassRoles;
use crate::unlearning::method::{Method, Preset, Subject};
use crate::unlearning::settings::Settings;
use crate::{Error, Result};

/// What a run is: a method, its settings, and the classes to forget.
#[derive(Debug, Clone)]
pub struct RunConfig {
    method: &'static dyn Method,
    preset: Preset,
    classes: ClassRoles,
    settings: Settings,
}

/// Flat: the method by its name, and every setting under its key.
impl Serialize for RunConfig {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("method", self.method.info().name)?;
        map.serialize_entry("preset", &self.preset)?;
        map.serialize_entry("classes", &self.classes)?;
        for (key, value) in self.settings.iter() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl RunConfig {
    /// A preset of a method for a network; [`RunConfig::with`] changes what it says.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for a preset that the method does not have.
    pub fn new(
        method: &'static dyn Method,
        preset: Preset,
        subject: &Subject<'_>,
        forget: impl Into<ClassRoles>,
    ) -> Result<Self> {
        let settings = method.preset(preset, subject)?;
        Ok(Self { method, preset, classes: forget.into(), settings })
    }

    /// The same with one setting changed.
    ///
    /// # Errors
    /// [`Error::BadConfig`] where the method has no such setting, or the value is out of its range.
    pub fn with(self, key: &str, value: impl Into<Value>) -> Result<Self> {
        Ok(Self { settings: self.settings.with(key, value)?, ..self })
    }

    /// The same with several settings changed.
    ///
    /// # Errors
    /// Those of [`RunConfig::with`].
    pub fn with_all(self, changes: Map<String, Value>) -> Result<Self> {
        changes.into_iter().try_fold(self, |config, (key, value)| config.with(&key, value))
    }

    /// The same where there are so many `times` fewer images than the network learnt from: the epochs of the default preset
    /// are passes over all of those, so it goes through what is there as much more often. The numbers of a paper, and of
    /// its authors, stay as they are.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for more epochs than there may be.
    pub fn with_times_fewer(self, times: f64) -> Result<Self> {
        let epochs = self.settings.get("epochs").and_then(Value::as_f64);
        match epochs {
            Some(epochs) if self.preset == self.method.info().default_preset => {
                self.with("epochs", (epochs * times).round() as u64)
            }
            _ => Ok(self),
        }
    }

    /// The method.
    pub fn method(&self) -> &'static dyn Method {
        self.method
    }

    /// The preset that the settings started from.
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// What is forgotten, and what was before.
    pub fn classes(&self) -> &ClassRoles {
        &self.classes
    }

    /// Every setting of the method.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// The settings of the loop that every method has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BatchConfig {
    /// B, see [`LoopConfig::batch_size`].
    pub batch_size: usize,
    /// See [`LoopConfig::seed`].
    pub seed: u64,
    /// See [`LoopConfig::certificate`].
    pub certificate: bool,
}

impl BatchConfig {
    /// Batches of so many samples, and what is usual for the rest.
    pub fn new(batch_size: usize) -> Self {
        Self { batch_size, seed: 0, certificate: false }
    }
}

/// The settings of the loop. A method leaves out those that mean nothing for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoopConfig {
    /// B, samples in a retain batch and in a forget batch.
    pub batch_size: usize,
    /// Epoch limit: passes over what the method walks through.
    pub epochs: usize,
    /// Ours: the epoch limit holds from this many steps on, for few samples make short epochs; 0 as published.
    pub min_steps: usize,
    /// N: forget accuracy is checked every N steps.
    pub check_every: usize,
    /// Ours: between the ends of epochs a look that is due is left out while the newest forget batch is recognised by more
    /// than this over the target, percent; 100 for never, as published.
    ///
    /// The batch shows the network one step before the look would. So a look that would have ended the run is left out only
    /// where that one step takes off more than the margin, or the batch lies as far over all of D_f; the run then ends at
    /// the next look, at most `check_every` steps later.
    pub look_margin: f64,
    /// Stop when forget accuracy on D_f is at most this, percent. A method that leaves it out ends after its epochs and not
    /// before; then its run counts as one that has forgotten where that is no more than guessing, 100/K.
    pub target_forget_accuracy: f64,
    /// Ours: how many samples of D_f are checked between the ends of epochs; 0 for all, as published. Where they are at the
    /// target, all are checked before the run ends.
    pub target_samples: usize,
    /// α: stop when the retain loss is over α times its first value; 0 for never.
    pub retain_budget: f64,
    /// Ours: how many samples of D_r the retain budget is judged on; 0 for all, as published.
    pub budget_samples: usize,
    /// Ours: the retain budget is at least this, nats, however small the retain loss was before; 0 as published. A network
    /// that knows its training samples by heart has a loss near 0, of which any step makes a multiple.
    pub budget_floor: f64,
    /// Seed of the batches.
    pub seed: u64,
    /// Ours: whether each step is held against what it does to the retain loss, see [`CERTIFICATE`](super::CERTIFICATE). The
    /// weights are the same with it.
    pub certificate: bool,
}

/// For `check_every`: more steps than an epoch has, so that looks come at the ends of epochs alone.
pub(in crate::unlearning) const ONLY_AT_ENDS: usize = 1_000_000;

impl LoopConfig {
    /// What a method's settings say. Where it leaves one out, that has no effect: one epoch, no budget, and looks at the ends
    /// of epochs alone.
    pub(super) fn of(settings: &Settings, classes: usize) -> Result<Self> {
        // What is summed up at the end of an epoch to no avail may as well be little.
        let unsaid = Self { check_every: ONLY_AT_ENDS, budget_samples: 1000, ..Self::new(1, 128, classes) };
        settings.typed_or(&unsaid)
    }

    /// Looks at all samples at every check, stops at a forget accuracy of guessing, 100/K percent.
    pub fn new(epochs: usize, batch_size: usize, classes: usize) -> Self {
        Self {
            batch_size,
            epochs,
            min_steps: 0,
            check_every: 50,
            look_margin: 100.0,
            target_forget_accuracy: 100.0 / classes as f64,
            target_samples: 0,
            retain_budget: 0.0,
            budget_samples: 0,
            budget_floor: 0.0,
            seed: 0,
            certificate: false,
        }
    }
}

/// The error where there is nothing to forget, or nothing to keep.
pub(super) fn no_samples(of: &str) -> Error {
    Error::config("forget_class", format!("training samples of {of}"), "none")
}
