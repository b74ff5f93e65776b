use std::path::PathBuf;

use clap::Args;
use purge_unlearning::Result;
use purge_unlearning::data::ClassRoles;
use purge_unlearning::evaluation::Evaluation;
use purge_unlearning::inference::evaluate;
use purge_unlearning::model::{Checkpoint, Precision};
use purge_unlearning::unlearning::Summary;

use crate::options::{Subject, write_whole};
use crate::task::{Ground, Method};

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
        let classes = ClassRoles::new(self.subject.class.clone(), &checkpoint.card.forgotten_classes);
        let evaluation = evaluate(&checkpoint.network, &dataset, &classes, split, None).await?;
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
    preset: Method,
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

impl Unlearn {
    pub async fn run(self) -> Result<()> {
        let subject = &self.subject;
        let split = subject.non_members.split();
        let ground = Ground::new(subject.open().await?, &subject.model, &subject.data, split).await?;
        let config = ground.config(self.preset, subject.class.clone(), self.seed, &self.set)?;
        let (network, outcome) = ground.unlearn(self.preset, config, self.retrained.as_deref()).await?;

        if !subject.json_to_stdout() {
            let mut columns = vec![("before", &outcome.before), ("after", &outcome.after)];
            columns.extend(outcome.retrained.as_ref().map(|r| ("retrained", r)));
            print_scores(&columns);
            let Summary { stop, steps, violations, seconds } = outcome.summary;
            println!(
                "stopped by {stop:?}: {steps} steps, {seconds:.1} s, {violations} of them against the retain gradient"
            );
        }
        subject.report(&outcome)?;
        if let Some(path) = &self.out {
            let card = ground.original.card.having_forgotten(outcome.config.classes.gone().collect());
            let forgotten = Checkpoint { network, card };
            let bytes = forgotten.write(Precision::Full).await?;
            write_whole(path, &bytes)?;
        }
        Ok(())
    }
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
