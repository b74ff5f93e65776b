//! Parts, networks and outcomes as bytes: numbers that say what it is, how many they are before them, then floats and pixels as
//! they lie in memory. By hand, for what serde writes for it would be a twentieth of the module; and in floats of 64 bits, so
//! that every number arrives to the last bit.

use burn::tensor::{Device, Tensor, TensorData};

use super::{Images, Outcome, Part, Told};
use crate::data::{ImageShape, Normalisation, Split};
use crate::model::{Architecture, Network};
use crate::{Error, Result};

/// A part as a helper reads it.
pub(super) struct Sent {
    pub task: Told,
    pub split: Split,
    pub normalisation: Normalisation,
    pub indices: Vec<usize>,
    pub rows: Vec<Tensor<2>>,
    pub common: Vec<Tensor<2>>,
    pub whole: usize,
}

pub(super) fn write_network(network: &Network) -> Vec<u8> {
    let mut bytes = begin(&network.architecture().numbers());
    push(&mut bytes, &floats(network.parameters().flat()));
    push(&mut bytes, &network.running_flat().map(floats).unwrap_or_default());
    bytes
}

pub(super) fn read_network(bytes: &[u8], device: &Device) -> Result<Network> {
    let mut reader = Reader::begin(bytes)?;
    let architecture = Architecture::from_numbers(&reader.numbers).ok_or_else(garbled)?;
    let parameters = reader.floats(architecture.layout().len())?;
    let running = reader.floats(architecture.running_layout().len())?;
    if !reader.rest.is_empty() {
        return Err(garbled());
    }
    architecture.with_values(parameters, running, device)
}

/// `None` for images that are on the device already: whoever has them there can do the part too.
pub(super) fn write_part(part: &Part<'_>) -> Option<Vec<u8>> {
    let Images::Of { split, normalisation, indices } = part.images else { return None };
    let shape = split.shape();
    let Told { code, settings } = part.task.told();
    let mut head = whole(&[code, settings.len()]);
    head.extend(settings);
    head.extend(whole(&[indices.len(), part.whole, shape.channels, shape.height, shape.width]));
    head.extend(normalisation.mean.iter().chain(&normalisation.std));
    for tensors in [&part.rows, &part.common] {
        head.push(tensors.len() as f64);
        head.extend(tensors.iter().flat_map(|tensor| whole(&tensor.dims())));
    }
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
    let mut reader = Reader::begin(bytes)?;
    let code = reader.count()?;
    let settings = reader.count()?;
    let task = Told { code, settings: reader.some(settings)? };
    let (count, whole) = (reader.count()?, reader.count()?);
    let (channels, height, width) = (reader.count()?, reader.count()?, reader.count()?);
    let shape = ImageShape::new(channels as u64, height as u64, width as u64).ok_or_else(garbled)?;
    let normalisation = Normalisation { mean: reader.some(channels)?, std: reader.some(channels)? };
    let shapes = [reader.shapes()?, reader.shapes()?];
    let mut tensors = |shapes: &[[usize; 2]]| -> Result<Vec<_>> {
        shapes.iter().map(|&shape| reader.tensor(shape, device)).collect()
    };
    let (rows, common) = (tensors(&shapes[0])?, tensors(&shapes[1])?);
    if !normalisation.fits(channels) || shapes[0].iter().any(|[rows, _]| *rows != count) {
        return Err(garbled());
    }
    if Some(reader.rest.len()) != count.checked_mul(shape.image_len()) {
        return Err(garbled());
    }
    let split = Split::new("part", shape, reader.rest.to_vec(), vec![0; count])?;
    Ok(Sent { task, split, normalisation, indices: (0..count).collect(), rows, common, whole })
}

pub(super) fn write_outcome(outcome: Outcome) -> Vec<u8> {
    let mut bytes = begin(&outcome.iter().map(|tensor| tensor.dims()[0] as f64).collect::<Vec<_>>());
    outcome.into_iter().for_each(|tensor| push(&mut bytes, &floats(tensor)));
    bytes
}

pub(super) fn read_outcome(bytes: &[u8], device: &Device) -> Result<Outcome> {
    let mut reader = Reader::begin(bytes)?;
    let mut outcome = Outcome::new();
    while reader.next < reader.numbers.len() {
        let len = reader.count()?;
        outcome.push(Tensor::from_data(TensorData::new(reader.floats(len)?, [len]), device));
    }
    Ok(outcome)
}

/// A synchronous read, which is right on the CPU, where alone there are helpers.
fn floats(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().unwrap_or_default()
}

fn whole(numbers: &[usize]) -> Vec<f64> {
    numbers.iter().map(|&number| number as f64).collect()
}

fn begin(numbers: &[f64]) -> Vec<u8> {
    let mut bytes = (numbers.len() as u32).to_le_bytes().to_vec();
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
    bytes
}

fn push(bytes: &mut Vec<u8>, floats: &[f32]) {
    bytes.reserve(4 * floats.len());
    floats.iter().for_each(|float| bytes.extend_from_slice(&float.to_le_bytes()));
}

struct Reader<'a> {
    numbers: Vec<f64>,
    /// The number that comes next.
    next: usize,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn begin(bytes: &'a [u8]) -> Result<Self> {
        let (count, rest) = bytes.split_first_chunk().ok_or_else(garbled)?;
        let len = (u32::from_le_bytes(*count) as usize).checked_mul(8).ok_or_else(garbled)?;
        let (numbers, rest) = rest.split_at_checked(len).ok_or_else(garbled)?;
        let numbers = numbers.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        Ok(Self { numbers, next: 0, rest })
    }

    fn some(&mut self, count: usize) -> Result<Vec<f64>> {
        let end = self.next.checked_add(count).ok_or_else(garbled)?;
        let some = self.numbers.get(self.next..end).ok_or_else(garbled)?.to_vec();
        self.next = end;
        Ok(some)
    }

    fn count(&mut self) -> Result<usize> {
        let number = self.numbers.get(self.next).ok_or_else(garbled)?;
        self.next += 1;
        super::count(*number).ok_or_else(garbled)
    }

    fn shapes(&mut self) -> Result<Vec<[usize; 2]>> {
        (0..self.count()?).map(|_| Ok([self.count()?, self.count()?])).collect()
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>> {
        let len = count.checked_mul(4).ok_or_else(garbled)?;
        let (floats, rest) = self.rest.split_at_checked(len).ok_or_else(garbled)?;
        self.rest = rest;
        Ok(floats.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    fn tensor(&mut self, [rows, columns]: [usize; 2], device: &Device) -> Result<Tensor<2>> {
        let count = rows.checked_mul(columns).ok_or_else(garbled)?;
        Ok(Tensor::from_data(TensorData::new(self.floats(count)?, [rows, columns]), device))
    }
}

pub(super) fn garbled() -> Error {
    Error::BadState("a message between workers is not what it should be".into())
}
