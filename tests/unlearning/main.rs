//! PURGE beyond the recorded steps: its losses against their definitions, its projection by properties, its loop.

mod bars;
mod checkpoints;
mod losses;
mod projection;
mod rivals;
mod runs;
mod training;

use burn::tensor::{Device, Tensor, TensorData};

use bars::bars;

fn device() -> Device {
    Device::flex()
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &device())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}
