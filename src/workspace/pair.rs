use std::sync::Arc;

use super::Loaded;
use crate::data::Dataset;
use crate::fit::{self, Misfit};

/// Dataset and network together.
#[derive(Debug)]
pub(super) enum Pair {
    /// One of them, or both, is not there.
    Incomplete,
    Misfit(Misfit),
    /// The dataset as the network was trained on it.
    Fits(Arc<Dataset>),
}

impl Pair {
    pub(super) fn of(dataset: Option<&Dataset>, loaded: Option<&Loaded>) -> Self {
        let (Some(dataset), Some(Loaded { name, checkpoint })) = (dataset, loaded) else { return Pair::Incomplete };
        match fit::prepare(dataset, name, &checkpoint.network, &checkpoint.card) {
            Ok(prepared) => Pair::Fits(Arc::new(prepared)),
            Err(misfit) => Pair::Misfit(misfit),
        }
    }

    pub(super) fn dataset(&self) -> Option<&Arc<Dataset>> {
        match self {
            Pair::Fits(dataset) => Some(dataset),
            _ => None,
        }
    }

    pub(super) fn misfit(&self) -> Option<&Misfit> {
        match self {
            Pair::Misfit(misfit) => Some(misfit),
            _ => None,
        }
    }
}
