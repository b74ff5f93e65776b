//! Makes the runs of a table, and judges the networks that they are held against: a JSON file each.

use std::path::Path;

use purge_unlearning::data::ClassRoles;
use purge_unlearning::evaluation::Evaluation;
use purge_unlearning::unlearning::RunConfig;
use purge_unlearning::workspace::{Attacked, Version};
use purge_unlearning::{Error, Result, device};
use serde::Serialize;
use serde_json::{Map, Value};

use super::attacking::{Attacks, Findings, Yardstick};
use super::choice::{Choice, Shard};
use super::files::{self, There};
use crate::options::NonMembers;
use crate::task::{Experiment, Outcome};

/// All that the tasks of a table have in common.
pub struct Tasks<'a> {
    pub experiment: Experiment,
    pub data: &'a str,
    pub out: &'a Path,
    pub non_members: NonMembers,
    pub set: &'a [String],
    pub attacks: Attacks,
}

/// A run, as it is written.
#[derive(Serialize)]
struct RunFile<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome,
    /// The part of the method that is switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    ablated: Option<&'a str>,
    /// What the run has otherwise than its preset.
    changes: Map<String, Value>,
    attacks: Vec<Findings>,
    /// The seconds of a result that is made once more for an attack that it lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    timed: Option<f64>,
}

/// A network that runs are held against, as it is written.
#[derive(Serialize)]
struct NetworkFile {
    network: &'static str,
    model: String,
    data: String,
    class_name: String,
    device: String,
    classes: ClassRoles,
    /// Of a retrained network.
    seed: u64,
    scores: Evaluation,
    attacks: Vec<Findings>,
}

