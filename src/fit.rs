//! Whether a network and a dataset belong together, and the dataset as that network was trained on it.

use serde::Serialize;

use crate::data::{Dataset, Normalisation};
use crate::model::{Architecture, Card, Network};
use crate::{Error, Result};

/// Why a network and a dataset do not go together. Neither is at fault: each may be loaded, and waits for one that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misfit {
    /// What would fit.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// Both in one sentence that names the network's file.
    pub message: String,
}

impl Misfit {
    fn new(network: &str, expected: String, found: String) -> Self {
        let message = format!("{network}: expected {expected}, found {found}");
        Self { expected, found, message }
    }
}

/// The dataset as a network was trained on it: the members that its card names, the normalisation that it was fed, and
/// images no larger than those it saw. `name` is the network's, for messages.
///
/// # Errors
/// The [`Misfit`] where the network takes other images or knows other classes.
pub fn prepare(dataset: &Dataset, name: &str, network: &Network, card: &Card) -> Result<Dataset, Misfit> {
    check_kind(name, network.architecture(), dataset)?;
    let unreadable = |e: Error| Misfit::new(name, "images that can be down-sampled".into(), e.to_string());
    let mut prepared = dataset.clone().at_most(card.height, card.width).map_err(unreadable)?;
    if let Some(members) = card.members_per_class {
        prepared = prepared.with_members_per_class(members);
    }
    if !(card.mean.is_empty() && card.std.is_empty()) {
        let normalisation = Normalisation { mean: card.mean.clone(), std: card.std.clone() };
        let channels = prepared.shape.channels;
        if !normalisation.fits(channels) {
            let expected = format!("a mean and a positive std for each of {channels} channels in its card");
            return Err(Misfit::new(name, expected, format!("{normalisation:?}")));
        }
        prepared.normalisation = normalisation;
    }
    check_size(name, network.architecture(), &prepared)?;
    Ok(prepared)
}

/// How many times fewer images a [prepared](prepare) dataset has than the network learnt from, 1 to 1000: a page may come with
/// some of them only.
pub fn times_fewer(prepared: &Dataset, card: &Card) -> f64 {
    let there = prepared.train.len().max(1) as f64;
    let learnt = card.members_per_class.map_or(there, |members| members as f64 * prepared.classes() as f64);
    (learnt / there).clamp(1.0, 1000.0)
}

/// Whether the network can take the dataset's images and knows its classes.
///
/// # Errors
/// [`Error::BadModel`] saying what differs.
pub fn check_fit(network: &Network, dataset: &Dataset) -> Result<()> {
    let architecture = network.architecture();
    let checked =
        check_kind("network", architecture, dataset).and_then(|()| check_size("network", architecture, dataset));
    checked.map_err(|Misfit { expected, found, .. }| Error::model("network", expected, found))
}

fn check_kind(name: &str, architecture: &Architecture, dataset: &Dataset) -> Result<(), Misfit> {
    let (channels, classes) = (dataset.shape.channels, dataset.classes());
    if (architecture.channels(), architecture.classes()) == (channels, classes) {
        return Ok(());
    }
    let expected = format!("a network for images of {}, as {} has", kind(channels, classes), dataset.title);
    Err(Misfit::new(name, expected, format!("one for {}", kind(architecture.channels(), architecture.classes()))))
}

fn check_size(name: &str, architecture: &Architecture, dataset: &Dataset) -> Result<(), Misfit> {
    let (least, shape) = (architecture.smallest_side(), dataset.shape);
    if shape.height >= least && shape.width >= least {
        return Ok(());
    }
    let expected = format!("a network for images of {}×{} pixels, as {} has", shape.height, shape.width, dataset.title);
    Err(Misfit::new(name, expected, format!("one that needs at least {least}×{least}")))
}

fn kind(channels: usize, classes: usize) -> String {
    let channels = if channels == 1 { "1 channel".into() } else { format!("{channels} channels") };
    format!("{channels} and {classes} classes")
}
