use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use burn::tensor::Device;
use purge_unlearning::data::{Dataset, Shuffled};
use purge_unlearning::evaluation::ulira::log_odds;
use purge_unlearning::model::{Card, Checkpoint, Network, Precision, SmallCnnConfig};
use purge_unlearning::training::{TrainConfig, Training};
use purge_unlearning::unlearning::method::method;
use purge_unlearning::unlearning::{Preset, Run, RunConfig, Subject};
use purge_unlearning::work::Here;
use purge_unlearning::{Error, Result, inference};
use serde_json::{Value, json};

use super::{Answers, Role, Shadows};
use crate::options::{changes, checkpoint, write_whole};
use crate::train::{NormName, Snapshot};

/// One network and what it is trained on.
pub(super) struct One<'a> {
    all: &'a Dataset,
    /// What it learns from.
    own: Arc<Dataset>,
    of_class: &'a [usize],
    learnt: Vec<bool>,
    class: usize,
    role: Role,
    data: String,
    norm: NormName,
    folder: &'a Path,
}

impl<'a> One<'a> {
    pub(super) fn new(
        options: &Shadows,
        data: &str,
        all: &'a Dataset,
        class: usize,
        of_class: &'a [usize],
        role: Role,
        folder: &'a Path,
    ) -> Self {
        let learnt = match role {
            Role::Shadow(index) => half(of_class.len(), index),
            Role::Retrain(_) => vec![false; of_class.len()],
        };
        let unseen: Vec<usize> =
            of_class.iter().zip(&learnt).filter(|(_, learnt)| !**learnt).map(|(&i, _)| i).collect();
        let own: Vec<usize> = (0..all.train.len()).filter(|index| unseen.binary_search(index).is_err()).collect();
        let own = Dataset { train: all.train.select(&own), ..all.clone() };
        Self { all, own: own.into(), of_class, learnt, class, role, data: data.into(), norm: options.norm, folder }
    }

    /// "mnist-group.class-3.shadow-7"
    fn stem(&self) -> String {
        let role = match self.role {
            Role::Shadow(index) => format!("shadow-{index}"),
            Role::Retrain(index) => format!("retrain-{index}"),
        };
        format!("{}-{}.class-{}.{role}", self.all.name, self.norm.norm().as_str(), self.class)
    }

    /// The network, from its file or trained now, with what it says written beside it.
    pub(super) async fn trained(&self, options: &Shadows, device: &Device) -> Result<Network> {
        let defaults = TrainConfig::for_dataset(&self.all.name);
        // Even and odd, or two networks would begin alike.
        let seed = match self.role {
            Role::Shadow(index) => 2 * index,
            Role::Retrain(index) => 2 * index + 1,
        };
        let config = TrainConfig { epochs: options.epochs.unwrap_or(defaults.epochs), seed: seed as u64, ..defaults };
        let model = SmallCnnConfig::new(self.all.shape.channels, self.all.classes()).with_norm(self.norm.norm());
        let model = model.with_width(options.width.unwrap_or(model.width));
        let how = json!({ "network": model.width, "config": config });
        let answers = self.folder.join(self.stem() + ".json");
        let path = self.folder.join(self.stem() + ".safetensors");
        if path.exists() && is_there(&answers, "training", &how)? {
            return Ok(checkpoint(&path, device)?.network);
        }
        let began = Instant::now();
        let epochs = config.epochs;
        let mut training = Training::new(model, &self.own, config, device)?;
        let snapshot = Snapshot::beside(&path);
        let network = snapshot.to_the_end(&mut training, epochs).await?;
        let card =
            Card { dataset: self.all.name.clone(), class_names: self.all.class_names.clone(), ..Card::default() };
        let kept = Checkpoint { network: network.clone(), card };
        write_whole(&path, &kept.write(Precision::Full).await?)?;
        self.write(&answers, &network, how, Value::Null, began).await?;
        snapshot.remove()?;
        Ok(network)
    }

    /// Makes it forget what it has of the class, and writes what it says then.
    pub(super) async fn forgets(
        &self,
        options: &Shadows,
        network: &Network,
        name: &str,
        preset: Preset,
        index: usize,
    ) -> Result<()> {
        let subject = Subject { dataset: &self.all.name, network: network.architecture() };
        let config = RunConfig::new(method(name)?, preset, &subject, self.class)?;
        let config = config.with_all(changes(&options.set)?)?.with("seed", index)?;
        let how = serde_json::to_value(&config).map_err(|e| Error::io("settings", e))?;
        let path = self.folder.join(format!("{}.{name}.{}.json", self.stem(), preset.as_str()));
        if is_there(&path, "unlearning", &how)? {
            return Ok(());
        }
        let began = Instant::now();
        let mut run = Run::start(network.clone(), self.own.clone(), config, None).await?;
        while run.advance(usize::MAX).await?.stop.is_none() {}
        let (forgotten, _) = run.finish();
        self.write(&path, &forgotten, Value::Null, how, began).await
    }

    async fn write(
        &self,
        path: &Path,
        network: &Network,
        training: Value,
        unlearning: Value,
        began: Instant,
    ) -> Result<()> {
        let seconds = began.elapsed().as_secs_f64();
        let split = self.all.train.select(self.of_class);
        let logits = inference::logits(&Here, network, self.all, &split).await?;
        let phi = logits.chunks_exact(self.all.classes()).map(|row| log_odds(row, self.class)).collect();
        let answers = Answers {
            data: self.data.clone(),
            norm: self.norm.norm().as_str().into(),
            class: self.class,
            role: self.role,
            training,
            unlearning,
            seconds,
            phi,
            learnt: self.learnt.clone(),
        };
        let text = serde_json::to_vec(&answers).map_err(|e| Error::io(path.display(), e))?;
        write_whole(path, &text)?;
        eprintln!("{}: {seconds:.1} s", path.file_name().unwrap_or_default().to_string_lossy());
        Ok(())
    }
}

/// Which of so many samples a shadow learns: of two shadows one has what the other has not, so that each sample is in as many as
/// it is not in.
fn half(samples: usize, shadow: usize) -> Vec<bool> {
    let mut learnt = vec![shadow % 2 == 1; samples];
    let mut drawn = Shuffled::new((0..samples).collect(), samples.div_ceil(2), (shadow / 2) as u64 ^ 0x5ad0);
    drawn.next_endless().iter().for_each(|&sample| learnt[sample] = !learnt[sample]);
    learnt
}

/// Whether a result is there; one that was made otherwise is an error.
fn is_there(path: &Path, key: &str, how: &Value) -> Result<bool> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        read => read.map_err(|e| Error::io(path.display(), e))?,
    };
    let there: Value = serde_json::from_slice(&bytes).map_err(|e| Error::io(path.display(), e))?;
    if there[key] == *how {
        return Ok(true);
    }
    let expected = format!("no results of other settings in it, such as {}", path.display());
    Err(Error::config("--out", expected, "one: take another folder, or remove the file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_shadows_share_a_draw_and_each_has_half_of_it() {
        for samples in [2, 7, 100] {
            let [one, other, next] = [0, 1, 2].map(|shadow| half(samples, shadow));
            assert!(one.iter().zip(&other).all(|(a, b)| a != b));
            assert_eq!(one.iter().filter(|learnt| **learnt).count(), samples.div_ceil(2));
            assert!(samples < 100 || one != next);
        }
    }
}
