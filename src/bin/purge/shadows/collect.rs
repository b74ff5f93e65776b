//! What the networks of a folder come to.

use std::collections::BTreeMap;
use std::path::Path;

use purge_unlearning::evaluation::ulira::{Observed, ToldApart, told_apart};
use purge_unlearning::{Error, Result};
use serde::Serialize;

use super::{Answers, Role};
use crate::options::write_whole;

/// What the shadows of one method and preset come to, as it is written to JSON.
#[derive(Debug, Serialize)]
struct Found {
    /// "mnist-group"
    network: String,
    class: usize,
    /// Null where they have yet to forget.
    method: Option<String>,
    preset: Option<String>,
    shadows: usize,
    retrains: usize,
    /// Training samples of the class.
    samples: usize,
    /// Those that a shadow learnt and forgot, told from those that it never saw.
    privacy: Option<ToldApart>,
    /// Those that a shadow learnt and forgot, told from the same as a network answers that never saw the class.
    efficacy: Option<ToldApart>,
    /// What makes it again.
    command: String,
}

pub fn collect(folder: &Path) -> Result<()> {
    let mut groups: BTreeMap<(String, usize), Vec<Answers>> = BTreeMap::new();
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io(folder.display(), e))?;
    for entry in entries {
        let path = entry.map_err(|e| Error::io(folder.display(), e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.ends_with(".json") || name == RESULTS {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(|e| Error::io(path.display(), e))?;
        let answers: Answers = serde_json::from_slice(&bytes).map_err(|e| Error::io(path.display(), e))?;
        let network = name.split(".class-").next().unwrap_or_default().to_string();
        groups.entry((network, answers.class)).or_default().push(answers);
    }
    if groups.is_empty() {
        return Err(Error::io(folder.display(), "no results here, which are *.json files of purge shadows"));
    }
    let found: Vec<Found> = groups.iter().flat_map(|((network, _), answers)| of_class(network, answers)).collect();
    print!("{}", markdown(&found));
    let text = serde_json::to_string_pretty(&found).map_err(|e| Error::io(RESULTS, e))?;
    write_whole(&folder.join(RESULTS), (text + "\n").as_bytes())
}

const RESULTS: &str = "shadows.json";

/// Each method and preset, and first the shadows as they were trained.
fn of_class(network: &str, answers: &[Answers]) -> Vec<Found> {
    let is_retrain = |answers: &&Answers| matches!(answers.role, Role::Retrain(_));
    let retrains: Vec<&Answers> = answers.iter().filter(is_retrain).collect();
    let mut ways: BTreeMap<[String; 2], Vec<&Answers>> = BTreeMap::new();
    for shadow in answers.iter().filter(|answers| !is_retrain(answers)) {
        let word = |key: &str| shadow.unlearning[key].as_str().unwrap_or_default().to_string();
        ways.entry(["method", "preset"].map(word)).or_default().push(shadow);
    }
    ways.into_iter().map(|([method, preset], shadows)| found(network, [method, preset], &shadows, &retrains)).collect()
}

fn found(network: &str, [method, preset]: [String; 2], shadows: &[&Answers], retrains: &[&Answers]) -> Found {
    let by_half = |shadow: &&Answers| Observed {
        phi: shadow.phi.clone(),
        learnt: shadow.learnt.iter().map(|learnt| Some(*learnt)).collect(),
    };
    let only_learnt = |shadow: &&Answers| Observed {
        phi: shadow.phi.clone(),
        learnt: shadow.learnt.iter().map(|learnt| learnt.then_some(true)).collect(),
    };
    let never =
        |retrain: &&Answers| Observed { phi: retrain.phi.clone(), learnt: vec![Some(false); retrain.phi.len()] };
    let privacy: Vec<Observed> = shadows.iter().map(by_half).collect();
    let efficacy: Vec<Observed> = shadows.iter().map(only_learnt).chain(retrains.iter().map(never)).collect();
    let (data, norm, class) =
        shadows.first().map(|of| (of.data.as_str(), of.norm.as_str(), of.class)).unwrap_or_default();
    let mut command = format!(
        "purge shadows --data {data} --norm {norm} --class {class} --shadows {} --retrains {}",
        shadows.len(),
        retrains.len()
    );
    if !method.is_empty() {
        command += &format!(" --method {method} --preset {preset}");
    }
    Found {
        network: network.into(),
        class,
        method: Some(method).filter(|name| !name.is_empty()),
        preset: Some(preset).filter(|name| !name.is_empty()),
        shadows: shadows.len(),
        retrains: retrains.len(),
        samples: shadows.first().map_or(0, |of| of.phi.len()),
        privacy: told_apart(&privacy),
        efficacy: told_apart(&efficacy),
        command: command + " --out DIR",
    }
}

fn markdown(found: &[Found]) -> String {
    let mut table = String::from(
        "| network | class | method | shadows | retrained | privacy: learnt half or the other | efficacy: forgotten or never seen |\n\
         |---|--:|---|--:|--:|--:|--:|\n",
    );
    let told = |told: Option<ToldApart>| match told {
        Some(ToldApart { accuracy, interval: [low, high] }) => format!("{accuracy:.3} ({low:.3} to {high:.3})"),
        None => "–".into(),
    };
    for Found { network, class, method, preset, shadows, retrains, privacy, efficacy, .. } in found {
        let way = match (method, preset) {
            (Some(method), Some(preset)) => format!("{method} {preset}"),
            _ => "as trained".into(),
        };
        table += &format!(
            "| {network} | {class} | {way} | {shadows} | {retrains} | {} | {} |\n",
            told(*privacy),
            told(*efficacy)
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answers(role: Role, unlearning: Value, phi: [f64; 4], learnt: [bool; 4]) -> Answers {
        Answers {
            data: "mnist".into(),
            norm: "group".into(),
            class: 3,
            role,
            training: Value::Null,
            unlearning,
            seconds: 1.0,
            phi: phi.to_vec(),
            learnt: learnt.to_vec(),
        }
    }

    /// As trained, what was learnt is sure; once it was forgotten, all of the class is alike, and unlike one that was never seen.
    #[test]
    fn what_is_learnt_is_told_until_it_is_forgotten() {
        let mut all = Vec::new();
        for index in 0..8 {
            let learnt = [index % 2 == 0, index % 4 < 2, index % 2 == 1, index % 4 > 1];
            let wave = (index as f64 * 2.4).sin();
            all.push(answers(
                Role::Shadow(index),
                Value::Null,
                learnt.map(|l| if l { 9.0 + wave } else { 1.0 - wave }),
                learnt,
            ));
            // The half that was learnt lies on both sides of the other.
            let same = [wave, -wave, wave * 0.5, -wave * 0.5];
            all.push(answers(Role::Shadow(index), json!({ "method": "purge", "preset": "strict" }), same, learnt));
            all.push(answers(Role::Retrain(index), Value::Null, [-9.0 + wave; 4], [false; 4]));
        }
        let found = of_class("mnist-group", &all);
        assert_eq!(found.iter().map(|of| of.method.as_deref()).collect::<Vec<_>>(), [None, Some("purge")]);
        assert_eq!((found[0].shadows, found[0].retrains, found[0].samples), (8, 8, 4));
        assert_eq!(found[0].privacy.unwrap().accuracy, 1.0);
        assert!(found[1].privacy.unwrap().accuracy < 0.8);
        assert_eq!(found[1].efficacy.unwrap().accuracy, 1.0);
        assert_eq!(
            found[1].command,
            "purge shadows --data mnist --norm group --class 3 --shadows 8 --retrains 8 --method purge --preset strict --out DIR"
        );
        assert!(markdown(&found).contains("| mnist-group | 3 | as trained | 8 | 8 | 1.000 (1.000 to 1.000) |"));
    }
}
