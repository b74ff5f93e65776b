//! A training run between two epochs as a file, so that a run that was killed goes on where it was.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::TrainConfig;
use crate::{Error, Result};

const KEY: &str = "purge-training";

/// Everything that a run needs to go on as if it had not stopped.
pub(super) struct Snapshot {
    pub progress: Progress,
    /// θ `[P]`
    pub weights: Vec<f32>,
    /// The running statistics of batch normalisation.
    pub running: Vec<f32>,
    /// What the optimizer remembers, each `[P]`.
    pub memory: Vec<Vec<f32>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub config: TrainConfig,
    pub samples: usize,
    pub epochs_done: usize,
    /// Where the random numbers of the augmentation stand; 128 bits are too many for JSON's numbers.
    pub random: String,
}

impl Snapshot {
    pub fn write(&self) -> Result<Vec<u8>> {
        let failed = |e: &dyn std::fmt::Display| Error::model("snapshot", "values that can be stored", e.to_string());
        let mut parts = vec![("weights".to_string(), &self.weights), ("running".to_string(), &self.running)];
        parts.extend(self.memory.iter().enumerate().map(|(i, values)| (format!("memory.{i}"), values)));
        let bytes: Vec<(String, Vec<u8>)> = parts
            .into_iter()
            .map(|(name, values)| (name, values.iter().flat_map(|value| value.to_le_bytes()).collect()))
            .collect();
        let views = bytes
            .iter()
            .map(|(name, bytes)| {
                let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).map_err(|e| failed(&e))?;
                Ok((name.as_str(), view))
            })
            .collect::<Result<Vec<_>>>()?;
        let progress = serde_json::to_string(&self.progress).map_err(|e| failed(&e))?;
        safetensors::serialize(views, Some(HashMap::from([(KEY.to_string(), progress)]))).map_err(|e| failed(&e))
    }

    pub fn read(file: &str, bytes: &[u8]) -> Result<Self> {
        let bad = |found: String| Error::model(file, "a snapshot of a training run", found);
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| bad(e.to_string()))?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| bad(e.to_string()))?;
        let progress = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let progress = progress.ok_or_else(|| bad("a file of another kind".into()))?;
        let progress = serde_json::from_str(progress).map_err(|e| bad(e.to_string()))?;
        let values = |name: &str| -> Option<Vec<f32>> {
            let tensor = tensors.tensor(name).ok().filter(|tensor| tensor.dtype() == Dtype::F32)?;
            Some(tensor.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
        };
        let needed = |name: &str| values(name).ok_or_else(|| bad(format!("one without {name}")));
        Ok(Self {
            progress,
            weights: needed("weights")?,
            running: needed("running")?,
            memory: (0..).map_while(|i| values(&format!("memory.{i}"))).collect(),
        })
    }
}
