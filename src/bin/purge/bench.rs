use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use purge_unlearning::data::{ClassRoles, SplitName};
use purge_unlearning::inference::evaluate;
use purge_unlearning::unlearning::Run;
use purge_unlearning::unlearning::purge::{Objective, Preset, PurgeConfig};
use purge_unlearning::{Result, device};
use serde_json::json;

use crate::options::Subject;
use crate::task::drive;

/// Time PURGE steps of 128 + 128 samples, and the whole run of the strict preset.
#[derive(Args)]
pub struct Bench {
    #[command(flatten)]
    subject: Subject,
    /// Steps to time, after three to warm up
    #[arg(long, default_value_t = 30)]
    steps: usize,
}

impl Bench {
    pub async fn run(self) -> Result<()> {
        let (device, checkpoint, dataset) = self.subject.open().await?;
        let dataset = Arc::new(dataset);
        let classes = ClassRoles::new(self.subject.class.clone(), &checkpoint.card.forgotten_classes);
        let preset = PurgeConfig::preset(
            Preset::Strict,
            &checkpoint.card.dataset,
            checkpoint.network.architecture(),
            classes.clone(),
        );

        // No check comes between the steps, and the run does not end before they are done.
        let endless = PurgeConfig {
            check_every: usize::MAX,
            epochs: usize::MAX / dataset.train.len().max(1),
            target_forget_accuracy: 0.0,
            retain_budget: 1e9,
            objective: Objective::RetainConfusion,
            ..preset.clone()
        };
        let mut run = Run::start(checkpoint.network.clone(), dataset.clone(), endless, None).await?;
        let mut done = 0;
        let mut times = Vec::new();
        while done < self.steps + 3 {
            let began = Instant::now();
            let progress = run.advance(1).await?;
            // The end of an epoch brings a pass over D_r with it, which is no part of a step.
            if done >= 3 && !progress.step.is_multiple_of(progress.steps_per_epoch) {
                times.push(began.elapsed().as_secs_f64() * 1e3);
            }
            done += 1;
        }
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);

        let began = Instant::now();
        evaluate(&checkpoint.network, &dataset, &classes, SplitName::Test, None).await?;
        let evaluation = began.elapsed().as_secs_f64();

        let began = Instant::now();
        let mut run = Run::start(checkpoint.network, dataset, preset, None).await?;
        drive(&mut run).await?;
        let whole = began.elapsed().as_secs_f64();
        let (_, summary) = run.finish();
        println!(
            "{median:.1} ms a step (median of {}), whole run {whole:.1} s ({} steps), evaluation {evaluation:.1} s",
            times.len(),
            summary.steps
        );
        self.subject.report(&json!({
            "device": device::name(&device),
            "step_ms": median,
            "steps_timed": times.len(),
            "run_seconds": whole,
            "run_steps": summary.steps,
            "evaluation_seconds": evaluation,
        }))
    }
}
