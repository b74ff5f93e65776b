use burn::tensor::Tensor;

use super::pass::Erase;
use super::target::{forget_objective, kernel_target};
use crate::kernels::{Number, Pull, RowLosses, join, row_losses};
use crate::unlearning::loss::{cross_entropy, entropy, share_correct};

/// L_rep (paper: representation erasure): the forget batch's taps are drawn to the mean of the retain batch's taps,
/// `[1, C]` each and held fixed. The mean over taps of the squared error averaged over batch and channels, `[1]`.
pub fn representation_loss(forget_taps: &[Tensor<2>; 3], retain_means: &[Tensor<2>; 3]) -> Tensor<1> {
    let errors =
        forget_taps.iter().zip(retain_means).map(|(forget, centre)| (forget.clone() - centre.clone()).square().mean());
    Tensor::cat(errors.collect(), 0).mean()
}

/// Where H and CE are among the numbers of [`forget_side`].
pub(super) const ENTROPY: usize = 1;
pub(super) const CROSS_ENTROPY: usize = 0;

/// The loss of the forget batch as a node of the graph, `L_objective + λ · L_rep`, and CE, H, L_objective, the share of the batch that
/// is recognised, and L_rep: all times `share`. `retain_confusion` is p_r `[1, K]`, `retain_means` are the means of the taps.
pub(super) fn forget_side(
    task: &Erase,
    (logits, taps): (&Tensor<2>, &[Tensor<2>; 3]),
    one_hot: Tensor<2>,
    retain_confusion: Tensor<2>,
    retain_means: Tensor<1>,
    share: f64,
) -> (Tensor<1>, Tensor<1>) {
    let Erase { objective, representation_weight, roles } = task;
    let (target, [a, b]) = kernel_target(*objective, logits, &retain_confusion, roles);
    let losses = RowLosses {
        logits,
        labels: &one_hot,
        target,
        cross_entropy: a,
        divergence: b,
        share,
        numbers: &[Number::CrossEntropy, Number::Entropy, Number::Loss, Number::Correct],
    };
    let pull = Pull { taps, means: &retain_means, weight: *representation_weight };
    row_losses(&losses, Some(&pull)).unwrap_or_else(|| {
        let mut start = 0;
        let means = taps.each_ref().map(|tap| {
            let [_, channels] = tap.dims();
            start += channels;
            retain_means.clone().narrow(0, start - channels, channels).unsqueeze()
        });
        let objective = forget_objective(*objective, logits.clone(), one_hot.clone(), retain_confusion, roles);
        let representation = representation_loss(taps, &means);
        let loss = (objective.clone() + representation.clone() * *representation_weight) * share;
        let answers = logits.clone().without_autodiff();
        let numbers = [
            cross_entropy(answers.clone(), one_hot.clone()),
            entropy(answers.clone()),
            objective.without_autodiff(),
            share_correct(answers, one_hot),
            representation.without_autodiff(),
        ];
        (loss, join(numbers.map(|number| number * share).to_vec()))
    })
}
