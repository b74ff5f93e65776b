use std::path::PathBuf;

use clap::Args;
use purge_unlearning::Result;
use purge_unlearning::attacks::{ATTACKS, AttackInfo, Figure, Report, attack};
use purge_unlearning::data::ClassRoles;
use purge_unlearning::inference::LogitCache;
use purge_unlearning::unlearning::settings::Range;
use purge_unlearning::workspace::{AttackRequest, Attacked};
use serde::Serialize;

use crate::options::{Subject, changes, checkpoint};
use crate::task::Experiment;

/// Find out what a network still knows of a class.
#[derive(Args)]
#[command(after_help = attacks_help())]
pub struct Attack {
    #[command(flatten)]
    subject: Subject,
    /// Which attack, or all
    #[arg(long, value_name = "NAME", default_value = "all", value_parser = attack_name)]
    attack: String,
    /// Change one option of the attack, such as seeds=5; not with all
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Networks retrained without the class, with commas between: the first is the yardstick, all of them show its range; default:
    /// MODEL-without-N.safetensors and every MODEL-without-N-seed-S.safetensors, where they are there
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    retrained: Vec<PathBuf>,
}

/// What attacks came to, as it is written to JSON.
#[derive(Serialize)]
struct Outcome {
    model: String,
    data: String,
    retrained: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    retrained_others: Vec<String>,
    classes: ClassRoles,
    reports: Vec<Report>,
}

const ALL: &str = "all";

impl Attack {
    pub async fn run(self) -> Result<()> {
        let subject = &self.subject;
        let mut experiment = subject.open().await?;
        let earlier = experiment.workspace.info().model.map(|model| model.card.forgotten_classes).unwrap_or_default();
        let classes = ClassRoles::new(subject.class.clone(), &earlier);
        let retrained = match self.retrained.as_slice() {
            [] => experiment.all_beside(&classes)?,
            given => given.to_vec(),
        };
        let names: Vec<&str> = match self.attack.as_str() {
            // What needs a second network can wait for one; the others say what they can.
            ALL => {
                let can = |info: &&AttackInfo| !retrained.is_empty() || !info.needs_retrained();
                ATTACKS.iter().map(|attack| attack.info()).filter(can).map(|info| info.name).collect()
            }
            name => vec![name],
        };
        let mut reports = Vec::new();
        for name in names {
            let report = self.attacked(&mut experiment, name, &retrained).await?;
            if !subject.json_to_stdout() {
                print(attack(name)?.info(), &report);
            }
            reports.push(report);
        }
        if self.attack == ALL && retrained.is_empty() && !subject.json_to_stdout() {
            println!(
                "Without a network retrained without the class there is no yardstick, and nothing to compare with: --retrained"
            );
        }
        let mut retrained = retrained.iter().map(|path| path.display().to_string());
        subject.report(&Outcome {
            model: experiment.name(),
            data: subject.data.clone(),
            retrained: retrained.next(),
            retrained_others: retrained.collect(),
            classes,
            reports,
        })
    }

    /// The attack on the network; with it the first retrained one's numbers, and the range of all of them.
    async fn attacked(&self, experiment: &mut Experiment, name: &str, retrained: &[PathBuf]) -> Result<Report> {
        let device = experiment.workspace.device().clone();
        let network = |path: &PathBuf| checkpoint(path, &device).map(|checkpoint| checkpoint.network);
        let first = retrained.first().map(network).transpose()?;
        let request = AttackRequest {
            name: name.into(),
            forget: self.subject.class.clone(),
            retrained: first.clone(),
            changes: changes(&self.set)?,
            ..AttackRequest::default()
        };
        let mut report = experiment.attack(request.clone()).await?;
        let needs_first = attack(name)?.info().needs_retrained();
        let mut others = Vec::new();
        for path in retrained.iter().skip(1) {
            let request = AttackRequest {
                network: Attacked::Other(Box::new((network(path)?, LogitCache::default()))),
                retrained: first.clone().filter(|_| needs_first),
                ..request.clone()
            };
            others.push(experiment.attack(request).await?);
        }
        if !others.is_empty() {
            report.put_range_beside(&others);
        }
        Ok(report)
    }
}

/// The numbers as a table: what it is, the network's, its interval, retrained's, the range of several retrained.
fn print(info: &AttackInfo, report: &Report) {
    println!("{}: {}", info.title, info.sentence);
    let head = |of: fn(&Figure) -> bool, head| if report.numbers.iter().any(of) { head } else { "" };
    let reference = head(|figure| figure.reference.is_some(), "retrained");
    let range = head(|figure| figure.reference_range.is_some(), "its range");
    println!("  {:72}{:>12}{:>20}{reference:>12}{range:>20}", "", "network", "95 % interval");
    for figure in &report.numbers {
        let number = info.numbers.iter().find(|number| number.key == figure.key);
        let (label, unit) = number.map_or((figure.key, ""), |number| (number.label, number.unit));
        let of = figure.of.as_deref().map(|of| format!(" [{}]", named(info, of))).unwrap_or_default();
        let unit = if unit.is_empty() { String::new() } else { format!(", {unit}") };
        let Figure { value, interval, reference, reference_range, .. } = figure;
        let digits = digits(&unit);
        let ends = |[low, high]: [f64; 2]| format!("{low:.digits$} to {high:.digits$}");
        let [interval, range] = [interval, reference_range].map(|pair| pair.map(ends).unwrap_or_default());
        let reference = reference.map(|reference| format!("{reference:.digits$}")).unwrap_or_default();
        println!("  {:72}{value:>12.digits$}{interval:>20}{reference:>12}{range:>20}", format!("{label}{of}{unit}"));
    }
    for note in &report.notes {
        let sentence = info.notes.iter().find(|row| row.key == *note).map_or(*note, |row| row.sentence);
        println!("  ({sentence})");
    }
    println!("  {:.1} s\n", report.seconds);
}

/// Where a number is one of another, by that one's words.
fn named(info: &AttackInfo, of: &str) -> String {
    let (first, rest) = of.split_once(' ').unwrap_or((of, ""));
    match info.numbers.iter().find(|number| number.key == first) {
        Some(number) => format!("{}, {rest}", number.label.to_lowercase()),
        None => of.into(),
    }
}

fn digits(unit: &str) -> usize {
    if unit.is_empty() { 3 } else { 1 }
}

fn attack_name(name: &str) -> Result<String, String> {
    if name == ALL {
        return Ok(name.into());
    }
    attack(name).map(|_| name.into()).map_err(|error| error.to_string())
}

/// Every attack with its options, for the help.
fn attacks_help() -> String {
    let mut help = String::from("Attacks:\n");
    for info in ATTACKS.iter().map(|attack| attack.info()) {
        help += &format!("  {}: {} ({}, {})\n", info.name, info.sentence, info.year, info.source);
        for option in info.options {
            let default = match option.range {
                Range::Whole { .. } => format!("{:.0}", option.default),
                _ => option.default.to_string(),
            };
            help += &format!("    --set {}={default}: {} [{}]\n", option.key, option.sentence, option.range);
        }
    }
    help
}
