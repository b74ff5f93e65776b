//! Every [`Task`] there is, for helpers, who get theirs as JSON.

use serde::Deserialize;
use serde_json::Value;

use crate::inference::Answers;
use crate::unlearning::{Erase, Retain, Slope, Sums};
use crate::work::Task;
use crate::{Error, Result};

#[derive(Deserialize)]
#[serde(tag = "task")]
enum Known {
    Answers(Answers),
    Sums(Sums),
    Slope(Slope),
    Retain(Retain),
    Erase(Erase),
}

/// The task that [`Task::told`] told of.
///
/// # Errors
/// [`Error::BadState`] for what is none.
pub(crate) fn read(told: Value) -> Result<Box<dyn Task>> {
    let known = serde_json::from_value(told).map_err(|e| Error::BadState(format!("a helper got no task: {e}")))?;
    Ok(match known {
        Known::Answers(task) => Box::new(task),
        Known::Sums(task) => Box::new(task),
        Known::Slope(task) => Box::new(task),
        Known::Retain(task) => Box::new(task),
        Known::Erase(task) => Box::new(task),
    })
}
