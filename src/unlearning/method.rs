//! The seam between the loop and the methods. A [`Method`] is known by name and says what it has; prepared for a run it
//! becomes [`Steps`], which the loop asks for one step after the other. The loop knows no method, and a method knows
//! nothing of stopping, checks or events.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::pin::Pin;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::run::{Epochs, Samples};
use super::settings::searched::with_searched;
use super::settings::{Settings, words};
use super::{
    bad_teacher, boundary_shrink, deep, fine_tune, gradient_ascent, kl_uniform, l1_sparse, neg_grad_plus, purge,
    random_labels, retrain, salun, scrub, ssd, unsir,
};
use crate::model::{Architecture, Network};
use crate::work::Hands;
use crate::{Error, Result};

/// Every method there is, PURGE first.
#[rustfmt::skip]
pub static METHODS: [&dyn Method; 15] = [
    &purge::PurgeMethod,
    &gradient_ascent::GradientAscent,
    &fine_tune::FineTune,
    &kl_uniform::KlUniform,
    &neg_grad_plus::NegGradPlus,
    &random_labels::RandomLabels,
    &salun::SalUn,
    &scrub::Scrub,
    &bad_teacher::BadTeacher,
    &l1_sparse::L1Sparse,
    &retrain::Retrain,
    &ssd::Ssd,
    &boundary_shrink::BoundaryShrink,
    &unsir::Unsir,
    &deep::Deep,
];

/// The method of this name.
///
/// # Errors
/// [`Error::BadConfig`] where there is none.
pub fn method(name: &str) -> Result<&'static dyn Method> {
    let known = || METHODS.map(|method| method.info().name).join(", ");
    METHODS
        .into_iter()
        .find(|method| method.info().name == name)
        .ok_or_else(|| Error::config("method", format!("one of {}", known()), name))
}

/// A way to make a network forget.
pub trait Method: Debug + Sync {
    /// What it is.
    fn info(&self) -> &'static MethodInfo;

    /// A value for every setting that it has. What a run begins with is [`preset`](#method.preset), which may know better.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for a preset that it does not have.
    fn settings(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings>;

    /// Gets ready for a run: computes what is computed once, before the first step. The weights must stay as they are, for
    /// up to the first step everything else takes the network for the one from before.
    fn prepare<'a>(&self, settings: &Settings, run: Preparation<'a>) -> Preparing<'a>;
}

impl dyn Method + '_ {
    /// What a preset says for a network: [`Method::settings`], with what a [search](super::settings::searched) found for it.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for a preset that it does not have.
    pub fn preset(&self, preset: Preset, subject: &Subject<'_>) -> Result<Settings> {
        with_searched(self.settings(preset, subject)?, self.info().name, preset, subject)
    }
}

/// A method getting ready. Boxed, for a list of methods needs one type.
pub type Preparing<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Steps>>> + 'a>>;

/// What a method may look at before the first step.
#[derive(Debug)]
pub struct Preparation<'a> {
    /// θ₀
    pub network: &'a Network,
    /// D_f and D_r, and what the network from before says of them.
    pub samples: &'a Samples,
}

/// A step under way.
pub type Stepping<'a> = Pin<Box<dyn Future<Output = Tensor<1>> + 'a>>;

/// A method in the middle of a run.
pub trait Steps: Debug {
    /// Takes one step, and lets `hands` do what its batch takes. Nothing is read back: its numbers, as many as
    /// [`Steps::packed_len`] says, stay on the device.
    fn step<'a>(&'a mut self, network: &'a mut Network, samples: &'a mut Samples, hands: &'a dyn Hands)
    -> Stepping<'a>;

    /// How many steps its epochs have, where that is not a pass as [`MethodInfo::pass`] says.
    fn epochs(&self) -> Option<Epochs> {
        None
    }

    /// How many numbers a step gives.
    fn packed_len(&self) -> usize;

    /// Those numbers by name, as [`MethodInfo::scalars`] lists them.
    fn report(&self, packed: &[f32]) -> Scalars;

    /// A copy, to come back to if a step fails.
    fn boxed_clone(&self) -> Box<dyn Steps>;
}

impl Clone for Box<dyn Steps> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

