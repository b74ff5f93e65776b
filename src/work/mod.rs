//! What is computed of a batch of images, cut into parts, and who computes it.
//!
//! A [`Task`] says what: the gradient of a loss, sums, or answers. [`Work`] is a task and its images; it is cut into
//! [`Part`]s, whose size depends on nothing but network and settings. [`Hands`] do the parts: this thread ([`Here`]), or a
//! [`Pool`](pool::Pool) of helpers beside it, to whom a part goes as bytes. What the parts give is taken in their order, so
//! that whoever did them, the bits are the same.

#[cfg(feature = "cpu")]
pub mod helper;
#[cfg(feature = "cpu")]
pub mod pool;
#[cfg(all(test, feature = "cpu"))]
pub(crate) mod tests;
#[cfg(feature = "cpu")]
mod wire;

use std::fmt::Debug;
use std::ops::Range;
use std::pin::Pin;

use burn::tensor::{Device, Tensor};

use crate::data::{Normalisation, Split, images};
use crate::model::{Network, Views};

/// What a part gives: as many tensors as its task says. On the GPU they stay there.
pub type Outcome = Vec<Tensor<1>>;

/// What is computed of the images of a part. Others may compute it too, so it is no more than its own settings; all that is
/// large or lies on the device comes with the [`Work`].
pub trait Task: Debug {
    /// Of a part. `weights` are the network's: leaves of a graph where the task wants a gradient.
    fn of(&self, network: &Network, weights: &Views, input: Input) -> Outcome;

    /// Whether it takes gradients.
    fn wants_gradient(&self) -> bool;

    /// Itself, for a [`Helper`](helper::Helper), which must know it: see `src/tasks.rs`.
    #[cfg(feature = "cpu")]
    fn told(&self) -> Told;
}

/// A part as a task sees it.
#[derive(Debug)]
pub struct Input {
    /// x `[B, C, H, W]`, normalised.
    pub images: Tensor<4>,
    /// What belongs to each image, `[B, n]` each.
    pub rows: Vec<Tensor<2>>,
    /// What belongs to all parts alike.
    pub common: Vec<Tensor<2>>,
    /// The part's share of the whole: means and gradients times their share add up to those of the whole.
    pub share: f64,
}

impl Input {
    /// The rows, of which the task's work has this many.
    pub(crate) fn rows<const N: usize>(&self) -> [Tensor<2>; N] {
        std::array::from_fn(|i| self.rows[i].clone())
    }

    /// Likewise what is common.
    pub(crate) fn common<const N: usize>(&self) -> [Tensor<2>; N] {
        std::array::from_fn(|i| self.common[i].clone())
    }
}

/// Images, wherever they are.
#[derive(Debug, Clone)]
// There is one of them for each part, and a part computes for milliseconds.
#[allow(clippy::large_enum_variant)]
pub enum Images<'a> {
    /// On the device, normalised, `[B, C, H, W]`.
    Given(Box<Tensor<4>>),
    /// Samples of a split.
    Of {
        /// Where they are.
        split: &'a Split,
        /// How the network wants them.
        normalisation: &'a Normalisation,
        /// Which.
        indices: &'a [usize],
    },
}

impl From<Tensor<4>> for Images<'_> {
    fn from(images: Tensor<4>) -> Self {
        Images::Given(Box::new(images))
    }
}

impl<'a> Images<'a> {
    /// `[B, C, H, W]`
    pub fn dims(&self) -> [usize; 4] {
        match self {
            Images::Given(images) => images.dims(),
            Images::Of { split, indices, .. } => {
                let shape = split.shape();
                [indices.len(), shape.channels, shape.height, shape.width]
            }
        }
    }

    fn slice(&self, range: Range<usize>) -> Images<'a> {
        match self {
            Images::Given(images) => Images::from(images.as_ref().clone().slice([range])),
            Images::Of { split, normalisation, indices } => {
                Images::Of { split, normalisation, indices: &indices[range] }
            }
        }
    }

    /// On the device, normalised.
    pub(crate) fn on(&self, device: &Device) -> Tensor<4> {
        match self {
            Images::Given(images) => images.as_ref().clone(),
            Images::Of { split, normalisation, indices } => images(normalisation, split, indices, device),
        }
    }
}

/// A task and the images that it is about.
#[derive(Debug)]
pub struct Work<'a> {
    /// What is computed.
    pub task: &'a dyn Task,
    /// Of which images.
    pub images: Images<'a>,
    /// What belongs to each image, `[B, n]` each.
    pub rows: Vec<Tensor<2>>,
    /// What belongs to all alike.
    pub common: Vec<Tensor<2>>,
}

/// Some of the images of a [`Work`].
#[derive(Debug)]
pub struct Part<'a> {
    task: &'a dyn Task,
    images: Images<'a>,
    rows: Vec<Tensor<2>>,
    common: Vec<Tensor<2>>,
    /// Images of the whole work.
    whole: usize,
}

