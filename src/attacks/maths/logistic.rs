use super::Rows;
use super::minimum::minimum;

/// A linear classifier: one row of weights and a bias for each class.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    classes: usize,
    /// `[K, D + 1]`, the bias last in each row.
    weights: Vec<f64>,
}

/// Multinomial logistic regression, `C · Σ CE + ½‖w‖²` with free biases, as scikit-learn has it; with two classes the same as
/// its binary one. `labels` are below `classes`.
pub(crate) fn head(features: &Rows, labels: &[usize], classes: usize, c: f64) -> Head {
    let row = features.width() + 1;
    let samples = features.len().max(1) as f64;
    // In the binary form there is one w where here there are w/2 and −w/2, whose squares add up to half of its own.
    let decay = if classes == 2 { 2.0 } else { 1.0 } / (c * samples);
    let function = |weights: &[f64], gradient: &mut [f64]| {
        let head = Weights { weights, row };
        let mut loss = 0.0;
        gradient.iter_mut().zip(weights).for_each(|(g, w)| *g = decay * w);
        for (gradient, weights) in gradient.chunks_exact_mut(row).zip(weights.chunks_exact(row)) {
            gradient[row - 1] = 0.0;
            loss += decay / 2.0 * weights[..row - 1].iter().map(|w| w * w).sum::<f64>();
        }
        for (x, &label) in features.iter().zip(labels) {
            let log_p = head.log_probabilities(x);
            loss -= log_p[label] / samples;
            for (class, gradient) in gradient.chunks_exact_mut(row).enumerate() {
                let error = (log_p[class].exp() - f64::from(u8::from(class == label))) / samples;
                gradient.iter_mut().zip(x).for_each(|(g, x)| *g += error * x);
                gradient[row - 1] += error;
            }
        }
        loss
    };
    Head { classes, weights: minimum(&function, vec![0.0; classes * row]) }
}

impl Head {
    /// ln p of each class.
    pub(crate) fn log_probabilities(&self, x: &[f64]) -> Vec<f64> {
        Weights { weights: &self.weights, row: self.weights.len() / self.classes }.log_probabilities(x)
    }

    /// The class that it takes a sample for.
    pub(crate) fn predict(&self, x: &[f64]) -> usize {
        let log_p = self.log_probabilities(x);
        (1..log_p.len()).fold(0, |best, class| if log_p[class] > log_p[best] { class } else { best })
    }
}

struct Weights<'a> {
    weights: &'a [f64],
    row: usize,
}

impl Weights<'_> {
    fn log_probabilities(&self, x: &[f64]) -> Vec<f64> {
        let logit = |w: &[f64]| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + w[self.row - 1];
        let mut logits: Vec<f64> = self.weights.chunks_exact(self.row).map(logit).collect();
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let log_sum = logits.iter().map(|z| (z - largest).exp()).sum::<f64>().ln() + largest;
        logits.iter_mut().for_each(|z| *z -= log_sum);
        logits
    }
}
