use serde::{Deserialize, Deserializer, Serialize};

use crate::{Error, Result};

/// Which classes a run or an evaluation is about; the others are retained.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRoles {
    /// The classes to forget, whose training samples are D_f.
    pub forget: Vec<usize>,
    /// Ours, for forgetting one class after the other: what earlier runs forgot. Their samples are in neither D_f nor D_r.
    #[serde(default)]
    pub forgotten: Vec<usize>,
}

impl From<usize> for ClassRoles {
    fn from(class: usize) -> Self {
        Self { forget: vec![class], forgotten: Vec::new() }
    }
}

impl ClassRoles {
    /// `forget` now, where the network has forgotten `earlier`; a class in both is to be forgotten once more.
    pub fn new(forget: Vec<usize>, earlier: &[usize]) -> Self {
        let forgotten = earlier.iter().copied().filter(|class| !forget.contains(class)).collect();
        Self { forget, forgotten }
    }

    /// Whether a class is to be forgotten.
    pub fn forgets(&self, class: usize) -> bool {
        self.forget.contains(&class)
    }

    /// Whether a class is to be kept.
    pub fn retains(&self, class: usize) -> bool {
        !self.forgets(class) && !self.forgotten.contains(&class)
    }

    /// Both lists together: what a network retrained from scratch would never have seen.
    pub fn gone(&self) -> impl Iterator<Item = usize> {
        self.forget.iter().chain(&self.forgotten).copied()
    }

    /// Whether these are classes of a network that has `classes` of them.
    ///
    /// # Errors
    /// [`Error::BadConfig`] where there is nothing to forget, nothing to keep, a class that is none, or one twice.
    pub fn check(&self, classes: usize) -> Result<()> {
        if self.forget.is_empty() {
            return Err(Error::config("forget_class", "at least one class", "none"));
        }
        let mut seen = vec![false; classes];
        for class in self.gone() {
            match seen.get_mut(class) {
                None => {
                    return Err(Error::config("forget_class", format!("0 to {}", classes.saturating_sub(1)), class));
                }
                Some(true) => return Err(Error::config("forget_class", "each class once", format!("{class} twice"))),
                Some(seen) => *seen = true,
            }
        }
        if seen.iter().all(|&seen| seen) {
            return Err(Error::config("forget_class", "a class that stays", format!("all {classes} of them")));
        }
        Ok(())
    }
}

/// For serde: a class, a list of them, or none.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Vec<usize>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Numbers {
        Many(Vec<usize>),
        One(Option<usize>),
    }
    Ok(match Numbers::deserialize(from)? {
        Numbers::Many(numbers) => numbers,
        Numbers::One(number) => number.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_checked() {
        let wrong = |forget: &[usize], forgotten: &[usize]| {
            ClassRoles { forget: forget.to_vec(), forgotten: forgotten.to_vec() }.check(3).unwrap_err().to_string()
        };
        assert_eq!(wrong(&[], &[1]), "forget_class: expected at least one class, found none");
        assert_eq!(wrong(&[3], &[]), "forget_class: expected 0 to 2, found 3");
        assert_eq!(wrong(&[0, 0], &[]), "forget_class: expected each class once, found 0 twice");
        assert_eq!(wrong(&[0, 1], &[2]), "forget_class: expected a class that stays, found all 3 of them");
        assert!(ClassRoles { forget: vec![2, 0], forgotten: vec![] }.check(3).is_ok());
    }

    #[test]
    fn a_class_forgotten_again_is_no_longer_an_earlier_one() {
        let roles = ClassRoles::new(vec![1, 4], &[0, 4]);
        assert_eq!(roles, ClassRoles { forget: vec![1, 4], forgotten: vec![0] });
        assert_eq!((0..5).filter(|&class| roles.retains(class)).collect::<Vec<_>>(), [2, 3]);
    }
}
