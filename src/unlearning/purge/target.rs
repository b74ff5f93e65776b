use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::Objective;
use crate::data::ClassRoles;
use crate::kernels::Target;
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
        Objective::Uniform => kl_divergence(even(&logits, roles), logits),
        Objective::GradientAscent => -cross_entropy(logits, one_hot),
        Objective::Conditional => {
            let own = logits.clone().without_autodiff();
            let excluded = excluded(&own, roles);
            kl_divergence(softmax(own + excluded, 1), logits)
        }
    }
}

/// The same for the kernels of the GPU: the target, and the weights of CE and of KL.
pub(super) fn kernel_target(
    objective: Objective,
    logits: &Tensor<2>,
    retain_confusion: &Tensor<2>,
    roles: &ClassRoles,
) -> (Target, [f64; 2]) {
    match objective {
        Objective::RetainConfusion => (Target::Probabilities(retain_confusion.clone()), [0.0, 1.0]),
        Objective::Uniform => (Target::Probabilities(even(logits, roles)), [0.0, 1.0]),
        Objective::GradientAscent => (Target::None, [-1.0, 0.0]),
        Objective::Conditional => (Target::Own { excluded: excluded(logits, roles) }, [0.0, 1.0]),
    }
}

/// The same probability for each class that was not forgotten before, `[1, K]`.
fn even(logits: &Tensor<2>, roles: &ClassRoles) -> Tensor<2> {
    let even = |class| if roles.forgotten.contains(&class) { 0.0 } else { 1.0 };
    let even: Vec<f32> = (0..logits.dims()[1]).map(even).collect();
    let sum: f32 = even.iter().sum();
    (Tensor::<1>::from_floats(even.as_slice(), &logits.device().without_autodiff()) / sum).unsqueeze()
}

/// What takes the classes out of a softmax that are not retained, `[1, K]`.
fn excluded(logits: &Tensor<2>, roles: &ClassRoles) -> Tensor<2> {
    let excluded = |class| if roles.retains(class) { 0.0 } else { EXCLUDED };
    let excluded: Vec<f32> = (0..logits.dims()[1]).map(excluded).collect();
    Tensor::<1>::from_floats(excluded.as_slice(), &logits.device().without_autodiff()).unsqueeze()
}
