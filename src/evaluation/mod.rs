//! Scores of one network, as pure functions of its logits and the labels.
//!
//! Logits come flat and row-major, [N, K], as a device gives them; everything is computed in f64. Nothing here is NaN or
//! infinite, because JSON knows neither:
//!
//! - An accuracy over no samples is 0, as is a mean loss over none; the row sums of the confusion matrices tell whether
//!   there were any.
//! - An AUROC without members or without non-members is 0.5: there is nothing to tell apart.
//! - A row of logits with a NaN (a network that has diverged) counts as one that is surely wrong: its cross-entropy is
//!   [`MAX_CROSS_ENTROPY`], its largest probability 0. NaN ranks below every number when a class is predicted, and a
//!   row of nothing else predicts class 0.

mod attack;
mod auroc;
mod confusion;
mod measure;
mod softmax;
#[cfg(feature = "cli")]
mod stored;
#[cfg(feature = "cli")]
pub mod ulira;

use serde::Serialize;

pub use attack::{Attack, Attacks, ClassMia, ClassScores, Histogram, MembershipScores, Mia};
pub use auroc::{auroc, mean_roc, roc};
pub use confusion::ConfusionMatrix;
pub use measure::evaluate;
pub use softmax::{MAX_CROSS_ENTROPY, argmax, cross_entropy, log_softmax, max_softmax, mean_cross_entropy, softmax};
#[cfg(feature = "cli")]
pub use stored::Stored;

use crate::data::{ClassRoles, SplitName};
use crate::{Error, Result};

/// A network's answers on a split.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    /// [N, K], row-major.
    pub logits: &'a [f32],
    /// N classes.
    pub labels: &'a [u16],
}

impl<'a> Answers<'a> {
    /// The row of logits and the label of each sample.
    pub(crate) fn rows(self, classes: usize) -> impl Iterator<Item = (&'a [f32], usize)> {
        self.logits.chunks_exact(classes).zip(self.labels).map(|(row, &label)| (row, label as usize))
    }

    fn checked(self, what: &str, classes: usize) -> Result<Self> {
        let expected = self.labels.len().checked_mul(classes);
        if classes == 0 || expected != Some(self.logits.len()) {
            let expected = format!("{} rows of {classes} logits", self.labels.len());
            return Err(Error::config(what, expected, format!("{} logits", self.logits.len())));
        }
        match self.labels.iter().find(|&&label| label as usize >= classes) {
            Some(label) => Err(Error::config(what, format!("labels below {classes}"), label)),
            None => Ok(self),
        }
    }
}

/// Where the non-members of the membership attacks come from.
#[derive(Debug, Clone, Copy)]
pub enum NonMembers<'a> {
    /// The forgotten class's test samples, as in the paper.
    Test,
    /// The forgotten class's samples of the validation split.
    Val(Answers<'a>),
}

/// Every score of one network. Accuracies are percent, losses nats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The classes that are, were or will be forgotten, and those that earlier runs forgot.
    pub classes: ClassRoles,
    /// Accuracy on the whole test set.
    pub ta: f64,
    /// On its retained classes.
    pub ta_retained: f64,
    /// On D_f, the forgotten class's training samples.
    pub fa: f64,
    /// On the forgotten class's test samples.
    pub fa_test: f64,
    /// On the training samples of the classes that earlier runs forgot.
    pub fa_earlier: f64,
    /// On D_r, the other training samples.
    pub ra: f64,
    /// 100 − `fa`.
    pub ua: f64,
    /// Mean cross-entropy on D_r.
    pub retain_loss: f64,
    /// AUROC of the membership attacks. Says nothing without `fa`: a network before unlearning is near 0.5 too.
    pub mia: Mia,
    /// The attacks in full.
    pub attacks: Attacks,
    /// Members that were compared, of all forgotten classes together: all of D_f.
    pub members: usize,
    /// Non-members that were compared: of each class at most as many.
    pub non_members: usize,
    /// Where they come from.
    pub non_member_split: SplitName,
    /// On the test set.
    pub confusion: ConfusionMatrix,
    /// On the training samples.
    pub confusion_train: ConfusionMatrix,
    /// What it took, the network's passes included.
    pub seconds: f64,
}

impl Evaluation {
    /// All scores from a network's answers on the members (`train`), on `test` and on the non-members' split, for a
    /// network of `classes` classes. `seconds` is noted as it is.
    ///
    /// # Errors
    /// [`Error::BadConfig`] where the classes cannot be forgotten, or the counts of logits and labels disagree.
    pub fn from_logits(
        roles: &ClassRoles,
        classes: usize,
        train: Answers,
        test: Answers,
        non_members: NonMembers,
        seconds: f64,
    ) -> Result<Self> {
        roles.check(classes)?;
        let train = train.checked("train", classes)?;
        let test = test.checked("test", classes)?;
        let (non_member_split, unseen) = match non_members {
            NonMembers::Test => (SplitName::Test, test),
            NonMembers::Val(val) => (SplitName::Val, val.checked("val", classes)?),
        };

        let confusion = ConfusionMatrix::from_logits(test.rows(classes), classes);
        let confusion_train = ConfusionMatrix::from_logits(train.rows(classes), classes);
        let by_class: Vec<ClassScores> = roles
            .forget
            .iter()
            .map(|&class| {
                let members = MembershipScores::of(train.rows(classes), class, usize::MAX);
                let non_members = MembershipScores::of(unseen.rows(classes), class, members.len());
                ClassScores { class, members, non_members }
            })
            .collect();
        let attacks = Attacks::on(&by_class);
        let (forgets, retains) = (|class| roles.forgets(class), |class| roles.retains(class));
        let fa = confusion_train.accuracy_of(forgets);
        Ok(Self {
            classes: roles.clone(),
            ta: confusion.accuracy(),
            ta_retained: confusion.accuracy_of(retains),
            fa,
            fa_test: confusion.accuracy_of(forgets),
            fa_earlier: confusion_train.accuracy_of(|class| roles.forgotten.contains(&class)),
            ra: confusion_train.accuracy_of(retains),
            ua: 100.0 - fa,
            retain_loss: mean_cross_entropy(train.rows(classes).filter(|(_, label)| retains(*label))),
            mia: Mia::of(&attacks, &by_class),
            attacks,
            members: by_class.iter().map(|of| of.members.len()).sum(),
            non_members: by_class.iter().map(|of| of.non_members.len()).sum(),
            non_member_split,
            confusion,
            confusion_train,
            seconds,
        })
    }
}
