//! Every [`Task`] there is, for helpers, who get theirs as numbers.

use crate::inference::{Activations, Answers};
use crate::unlearning::{Erase, Mend, Retain, Settle, Slope, Sums};
use crate::work::{Task, Told};
use crate::{Error, Result};

/// The task that [`Task::told`] told of.
///
/// # Errors
/// [`Error::BadState`] for what is none.
pub(crate) fn read(told: &Told) -> Result<Box<dyn Task>> {
    let settings = &told.settings;
    let task: Option<Box<dyn Task>> = match told.code {
        0 => Some(Box::new(Answers {})),
        1 => Some(Box::new(Sums {})),
        2 => Slope::of_settings(settings).map(|task| Box::new(task) as Box<dyn Task>),
        3 => Retain::of_settings(settings).map(|task| Box::new(task) as Box<dyn Task>),
        4 => Erase::of_settings(settings).map(|task| Box::new(task) as Box<dyn Task>),
        20 => Mend::of_settings(settings).map(|task| Box::new(task) as Box<dyn Task>),
        21 => Some(Box::new(Settle {})),
        30 => Some(Box::new(Activations {})),
        _ => None,
    };
    task.ok_or_else(|| Error::BadState("a helper was given a task that is none".into()))
}
