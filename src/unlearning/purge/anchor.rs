//! The retained classes' side: stay right, and stay close to the teacher (paper: knowledge-distillation anchor).

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use crate::unlearning::loss::cross_entropy;

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