impl Tasks<'_> {
    /// Everything that falls to a shard: first what runs are held against, which it costs least to have early, then the
    /// runs, one seed after the other.
    pub async fn run(&mut self, classes: &[usize], choices: &[Choice], seeds: u64, shard: Shard) -> Result<()> {
        for (group, &class) in classes.iter().enumerate() {
            if shard.takes(group, 0) {
                self.before(class).await?;
            }
            let retrained = (0..).take_while(|seed| self.has_retrained(class, *seed));
            for seed in retrained.collect::<Vec<_>>() {
                if shard.takes(group, 1 + seed as usize) {
                    self.retrained(class, seed).await?;
                }
            }
        }
        for (class, choice, seed) in runs(classes, choices, seeds, shard) {
            self.unlearned(class, choice, seed).await?;
        }
        Ok(())
    }

    /// Makes the runs of a shard once more whose results are there, for their seconds alone.
    pub async fn time(&mut self, classes: &[usize], choices: &[Choice], seeds: u64, shard: Shard) -> Result<()> {
        for (class, choice, seed) in runs(classes, choices, seeds, shard) {
            let (name, config) = self.named(class, choice, seed)?;
            let Some(found) = self.found(&name, Some(&config))? else { continue };
            self.experiment.workspace.reset();
            let (_, seconds) = self.experiment.run(config).await?;
            found.write_timed(&self.out.join(&name), seconds)?;
            eprintln!("{name}: {seconds:.1} s");
        }
        Ok(())
    }

    /// A run's file and its settings.
    fn named(&self, class: usize, choice: &Choice, seed: u64) -> Result<(String, RunConfig)> {
        let config = choice.config(&self.experiment, class, seed, self.set)?;
        Ok((format!("{}.{}.class-{class}.seed-{seed}.json", self.experiment.name(), choice.file_part()), config))
    }

    fn has_retrained(&self, class: usize, seed: u64) -> bool {
        self.experiment.beside(&self.roles(class), seed).is_some()
    }

    fn roles(&self, class: usize) -> ClassRoles {
        let earlier = self.experiment.workspace.info().model.map(|model| model.card.forgotten_classes);
        ClassRoles::new(vec![class], &earlier.unwrap_or_default())
    }

    async fn before(&mut self, class: usize) -> Result<()> {
        let name = format!("{}.before.class-{class}.json", self.experiment.name());
        let found = self.found(&name, None)?;
        if self.is_whole(&found, self.has_retrained(class, 0)) {
            eprintln!("{name} is there");
            return Ok(());
        }
        let yardstick = self.yardstick(class).await?;
        self.experiment.workspace.reset();
        let scores = self.experiment.scores(vec![class]).await?;
        let attacked = (Attacked::Own(Version::Loaded), class);
        let there = found.map(|found| found.attacks).unwrap_or_default();
        let findings = self.attacks.make(&mut self.experiment, attacked, yardstick.as_ref(), there).await?;
        self.write_network(&name, ("before", 0), scores, findings)
    }

    /// The network retrained without a class. Those of other seeds are held against that of the first.
    async fn retrained(&mut self, class: usize, seed: u64) -> Result<Vec<Findings>> {
        let name = format!("{}.retrained.class-{class}.seed-{seed}.json", self.experiment.name());
        let found = self.found(&name, None)?;
        if self.is_whole(&found, seed > 0) {
            return Ok(found.map(|found| found.attacks).unwrap_or_default());
        }
        let yardstick = if seed > 0 { Box::pin(self.yardstick(class)).await? } else { None };
        let roles = self.roles(class);
        let path = self.experiment.beside(&roles, seed).ok_or_else(|| Error::io(&name, "the network is gone"))?;
        self.experiment.workspace.reset();
        let network = self.experiment.retrained(&path, &roles.forget).await?;
        let attacked = (Attacked::Other(Box::new((network.network, network.logits))), class);
        let there = found.map(|found| found.attacks).unwrap_or_default();
        let findings = self.attacks.make(&mut self.experiment, attacked, yardstick.as_ref(), there).await?;
        self.write_network(&name, ("retrained", seed), network.scores, findings.clone())?;
        Ok(findings)
    }

    /// What attacks on other networks are held against: the retrained network, and what they found on it.
    async fn yardstick(&mut self, class: usize) -> Result<Option<Yardstick>> {
        let roles = self.roles(class);
        let Some(path) = self.experiment.beside(&roles, 0).filter(|_| self.attacks.are_made()) else {
            return Ok(None);
        };
        let findings = self.retrained(class, 0).await?;
        let retrained = self.experiment.retrained(&path, &roles.forget).await?;
        Ok(Some(Yardstick { network: retrained.network, logits: retrained.logits, findings }))
    }

    async fn unlearned(&mut self, class: usize, choice: &Choice, seed: u64) -> Result<()> {
        // Else what the task before has forgotten would count as forgotten in this one.
        self.experiment.workspace.reset();
        let (name, config) = self.named(class, choice, seed)?;
        let found = self.found(&name, Some(&config))?;
        if self.is_whole(&found, self.has_retrained(class, 0)) {
            eprintln!("{name} is there");
            return Ok(());
        }
        let changes = choice.changes(&self.experiment, &config)?;
        let yardstick = self.yardstick(class).await?;
        let mut outcome = self.experiment.unlearn(config, None).await?;
        outcome.trace.clear();
        let attacked = (Attacked::default(), class);
        let timed = found.as_ref().and_then(There::timed);
        let there = found.map(|found| found.attacks).unwrap_or_default();
        let attacks = self.attacks.make(&mut self.experiment, attacked, yardstick.as_ref(), there).await?;
        let parts: String = attacks.iter().map(|of| format!(", {} {:.1} s", of.attack, of.seconds)).collect();
        let file = RunFile { outcome: &outcome, ablated: choice.ablated.as_deref(), changes, attacks, timed };
        files::write(&self.out.join(&name), &file)?;
        eprintln!(
            "{name}: FA {:.1} → {:.1}, RA {:.1} → {:.1}, {} steps; run {:.1} s, scores {:.1} s{parts}",
            outcome.before.fa,
            outcome.after.fa,
            outcome.before.ra,
            outcome.after.ra,
            outcome.summary.steps,
            outcome.summary.seconds,
            outcome.after.seconds,
        );
        Ok(())
    }

    /// What a file has already. Fails where that is of other settings.
    fn found(&self, name: &str, config: Option<&RunConfig>) -> Result<Option<There>> {
        let path = self.out.join(name);
        let Some(there) = There::read(&path)? else { return Ok(None) };
        there.must_be_of(&path, self.data, self.non_members.split().as_str(), config, &self.attacks)?;
        Ok(Some(there))
    }

    /// Whether nothing is missing. A run that lacks an attack is made once more: it comes to the same network.
    fn is_whole(&self, found: &Option<There>, with_retrained: bool) -> bool {
        found.as_ref().is_some_and(|found| self.attacks.all_in(&found.attacks, with_retrained))
    }

    fn write_network(
        &self,
        name: &str,
        (network, seed): (&'static str, u64),
        scores: Evaluation,
        attacks: Vec<Findings>,
    ) -> Result<()> {
        let classes = scores.classes.clone();
        let parts: String = attacks.iter().map(|of| format!(", {} {:.1} s", of.attack, of.seconds)).collect();
        eprintln!("{name}: FA {:.1}, RA {:.1}; scores {:.1} s{parts}", scores.fa, scores.ra, scores.seconds);
        let file = NetworkFile {
            network,
            model: self.experiment.name(),
            data: self.data.into(),
            class_name: self.experiment.names(&classes.forget)?,
            device: device::name(self.experiment.workspace.device()),
            classes,
            seed,
            scores,
            attacks,
        };
        files::write(&self.out.join(name), &file)
    }
}

/// The runs that fall to a shard, one seed after the other.
fn runs<'a>(
    classes: &'a [usize],
    choices: &'a [Choice],
    seeds: u64,
    shard: Shard,
) -> impl Iterator<Item = (usize, &'a Choice, u64)> {
    let of_seed = move |seed| classes.iter().enumerate().map(move |(group, class)| (seed, group, *class));
    (0..seeds).flat_map(of_seed).flat_map(move |(seed, group, class)| {
        let mine = choices.iter().enumerate().filter(move |(place, _)| shard.takes(seed as usize + group, *place));
        mine.map(move |(_, choice)| (class, choice, seed))
    })
}
