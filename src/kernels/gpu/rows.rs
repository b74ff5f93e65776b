use burn::backend::Cube;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{Shape, Tensor};
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops};
use burn_cubecl::tensor::CubeTensor;

use super::launch::{Kernel, STEP, Word, empty, padded};
use super::place::{buffer, node, part, tensor};
use crate::kernels::{Number, Pull, RowLosses, Target};

static ROWS: Kernel = Kernel {
    name: "rows",
    inputs: &["logits", "labels", "target_rows"],
    outputs: &["gradient", "numbers"],
    source: include_str!("rows.wgsl"),
};
static PULL: Kernel = Kernel {
    name: "pull",
    inputs: &["a", "b", "c", "means"],
    outputs: &["gradient", "numbers"],
    source: include_str!("pull.wgsl"),
};
static MEANS: Kernel =
    Kernel { name: "means", inputs: &["a", "b", "c"], outputs: &["means"], source: include_str!("means.wgsl") };

/// Where the kernels put the loss, behind the numbers that are asked for.
const LOSS: usize = STEP;

/// The loss as a node of the graph, and the numbers.
pub(in crate::kernels) fn row_losses(losses: &RowLosses<'_>, pull: Option<&Pull<'_>>) -> (Tensor<1>, Tensor<1>) {
    let logits = buffer(losses.logits);
    let [rows, classes] = losses.logits.dims();
    let mut len = padded(rows * classes);
    let starts = pull.map(|pull| {
        pull.taps.each_ref().map(|tap| {
            let start = len;
            len += padded(tap.dims().iter().product());
            start
        })
    });
    let gradient = empty(&logits, [len]);
    let numbers = empty(&logits, [LOSS + STEP]);
    find_losses(losses, &logits, &gradient, &numbers);
    let count = losses.numbers.len() + usize::from(pull.is_some());
    if let (Some(pull), Some(starts)) = (pull, starts) {
        find_pull(pull, starts, losses.share, count - 1, &gradient, &numbers);
    }
    let loss = part(&numbers, LOSS, [1]);
    let of_logits = (0, losses.logits.dims());
    let loss = match (pull, starts) {
        (Some(Pull { taps, .. }), Some(starts)) => {
            let [a, b, c] = taps;
            let parts = [of_logits, (starts[0], a.dims()), (starts[1], b.dims()), (starts[2], c.dims())];
            node([losses.logits.into(), a.into(), b.into(), c.into()], Known, State { gradient, parts }, loss)
        }
        _ => node([losses.logits.into()], Known, State { gradient, parts: [of_logits] }, loss),
    };
    (loss, tensor(part(&numbers, 0, [count])))
}

fn find_losses(losses: &RowLosses<'_>, logits: &CubeTensor, gradient: &CubeTensor, numbers: &CubeTensor) {
    let [rows, classes] = losses.logits.dims();
    let labels = buffer(losses.labels);
    let (kind, target, temperature) = match &losses.target {
        Target::None => (0, None, 1.0),
        Target::Probabilities(target) => (1, Some(target), 1.0),
        Target::Teacher { logits, temperature } => (2, Some(logits), *temperature),
        Target::Own { excluded } => (3, Some(excluded), 1.0),
    };
    let stride = target.map_or(classes, |target| if target.dims()[0] == 1 { 0 } else { classes });
    let target = target.map_or_else(|| labels.clone(), buffer);
    let place = |number| losses.numbers.iter().position(|&asked| asked == number).unwrap_or(LOSS);
    let mut info: Vec<Word> = [rows, classes, kind, stride].map(Word::from).to_vec();
    info.extend([temperature, losses.cross_entropy, losses.divergence, losses.share].map(Word::from));
    let asked = [Number::CrossEntropy, Number::Divergence, Number::Entropy, Number::Correct, Number::Loss];
    info.extend(asked.map(|number| Word::from(place(number))));
    ROWS.launch(1, &[logits, &labels, &target], &[gradient, numbers], &info);
}

fn find_pull(
    pull: &Pull<'_>,
    starts: [usize; 3],
    share: f64,
    place: usize,
    gradient: &CubeTensor,
    numbers: &CubeTensor,
) {
    let [a, b, c] = pull.taps.each_ref().map(buffer);
    let channels = pull.taps.each_ref().map(|tap| tap.dims()[1]);
    let mut info: Vec<Word> = vec![pull.taps[0].dims()[0].into()];
    info.extend(channels.iter().chain(&starts).map(|&number| Word::from(number)));
    info.extend([Word::from(pull.weight), Word::from(share), Word::from(place)]);
    PULL.launch(1, &[&a, &b, &c, &buffer(pull.means)], &[gradient, numbers], &info);
}

/// The means of three taps `[B, C]` over the batch, one after the other, times `share`.
pub(in crate::kernels) fn tap_means(taps: &[Tensor<2>; 3], share: f64) -> Tensor<1> {
    let [a, b, c] = taps.each_ref().map(buffer);
    let channels = taps.each_ref().map(|tap| tap.dims()[1]);
    let len = channels.iter().sum();
    let means = empty(&a, [len]);
    let mut info: Vec<Word> = vec![taps[0].dims()[0].into()];
    info.extend(channels.map(Word::from));
    info.push(share.into());
    MEANS.launch(len, &[&a, &b, &c], &[&means], &info);
    tensor(means)
}

/// The gradient of a loss was found with it.
#[derive(Debug)]
struct Known;

/// The gradient of N tensors: where each begins, and its shape.
#[derive(Debug, Clone)]
struct State<const N: usize> {
    gradient: CubeTensor,
    parts: [(usize, [usize; 2]); N],
}

impl<const N: usize> Backward<Cube, N> for Known {
    type State = State<N>;

    fn backward(self, ops: Ops<State<N>, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let outer = gradients.consume::<Cube>(&ops.node);
        let State { gradient, parts } = ops.state;
        let gradient = Cube::float_mul(gradient, outer);
        for (parent, (start, shape)) in ops.parents.into_iter().zip(parts) {
            if let Some(node) = parent {
                gradients.register::<Cube>(node.id, part(&gradient, start, Shape::from(shape)));
            }
        }
    }
}
