//! Outputs of networks, one by one and against those of another: probabilities of a row add up to 1.

use super::{Rows, mean};
use crate::evaluation::{argmax, log_softmax};

/// Below this a probability is taken for this, so that its logarithm is a number.
const LEAST: f64 = 1e-30;

/// `−(1 − p_y) ln p_y − Σ_{i≠y} p_i ln(1 − p_i)` of logits and their label: entropy that knows the truth (Song & Mittal, USENIX
/// Security 2021).
pub(crate) fn modified_entropy(logits: &[f32], label: usize) -> f64 {
    let log_p = log_softmax(logits);
    let p: Vec<f64> = log_p.iter().map(|log_p| log_p.exp()).collect();
    // 1 − p of a sure class from the other probabilities: by subtraction it would be rounded away.
    let others = |class: usize| p.iter().enumerate().filter(|(i, _)| *i != class).map(|(_, p)| p).sum::<f64>();
    let of_class = |class: usize| match class == label {
        true => others(class) * log_p[class].max(LEAST.ln()),
        false => p[class] * others(class).max(LEAST).ln(),
    };
    -(0..p.len()).map(of_class).sum::<f64>()
}

/// Half of the summed differences of two distributions, 0 to 1.
pub(crate) fn total_variation(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0
}

fn kl(p: &[f64], q: &[f64]) -> f64 {
    let terms = p.iter().zip(q).filter(|(p, _)| **p > 0.0);
    terms.map(|(p, q)| p * (p.max(LEAST) / q.max(LEAST)).ln()).sum()
}

fn js(p: &[f64], q: &[f64]) -> f64 {
    let middle: Vec<f64> = p.iter().zip(q).map(|(p, q)| (p + q) / 2.0).collect();
    (kl(p, &middle) + kl(q, &middle)) / 2.0
}

fn mean_of(p: &Rows, q: &Rows, of: impl Fn(&[f64], &[f64]) -> f64) -> f64 {
    mean(p.iter().zip(q.iter()).map(|(p, q)| of(p, q)))
}

/// The mean of KL(p ‖ q) over samples, nats.
pub(crate) fn kl_divergence(p: &Rows, q: &Rows) -> f64 {
    mean_of(p, q, kl)
}

/// The mean Jensen-Shannon divergence, nats, at most ln 2.
pub(crate) fn js_divergence(p: &Rows, q: &Rows) -> f64 {
    mean_of(p, q, js)
}

/// The mean ‖p − q‖₂ over samples, at most √2 (Chundawat et al., AAAI 2023).
pub(crate) fn activation_distance(p: &Rows, q: &Rows) -> f64 {
    distance(p, q)
}

/// The mean ‖a − b‖₂ over samples.
pub(crate) fn distance(a: &Rows, b: &Rows) -> f64 {
    mean_of(a, b, |a, b| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt())
}

/// The mean cos(a, b) over samples; of a sample whose features are 0 it is 0.
pub(crate) fn cosine(a: &Rows, b: &Rows) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    mean_of(a, b, |a, b| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(LEAST))
}

/// 1 − the mean Jensen-Shannon divergence from a network that knows nothing, in nats: near 1 the answers are as good as random
/// (Chundawat et al., AAAI 2023).
pub(crate) fn zrf(p: &Rows, ignorant: &Rows) -> f64 {
    1.0 - js_divergence(p, ignorant)
}

/// The share of samples of which two networks say the same class, 0 to 1; both logits `[N, K]`.
pub(crate) fn agreement(a: &[f32], b: &[f32], classes: usize) -> f64 {
    let pairs = a.chunks_exact(classes).zip(b.chunks_exact(classes));
    mean(pairs.map(|(a, b)| f64::from(u8::from(argmax(a) == argmax(b)))))
}

/// Π (1 − |a − b|) of the scores of two networks, as shares: the tug of war (Zhao et al., NeurIPS 2024).
pub(crate) fn tow(scores: [f64; 3], reference: [f64; 3]) -> f64 {
    scores.iter().zip(reference).map(|(a, b)| 1.0 - (a - b).abs()).product()
}
