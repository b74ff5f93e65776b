//! The one owner of what is loaded and of what has become of it: the dataset as it was read, the network as it was loaded,
//! the network as it is now and the runs behind it, the run under way, and every answer that is still good.
//!
//! Data and network may come in any order, and each may be replaced at any time: whether they go together is a state
//! that is [told](Workspace::info), not a failure to load. Every call either happens whole or leaves everything as it was.

mod attack;
mod history;
mod info;
mod pair;
mod rehearsal;
#[cfg(test)]
mod tests;

pub use attack::{AttackRequest, Attacked};
pub use info::{DatasetState, Info, ModelInfo};

use std::rc::Rc;
use std::sync::Arc;

use burn::tensor::Device;
use serde_json::{Map, Value};

use crate::attacks::AttackRun;
use crate::data::{ClassRoles, Dataset, Split, SplitName};
use crate::evaluation::{Evaluation, evaluate};
use crate::fit;
use crate::inference::LogitCache;
use crate::model::{Checkpoint, Network, UnlearnRecord};
use crate::unlearning::method::{METHODS, method};
use crate::unlearning::{Preset, Progress, Run, RunConfig, Subject, Summary};
use crate::work::{Hands, Here};
use crate::{Error, Result};
use history::record;
use pair::Pair;

/// See the [module](self).
#[derive(Debug)]
pub struct Workspace {
    device: Device,
    /// Who computes.
    hands: Rc<dyn Hands>,
    dataset: Option<Dataset>,
    loaded: Option<Loaded>,
    pair: Pair,
    made: Option<Made>,
    run: Option<Run>,
    attack: Option<AttackRun>,
    /// Answers of the network as it was loaded, and below of the network as it is now, where that is another.
    logits_loaded: LogitCache,
    logits_now: LogitCache,
}

#[derive(Debug)]
struct Loaded {
    name: String,
    checkpoint: Checkpoint,
}

/// What runs have made of the network that was loaded.
#[derive(Debug)]
struct Made {
    network: Network,
    /// The runs since it was loaded.
    records: Vec<UnlearnRecord>,
    /// The classes that it has forgotten, before it was loaded and since.
    forgotten: Vec<usize>,
    /// Whether the data of the last run are still loaded, so that what it came to can be measured.
    measurable: bool,
}

/// Which of its networks a workspace is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// As it is now, in the middle of a run too.
    #[default]
    Current,
    /// As it was loaded.
    Loaded,
}

/// What a caller wants of a run; what is left out follows from the method and the network.
#[derive(Debug, Clone, Default)]
pub struct RunRequest {
    /// The method's name; PURGE where none is given.
    pub method: Option<String>,
    /// The method's default where none is given.
    pub preset: Option<Preset>,
    /// The classes to forget.
    pub forget: Vec<usize>,
    /// Settings that differ from the preset, by key.
    pub changes: Map<String, Value>,
}

