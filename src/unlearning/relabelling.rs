//! Steps that teach D_f wrong labels and D_r its own: what [random labels](super::random_labels) and [SalUn](super::salun) share.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::constant;
use super::descent::{Descent, Side, named};
use super::method::{Pass, ScalarInfo, Scalars, Stepping, Steps};
use super::run::{Batch, Epochs, Samples};
use crate::data::{ClassRoles, Shuffled};
use crate::kernels::join;
use crate::model::Network;
use crate::work::Hands;

/// Which labels the samples of D_f get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Labels {
    /// One of the retained classes, drawn once (Graves et al.). D_f and D_r are shuffled together.
    Others,
    /// One of all classes, the truth among them, drawn anew for each pass (Fan et al.). An epoch is a pass over D_f, then one over D_r.
    /// What earlier runs forgot is never drawn.
    All,
}

/// What both methods have of their own, and what the draws depend on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RelabellingConfig {
    pub labels: Labels,
    #[serde(skip_serializing)]
    seed: u64,
    #[serde(skip_serializing)]
    batch_size: usize,
}

impl RelabellingConfig {
    pub(super) fn of(labels: Labels) -> Self {
        Self { labels, seed: 0, batch_size: 1 }
    }
}

pub(super) const SCALARS: &[ScalarInfo] = &[
    ScalarInfo::number("batch_ce", "CE(z, y) of the labels that the batch is taught"),
    ScalarInfo::number("batch_accuracy", "Percent of the batch answered as it is taught, before the step"),
    ScalarInfo::number("forget_share", "Percent of the batch that is to be forgotten"),
    ScalarInfo::number("update_norm", "‖g‖ before clipping"),
];

/// The classes that may be drawn.
fn choices(labels: Labels, roles: &ClassRoles, classes: usize) -> Vec<usize> {
    let may = |&class: &usize| match labels {
        Labels::Others => roles.retains(class),
        Labels::All => !roles.forgotten.contains(&class),
    };
    (0..classes).filter(may).collect()
}

/// A seed of its own, or the labels would go with the order of the batches.
fn rng_of(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed ^ 0x1abe1)
}

/// So many labels, each of the choices as likely as any other.
fn draw(count: usize, choices: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
    (0..count).map(|_| choices[rng.random_range(0..choices.len())]).collect()
}

#[derive(Debug, Clone)]
pub(super) struct Relabelling {
    descent: Descent,
    /// The label of each sample of D_f, in the order of its indices.
    drawn: Arc<Vec<usize>>,
    walk: Walk,
}

/// Where the batches come from.
#[derive(Debug, Clone)]
enum Walk {
    /// D_f and D_r together.
    Mixed(Shuffled),
    /// D_f, then D_r; before each pass over D_f its labels are drawn of the choices.
    InTurn { choices: Vec<usize>, rng: ChaCha8Rng, step: usize },
}

impl Relabelling {
    pub(super) fn new(descent: Descent, config: &RelabellingConfig, samples: &Samples) -> Self {
        let &RelabellingConfig { labels, seed, batch_size } = config;
        let choices = choices(labels, samples.roles(), samples.dataset().classes());
        let mut rng = rng_of(seed);
        match labels {
            Labels::Others => {
                let drawn = draw(samples.forget_indices().len(), &choices, &mut rng);
                let all = [samples.forget_indices(), samples.retain_indices()].concat();
                Self { descent, drawn: drawn.into(), walk: Walk::Mixed(Shuffled::new(all, batch_size, seed ^ 0xa11)) }
            }
            Labels::All => Self { descent, drawn: Arc::default(), walk: Walk::InTurn { choices, rng, step: 0 } },
        }
    }

