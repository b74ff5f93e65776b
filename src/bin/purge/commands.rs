use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::Device;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use purge_unlearning::data::Dataset;
use purge_unlearning::evaluation::Evaluation;
use purge_unlearning::inference::{evaluate, logits};
use purge_unlearning::model::{Checkpoint, Precision};
use purge_unlearning::unlearning::purge::{Preset, PurgeConfig};
use purge_unlearning::unlearning::{Run, StepScalars, Summary};
use purge_unlearning::{Error, Result};
use serde::Serialize;

use crate::options::{Subject, checkpoint};

/// Every score of a network.
#[derive(Args)]
pub struct Evaluate {
    #[command(flatten)]
    subject: Subject,
}

impl Evaluate {
    pub async fn run(self) -> Result<()> {
        let (_, checkpoint, dataset) = self.subject.open().await?;
        let split = self.subject.non_members.split();
        let evaluation = evaluate(&checkpoint.network, &dataset, self.subject.class, split, None).await?;
        if !self.subject.json_to_stdout() {
            print_scores(&[("", &evaluation)]);
        }
        self.subject.report(&evaluation)
    }
}

/// Make a network forget a class.
#[derive(Args)]
pub struct Unlearn {
    #[command(flatten)]
    subject: Subject,
    #[arg(long, value_enum, default_value = "strict")]
    preset: PresetName,
    /// Change one setting of the preset, such as learning_rate=0.002
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Seed of the batches
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The network retrained without the class; default: MODEL-without-N.safetensors, where it is there
    #[arg(long, value_name = "FILE")]
    retrained: Option<PathBuf>,
    /// Write the network that has forgotten to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A named set of settings.
#[derive(Clone, Copy, ValueEnum)]
enum PresetName {
    /// The paper's algorithm as it is
    Published,
    /// Our options: strict projection, conditional target, retain share
    Strict,
    /// The authors' raw values, for ResNet-18
    Authors,
}

#[derive(Serialize)]
struct Report<'a> {
    model: String,
    data: &'a str,
    device: String,
    config: &'a PurgeConfig,
    before: &'a Evaluation,
    after: &'a Evaluation,
    retrained: Option<&'a Evaluation>,
    #[serde(flatten)]
    summary: Summary,
    trace: &'a [StepScalars],
}

impl Unlearn {
    pub async fn run(self) -> Result<()> {
        let subject = &self.subject;
        let (device, original, dataset) = subject.open().await?;
        let config = self.config(&original, &dataset)?;
        let split = subject.non_members.split();
        let class = subject.class;

        let train_logits = logits(&original.network, &dataset, &dataset.train).await?;
        let before = evaluate(&original.network, &dataset, class, split, Some(&train_logits)).await?;
        let retrained = self.retrained(&device, &dataset).await?;

        let dataset = Arc::new(dataset);
        let mut run = Run::start(original.network.clone(), dataset.clone(), config.clone(), Some(train_logits)).await?;
        let trace = drive(&mut run).await?;
        let (network, summary) = run.finish();
        let after = evaluate(&network, &dataset, class, split, None).await?;

        if !subject.json_to_stdout() {
            let mut columns = vec![("before", &before), ("after", &after)];
            columns.extend(retrained.as_ref().map(|r| ("retrained", r)));
            print_scores(&columns);
            let Summary { stop, steps, violations, seconds } = summary;
            println!(
                "stopped by {stop:?}: {steps} steps, {seconds:.1} s, {violations} of them against the retain gradient"
            );
        }
        subject.report(&Report {
            model: subject.model.display().to_string(),
            data: &subject.data,
            device: purge_unlearning::device::name(&device),
            config: &config,
            before: &before,
            after: &after,
            retrained: retrained.as_ref(),
            summary,
            trace: &trace,
        })?;
        if let Some(path) = &self.out {
            let forgotten = Checkpoint { network, card: original.card };
            let bytes = forgotten.write(Precision::Full).await?;
            std::fs::write(path, bytes).map_err(|e| Error::io(path.display(), e))?;
        }
        Ok(())
    }

    fn config(&self, original: &Checkpoint, dataset: &Dataset) -> Result<PurgeConfig> {
        let preset = match self.preset {
            PresetName::Published => Preset::Published,
            PresetName::Strict => Preset::Strict,
            PresetName::Authors => Preset::Authors,
        };
        let mut changes = serde_json::Map::new();
        changes.insert("seed".into(), self.seed.into());
        for change in &self.set {
            let (key, value) = change.split_once('=').ok_or_else(|| Error::config("--set", "KEY=VALUE", change))?;
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            changes.insert(key.into(), value);
        }
        PurgeConfig::preset(preset, &original.card.dataset, self.subject.class, dataset.classes()).changed(changes)
    }

    async fn retrained(&self, device: &Device, dataset: &Dataset) -> Result<Option<Evaluation>> {
        let path = match &self.retrained {
            Some(path) => path.clone(),
            None => {
                let beside = beside(&self.subject.model, self.subject.class);
                if !beside.is_file() {
                    return Ok(None);
                }
                beside
            }
        };
        let reference = checkpoint(&path, device)?;
        let split = self.subject.non_members.split();
        evaluate(&reference.network, dataset, self.subject.class, split, None).await.map(Some)
    }
}

/// `mnist-group.safetensors` → `mnist-group-without-3.safetensors`
fn beside(model: &Path, class: usize) -> PathBuf {
    let stem = model.file_stem().unwrap_or_default().to_string_lossy();
    model.with_file_name(format!("{stem}-without-{class}.safetensors"))
}

/// Runs to the end behind a progress bar.
pub async fn drive(run: &mut Run) -> Result<Vec<StepScalars>> {
    let bar = ProgressBar::new(0);
    let style =
        ProgressStyle::with_template("{bar:30} step {pos}/{len} {msg}").map_err(|e| Error::io("progress bar", e))?;
    bar.set_style(style);
    let mut trace = Vec::new();
    loop {
        let progress = run.advance(usize::MAX).await?;
        bar.set_length(progress.max_steps as u64);
        bar.set_position(progress.step as u64);
        bar.set_message(format!(
            "forget accuracy {:.1} %, retain loss {:.4}",
            progress.forget_accuracy, progress.retain_loss
        ));
        trace.extend(progress.steps);
        if progress.stop.is_some() {
            bar.finish_and_clear();
            return Ok(trace);
        }
    }
}

fn print_scores(columns: &[(&str, &Evaluation)]) {
    type Score = (&'static str, fn(&Evaluation) -> f64, usize);
    let scores: [Score; 8] = [
        ("TA", |e| e.ta, 2),
        ("TA_r", |e| e.ta_retained, 2),
        ("FA", |e| e.fa, 2),
        ("FA_test", |e| e.fa_test, 2),
        ("RA", |e| e.ra, 2),
        ("MIA loss", |e| e.mia.loss, 3),
        ("MIA confidence", |e| e.mia.confidence, 3),
        ("MIA mean", |e| e.mia.mean, 3),
    ];
    print!("{:15}", "");
    columns.iter().for_each(|(name, _)| print!("{name:>11}"));
    println!();
    for (name, value, digits) in scores {
        print!("{name:15}");
        columns.iter().for_each(|(_, evaluation)| print!("{:11.digits$}", value(evaluation)));
        println!();
    }
}
