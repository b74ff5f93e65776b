use serde::Serialize;

use super::Workspace;
use crate::data::DatasetInfo;
use crate::fit::Misfit;
use crate::model::{Card, Norm};

/// What a workspace holds, as it tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Info {
    /// The network as it was loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelInfo>,
    /// The dataset: as that network was trained on it where the two fit, else as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetState>,
    /// Why the two do not go together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misfit: Option<Misfit>,
    /// Whether a run has made another network of the one that was loaded.
    pub changed: bool,
    /// Whether a run is under way.
    pub running: bool,
}

/// What a network says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelInfo {
    /// The file's name.
    pub name: String,
    /// "small_cnn" or "resnet18".
    pub architecture: &'static str,
    /// K
    pub classes: usize,
    /// Colour channels of an image.
    pub channels: usize,
    /// Channels after the first convolution.
    pub base_width: usize,
    /// Which normalisation.
    pub norm: Norm,
    /// How many weights it has.
    pub parameters: usize,
    /// Its card, with a name for each class.
    #[serde(flatten)]
    pub card: Card,
    /// See [`Info::misfit`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misfit: Option<Misfit>,
}

/// What a dataset says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatasetState {
    /// Its card.
    #[serde(flatten)]
    pub info: DatasetInfo,
    /// See [`Info::misfit`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misfit: Option<Misfit>,
}

impl Workspace {
    /// What is loaded and what has become of it.
    pub fn info(&self) -> Info {
        let misfit = self.pair.misfit().cloned();
        let model = self.loaded.as_ref().map(|loaded| {
            let network = &loaded.checkpoint.network;
            let architecture = network.architecture();
            let card = &loaded.checkpoint.card;
            ModelInfo {
                name: loaded.name.clone(),
                architecture: architecture.name(),
                classes: architecture.classes(),
                channels: architecture.channels(),
                base_width: architecture.width(),
                norm: architecture.norm(),
                parameters: network.parameters().layout().len(),
                card: Card { class_names: card.names_of(architecture.classes()), ..card.clone() },
                misfit: misfit.clone(),
            }
        });
        let shown = self.pair.dataset().map(|prepared| prepared.as_ref()).or(self.dataset.as_ref());
        let dataset = shown.map(|dataset| DatasetState { info: dataset.card(), misfit: misfit.clone() });
        Info { model, dataset, misfit, changed: self.is_changed(), running: self.run.is_some() }
    }
}
