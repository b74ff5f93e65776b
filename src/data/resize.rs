use super::{ImageShape, Split};
use crate::Result;

/// Down-samples every image of a split to `height` × `width` by area: each new pixel is the mean of what it covers, parts
/// of pixels counted as parts. `file` is for messages.
pub(super) fn shrink(file: &str, split: &Split, height: usize, width: usize) -> Result<Split> {
    let from = split.shape();
    let (rows, columns) = (Cover::all(from.height, height), Cover::all(from.width, width));
    let mut pixels = Vec::with_capacity(split.len() * from.channels * height * width);
    // Along one axis and then the other: the mean over a rectangle is a mean of means.
    let mut narrow = vec![0.0_f32; from.height * width];
    for plane in split.pixels().chunks_exact(from.height * from.width) {
        for (row, narrow) in plane.chunks_exact(from.width).zip(narrow.chunks_exact_mut(width)) {
            for (cover, value) in columns.iter().zip(narrow) {
                *value = cover.mean(|at| f32::from(row[at]));
            }
        }
        for cover in &rows {
            pixels.extend((0..width).map(|column| cover.mean(|at| narrow[at * width + column]).round() as u8));
        }
    }
    Split::new(file, ImageShape { height, width, ..from }, pixels, split.labels().to_vec())
}

/// The old pixels under a new one, along one axis.
struct Cover {
    first: usize,
    weights: Vec<f32>,
}

impl Cover {
    fn all(from: usize, to: usize) -> Vec<Self> {
        let scale = from as f64 / to as f64;
        (0..to)
            .map(|at| {
                let (start, end) = (at as f64 * scale, (at + 1) as f64 * scale);
                let first = start as usize;
                let last = (end.ceil() as usize).min(from);
                let part = |pixel: usize| (end.min((pixel + 1) as f64) - start.max(pixel as f64)) / scale;
                Self { first, weights: (first..last).map(|pixel| part(pixel) as f32).collect() }
            })
            .collect()
    }

    fn mean(&self, value: impl Fn(usize) -> f32) -> f32 {
        self.weights.iter().zip(self.first..).map(|(weight, at)| weight * value(at)).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shrunk(pixels: &[u8], from: [usize; 2], to: [usize; 2]) -> Vec<u8> {
        let shape = ImageShape { channels: 1, height: from[0], width: from[1] };
        let split = Split::new("x", shape, pixels.to_vec(), vec![0]).unwrap();
        shrink("x", &split, to[0], to[1]).unwrap().pixels().to_vec()
    }

    #[test]
    fn pixels_are_means_of_what_they_cover() {
        assert_eq!(shrunk(&[0, 10, 20, 30, 100, 110, 120, 130], [2, 4], [1, 2]), [55, 75]);
        // Three to two: a whole pixel and half of the middle one.
        assert_eq!(shrunk(&[30, 60, 90], [1, 3], [1, 2]), [40, 80]);
        assert_eq!(shrunk(&[30, 60, 90], [3, 1], [2, 1]), [40, 80]);
    }

    proptest! {
        #[test]
        fn the_mean_stays(pixels in prop::collection::vec(any::<u8>(), 9 * 7), height in 1..=9_usize, width in 1..=7_usize) {
            let small = shrunk(&pixels, [9, 7], [height, width]);
            let mean = |pixels: &[u8]| pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / pixels.len() as f64;
            // Each new pixel is rounded to a whole number.
            prop_assert!((mean(&small) - mean(&pixels)).abs() <= 0.51, "{} {}", mean(&small), mean(&pixels));
        }
    }
}
