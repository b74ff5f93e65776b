use super::Workspace;
use crate::Result;
use crate::data::{ClassRoles, SplitName};
use crate::evaluation::{Answers, ConfusionMatrix};
use crate::model::{Checkpoint, Precision, UnlearnRecord};
use crate::unlearning::{RunConfig, Summary};

impl Workspace {
    /// Makes the network as it is now the loaded one, with all that was done to it in its card.
    ///
    /// # Errors
    /// [`Error::BadState`](crate::Error::BadState) where no network is loaded or a run is under way, and those of the device.
    pub async fn keep(&mut self) -> Result<()> {
        self.must_be_idle()?;
        let checkpoint = self.checkpoint().await?;
        if self.made.take().is_none() {
            return Ok(());
        }
        self.logits_loaded = std::mem::take(&mut self.logits_now);
        if let Some(loaded) = &mut self.loaded {
            loaded.checkpoint = checkpoint;
        }
        Ok(())
    }

    /// The network as it is now and its card, which tells of every run, as the bytes of a safetensors file.
    ///
    /// # Errors
    /// [`Error::BadState`](crate::Error::BadState) where no network is loaded, and those of the device.
    pub async fn export(&mut self) -> Result<Vec<u8>> {
        self.checkpoint().await?.write(Precision::Full).await
    }

    /// Network and card as [`Workspace::export`] writes them.
    async fn checkpoint(&mut self) -> Result<Checkpoint> {
        let network = self.network()?.clone();
        let mut card = self.loaded()?.checkpoint.card.clone();
        if !self.is_changed() {
            return Ok(Checkpoint { network, card });
        }
        self.measure_last().await?;
        let made = self.made.as_ref();
        card.history.extend(made.iter().flat_map(|made| &made.records).cloned());
        card.history.extend(self.record_under_way().await?);
        card.forgotten_classes = self.forgotten().to_vec();
        if card.history.iter().any(|record| record.steps > 0) {
            // They were measured after training, on other weights.
            card.accuracies.clear();
        }
        Ok(Checkpoint { network, card })
    }

    /// Forget and retain accuracy of the last run that has ended, where they were not measured yet and can be.
    async fn measure_last(&mut self) -> Result<()> {
        let Some(made) = self.made.as_ref().filter(|made| made.measurable && self.run.is_none()) else { return Ok(()) };
        let Some(roles) = made.records.last().filter(|record| record.fa.is_none()).map(|r| r.classes.clone()) else {
            return Ok(());
        };
        let accuracies = self.train_accuracies(&roles).await?;
        if let (Some((fa, ra)), Some(record)) = (accuracies, self.made.as_mut().and_then(|m| m.records.last_mut())) {
            (record.fa, record.ra) = (Some(fa), Some(ra));
        }
        Ok(())
    }

    /// What the run under way has done so far.
    async fn record_under_way(&mut self) -> Result<Option<UnlearnRecord>> {
        let Some(run) = self.run.as_ref().filter(|run| run.summary().network_step > 0) else { return Ok(None) };
        let mut record = record(run.config(), &run.summary());
        record.stop = None;
        if let Some((fa, ra)) = self.train_accuracies(&record.classes).await? {
            (record.fa, record.ra) = (Some(fa), Some(ra));
        }
        Ok(Some(record))
    }

    /// FA and RA of the network as it is now; `None` where the data do not fit it.
    async fn train_accuracies(&mut self, roles: &ClassRoles) -> Result<Option<(f64, f64)>> {
        let Some(dataset) = self.pair.dataset().cloned() else { return Ok(None) };
        let network = self.network()?.clone();
        let logits = self.logits_now.get(self.hands.as_ref(), &network, &dataset, SplitName::Train).await?;
        let answers = Answers { logits: &logits, labels: dataset.train.labels() };
        let matrix = ConfusionMatrix::from_logits(answers.rows(dataset.classes()), dataset.classes());
        Ok(Some((matrix.accuracy_of(|class| roles.forgets(class)), matrix.accuracy_of(|class| roles.retains(class)))))
    }
}

pub(super) fn record(config: &RunConfig, summary: &Summary) -> UnlearnRecord {
    UnlearnRecord {
        method: config.method().info().name.into(),
        preset: config.preset().as_str().into(),
        classes: config.classes().clone(),
        settings: config.settings().to_value(),
        steps: summary.network_step,
        stop: Some(summary.stop.as_str().into()),
        fa: None,
        ra: None,
    }
}
