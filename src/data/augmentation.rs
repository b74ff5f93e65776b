use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Dataset;

/// Random changes to training images; zero or `false` turns one off.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Augmentation {
    /// Mirror left-right and top-down, each half of the time, and swap the axes of square images half of the time: the
    /// eight symmetries of a square.
    pub symmetries: bool,
    /// Mirror left-right half of the time, for images that know up from down.
    pub mirror: bool,
    /// Shift by up to this many pixels each way, the edge repeated.
    pub shift: usize,
    /// Each colour channel times 1 ± this, uniformly.
    pub gain: f32,
    /// Each colour channel plus ± this, uniformly, on a scale of 0 to 1.
    pub bias: f32,
}

impl Augmentation {
    /// Images as they are.
    pub const NONE: Self = Self { symmetries: false, mirror: false, shift: 0, gain: 0.0, bias: 0.0 };
    /// For photographs: mirrored left-right, shifted by up to 4 pixels.
    pub const PHOTOS: Self = Self { mirror: true, shift: 4, ..Self::NONE };
    /// For tissue, which has no up and down and is stained unevenly: the symmetries of a square, 15 % of gain and bias.
    pub const TISSUE: Self = Self { symmetries: true, gain: 0.15, bias: 0.15, ..Self::NONE };

    /// Normalised pixels of training images at `indices`, each changed at random, in N,C,H,W order.
    pub(crate) fn pixels(&self, dataset: &Dataset, indices: &[usize], rng: &mut ChaCha8Rng) -> Vec<f32> {
        let shape = dataset.shape;
        let plane_len = shape.height * shape.width;
        let mut pixels = Vec::with_capacity(indices.len() * shape.image_len());
        for &index in indices {
            let view = View::random(self, shape.height, shape.width, rng);
            for (channel, plane) in dataset.train.image(index).chunks_exact(plane_len).enumerate() {
                let gain = 1.0 + spread(self.gain, rng);
                let bias = spread(self.bias, rng);
                let mean = dataset.normalisation.mean[channel] as f32;
                let std = dataset.normalisation.std[channel] as f32;
                for row in 0..shape.height {
                    for column in 0..shape.width {
                        let value = plane[view.source(row, column)] as f32 / 255.0;
                        pixels.push(((value * gain + bias).clamp(0.0, 1.0) - mean) / std);
                    }
                }
            }
        }
        pixels
    }
}

fn spread(width: f32, rng: &mut ChaCha8Rng) -> f32 {
    if width > 0.0 { rng.random_range(-width..width) } else { 0.0 }
}

/// Which pixel of the original each pixel of the changed image shows.
struct View {
    height: usize,
    width: usize,
    mirror: bool,
    flip: bool,
    swap: bool,
    shift: (i32, i32),
}

impl View {
    fn random(augmentation: &Augmentation, height: usize, width: usize, rng: &mut ChaCha8Rng) -> Self {
        let mut coin = |wanted: bool| wanted && rng.random_bool(0.5);
        let Augmentation { symmetries, mirror, .. } = *augmentation;
        let (mirror, flip) = (coin(symmetries || mirror), coin(symmetries));
        let swap = coin(symmetries) && height == width;
        let reach = augmentation.shift as i32;
        let mut offset = || if reach > 0 { rng.random_range(-reach..=reach) } else { 0 };
        Self { height, width, mirror, flip, swap, shift: (offset(), offset()) }
    }

    fn source(&self, row: usize, column: usize) -> usize {
        let (row, column) = if self.swap { (column, row) } else { (row, column) };
        let row = if self.flip { self.height - 1 - row } else { row };
        let column = if self.mirror { self.width - 1 - column } else { column };
        let clamp = |at: usize, by: i32, end: usize| at.saturating_add_signed(by as isize).min(end - 1);
        clamp(row, self.shift.0, self.height) * self.width + clamp(column, self.shift.1, self.width)
    }
}
