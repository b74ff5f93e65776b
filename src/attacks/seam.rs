//! The seam between attacks and everything else. An [`Attack`] is known by name and says what it has; begun on a [`Scene`] it is a
//! future that gives a [`Report`], and takes a breath often enough that whoever pulls it can stop.

use std::fmt::Debug;
use std::pin::Pin;

use serde::Serialize;

use super::options::{OptionInfo, Options};
use super::report::Report;
use super::scene::Scene;
use super::{compare, few, membership, probe, recalibrate, recover, relearn};
use crate::{Error, Result};

/// Every attack there is.
pub static ATTACKS: [&dyn Attack; 7] = [
    &membership::Membership,
    &probe::Probe,
    &few::Few,
    &relearn::Relearn,
    &recalibrate::Recalibrate,
    &recover::Recover,
    &compare::Compare,
];

/// The attack of this name.
///
/// # Errors
/// [`Error::BadConfig`] where there is none.
pub fn attack(name: &str) -> Result<&'static dyn Attack> {
    let known = || ATTACKS.map(|attack| attack.info().name).join(", ");
    ATTACKS
        .into_iter()
        .find(|attack| attack.info().name == name)
        .ok_or_else(|| Error::config("attack", format!("one of {}", known()), name))
}

/// A way to find what a network still knows.
pub trait Attack: Debug + Sync {
    /// What it is.
    fn info(&self) -> &'static AttackInfo;

    /// Makes it. The options are this attack's own, see [`Options::of`].
    fn begin(&self, scene: Scene, options: Options) -> Attacking;

    /// Called once the numbers of the retrained network stand beside the network's own, for what follows from both.
    fn judge(&self, _: &mut Report) {}
}

/// An attack under way. It waits for nothing but the device, and [`Scene::breathe`].
pub type Attacking = Pin<Box<dyn Future<Output = Result<Report>>>>;

/// What an attack is, for people and for programs. Builds without the feature `words` have only what is for programs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AttackInfo {
    /// Its name in the shell, in JSON and in addresses.
    pub name: &'static str,
    /// As a person writes it.
    pub title: &'static str,
    /// What it asks, in one sentence.
    pub sentence: &'static str,
    /// What it computes.
    pub formula: &'static str,
    /// The year of its source.
    pub year: u16,
    /// Its source.
    pub source: &'static str,
    /// Whether it wants the network retrained without the class.
    pub second: Second,
    /// What can be chosen.
    #[serde(skip)]
    pub options: &'static [OptionInfo],
    /// The number to show first.
    pub headline: &'static str,
    /// The numbers that it may give.
    pub numbers: &'static [NumberInfo],
    /// The curves that it may give.
    pub curves: &'static [CurveInfo],
    /// What it may have to say of itself.
    pub notes: &'static [NoteInfo],
}

impl AttackInfo {
    /// Whether nothing can be said without the retrained network.
    pub fn needs_retrained(&self) -> bool {
        self.second == Second::Needed
    }
}

/// Whether an attack wants a second network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Second {
    /// With it the attack is made on that one too, for its numbers are the yardstick.
    Welcome,
    /// Nothing can be said without it.
    Needed,
}

/// A number that an attack may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NumberInfo {
    /// Its name in JSON.
    pub key: &'static str,
    /// What it is, in a few words.
    pub label: &'static str,
    /// What it counts, such as "%"; empty for none.
    pub unit: &'static str,
}

/// A curve that an attack may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CurveInfo {
    /// Its name in JSON.
    pub key: &'static str,
    /// What it is, in a few words.
    pub label: &'static str,
    /// What its points have first.
    pub x: &'static str,
    /// What they have second.
    pub y: &'static str,
}

/// What an attack may have to say of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NoteInfo {
    /// Its name in JSON.
    pub key: &'static str,
    /// The sentence.
    pub sentence: &'static str,
}
