use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use purge_unlearning::Result;
use purge_unlearning::evaluation::Evaluation;
use purge_unlearning::unlearning::run::CERTIFICATE;
use purge_unlearning::unlearning::{Preset, Step, StopReason, Summary};

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
            certificate(&outcome.trace).iter().for_each(|words| println!("{words}"));
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

/// What the steps did to the retain loss, where they report it.
fn certificate(trace: &[Step]) -> Option<String> {
    let [dots, own, other] =
        CERTIFICATE.map(|info| trace.iter().filter_map(|step| step.number(info.key)).collect::<Vec<f64>>());
    let over_zero = |values: &[f64]| {
        100.0 * values.iter().filter(|value| **value > 0.0).count() as f64 / values.len().max(1) as f64
    };
    let most = |values: &[f64]| values.iter().fold(0.0, |most: f64, value| most.max(*value));
    (!dots.is_empty()).then(|| {
        format!(
            "certificate: {:.1} % of the steps went against the retain gradient; the retain loss rose in {:.1} % of them on \
             their own batch, by up to {:.2e} nats, and in {:.1} % on another one, by up to {:.2e}",
            over_zero(&dots),
            over_zero(&own),
            most(&own),
            over_zero(&other),
            most(&other),
        )
    })
}

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use purge_unlearning::unlearning::method::Scalar;

    use super::*;

    #[test]
    fn a_certificate_is_summed_up() {
        let step = |step: usize, values: [f64; 3]| {
            let scalars = CERTIFICATE.iter().zip(values).map(|(info, value)| (info.key, Scalar::Number(value)));
            Step { step, scalars: scalars.collect() }
        };
        let words = certificate(&[step(1, [-1.0, 0.5, -2.0]), step(2, [0.0, -1.0, -3.0]), step(3, [1.0, 0.25, 0.0])]);
        let expected = "33.3 % of the steps went against the retain gradient; the retain loss rose in 66.7 % of them on \
                        their own batch, by up to 5.00e-1 nats, and in 0.0 % on another one, by up to 0.00e0";
        assert_eq!(words.as_deref().and_then(|words| words.strip_prefix("certificate: ")), Some(expected));
        assert_eq!(certificate(&[Step { step: 1, scalars: BTreeMap::new() }]), None);
    }
}
