use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use purge_unlearning::Result;
use purge_unlearning::evaluation::Evaluation;
use purge_unlearning::unlearning::{Preset, StopReason, Summary};

use crate::ablate;
use crate::options::{Subject, method_name, methods_help, preset, settings_help, write_whole};

/// Every score of a network.
#[derive(Args)]
pub struct Evaluate {
    #[command(flatten)]
    subject: Subject,
}

impl Evaluate {
    pub async fn run(self) -> Result<()> {
        let evaluation = self.subject.open().await?.scores(self.subject.class.clone()).await?;
        if !self.subject.json_to_stdout() {
            print_scores(&[("", &evaluation)]);
        }
        self.subject.report(&evaluation)
    }
}

/// Make a network forget a class.
#[derive(Args)]
#[command(after_help = settings_help())]
pub struct Unlearn {
    #[command(flatten)]
    subject: Subject,
    #[arg(long, value_name = "NAME", default_value = "purge", value_parser = method_name, help = methods_help())]
    method: String,
    /// A named set of values for its settings; default: strict for purge, published for others
    #[arg(long, value_name = "NAME", value_parser = preset)]
    preset: Option<Preset>,
    /// Change one setting of the preset, such as learning_rate=0.002
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long, value_name = "PART", value_delimiter = ',', help = ablate::help())]
    ablate: Vec<String>,
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

impl Unlearn {
    pub async fn run(self) -> Result<ExitCode> {
        let subject = &self.subject;
        let mut experiment = subject.open().await?;
        let config = experiment.config(&self.method, self.preset, subject.class.clone(), self.seed, &self.set)?;
        let config = ablate::ablated(config, &self.ablate)?;
        let outcome = experiment.unlearn(config, self.retrained.as_deref()).await?;
        let Summary { stop, steps, network_step, violations, seconds } = outcome.summary;

        if !subject.json_to_stdout() {
            let mut columns = vec![("before", &outcome.before), ("after", &outcome.after)];
            columns.extend(outcome.retrained.as_ref().map(|r| ("retrained", r)));
            print_scores(&columns);
            let against = violations.map(|n| format!(", {n} of them against the retain gradient")).unwrap_or_default();
            println!("stopped by {}: {steps} steps, {seconds:.1} s{against}", stop.as_str());
        }
        subject.report(&outcome)?;
        if let Some(path) = &self.out {
            write_whole(path, &experiment.workspace.export().await?)?;
        }
        if stop == StopReason::Diverged {
            eprintln!(
                "purge: the run diverged at step {steps}, where a loss or a weight was no longer a number; \
                 the network is as it was after step {network_step}"
            );
            return Ok(ExitCode::from(DIVERGED));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The exit code of a run that has diverged.
const DIVERGED: u8 = 7;

fn print_scores(columns: &[(&str, &Evaluation)]) {
    type Score = (&'static str, fn(&Evaluation) -> f64, usize);
    let scores: [Score; 9] = [
        ("TA", |e| e.ta, 2),
        ("TA_r", |e| e.ta_retained, 2),
        ("FA", |e| e.fa, 2),
        ("FA_test", |e| e.fa_test, 2),
        ("FA earlier", |e| e.fa_earlier, 2),
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
