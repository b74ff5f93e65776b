use burn_cubecl::tensor::CubeTensor;

use super::launch::{Kernel, LAYER_THREADS, MOST_GROUPS, Word, empty, groups};

static CONVOLVE: Kernel = Kernel {
    name: "convolve",
    inputs: &["x", "weight", "bias"],
    outputs: &["y"],
    source: include_str!("convolve.wgsl"),
};
static CONVOLVE_ANY: Kernel = Kernel {
    name: "convolve_any",
    inputs: &["x", "weight", "bias"],
    outputs: &["y"],
    source: include_str!("convolve_any.wgsl"),
};
static WEIGHTS: Kernel =
    Kernel { name: "weights", inputs: &["x", "dy"], outputs: &["found"], source: include_str!("weights.wgsl") };
static WEIGHTS_ANY: Kernel =
    Kernel { name: "weights_any", inputs: &["x", "dy"], outputs: &["found"], source: include_str!("weights_any.wgsl") };

/// Pixels of a thread of the convolution that most are, and its output channels.
const CONVOLVED: [usize; 2] = [4, 8];
/// Output channels of a thread of any convolution, and of any weights' gradient.
const FOUR: usize = 4;
/// How many threads shall look for the weights' gradient that most are, and for any other, whose threads have one weight of a channel
/// instead of nine.
const SEEKERS: [usize; 2] = [8192, 32_768];
/// Among how many parts the rows of the images are shared at most.
const MOST_PARTS: usize = 256;

/// A convolution of an odd side, padded by half of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Convolution {
    pub images: usize,
    pub input: usize,
    pub output: usize,
    /// Height and width of the images.
    pub from: [usize; 2],
    pub side: usize,
    pub stride: usize,
}

impl Convolution {
    /// Height and width of the result.
    pub(super) fn to(self) -> [usize; 2] {
        self.from.map(|side| (side - 1) / self.stride + 1)
    }

    pub(super) fn result(self) -> [usize; 4] {
        let [height, width] = self.to();
        [self.images, self.output, height, width]
    }

    fn weights(self) -> usize {
        self.output * self.input * self.side * self.side
    }

    /// Whether it is one of those that most are, for which there are quicker kernels. Their pixels are in one direction of a dispatch.
    fn is_usual(self) -> bool {
        let [height, width] = self.from;
        [self.side, self.stride] == [3, 1]
            && self.output.is_multiple_of(FOUR)
            && self.images * height * width <= MOST_GROUPS * LAYER_THREADS
    }

    pub(super) fn forward(self, x: &CubeTensor, weight: &CubeTensor, bias: &CubeTensor) -> CubeTensor {
        let y = empty(x, self.result());
        let of_input = self.side * self.side;
        self.convolve([x, weight, bias], &y, [self.input * of_input, of_input], false);
        y
    }

    pub(super) fn input_gradient(self, dy: &CubeTensor, weight: &CubeTensor) -> CubeTensor {
        let [height, width] = self.from;
        let dx = empty(dy, [self.images, self.input, height, width]);
        let of_input = self.side * self.side;
        self.convolve([dy, weight, weight], &dx, [of_input, self.input * of_input], true);
        dx
    }

    /// `apart` are the weights of two channels of the result, and of two that are read.
    fn convolve(self, inputs: [&CubeTensor; 3], result: &CubeTensor, apart: [usize; 2], back: bool) {
        let Self { images, side, stride, .. } = self;
        let ends = [(self.input, self.from), (self.output, self.to())];
        let [(input, [height, width]), (output, [rows, columns])] = if back { [ends[1], ends[0]] } else { ends };
        let flags = [back.into(), (!back).into()];
        if self.is_usual() {
            let [pixels, channels] = CONVOLVED;
            let threads = images * height.div_ceil(pixels) * width;
            let info = [[images, input, output, height, width].as_slice(), &apart, &flags].concat();
            let groups = [threads.div_ceil(LAYER_THREADS), output.div_ceil(channels)];
            return CONVOLVE.start(groups, &inputs, &[result], &words(&info));
        }
        let steps = if back { [1, stride] } else { [stride, 1] };
        let sizes = [images, input, height, width, output, rows, columns, side];
        let info = [sizes.as_slice(), &steps, &apart, &flags].concat();
        let threads = images * output.div_ceil(FOUR) * rows * columns;
        CONVOLVE_ANY.start(groups(threads), &inputs, &[result], &words(&info));
    }

    /// The gradient of the weights in parts, which are to be added up: `[parts, weights]`.
    pub(super) fn weight_gradients(self, x: &CubeTensor, dy: &CubeTensor) -> CubeTensor {
        let Self { images, input, output, from: [height, width], side, stride } = self;
        let [rows, columns] = self.to();
        let fours = output.div_ceil(FOUR);
        let usual = self.is_usual();
        let (tiles, threads) =
            if usual { (fours * input, SEEKERS[0]) } else { (fours * input * side * side, SEEKERS[1]) };
        let parts = (threads / tiles).clamp(1, MOST_PARTS.min(images * rows));
        let found = empty(dy, [parts, self.weights()]);
        let (kernel, info) = if usual {
            (&WEIGHTS, words(&[images, input, output, height, width, parts]))
        } else {
            (&WEIGHTS_ANY, words(&[images, input, height, width, output, rows, columns, side, stride, parts]))
        };
        kernel.start(groups(parts * tiles), &[x, dy], &[&found], &info);
        found
    }
}

fn words(numbers: &[usize]) -> Vec<Word> {
    numbers.iter().copied().map(Word::from).collect()
}
