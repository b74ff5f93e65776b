use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Normalisation, Split};

/// Replaces `out` by the pixels of the samples at `indices`, (x / 255 − mean) / std, in N,C,H,W order. Panics where an
/// index is not below [`Split::len`] or the normalisation has too few channels.
pub fn fill_batch(split: &Split, normalisation: &Normalisation, indices: &[usize], out: &mut Vec<f32>) {
    let shape = split.shape();
    let plane = shape.height * shape.width;
    let tables: Vec<[f32; 256]> = (0..shape.channels)
        .map(|c| {
            let (mean, std) = (normalisation.mean[c], normalisation.std[c]);
            std::array::from_fn(|v| ((v as f64 / 255.0 - mean) / std) as f32)
        })
        .collect();
    out.clear();
    out.reserve(indices.len() * shape.image_len());
    for &i in indices {
        for (pixels, table) in split.image(i).chunks_exact(plane).zip(&tables) {
            out.extend(pixels.iter().map(|&pixel| table[pixel as usize]));
        }
    }
}

/// Shuffled passes over a set of samples, in batches. The order follows from the seed alone and is the same on every
/// platform, so that a run can be repeated anywhere.
#[derive(Debug, Clone)]
pub struct Shuffled {
    indices: Vec<usize>,
    batch: usize,
    rng: ChaCha8Rng,
    position: usize,
    fresh: bool,
}

impl Shuffled {
    /// Passes over `indices` in batches of `batch` (at least 1); the last batch of a pass may be smaller.
    pub fn new(indices: Vec<usize>, batch: usize, seed: u64) -> Self {
        Self { indices, batch: batch.max(1), rng: ChaCha8Rng::seed_from_u64(seed), position: 0, fresh: true }
    }

    /// A pass that is not shuffled, for batches that somebody else has drawn.
    #[cfg(test)]
    pub(crate) fn in_order(indices: Vec<usize>, batch: usize) -> Self {
        Self { fresh: false, ..Self::new(indices, batch, 0) }
    }

    /// Batches of one pass.
    pub fn batches_per_pass(&self) -> usize {
        self.indices.len().div_ceil(self.batch)
    }

    /// The next batch of the pass; `None` once when the pass is over, after which a freshly shuffled one begins.
    pub fn next_in_pass(&mut self) -> Option<&[usize]> {
        if self.fresh {
            self.indices.shuffle(&mut self.rng);
            self.position = 0;
            self.fresh = false;
        }
        let start = self.position;
        if start >= self.indices.len() {
            self.fresh = true;
            return None;
        }
        self.position = (start + self.batch).min(self.indices.len());
        Some(&self.indices[start..self.position])
    }

    /// The next batch, without end: a freshly shuffled pass follows the one that is over. Empty only where there is no
    /// sample at all.
    pub fn next_endless(&mut self) -> &[usize] {
        if self.position >= self.indices.len() {
            self.fresh = true;
        }
        self.next_in_pass().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;

    #[test]
    fn a_pass_visits_every_sample_once() {
        let mut shuffled = Shuffled::new((10..33).collect(), 5, 7);
        let mut passes = Vec::new();
        for _ in 0..2 {
            let (mut pass, mut sizes) = (Vec::new(), Vec::new());
            while let Some(batch) = shuffled.next_in_pass() {
                sizes.push(batch.len());
                pass.extend_from_slice(batch);
            }
            assert_eq!(sizes, [5, 5, 5, 5, 3]);
            assert_eq!(shuffled.batches_per_pass(), sizes.len());
            let mut sorted = pass.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (10..33).collect::<Vec<_>>());
            passes.push(pass);
        }
        assert_ne!(passes[0], passes[1]);
    }

    #[test]
    fn endless_is_the_passes_one_after_another() {
        let mut endless = Shuffled::new((0..9).collect(), 4, 3);
        let mut passes = Shuffled::new((0..9).collect(), 4, 3);
        for _ in 0..5 {
            while let Some(batch) = passes.next_in_pass() {
                assert_eq!(batch, endless.next_endless());
            }
        }
        assert!(Shuffled::new(vec![], 4, 3).next_endless().is_empty());
    }

    #[test]
    fn batches_are_normalised_by_channel() {
        let shape = ImageShape::new(2, 1, 2).unwrap();
        let split = Split::new("test", shape, vec![0, 255, 51, 102, 9, 9, 9, 9], vec![0, 1]).unwrap();
        let normalisation = Normalisation { mean: vec![0.5, 0.2], std: vec![0.5, 0.1] };
        let mut out = vec![1.0];
        fill_batch(&split, &normalisation, &[0], &mut out);
        for (got, expected) in out.iter().zip([-1.0, 1.0, 0.0, 2.0]) {
            assert!((got - expected).abs() < 1e-6, "{out:?}");
        }
        assert_eq!(out.len(), 4);
    }
}
