use burn::tensor::{Device, Tensor, TensorData};

use super::{Normalisation, Split, fill_batch};

/// Normalised images at `indices` of a split, `[B, C, H, W]`.
pub(crate) fn images(normalisation: &Normalisation, split: &Split, indices: &[usize], device: &Device) -> Tensor<4> {
    #[cfg(test)]
    testing::SHOWN.set(testing::SHOWN.get() + indices.len());
    let mut pixels = Vec::new();
    fill_batch(split, normalisation, indices, &mut pixels);
    let shape = split.shape();
    Tensor::from_data(TensorData::new(pixels, [indices.len(), shape.channels, shape.height, shape.width]), device)
}

/// Their labels, one-hot `[B, K]`.
pub(crate) fn one_hot(split: &Split, indices: &[usize], classes: usize, device: &Device) -> Tensor<2> {
    labels_at(split.labels(), indices, classes, device)
}

/// The labels at `indices`, one-hot `[B, K]`.
pub(crate) fn labels_at(labels: &[u16], indices: &[usize], classes: usize, device: &Device) -> Tensor<2> {
    let mut values = vec![0.0_f32; indices.len() * classes];
    for (row, &index) in values.chunks_exact_mut(classes).zip(indices) {
        row[labels[index] as usize] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [indices.len(), classes]), device)
}

/// What tests want of the one place that images come through on their way to a network: to count them.
#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;

    thread_local! {
        pub(super) static SHOWN: Cell<usize> = const { Cell::new(0) };
    }

    /// How many images networks were shown on this thread.
    pub(crate) fn shown() -> usize {
        SHOWN.get()
    }
}
