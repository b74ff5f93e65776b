//! Attacks on networks that have forgotten, and comparisons with one that never knew.
//!
//! [`seam`] is the seam: what an attack is. [`Scene`] is what it is made on, [`AttackRun`] pulls it to its end, and a [`Report`] is
//! what it comes to. Then a file for each attack, and a line in [`ATTACKS`]. What they compute of logits and features is in
//! `maths`: pure functions.

pub mod compare;
pub mod few;
mod maths;
pub mod membership;
mod options;
pub mod probe;
pub mod recalibrate;
pub mod recover;
pub mod relearn;
mod report;
mod run;
mod scene;
pub mod seam;
#[cfg(test)]
mod tests;
mod training;
#[cfg(feature = "cli")]
mod typescript;

pub use options::{OptionInfo, Options};
pub use report::{Curve, Figure, Report, ScoreHistogram};
pub use run::{AttackProgress, AttackRun};
pub use scene::Scene;
pub use seam::{ATTACKS, Attack, AttackInfo, CurveInfo, NoteInfo, NumberInfo, Second, attack};
#[cfg(feature = "cli")]
pub use typescript::typescript;
