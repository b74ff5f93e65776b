use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::Objective;
use crate::data::ClassRoles;
use crate::unlearning::loss::{cross_entropy, kl_divergence};
use crate::unlearning::run::EXCLUDED;

/// L_objective on a forget batch, `[1]`: what the forgotten class's outputs are drawn to. KL is target ‖ model, as the
/// authors' program has it. `logits` and `one_hot` are `[B, K]`, `retain_confusion` is p_r `[1, K]`.
/// Classes that earlier runs forgot are no part of any target.
pub fn forget_objective(
    objective: Objective,
    logits: Tensor<2>,
    one_hot: Tensor<2>,
    retain_confusion: Tensor<2>,
    roles: &ClassRoles,
) -> Tensor<1> {
    match objective {
        Objective::RetainConfusion => kl_divergence(retain_confusion, logits),
        Objective::Uniform => {
            let even = |class| if roles.forgotten.contains(&class) { 0.0 } else { 1.0 };
            let even: Vec<f32> = (0..logits.dims()[1]).map(even).collect();
            let sum: f32 = even.iter().sum();
            let even = Tensor::<1>::from_floats(even.as_slice(), &retain_confusion.device());
            kl_divergence((even / sum).unsqueeze(), logits)
        }
        Objective::GradientAscent => -cross_entropy(logits, one_hot),
        Objective::Conditional => {
            let own = logits.clone().without_autodiff();
            let excluded = |class| if roles.retains(class) { 0.0 } else { EXCLUDED };
            let excluded: Vec<f32> = (0..own.dims()[1]).map(excluded).collect();
            let excluded = Tensor::<1>::from_floats(excluded.as_slice(), &own.device());
            kl_divergence(softmax(own + excluded.unsqueeze(), 1), logits)
        }
    }
}
