//! Parts, networks and outcomes as bytes: a JSON head, its length before it, then the numbers as they lie in memory.

use burn::tensor::{Device, Tensor, TensorData};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Images, Outcome, Part};
use crate::data::{ImageShape, Normalisation, Split};
use crate::model::{Architecture, Network};
use crate::{Error, Result};

#[derive(Serialize, Deserialize)]
struct NetworkHead {
    architecture: Architecture,
    parameters: usize,
    running: usize,
}

#[derive(Serialize, Deserialize)]
struct PartHead {
    task: Value,
    count: usize,
    whole: usize,
    shape: ImageShape,
    /// Bits of mean and standard deviation of each channel.
    normalisation: Vec<[u64; 2]>,
    rows: Vec<[usize; 2]>,
    common: Vec<[usize; 2]>,
}

/// A part as a helper reads it.
pub(super) struct Sent {
    pub task: Value,
    pub split: Split,
    pub normalisation: Normalisation,
    pub indices: Vec<usize>,
    pub rows: Vec<Tensor<2>>,
    pub common: Vec<Tensor<2>>,
    pub whole: usize,
}

pub(super) fn write_network(network: &Network) -> Vec<u8> {
    let theta = floats(network.parameters().flat());
    let running = network.running_flat().map(floats).unwrap_or_default();
    let head = NetworkHead { architecture: *network.architecture(), parameters: theta.len(), running: running.len() };
    let mut bytes = begin(&head);
    push(&mut bytes, &theta);
    push(&mut bytes, &running);
    bytes
}

pub(super) fn read_network(bytes: &[u8], device: &Device) -> Result<Network> {
    let (head, mut reader) = Reader::begin::<NetworkHead>(bytes)?;
    let architecture = head.architecture;
    let (parameters, running) = (reader.floats(head.parameters)?, reader.floats(head.running)?);
    if (parameters.len(), running.len()) != (architecture.layout().len(), architecture.running_layout().len()) {
        return Err(garbled());
    }
    architecture.with_values(parameters, running, device)
}

/// `None` for images that are on the device already: whoever has them there can do the part too.
pub(super) fn write_part(part: &Part<'_>) -> Option<Vec<u8>> {
    let Images::Of { split, normalisation, indices } = part.images else { return None };
    let bits = |(mean, std): (&f64, &f64)| [mean.to_bits(), std.to_bits()];
    let head = PartHead {
        task: part.task.told(),
        count: indices.len(),
        whole: part.whole,
        shape: split.shape(),
        normalisation: normalisation.mean.iter().zip(&normalisation.std).map(bits).collect(),
        rows: part.rows.iter().map(|rows| rows.dims()).collect(),
        common: part.common.iter().map(|common| common.dims()).collect(),
    };
    let mut bytes = begin(&head);
    for tensor in part.rows.iter().chain(&part.common) {
        let [rows, columns] = tensor.dims();
        push(&mut bytes, &floats(tensor.clone().reshape([rows * columns])));
    }
    for &index in indices {
        bytes.extend_from_slice(split.image(index));
    }
    Some(bytes)
}

pub(super) fn read_part(bytes: &[u8], device: &Device) -> Result<Sent> {
    let (head, mut reader) = Reader::begin::<PartHead>(bytes)?;
    let rows = reader.tensors(&head.rows, device)?;
    let common = reader.tensors(&head.common, device)?;
    let split = Split::new("part", head.shape, reader.rest().to_vec(), vec![0; head.count])?;
    let mean = head.normalisation.iter().map(|[mean, _]| f64::from_bits(*mean)).collect();
    let std = head.normalisation.iter().map(|[_, std]| f64::from_bits(*std)).collect();
    let normalisation = Normalisation { mean, std };
    if !normalisation.fits(head.shape.channels) || rows.iter().any(|rows| rows.dims()[0] != head.count) {
        return Err(garbled());
    }
    let indices = (0..head.count).collect();
    Ok(Sent { task: head.task, split, normalisation, indices, rows, common, whole: head.whole })
}

pub(super) fn write_outcome(outcome: Outcome) -> Vec<u8> {
    let tensors: Vec<Vec<f32>> = outcome.into_iter().map(floats).collect();
    let mut bytes = begin(&tensors.iter().map(Vec::len).collect::<Vec<_>>());
    tensors.iter().for_each(|tensor| push(&mut bytes, tensor));
    bytes
}

pub(super) fn read_outcome(bytes: &[u8], device: &Device) -> Result<Outcome> {
    let (lens, mut reader) = Reader::begin::<Vec<usize>>(bytes)?;
    let tensor = |len: usize| Ok(Tensor::from_data(TensorData::new(reader.floats(len)?, [len]), device));
    lens.into_iter().map(tensor).collect()
}

/// A synchronous read, which is right on the CPU, where alone there are helpers.
fn floats(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().unwrap_or_default()
}

fn begin(head: &impl Serialize) -> Vec<u8> {
    let head = serde_json::to_vec(head).unwrap_or_default();
    let mut bytes = (head.len() as u32).to_le_bytes().to_vec();
    bytes.extend(head);
    bytes
}

fn push(bytes: &mut Vec<u8>, floats: &[f32]) {
    bytes.reserve(4 * floats.len());
    floats.iter().for_each(|float| bytes.extend_from_slice(&float.to_le_bytes()));
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn begin<H: DeserializeOwned>(bytes: &'a [u8]) -> Result<(H, Self)> {
        let (len, rest) = bytes.split_first_chunk().ok_or_else(garbled)?;
        let (head, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or_else(garbled)?;
        Ok((serde_json::from_slice(head).map_err(|_| garbled())?, Self { rest }))
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>> {
        let len = count.checked_mul(4).ok_or_else(garbled)?;
        let (floats, rest) = self.rest.split_at_checked(len).ok_or_else(garbled)?;
        self.rest = rest;
        Ok(floats.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    fn tensors(&mut self, shapes: &[[usize; 2]], device: &Device) -> Result<Vec<Tensor<2>>> {
        let tensor = |&[rows, columns]: &[usize; 2]| {
            let count = rows.checked_mul(columns).ok_or_else(garbled)?;
            Ok(Tensor::from_data(TensorData::new(self.floats(count)?, [rows, columns]), device))
        };
        shapes.iter().map(tensor).collect()
    }

    fn rest(self) -> &'a [u8] {
        self.rest
    }
}

pub(super) fn garbled() -> Error {
    Error::BadState("a message between workers is not what it should be".into())
}
