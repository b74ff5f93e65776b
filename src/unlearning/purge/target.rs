use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor};

use super::Objective;
use crate::unlearning::loss::{cross_entropy, kl_divergence};

/// L_objective on a forget batch, `[1]`: what the forgotten class's outputs are drawn to. KL is target ‖ model, as the
/// authors' program has it. `logits` and `one_hot` are `[B, K]`, `retain_confusion` is p_r `[1, K]`.
pub fn forget_objective(
    objective: Objective,
    logits: Tensor<2>,
    one_hot: Tensor<2>,
    retain_confusion: Tensor<2>,
    forget_class: usize,
) -> Tensor<1> {
    match objective {
        Objective::RetainConfusion => kl_divergence(retain_confusion, logits),
        Objective::Uniform => {
            let classes = logits.dims()[1];
            kl_divergence(Tensor::full([1, classes], 1.0 / classes as f64, &retain_confusion.device()), logits)
        }
        Objective::GradientAscent => -cross_entropy(logits, one_hot),
        Objective::Conditional => {
            let own = logits.clone().without_autodiff();
            let index = Tensor::<1, Int>::from_data([forget_class as i32], &own.device());
            let [batch, _] = own.dims();
            let barred = Tensor::full([batch, 1], 1e4, &own.device());
            // Lowering the logit by 1e4 makes its probability 0 in 32-bit floats, without the NaN that −∞ · 0 would give.
            let column = one_hot_column(&own, index);
            kl_divergence(softmax(own - column * barred, 1), logits)
        }
    }
}

/// `[1, K]`, 1 at the index.
fn one_hot_column(like: &Tensor<2>, index: Tensor<1, Int>) -> Tensor<2> {
    let classes = like.dims()[1];
    Tensor::zeros([1, classes], &like.device()).slice_assign([0..1, 0..classes], index.one_hot::<2>(classes).float())
}