/// What a method is, for people and for programs. Builds without the feature `words` have only what is for programs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MethodInfo {
    /// Its name in the shell, in JSON and in addresses.
    pub name: &'static str,
    /// As a person writes it.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub sentence: &'static str,
    /// The year of its paper.
    pub year: u16,
    /// The address of its paper; empty where there is none.
    pub paper: &'static str,
    /// Named sets of values for its settings.
    pub presets: &'static [PresetInfo],
    /// The one that holds where none is named.
    pub default_preset: Preset,
    /// What its steps report.
    pub scalars: &'static [ScalarInfo],
    /// What it walks through; a pass is an epoch.
    pub pass: Pass,
}

impl MethodInfo {
    /// Whether it has a preset.
    pub fn has(&self, preset: Preset) -> bool {
        self.presets.iter().any(|info| info.preset == preset)
    }

    /// The error for a preset that it does not have.
    pub(crate) fn no_preset(&self, preset: Preset) -> Error {
        let known: Vec<&str> = self.presets.iter().map(|info| info.preset.as_str()).collect();
        Error::config("preset", format!("a preset of {}: {}", self.name, known.join(", ")), preset.as_str())
    }
}

/// What an epoch of a method is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// A pass over D_f.
    Forget,
    /// A pass over D_r.
    Retain,
    /// Both of them.
    Both,
    /// None: an epoch is one step, or as long as [`Steps::epochs`] says.
    Steps,
}

/// The name of a set of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The method as it was published, with a learning rate that suits the network.
    Published,
    /// PURGE with our options: strict projection, conditional target, retain share.
    Strict,
    /// The authors' raw values, which belong to large networks and thousands of forget samples.
    Authors,
    /// The bare loss, without what its paper puts around it.
    Plain,
}

impl Preset {
    const ALL: [Preset; 4] = [Preset::Published, Preset::Strict, Preset::Authors, Preset::Plain];
}

impl Preset {
    /// The name in lower case, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Preset::Published => "published",
            Preset::Strict => "strict",
            Preset::Authors => "authors",
            Preset::Plain => "plain",
        }
    }
}

impl std::str::FromStr for Preset {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = || Preset::ALL.map(Preset::as_str).join(", ");
        Preset::ALL
            .into_iter()
            .find(|preset| preset.as_str() == name)
            .ok_or_else(|| Error::config("preset", format!("one of {}", known()), name))
    }
}

impl PresetInfo {
    /// A preset, what a person calls it, and what it means for a method.
    pub const fn new(preset: Preset, label: &'static str, sentence: &'static str) -> Self {
        Self { preset, label: words(label), sentence: words(sentence) }
    }
}

/// A preset as a method has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PresetInfo {
    /// Which.
    #[serde(rename = "name")]
    pub preset: Preset,
    /// As a person calls it.
    pub label: &'static str,
    /// What it means for this method, in one sentence.
    pub sentence: &'static str,
}

/// What the values of a preset may depend on.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What the network was trained on, such as "mnist".
    pub dataset: &'a str,
    /// Its shape.
    pub network: &'a Architecture,
}

/// A number or a flag that a method's steps report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ScalarInfo {
    /// Its name in JSON; JavaScript has it in camelCase.
    pub key: &'static str,
    /// What it is, in a few words.
    pub label: &'static str,
    /// A number, or yes and no.
    pub kind: ScalarKind,
}

impl ScalarInfo {
    /// A number.
    pub const fn number(key: &'static str, label: &'static str) -> Self {
        Self { key, label: words(label), kind: ScalarKind::Number }
    }

    /// Yes or no. The loop counts how many steps said yes.
    pub const fn flag(key: &'static str, label: &'static str) -> Self {
        Self { key, label: words(label), kind: ScalarKind::Flag }
    }
}

/// What kind of value a [`ScalarInfo`] is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScalarKind {
    /// A 64-bit float.
    Number,
    /// A truth value.
    Flag,
}

/// A value that a step reports.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// See [`ScalarKind::Number`].
    Number(f64),
    /// See [`ScalarKind::Flag`].
    Flag(bool),
}

/// What a step reports, by name. Three names mean the same in every method that has them: `retain_ce` (nats),
/// `retain_accuracy` and `forget_accuracy` (percent), each of the step's batch, before the step.
pub type Scalars = BTreeMap<&'static str, Scalar>;
