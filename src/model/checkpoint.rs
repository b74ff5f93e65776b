//! Networks as files: safetensors with PyTorch's names and shapes, and a card in the metadata that says what the
//! network is.

use std::collections::HashMap;

use burn::tensor::Device;
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{Architecture, Card, Network, Norm, ResNetConfig, SmallCnnConfig, Stem};
use crate::{Error, Result, device};

/// The key in the safetensors metadata that holds the card, as JSON.
const CARD: &str = "purge";

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats.
    Full,
    /// 16-bit floats: half the size, for files that are only evaluated.
    Half,
}

/// A network and its card.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The network.
    pub network: Network,
    /// What it says of itself.
    pub card: Card,
}

impl Checkpoint {
    /// Reads a safetensors file. `file` is its name, for messages.
    ///
    /// # Errors
    /// [`Error::BadModel`] saying which tensor is missing, misshapen or of an unknown type.
    pub fn read(file: &str, bytes: &[u8], device: &Device) -> Result<Self> {
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|e| Error::model(file, "a safetensors file", format!("one that cannot be read ({e})")))?;
        let (_, metadata) = SafeTensors::read_metadata(bytes)
            .map_err(|e| Error::model(file, "safetensors metadata", format!("none that can be read ({e})")))?;
        let card = match metadata.metadata().as_ref().and_then(|m| m.get(CARD)) {
            Some(json) => serde_json::from_str(json)
                .map_err(|e| Error::model(file, format!("a card as JSON under \"{CARD}\""), e.to_string()))?,
            None => Card::default(),
        };
        let tensors = Tensors::new(file, tensors);
        let architecture = tensors.architecture()?;
        let read_all = |layout: super::Layout| -> Result<Vec<f32>> {
            // All shapes first: memory is taken for what the file has, and not for what one of its shapes merely claims.
            layout.iter().try_for_each(|(name, shape, _)| tensors.shaped(name, shape).map(drop))?;
            let mut values = Vec::with_capacity(layout.len());
            for (name, shape, _) in layout.iter() {
                values.extend(tensors.values(name, shape)?);
            }
            Ok(values)
        };
        let (weights, running) = (read_all(architecture.layout())?, read_all(architecture.running_layout())?);
        let network = architecture.with_values(weights, running, device)?;
        Ok(Self { network, card })
    }

    /// The file's bytes. Waits for the device once, or twice with batch normalisation.
    ///
    /// # Errors
    /// Those of the device.
    pub async fn write(&self, precision: Precision) -> Result<Vec<u8>> {
        let architecture = self.network.architecture();
        let mut stored = Vec::new();
        let mut store = |layout: super::Layout, values: &[f32]| {
            for (name, shape, range) in layout.iter() {
                let (dtype, bytes) = encode(&values[range], precision);
                stored.push((name.to_string(), dtype, shape.to_vec(), bytes));
            }
        };
        store(architecture.layout(), &device::read(self.network.parameters().flat()).await?);
        if let Some(running) = self.network.running_flat() {
            store(architecture.running_layout(), &device::read(running).await?);
        }
        let views = stored
            .iter()
            .map(|(name, dtype, shape, bytes)| {
                let view = TensorView::new(*dtype, shape.clone(), bytes)
                    .map_err(|e| Error::model(name, "a tensor that can be stored", e.to_string()))?;
                Ok((name.as_str(), view))
            })
            .collect::<Result<Vec<_>>>()?;
        let card = serde_json::to_string(&self.card)
            .map_err(|e| Error::model("card", "values that JSON can hold", e.to_string()))?;
        // One entry and no more: the library writes several in any order, and the same network shall give the same bytes.
        let metadata = HashMap::from([(CARD.to_string(), card)]);
        safetensors::serialize(views, Some(metadata))
            .map_err(|e| Error::model("network", "tensors that can be stored", e.to_string()))
    }
}

/// The tensors of a file that is being read.
struct Tensors<'a> {
    file: &'a str,
    tensors: SafeTensors<'a>,
    /// What stands before every name, as in "module.fc.weight" of a network that was trained on several GPUs.
    prefix: String,
}

impl<'a> Tensors<'a> {
    fn new(file: &'a str, tensors: SafeTensors<'a>) -> Self {
        let prefix = tensors.names().iter().find_map(|name| name.strip_suffix("fc.weight").map(str::to_string));
        Self { file, tensors, prefix: prefix.unwrap_or_default() }
    }

    fn find(&self, name: &str) -> Option<TensorView<'_>> {
        self.tensors.tensor(&format!("{}{name}", self.prefix)).ok()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>> {
        self.find(name).ok_or_else(|| self.missing(name))
    }

    fn shape(&self, name: &str, rank: usize) -> Result<Vec<usize>> {
        let tensor = self.get(name)?;
        if tensor.shape().len() != rank {
            let expected = format!("{name} with {rank} dimensions");
            return Err(Error::model(self.file, expected, format!("{:?}", tensor.shape())));
        }
        Ok(tensor.shape().to_vec())
    }

    /// The shape of the network follows from the tensors, so files without a card load too.
    fn architecture(&self) -> Result<Architecture> {
        let architecture = self.claimed_architecture()?;
        let beyond = |e: Error| Error::model(self.file, "a SmallCnn or a ResNet-18", format!("one with {e}"));
        architecture.check().map_err(beyond)?;
        Ok(architecture)
    }

    fn claimed_architecture(&self) -> Result<Architecture> {
        let first = self.shape("conv1.weight", 4)?;
        let last = self.shape("fc.weight", 2)?;
        let (width, channels, classes) = (first[0], first[1], last[0]);
        let norm = |statistics: &str| if self.find(statistics).is_some() { Norm::Batch } else { Norm::Group };
        if self.find("bn1.weight").is_some() {
            let stem = if first[3] == 7 { Stem::ImageNet } else { Stem::Small };
            return Ok(ResNetConfig { channels, classes, width, stem, norm: norm("bn1.running_mean") }.into());
        }
        Ok(SmallCnnConfig { channels, classes, width, norm: norm("norm1.running_mean") }.into())
    }

    fn missing(&self, name: &str) -> Error {
        let mut names = self.tensors.names();
        names.sort();
        let some: Vec<_> = names.iter().take(6).map(|n| n.to_string()).collect();
        let found = format!("{} tensors without it ({}, …)", names.len(), some.join(", "));
        Error::model(self.file, format!("a tensor {name}"), found)
    }

    fn shaped(&self, name: &str, shape: &[usize]) -> Result<TensorView<'_>> {
        let tensor = self.get(name)?;
        if tensor.shape() != shape {
            return Err(Error::model(self.file, format!("{name} of shape {shape:?}"), format!("{:?}", tensor.shape())));
        }
        Ok(tensor)
    }

    fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let file = self.file;
        let tensor = self.shaped(name, shape)?;
        let bytes = tensor.data();
        let values: Vec<f32> = match tensor.dtype() {
            Dtype::F32 => bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect(),
            Dtype::F16 => bytes.as_chunks().0.iter().map(|&b| f16::from_le_bytes(b).to_f32()).collect(),
            other => return Err(Error::model(file, format!("{name} as F32 or F16"), format!("{other:?}"))),
        };
        match values.iter().position(|v| !v.is_finite()) {
            Some(at) => Err(Error::model(file, format!("finite numbers in {name}"), format!("{} at {at}", values[at]))),
            None => Ok(values),
        }
    }
}

fn encode(values: &[f32], precision: Precision) -> (Dtype, Vec<u8>) {
    match precision {
        Precision::Full => (Dtype::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Precision::Half => (Dtype::F16, values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect()),
    }
}
