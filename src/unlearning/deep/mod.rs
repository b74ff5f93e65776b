//! Ours: erase the class where it lives, then mask its row of the head.
//!
//! The last block and the head are drawn anew, the class's row of the head is 0 with a bias of −b and stays so, and a few
//! steps of AdamW along a one-cycle rate mend the rest:
//!
//! L = CE(z_r, y_r) + T²·KL(σ(z₀∖k/T) ‖ σ(z_r∖k/T)) + λ·L_cm,
//!
//! where ∖k leaves out what is not retained, and L_cm draws the inner activations of each forget image to where the
//! retained classes have theirs, mixed as θ₀ would answer if it did not know the class.
//!
//! As in PURGE's strict mode no step goes against the retain gradient g_r, that of CE and KL: what AdamW would take from the weights, its
//! memory and its decay included, loses the part that does.
//!
//! The last step gives the layers drawn anew, and the features, the size that they had (`size`), for how soon a network learns depends
//! on it.
//!
//! With its row masked nothing is ever recognised as the class: forget accuracy is 0 by construction and says nothing.
//! What says something is how soon the class is learnt again, and what of it can be read from the features.

mod means;
mod method;
mod pass;
mod size;
mod start;
#[cfg(test)]
mod tests;

pub use method::Deep;
#[cfg(feature = "cpu")]
pub(crate) use pass::{Mend, Settle};

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;
use serde::{Deserialize, Serialize};

use crate::kernels::{dot, join, square};
use crate::model::{Network, Norm};
use crate::training::{Optimizer, OptimizerKind, one_cycle};
use crate::unlearning::purge::project;
use crate::unlearning::run::Batch;
use crate::work::{Hands, Work, exactly, samples_at_once};
use means::ClassMeans;

/// The settings of `deep`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeepConfig {
    /// How many.
    pub steps: usize,
    /// b; 0 for what the retained classes' own logits say.
    pub head_offset: f64,
    /// λ, weight of L_cm.
    pub class_mean_weight: f64,
    /// T
    pub temperature: f64,
    /// The highest of the cycle.
    pub learning_rate: f64,
    /// w
    pub weight_decay: f64,
    /// Samples in a pass; 0 for as many as the network's memory allows.
    pub samples_at_once: usize,
}

/// The share of the steps in which the rate goes up.
const WARM_UP: f64 = 0.2;

/// The method between two steps.
#[derive(Debug, Clone)]
pub(crate) struct Deepening {
    config: DeepConfig,
    /// Where the first step begins.
    start: Option<Network>,
    /// 0 at the masked rows of the head and 1 elsewhere, `[P]`.
    free: Tensor<1>,
    /// What takes the classes out of a softmax that are not retained, `[1, K]`.
    excluded: Tensor<2>,
    means: ClassMeans,
    optimizer: Optimizer,
    step: usize,
    /// θ₀; none before the first step.
    before: Option<Network>,
}

/// What a step sees: a batch, and what θ₀ says of it.
pub(super) struct Lesson<'a> {
    pub batch: &'a Batch,
    pub teacher: Tensor<2>,
}

impl Deepening {
    const PACKED_LEN: usize = 8;

    fn new(config: DeepConfig, start: start::Start) -> Self {
        let start::Start { network, free, excluded } = start;
        Self {
            optimizer: Optimizer::new(OptimizerKind::AdamW, config.weight_decay),
            means: ClassMeans::none(network.architecture().classes(), &network.parameters().flat().device()),
            start: Some(network),
            free,
            excluded,
            config,
            step: 0,
            before: None,
        }
    }

    /// One step. Gives CE, KD and the share that is recognised of the retain batch, L_cm of the forget batch, ‖g‖, ⟨v, g_r⟩, ‖v‖² and
    /// ‖g_r‖², v being what is taken from the weights.
    async fn one(&mut self, network: &mut Network, [retain, forget]: [Lesson<'_>; 2], hands: &dyn Hands) -> Tensor<1> {
        if let Some(start) = self.start.take() {
            self.before = Some(std::mem::replace(network, start));
        }
        let (of_retain, numbers) = self.mend(network, &retain, hands).await;
        let (of_forget, settled) = self.settle(network, &forget, hands).await;
        let of_retain = of_retain * self.free.clone();
        let gradient = of_retain.clone() + of_forget * self.free.clone() * self.config.class_mean_weight;
        let norm = square(&gradient).sqrt();
        let rate = one_cycle(self.step, self.config.steps, self.config.learning_rate, WARM_UP);
        let theta = network.parameters().flat();
        let next = self.optimizer.step(rate, theta.clone(), gradient);
        let direction = project((theta.clone() - next) * self.free.clone(), &of_retain);
        let against = [dot(&direction, &of_retain), square(&direction), square(&of_retain)];
        network.parameters_mut().set_flat(theta - direction);
        self.step += 1;
        if let (Some(before), true) = (&self.before, self.step == self.config.steps) {
            size::restore(network, before, retain.batch, hands).await;
        }
        let [conflict, squares @ ..] = against;
        join([numbers, settled, norm, conflict].into_iter().chain(squares).collect())
    }

    /// The retain batch: its gradient and numbers; its activations go into the running means.
    async fn mend(&mut self, network: &mut Network, retain: &Lesson<'_>, hands: &dyn Hands) -> (Tensor<1>, Tensor<1>) {
        let task = pass::Mend { temperature: self.config.temperature };
        let leaves = network.parameters().leaves();
        let rows = vec![retain.batch.labels.clone(), retain.teacher.clone()];
        let outcome = if network.architecture().norm() == Norm::Batch {
            // The block drawn anew has statistics to learn, so the batch goes through whole, as in training.
            let images = retain.batch.images().on(&self.free.device());
            let output = network.forward_training(&leaves, images);
            task.of_answers(&leaves, output, [&rows[0], &rows[1]], &self.excluded, 1.0)
        } else {
            let images = retain.batch.images();
            let at_once = samples_at_once(network, &images, self.config.samples_at_once);
            let work = Work { task: &task, images, rows, common: vec![self.excluded.clone()] };
            work.sum(hands, network, &leaves, at_once).await
        };
        let [gradient, numbers, taps, squares, counts] = exactly(outcome);
        self.means.follow(taps, squares, counts);
        (gradient, numbers)
    }

    /// The forget batch: the gradient of L_cm, and L_cm.
    async fn settle(&self, network: &Network, forget: &Lesson<'_>, hands: &dyn Hands) -> (Tensor<1>, Tensor<1>) {
        let leaves = network.parameters().leaves();
        let answers = softmax(forget.teacher.clone() + self.excluded.clone(), 1);
        let images = forget.batch.images();
        let at_once = samples_at_once(network, &images, self.config.samples_at_once);
        let rows = vec![self.means.mixed(answers)];
        let work = Work { task: &pass::Settle {}, images, rows, common: vec![self.means.spread()] };
        let [gradient, loss] = exactly(work.sum(hands, network, &leaves, at_once).await);
        (gradient, loss)
    }
}