impl Workspace {
    /// Nothing loaded yet. Networks that are loaded must be on this device.
    pub fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
            hands: Rc::new(Here),
            dataset: None,
            loaded: None,
            pair: Pair::Incomplete,
            made: None,
            run: None,
            attack: None,
            logits_loaded: LogitCache::default(),
            logits_now: LogitCache::default(),
        }
    }

    /// Other hands than this thread's. What they compute is the same.
    pub fn set_hands(&mut self, hands: Box<dyn Hands>) {
        self.hands = hands.into();
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Takes a dataset in place of the one that is there. The network stays as it is; a run under way ends.
    pub fn load_dataset(&mut self, dataset: Dataset) {
        self.end_run();
        if let Some(made) = &mut self.made {
            made.measurable = false;
        }
        self.dataset = Some(dataset);
        self.pair_up();
    }

    /// Takes a network in place of the one that is there, and of all that runs have made of that. `name` is its file's.
    pub fn load_network(&mut self, name: &str, checkpoint: Checkpoint) {
        self.run = None;
        self.made = None;
        self.loaded = Some(Loaded { name: name.into(), checkpoint });
        self.pair_up();
    }

    /// Takes both at once.
    pub fn load(&mut self, dataset: Dataset, name: &str, checkpoint: Checkpoint) {
        self.run = None;
        self.dataset = Some(dataset);
        self.load_network(name, checkpoint);
    }

    /// Puts a network that runs made of the loaded one, as [`Workspace::export`] gave it, in place of the network as it is
    /// now.
    ///
    /// # Errors
    /// [`Error::BadState`] where no network is loaded, [`Error::BadModel`] for one of another shape.
    pub fn restore(&mut self, checkpoint: Checkpoint) -> Result<()> {
        let loaded = self.loaded()?;
        if loaded.checkpoint.network.architecture() != checkpoint.network.architecture() {
            return Err(Error::model(&loaded.name, "a network that was made of it", "one of another shape"));
        }
        let Checkpoint { network, card } = checkpoint;
        let records = card.history.into_iter().skip(loaded.checkpoint.card.history.len()).collect();
        self.run = None;
        self.made = Some(Made { network, records, forgotten: card.forgotten_classes, measurable: true });
        self.logits_now = LogitCache::default();
        Ok(())
    }

    /// The first images of a class.
    ///
    /// # Errors
    /// [`Error::BadState`] without a dataset, [`Error::BadConfig`] for a split that it does not have or a class that is none.
    pub fn samples(&self, name: SplitName, class: usize, count: usize) -> Result<Split> {
        let dataset = self.dataset()?;
        let split = dataset.split(name).ok_or_else(|| Error::config("split", dataset.split_names(), name.as_str()))?;
        if class >= dataset.classes() {
            return Err(Error::config("class", format!("0 to {}", dataset.classes().saturating_sub(1)), class));
        }
        let first: Vec<usize> = split.indices_of(class).into_iter().take(count).collect();
        Ok(split.select(&first))
    }

    /// The dataset: as the network was trained on it where the two fit, else as it was read.
    ///
    /// # Errors
    /// [`Error::BadState`] where none is loaded.
    pub fn dataset(&self) -> Result<&Dataset> {
        let shown = self.pair.dataset().map(|prepared| prepared.as_ref()).or(self.dataset.as_ref());
        shown.ok_or_else(|| Error::BadState("load a dataset first".into()))
    }

    /// The dataset as it was read.
    ///
    /// # Errors
    /// [`Error::BadState`] where none is loaded.
    pub fn dataset_as_read(&self) -> Result<&Dataset> {
        self.dataset.as_ref().ok_or_else(|| Error::BadState("load a dataset first".into()))
    }

    /// The network as it is now.
    ///
    /// # Errors
    /// [`Error::BadState`] where none is loaded.
    pub fn network(&self) -> Result<&Network> {
        if let Some(run) = &self.run {
            return Ok(run.network());
        }
        match &self.made {
            Some(made) => Ok(&made.network),
            None => Ok(&self.loaded()?.checkpoint.network),
        }
    }

    /// What a request means for the network that is loaded: every setting.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for a method, preset, class or setting that is none, or out of range; [`Error::BadState`] and
    /// [`Error::BadModel`] where there is nothing that a run could be made on.
    pub fn resolve(&self, request: RunRequest) -> Result<RunConfig> {
        let dataset = self.fitting()?;
        let checkpoint = &self.loaded()?.checkpoint;
        let method = match &request.method {
            Some(name) => method(name)?,
            None => METHODS[0],
        };
        let preset = request.preset.unwrap_or(method.info().default_preset);
        let subject = Subject { dataset: &checkpoint.card.dataset, network: checkpoint.network.architecture() };
        let roles = ClassRoles::new(request.forget, self.forgotten());
        roles.check(dataset.classes())?;
        let config = RunConfig::new(method, preset, &subject, roles)?;
        config.with_times_fewer(fit::times_fewer(dataset, &checkpoint.card))?.with_all(request.changes)
    }

    /// Every score of a network. Its answers are kept as long as it stays the same, so that other classes cost nothing.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for classes that cannot be forgotten or a split that the dataset does not have;
    /// [`Error::BadState`] and [`Error::BadModel`] where nothing can be evaluated; those of the device.
    pub async fn evaluate(
        &mut self,
        version: Version,
        forget: Vec<usize>,
        non_members: SplitName,
    ) -> Result<Evaluation> {
        let dataset = self.fitting()?.clone();
        let hands = self.hands.as_ref();
        if version == Version::Loaded || !self.is_changed() {
            let checkpoint = &self.loaded()?.checkpoint;
            let network = checkpoint.network.clone();
            let roles = ClassRoles::new(forget, &checkpoint.card.forgotten_classes);
            return evaluate(hands, &network, &dataset, &roles, non_members, &mut self.logits_loaded).await;
        }
        let network = self.network()?.clone();
        let roles = ClassRoles::new(forget, self.forgotten());
        let evaluation = evaluate(hands, &network, &dataset, &roles, non_members, &mut self.logits_now).await?;
        if let (None, Some(made)) = (&self.run, &mut self.made)
            && let Some(record) = made.records.last_mut().filter(|record| made.measurable && record.classes == roles)
        {
            (record.fa, record.ra) = (Some(evaluation.fa), Some(evaluation.ra));
        }
        Ok(evaluation)
    }

    /// Every score of another network, such as one retrained without the class. It is not kept.
    ///
    /// # Errors
    /// Those of [`Workspace::evaluate`]; [`Error::BadModel`] where that network does not fit the dataset.
    pub async fn evaluate_other(
        &self,
        network: &Network,
        forget: Vec<usize>,
        non_members: SplitName,
    ) -> Result<Evaluation> {
        self.evaluate_known(network, forget, non_members, &mut LogitCache::default()).await
    }

    /// The same; what `known` has of its answers is not computed again, and what had to be computed is kept there.
    ///
    /// # Errors
    /// Those of [`Workspace::evaluate_other`].
    pub async fn evaluate_known(
        &self,
        network: &Network,
        forget: Vec<usize>,
        non_members: SplitName,
        known: &mut LogitCache,
    ) -> Result<Evaluation> {
        let roles = ClassRoles::new(forget, self.forgotten());
        evaluate(self.hands.as_ref(), network, self.fitting()?, &roles, non_members, known).await
    }

    /// Computes what a run begins with, the answers on the training samples, `[N, K]` row-major, and keeps it for then.
    ///
    /// # Errors
    /// [`Error::BadState`] and [`Error::BadModel`] where no run could begin, and those of the device.
    pub async fn prepare(&mut self) -> Result<Arc<Vec<f32>>> {
        self.must_be_idle()?;
        let dataset = self.fitting()?.clone();
        let network = self.network()?.clone();
        let known = if self.made.is_some() { &mut self.logits_now } else { &mut self.logits_loaded };
        known.get(self.hands.as_ref(), &network, &dataset, SplitName::Train).await
    }

    /// Prepares a run on the network as it is now.
    ///
    /// # Errors
    /// Those of [`Workspace::resolve`] and of the device; [`Error::BadState`] while another run is under way.
    pub async fn start(&mut self, config: RunConfig) -> Result<()> {
        let logits = self.prepare().await?;
        let dataset = self.fitting()?.clone();
        let network = self.network()?.clone();
        self.run = Some(Run::start(network, dataset, config, Some(logits)).await?);
        Ok(())
    }

    /// Up to `steps` steps of the run, see [`Run::advance`].
    ///
    /// # Errors
    /// [`Error::BadState`] where no run is under way, and those of the device.
    pub async fn advance(&mut self, steps: usize) -> Result<Progress> {
        let run = self.run.as_mut().ok_or_else(no_run)?;
        let before = run.summary().steps;
        let progress = run.advance_with(self.hands.as_ref(), steps).await?;
        if progress.step != before {
            self.logits_now = LogitCache::default();
        }
        Ok(progress)
    }

    /// Takes the run's next step beforehand, see [`Run::go_ahead`]; nothing where none is under way.
    pub async fn go_ahead(&mut self) {
        if let Some(run) = &mut self.run {
            run.go_ahead(self.hands.as_ref()).await;
        }
    }

    /// Ends the run, whether it is over or not, and goes on with the network as it has left it.
    ///
    /// # Errors
    /// [`Error::BadState`] where no run is under way.
    pub fn finish(&mut self) -> Result<Summary> {
        self.end_run().ok_or_else(no_run)
    }

    /// Back to the network as it was loaded. A run or an attack under way ends.
    pub fn reset(&mut self) {
        self.run = None;
        self.attack = None;
        self.made = None;
        self.logits_now = LogitCache::default();
    }

    /// Takes over what the run has made of the network.
    fn end_run(&mut self) -> Option<Summary> {
        let run = self.run.take()?;
        let config = run.config().clone();
        let (network, summary) = run.finish();
        let mut forgotten = self.forgotten().to_vec();
        if summary.stop.has_forgotten() {
            forgotten = config.classes().gone().collect();
        } else if summary.network_step > 0 {
            // A class that was to be forgotten once more, and was not, no longer counts as forgotten.
            forgotten.retain(|class| !config.classes().forgets(*class));
        }
        let untouched = summary.network_step == 0;
        if untouched && forgotten == self.forgotten() {
            return Some(summary);
        }
        if untouched && self.made.is_none() {
            self.logits_now = self.logits_loaded.clone();
        }
        let mut records = self.made.take().map(|made| made.records).unwrap_or_default();
        records.push(record(&config, &summary));
        self.made = Some(Made { network, records, forgotten, measurable: true });
        Some(summary)
    }

    fn pair_up(&mut self) {
        self.attack = None;
        self.pair = Pair::of(self.dataset.as_ref(), self.loaded.as_ref());
        self.logits_loaded = LogitCache::default();
        self.logits_now = LogitCache::default();
    }

    fn is_changed(&self) -> bool {
        self.made.is_some() || self.run.as_ref().is_some_and(|run| run.summary().network_step > 0)
    }

    /// What the network has forgotten, here or before it was loaded.
    fn forgotten(&self) -> &[usize] {
        match (&self.made, &self.loaded) {
            (Some(made), _) => &made.forgotten,
            (None, Some(loaded)) => &loaded.checkpoint.card.forgotten_classes,
            (None, None) => &[],
        }
    }

    fn must_be_idle(&self) -> Result<()> {
        match self.run {
            Some(_) => Err(Error::BadState("a run is under way: finish it first".into())),
            None => Ok(()),
        }
    }

    fn loaded(&self) -> Result<&Loaded> {
        self.loaded.as_ref().ok_or_else(|| Error::BadState("load a network first".into()))
    }

    /// The dataset as the network was trained on it.
    fn fitting(&self) -> Result<&Arc<Dataset>> {
        match &self.pair {
            Pair::Fits(dataset) => Ok(dataset),
            Pair::Misfit(misfit) => {
                Err(Error::model(&self.loaded()?.name, misfit.expected.clone(), misfit.found.clone()))
            }
            Pair::Incomplete => {
                self.dataset_as_read()?;
                self.loaded()?;
                Err(Error::BadState("load a network and a dataset first".into()))
            }
        }
    }
}

fn no_run() -> Error {
    Error::BadState("start a run first".into())
}
