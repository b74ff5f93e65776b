use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

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
            // Lowering the logit by 1e4 makes its probability 0 in 32-bit floats, without the NaN that −∞ · 0 would give.
            let barred: Vec<f32> =
                (0..own.dims()[1]).map(|class| if class == forget_class { 1e4 } else { 0.0 }).collect();
            let barred = Tensor::<1>::from_floats(barred.as_slice(), &own.device());
            kl_divergence(softmax(own - barred.unsqueeze(), 1), logits)
        }
    }
}
