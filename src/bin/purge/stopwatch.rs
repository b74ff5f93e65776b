//! What `bench/` asks of the shell, so that it can take turns between it and others.

use std::io::{BufRead, Write};
use std::time::Instant;

use purge_unlearning::data::SplitName;
use purge_unlearning::model::Network;
use purge_unlearning::unlearning::{Preset, RunConfig};
use purge_unlearning::{Error, Result, device};
use serde_json::{Value, json};

use crate::options::{Subject, checkpoint};
use crate::task::{Experiment, drive};

/// Takes so small steps that nothing is ever forgotten, and no condition ends the run.
const ENDLESS: [(&str, f64); 5] = [
    ("learning_rate", 1e-12),
    ("check_every", 1e6),
    ("epochs", 1e4),
    ("target_forget_accuracy", 0.0),
    ("retain_budget", 0.0),
];

/// Answers lines of standard input until it ends: `steps N`, `evaluate` and `run`, each with a line of JSON, as it does at
/// first with what it is that is measured.
pub async fn answer(subject: &Subject, batch: u64) -> Result<()> {
    let mut watch = Stopwatch::open(subject, batch).await?;
    say(&watch.about()?)?;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| Error::io("standard input", e))?;
        let mut words = line.split_whitespace();
        let answer = match (words.next(), words.next()) {
            (Some("steps"), Some(count)) => {
                let wrong = || Error::config("steps", "a whole number", count);
                json!(watch.steps(count.parse().map_err(|_| wrong())?).await?)
            }
            (Some("evaluate"), None) => json!(watch.evaluate().await?),
            (Some("run"), None) => watch.run().await?,
            _ => return Err(Error::config("line", "steps N, evaluate or run", line)),
        };
        say(&answer)?;
    }
    Ok(())
}

fn say(answer: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(|e| Error::io("standard output", e))
}

struct Stopwatch {
    experiment: Experiment,
    network: Network,
    classes: Vec<usize>,
    split: SplitName,
    strict: RunConfig,
    endless: RunConfig,
    stepping: bool,
}

impl Stopwatch {
    async fn open(subject: &Subject, batch: u64) -> Result<Self> {
        let mut experiment = subject.open().await?;
        let classes = subject.class.clone();
        let strict = experiment.config("purge", Some(Preset::Strict), classes.clone(), 0, &[])?;
        let strict = strict.with("batch_size", batch)?;
        let mut endless = strict.clone();
        for (key, value) in ENDLESS {
            let whole = value >= 1.0;
            endless = if whole { endless.with(key, value as u64)? } else { endless.with(key, value)? };
        }
        // What a run begins with is at hand, as in the page, which has it before anyone presses the button.
        experiment.workspace.prepare().await?;
        let network = checkpoint(&subject.model, experiment.workspace.device())?.network;
        let split = subject.non_members.split();
        Ok(Self { experiment, network, classes, split, strict, endless, stepping: false })
    }

    fn about(&self) -> Result<Value> {
        let workspace = &self.experiment.workspace;
        let counts = workspace.info().dataset.map(|shown| shown.info.counts);
        let images: usize = counts.iter().flat_map(|counts| counts.train.iter().chain(&counts.test)).sum();
        Ok(json!({ "device": device::name(workspace.device()), "images": images }))
    }

    /// Milliseconds of each step.
    async fn steps(&mut self, count: usize) -> Result<Vec<f64>> {
        let workspace = &mut self.experiment.workspace;
        if !self.stepping {
            workspace.reset();
            workspace.start(self.endless.clone()).await?;
            self.stepping = true;
        }
        let mut times = Vec::new();
        while times.len() < count {
            let began = Instant::now();
            let progress = workspace.advance(1).await?;
            // At the end of an epoch there is a check, which is no part of a step.
            if !progress.step.is_multiple_of(progress.steps_per_epoch) {
                times.push(milliseconds(began));
            }
        }
        Ok(times)
    }

    /// Milliseconds of every score, from nothing.
    async fn evaluate(&mut self) -> Result<f64> {
        let began = Instant::now();
        let workspace = &self.experiment.workspace;
        workspace.evaluate_other(&self.network, self.classes.clone(), self.split).await?;
        Ok(milliseconds(began))
    }

    /// A whole run of the strict preset, in milliseconds and steps.
    async fn run(&mut self) -> Result<Value> {
        let workspace = &mut self.experiment.workspace;
        workspace.reset();
        self.stepping = false;
        let began = Instant::now();
        workspace.start(self.strict.clone()).await?;
        drive(workspace).await?;
        let ms = milliseconds(began);
        let summary = workspace.finish()?;
        Ok(json!({ "ms": ms, "steps": summary.steps, "stop": summary.stop.as_str() }))
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