    /// The next batch with the labels that it is taught, and how many samples in it are of D_f.
    fn next(&mut self, samples: &mut Samples) -> (Batch, usize) {
        let batch = match &mut self.walk {
            Walk::Mixed(batches) => samples.batch(batches.next_endless().to_vec()),
            Walk::InTurn { choices, rng, step } => {
                let at = *step % samples.batches_per_pass(Pass::Both);
                *step += 1;
                if at == 0 {
                    self.drawn = draw(samples.forget_indices().len(), choices, rng).into();
                }
                if at >= samples.batches_per_pass(Pass::Forget) {
                    return (samples.next_retain(), 0);
                }
                samples.next_forget()
            }
        };
        let place = |index: &usize| samples.forget_indices().binary_search(index);
        let own = samples.dataset().train.labels();
        let label = |index: &usize| place(index).map_or(own[*index].into(), |place| self.drawn[place]);
        let labels: Vec<usize> = batch.indices.iter().map(label).collect();
        let forgotten = batch.indices.iter().filter(|&index| place(index).is_ok()).count();
        (samples.relabelled(batch, &labels), forgotten)
    }
}

impl Steps for Relabelling {
    fn step<'a>(
        &'a mut self,
        network: &'a mut Network,
        samples: &'a mut Samples,
        hands: &'a dyn Hands,
    ) -> Stepping<'a> {
        let (batch, forgotten) = self.next(samples);
        Box::pin(async move {
            let share = forgotten as f64 / batch.indices.len().max(1) as f64;
            let numbers = self.descent.step(network, Side::of_labels(&batch, 1.0), hands).await;
            join(vec![numbers, constant(network, share)])
        })
    }

    fn epochs(&self) -> Option<Epochs> {
        match &self.walk {
            Walk::Mixed(batches) => Some(Epochs::alike(batches.batches_per_pass())),
            Walk::InTurn { .. } => None,
        }
    }

    fn packed_len(&self) -> usize {
        Descent::PACKED_LEN + 1
    }

    fn report(&self, packed: &[f32]) -> Scalars {
        let names = [("batch_ce", 1.0), ("batch_accuracy", 100.0), ("update_norm", 1.0), ("forget_share", 100.0)];
        named(packed, names)
    }

    fn boxed_clone(&self) -> Box<dyn Steps> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_drawn_evenly_and_of_the_right_classes() {
        let roles = ClassRoles::new(vec![3], &[7]);
        let others = choices(Labels::Others, &roles, 10);
        let all = choices(Labels::All, &roles, 10);
        assert_eq!(others, [0, 1, 2, 4, 5, 6, 8, 9]);
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 8, 9]);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for choices in [others, all] {
            let drawn = draw(9000, &choices, &mut rng);
            for class in 0..10 {
                let count = drawn.iter().filter(|&&label| label == class).count() as f64;
                let expected = if choices.contains(&class) { 9000.0 / choices.len() as f64 } else { 0.0 };
                assert!((count - expected).abs() <= 4.0 * expected.sqrt(), "{class}: {count}, {expected}");
            }
        }
    }

    /// The recorded steps of `tests/fixtures/rivals` were taken with these.
    #[test]
    fn the_labels_of_the_recorded_steps() {
        let of = |labels| {
            let (choices, mut rng) = (choices(labels, &1.into(), 3), rng_of(0));
            [draw(8, &choices, &mut rng), draw(8, &choices, &mut rng)]
        };
        assert_eq!(of(Labels::Others)[0], [2, 0, 2, 0, 2, 2, 2, 0]);
        assert_eq!(of(Labels::All), [[2, 0, 1, 0, 1, 1, 2, 0], [2, 2, 2, 2, 2, 1, 2, 1]]);
    }

    /// The best that a network can answer to labels drawn of n classes is every class alike.
    #[test]
    fn the_best_loss_on_random_labels_is_that_of_guessing() {
        let best = |choices: &[usize]| {
            let p = 1.0 / choices.len() as f64;
            -choices.iter().map(|_| p * p.ln()).sum::<f64>()
        };
        assert!((best(&choices(Labels::Others, &3.into(), 10)) - 2.197).abs() < 1e-3);
        assert!((best(&choices(Labels::All, &3.into(), 10)) - 2.303).abs() < 1e-3);
    }
}
