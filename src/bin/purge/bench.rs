use std::time::Instant;

use clap::Args;
use purge_unlearning::unlearning::Preset;
use purge_unlearning::{Result, device};
use serde_json::json;

use crate::options::Subject;
use crate::stopwatch;
use crate::task::drive;

/// Time PURGE steps of 128 + 128 samples, and the whole run of the strict preset.
#[derive(Args)]
pub struct Bench {
    #[command(flatten)]
    subject: Subject,
    /// Steps to time, after three to warm up
    #[arg(long, default_value_t = 30)]
    steps: usize,
    /// Time each layer of a small network on the CPU, too
    #[arg(long)]
    layers: bool,
    /// Time what standard input asks for, a line each: steps N, evaluate, run
    #[arg(long, conflicts_with_all = ["steps", "layers"])]
    on_request: bool,
    /// Samples of each kind in a step that is asked for
    #[arg(long, default_value_t = 128, requires = "on_request")]
    batch: u64,
}

/// No check comes between the steps, and the run does not end before they are done.
const ENDLESS: [(&str, f64); 4] =
    [("check_every", 1e9), ("epochs", 1e9), ("target_forget_accuracy", 0.0), ("retain_budget", 0.0)];

impl Bench {
    pub async fn run(self) -> Result<()> {
        if self.on_request {
            return stopwatch::answer(&self.subject, self.batch).await;
        }
        if self.layers {
            print_layers();
        }
        let mut experiment = self.subject.open().await?;
        let classes = self.subject.class.clone();
        let strict = experiment.config("purge", Some(Preset::Strict), classes.clone(), 0, &[])?;
        let mut endless = strict.clone().with("objective", "retain_confusion")?;
        for (key, value) in ENDLESS {
            endless = endless.with(key, value as u64)?;
        }

        let began = Instant::now();
        experiment.scores(classes).await?;
        let evaluation = began.elapsed().as_secs_f64();

        let workspace = &mut experiment.workspace;
        workspace.start(endless).await?;
        let mut times = Vec::new();
        for done in 0..self.steps + 3 {
            let began = Instant::now();
            let progress = workspace.advance(1).await?;
            // At the end of an epoch there is a pass over D_r, which is no part of a step.
            if done >= 3 && !progress.step.is_multiple_of(progress.steps_per_epoch) {
                times.push(began.elapsed().as_secs_f64() * 1e3);
            }
        }
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);

        // The logits from before are at hand, as in the page, which computes them before anyone presses the button.
        workspace.reset();
        let began = Instant::now();
        workspace.start(strict).await?;
        drive(workspace).await?;
        let whole = began.elapsed().as_secs_f64();
        let summary = workspace.finish()?;
        println!(
            "{median:.1} ms a step (median of {}), whole run {whole:.1} s ({} steps), evaluation {evaluation:.1} s",
            times.len(),
            summary.steps
        );
        let device = device::name(workspace.device());
        self.subject.report(&json!({
            "device": device,
            "step_ms": median,
            "steps_timed": times.len(),
            "run_seconds": whole,
            "run_steps": summary.steps,
            "evaluation_seconds": evaluation,
        }))
    }
}

fn print_layers() {
    println!("| channels | images | forward, ms | GFLOP/s | back, ms | GFLOP/s |\n|---|---|--:|--:|--:|--:|");
    for layer in purge_unlearning::layer_speeds(30) {
        let ((input, output), side) = (layer.channels, layer.side);
        let ([forward, back], [fast, fast_back]) = (layer.milliseconds, layer.gflops);
        println!("| {input} → {output} | {side}×{side} | {forward:.2} | {fast:.0} | {back:.2} | {fast_back:.0} |");
    }
}