impl<'a> Work<'a> {
    /// Parts of `at_once` images, the last one smaller where that does not come out even.
    pub fn parts(self, at_once: usize) -> Vec<Part<'a>> {
        let Work { task, images, rows, common } = self;
        let [whole, ..] = images.dims();
        let at_once = at_once.max(1);
        if whole <= at_once {
            return vec![Part { task, images, rows, common, whole }];
        }
        let part = |start: usize| {
            let range = start..(start + at_once).min(whole);
            let rows = rows.iter().map(|rows| rows.clone().slice([range.clone()])).collect();
            Part { task, images: images.slice(range), rows, common: common.clone(), whole }
        };
        (0..whole).step_by(at_once).map(part).collect()
    }

    /// What the parts of `at_once` images give, added up in their order.
    pub async fn sum(self, hands: &dyn Hands, network: &Network, weights: &Views, at_once: usize) -> Outcome {
        let mut sum: Option<Outcome> = None;
        let mut add = |outcome: Outcome| {
            sum = Some(match sum.take() {
                None => outcome,
                Some(sum) => sum.into_iter().zip(outcome).map(|(sum, part)| sum + part).collect(),
            });
        };
        hands.all(network, weights, self.parts(at_once), &mut add).await;
        sum.unwrap_or_default()
    }

    /// What each of the parts gives.
    pub async fn list(self, hands: &dyn Hands, network: &Network, weights: &Views, at_once: usize) -> Vec<Outcome> {
        let mut list = Vec::new();
        hands.all(network, weights, self.parts(at_once), &mut |outcome| list.push(outcome)).await;
        list
    }
}

impl Part<'_> {
    /// Does it in this thread.
    pub fn compute(&self, network: &Network, weights: &Views) -> Outcome {
        let images = self.images.on(&network.parameters().flat().device());
        let share = images.dims()[0] as f64 / self.whole.max(1) as f64;
        let input = Input { images, rows: self.rows.clone(), common: self.common.clone(), share };
        self.task.of(network, weights, input)
    }
}

/// Who does the parts.
pub trait Hands: Debug {
    /// Does all parts, in whatever order, and calls `done` with what they give in the order of the parts. `weights` are the
    /// network's, leaves of a graph where the task wants a gradient.
    fn all<'a>(
        &'a self,
        network: &'a Network,
        weights: &'a Views,
        parts: Vec<Part<'a>>,
        done: &'a mut dyn FnMut(Outcome),
    ) -> Doing<'a>;
}

/// Hands at work. They cannot fail: what a helper does not do is done here.
pub type Doing<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// This thread and no other. It never waits.
#[derive(Debug, Clone, Copy)]
pub struct Here;

impl Hands for Here {
    fn all<'a>(
        &'a self,
        network: &'a Network,
        weights: &'a Views,
        parts: Vec<Part<'a>>,
        done: &'a mut dyn FnMut(Outcome),
    ) -> Doing<'a> {
        parts.iter().for_each(|part| done(part.compute(network, weights)));
        Box::pin(std::future::ready(()))
    }
}

/// Images in a part where a browser's CPU works: small enough that eight workers share a usual batch, and large enough that
/// handing a part over costs little beside doing it.
const BROWSER_PART: usize = 16;
/// The same without gradients.
const BROWSER_ANSWERS: usize = 64;

/// Images in a part with gradients: `asked` where that is not 0, else as many as memory allows. Where helpers may work that is
/// a fixed number, however many of them there are.
pub(crate) fn samples_at_once(network: &Network, images: &Images<'_>, asked: usize) -> usize {
    let [_, _, height, width] = images.dims();
    match asked {
        0 => limited(network.architecture().samples_at_once(height, width), network, BROWSER_PART),
        asked => asked,
    }
}

/// Images in a part without gradients, which keeps a layer or two in memory and not all of them.
pub(crate) fn answers_at_once(network: &Network, images: &Images<'_>) -> usize {
    let [_, _, height, width] = images.dims();
    let at_once = network.architecture().samples_at_once(height, width).saturating_mul(4).min(250);
    limited(at_once, network, BROWSER_ANSWERS)
}

fn limited(at_once: usize, network: &Network, part: usize) -> usize {
    let helped = cfg!(target_arch = "wasm32") && crate::device::is_cpu(&network.parameters().flat().device());
    if helped { at_once.min(part) } else { at_once }
}

/// What [`Task::told`] tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Which task: its place in `src/tasks.rs`.
    pub code: usize,
    /// Its settings, in an order of its own.
    pub settings: Vec<f64>,
}

/// A number that counts something.
#[cfg(feature = "cpu")]
pub(crate) fn count(number: f64) -> Option<usize> {
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    fits.then_some(number as usize)
}

/// The tensors of an outcome, of which its task gives this many.
pub(crate) fn exactly<const N: usize>(outcome: Outcome) -> [Tensor<1>; N] {
    outcome.try_into().unwrap_or_else(|given: Outcome| unreachable!("{N} tensors of a task, not {}", given.len()))
}
