//! The retained classes' side: stay right, and stay close to the teacher (paper: knowledge-distillation anchor).

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::pass::Retain;
use crate::kernels::{Number, RowLosses, Target, join, row_losses};
use crate::unlearning::loss::{cross_entropy, share_correct};

/// The two parts of L_retain, each `[1]`: `CE(z_r, y_r)` and `T² · KL(σ(z₀/T) ‖ σ(z_r/T))`, for logits and one-hot
/// labels `[B, K]`.
pub fn retain_loss(
    logits: Tensor<2>,
    one_hot: Tensor<2>,
    teacher_logits: Tensor<2>,
    temperature: f64,
) -> (Tensor<1>, Tensor<1>) {
    let teacher = log_softmax(teacher_logits / temperature, 1);
    let student = log_softmax(logits.clone() / temperature, 1);
    // The exponential of the logarithm, as the gradient of the student's side computes it, so that it is 0 where the two agree.
    let kd = (teacher.clone().exp() * (teacher - student)).sum_dim(1).mean() * (temperature * temperature);
    (cross_entropy(logits, one_hot), kd)
}

/// L_retain as a node of the graph, `CE + β · KD`, and CE, KD and the share of the batch that is recognised: all times `share`.
pub(super) fn retain_side(
    task: &Retain,
    logits: &Tensor<2>,
    one_hot: Tensor<2>,
    teacher_logits: Tensor<2>,
    share: f64,
) -> (Tensor<1>, Tensor<1>) {
    let Retain { kd_weight, temperature } = *task;
    let losses = RowLosses {
        logits,
        labels: &one_hot,
        target: Target::Teacher { logits: teacher_logits.clone(), temperature },
        cross_entropy: 1.0,
        divergence: kd_weight,
        share,
        numbers: &[Number::CrossEntropy, Number::Divergence, Number::Correct],
    };
    row_losses(&losses, None).unwrap_or_else(|| {
        let (ce, kd) = retain_loss(logits.clone(), one_hot.clone(), teacher_logits, temperature);
        let correct = share_correct(logits.clone().without_autodiff(), one_hot);
        let numbers = [ce.clone().without_autodiff(), kd.clone().without_autodiff(), correct];
        ((ce + kd * kd_weight) * share, join(numbers.map(|number| number * share).to_vec()))
    })
}

/// p_r, the mean of σ(θ₀(x)) over D_r, from the teacher's logits on D_r (rows of K).
pub fn retain_confusion(teacher_logits: &[f32], classes: usize) -> Vec<f32> {
    let mut sum = vec![0.0_f64; classes];
    let mut rows = 0;
    for row in teacher_logits.chunks_exact(classes) {
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max) as f64;
        let total: f64 = row.iter().map(|z| (*z as f64 - top).exp()).sum();
        for (sum, z) in sum.iter_mut().zip(row) {
            *sum += (*z as f64 - top).exp() / total;
        }
        rows += 1;
    }
    sum.into_iter().map(|p| (p / rows.max(1) as f64) as f32).collect()
}
