use std::cell::Cell;
use std::fmt;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use burn::tensor::Tensor;
use web_time::Instant;

use super::Workspace;
use crate::Result;
use crate::data::{Dataset, ImageShape, Normalisation, Split};
use crate::device;
use crate::model::{Checkpoint, Network, Views};
use crate::unlearning::method::METHODS;
use crate::unlearning::{Run, RunConfig, Subject};
use crate::work::{Doing, Hands, Outcome, Part};

/// Images of either side in the step that makes what is made only once. Few, for they cost time, and a multiple of four, or
/// a GPU would take other kernels than for a usual batch.
const FEW: usize = 4;
/// Steps of one run: no look at its data comes between them.
const STEPS: usize = 2;
/// Milliseconds after which a step need not be timed once more: no matter what else held it up, it is slow.
const SLOW: f64 = 1000.0;

impl Workspace {
    /// Takes steps of PURGE's default preset on black images, with a copy of the network as it was loaded: one on few images,
    /// for whatever is made only once, such as a GPU's pipelines, and two that are timed. Gives the milliseconds of the quicker
    /// one; nothing of it stays here.
    ///
    /// `batch` is the number of images to forget and of those to keep, height and width are theirs. `goes_on` is asked between
    /// the passes of the first two steps, when the device has nothing left to do, and before the last one; where it says no,
    /// that is the end, and there is no answer.
    ///
    /// # Errors
    /// [`Error::BadState`](crate::Error::BadState) where no network is loaded, [`Error::BadModel`](crate::Error::BadModel) for
    /// images that it does not take, and those of the device.
    pub async fn rehearse(
        &self,
        batch: usize,
        size: (usize, usize),
        goes_on: impl AsyncFn() -> bool,
    ) -> Result<Option<f64>> {
        let halting = Halting { hands: self.hands.as_ref(), goes_on: &goes_on, given_up: Cell::new(false) };
        let mut few = self.rehearsal(FEW.min(batch), size).await?;
        if halting.time_step(&mut few).await?.is_none() {
            return Ok(None);
        }
        let mut run = self.rehearsal(batch, size).await?;
        let Some(first) = halting.time_step(&mut run).await? else { return Ok(None) };
        if first > SLOW {
            return Ok(Some(first));
        }
        if !goes_on().await {
            return Ok(None);
        }
        let began = Instant::now();
        run.advance_with(self.hands.as_ref(), 1).await?;
        Ok(Some(first.min(milliseconds_since(began))))
    }

    /// A run that is long enough for no look at its data to come between the steps.
    async fn rehearsal(&self, batch: usize, (height, width): (usize, usize)) -> Result<Run> {
        let Checkpoint { network, card } = &self.loaded()?.checkpoint;
        let architecture = network.architecture();
        let shape = ImageShape { channels: architecture.channels(), height, width };
        let dataset = black(shape, architecture.classes(), (STEPS + 1) * batch.max(1))?;
        let subject = Subject { dataset: &card.dataset, network: architecture };
        let method = METHODS[0];
        let config = RunConfig::new(method, method.info().default_preset, &subject, 0)?
            .with("batch_size", batch)?
            .with("check_every", 1000)?;
        let right = one_hot_rows(dataset.train.labels(), architecture.classes());
        Run::start(network.clone(), Arc::new(dataset), config, Some(Arc::new(right))).await
    }
}

/// Black images: `count` of the first class, and as many of all the others together.
fn black(shape: ImageShape, classes: usize, count: usize) -> Result<Dataset> {
    let others = classes.saturating_sub(1).max(1);
    let labels: Vec<u16> = (0..count).map(|_| 0).chain((0..count).map(|i| (1 + i % others) as u16)).collect();
    let train = Split::new("rehearsal", shape, vec![0; labels.len() * shape.image_len()], labels)?;
    Ok(Dataset {
        name: "rehearsal".into(),
        title: "Black images".into(),
        class_names: (0..classes).map(|class| class.to_string()).collect(),
        shape,
        normalisation: Normalisation { mean: vec![0.0; shape.channels], std: vec![1.0; shape.channels] },
        test: train.select(&[]),
        train,
        val: None,
        members: String::new(),
        source: None,
        licence: None,
    })
}

/// The logits of a network that is right on every image, `[N, K]`: one that forgets nothing has nothing to do.
fn one_hot_rows(labels: &[u16], classes: usize) -> Vec<f32> {
    let right = |label: &u16| (0..classes).map(|class| f32::from(u8::from(class == usize::from(*label)))).collect();
    labels.iter().flat_map(|label| -> Vec<f32> { right(label) }).collect()
}

/// Hands that wait for the device after each pass, and then ask whether to go on.
struct Halting<'a, F> {
    hands: &'a dyn Hands,
    goes_on: &'a F,
    given_up: Cell<bool>,
}

impl<F> fmt::Debug for Halting<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Halting").field("hands", &self.hands).field("given_up", &self.given_up).finish()
    }
}

impl<F: AsyncFn() -> bool> Halting<'_, F> {
    /// Takes the run's next step. Milliseconds; nothing where it was given up, and the run then is good for nothing.
    async fn time_step(&self, run: &mut Run) -> Result<Option<f64>> {
        let began = Instant::now();
        let step = unless(run.advance_with(self, 1), &self.given_up).await;
        step.transpose().map(|step| step.map(|_| milliseconds_since(began)))
    }

    async fn halt(&self, made: Option<Tensor<1>>) {
        if let Some(values) = made {
            // What is wrong with the device shows at the end of the step, which reads as well.
            device::read(values).await.ok();
        }
        if !(self.goes_on)().await {
            self.given_up.set(true);
            pending::<()>().await;
        }
    }
}

impl<F: AsyncFn() -> bool> Hands for Halting<'_, F> {
    fn all<'a>(
        &'a self,
        network: &'a Network,
        weights: &'a Views,
        parts: Vec<Part<'a>>,
        done: &'a mut dyn FnMut(Outcome),
    ) -> Doing<'a> {
        Box::pin(async move {
            let mut last = None;
            let mut note = |outcome: Outcome| {
                last = outcome.last().cloned();
                done(outcome);
            };
            self.hands.all(network, weights, parts, &mut note).await;
            self.halt(last).await;
        })
    }
}

/// What comes of `future`; nothing where it stops to wait for ever, having been given up.
async fn unless<T>(future: impl Future<Output = T>, given_up: &Cell<bool>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if given_up.get() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

fn milliseconds_since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}
