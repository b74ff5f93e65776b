//! Linear probe: can a straight line find the forgotten class among the features? Test images of the class against as many
//! others, logistic regression in five folds (as the PURGE paper's program has it). Features that tell classes apart tell unknown
//! ones apart too, so the yardstick is what a retrained network gives and not 50 %.

use super::maths::{Rows, folds, head, mean};
use super::options::{C, Options, SEED};
use super::report::{Report, figure};
use super::scene::Scene;
use super::seam::{Attack, AttackInfo, Attacking, NoteInfo, NumberInfo, Second};
use crate::Result;
use crate::unlearning::settings::words;

/// See the [module](self).
#[derive(Debug)]
pub struct Probe;

const FOLDS: usize = 5;
/// The 97.5 % point of Student's t with one degree of freedom less than there are folds.
const STUDENT: f64 = 2.776;

static INFO: AttackInfo = AttackInfo {
    name: "probe",
    title: words("Linear probe"),
    sentence: words("Asks whether a straight line can still find the forgotten class among the network’s features."),
    formula: words(
        "Accuracy of logistic regression (C 1, five folds) on features of forgotten test images and as many others",
    ),
    year: 2026,
    source: words("https://arxiv.org/abs/2606.03808"),
    second: Second::Welcome,
    options: &[SEED, C],
    headline: "penultimate",
    numbers: &[
        NumberInfo { key: "penultimate", label: words("Penultimate features"), unit: "%" },
        NumberInfo { key: "last_stage", label: words("Last stage"), unit: "%" },
        NumberInfo { key: "stage_before", label: words("Stage before the last"), unit: "%" },
        NumberInfo { key: "samples", label: words("Images"), unit: "" },
    ],
    curves: &[],
    notes: &[TOO_FEW],
};

pub(super) const TOO_FEW: NoteInfo =
    NoteInfo { key: "too_few", sentence: words("Too few test images of the class for five folds.") };

impl Attack for Probe {
    fn info(&self) -> &'static AttackInfo {
        &INFO
    }

    fn begin(&self, scene: Scene, options: Options) -> Attacking {
        Box::pin(attacked(scene, options))
    }
}

async fn attacked(scene: Scene, options: Options) -> Result<Report> {
    let mut report = Report::new(&INFO, options.clone());
    let (indices, labels) = scene.forgotten_and_others(options.seed());
    scene.breathe(0.0).await;
    let [before, last, penultimate] = scene.activations(scene.network(), &scene.dataset().test, &indices).await?.taps;
    // Both shipped architectures average the last stage and nothing more.
    let last = Some(last).filter(|last| *last != penultimate);
    let taps = [("penultimate", Some(penultimate)), ("last_stage", last), ("stage_before", Some(before))];
    for (place, (key, features)) in taps.into_iter().enumerate() {
        scene.breathe(0.25 + 0.25 * place as f64).await;
        let Some(features) = features else { continue };
        match told_apart(&scene, &features, &labels, options.number(C.key)).await {
            Some((accuracy, interval)) => report.push(figure(key, accuracy).with_interval(Some(interval))),
            None => report.note(TOO_FEW.key),
        }
    }
    report.push(figure("samples", labels.len() as f64));
    Ok(report)
}

/// In what percentage of images a logistic regression that has learnt from the other folds is right, and the 95 % interval that
/// the folds' spread gives. `None` of fewer images than folds on either side.
pub(super) async fn told_apart(scene: &Scene, features: &Rows, labels: &[usize], c: f64) -> Option<(f64, [f64; 2])> {
    let ones = labels.iter().sum::<usize>();
    if ones.min(labels.len() - ones) < FOLDS {
        return None;
    }
    let fold_of = folds(labels, FOLDS);
    let mut accuracies = Vec::new();
    for fold in 0..FOLDS {
        let (test, train): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|&i| fold_of[i] == fold);
        let train_labels: Vec<usize> = train.iter().map(|&i| labels[i]).collect();
        let fitted = head(&features.select(&train), &train_labels, 2, c);
        let right = test.iter().filter(|&&i| fitted.predict(features.row(i)) == labels[i]).count();
        accuracies.push(100.0 * right as f64 / test.len() as f64);
        scene.breathe_again().await;
    }
    let accuracy = mean(accuracies.iter().copied());
    let squares = accuracies.iter().map(|of| (of - accuracy) * (of - accuracy)).sum::<f64>();
    let half = STUDENT * (squares / (FOLDS - 1) as f64 / FOLDS as f64).sqrt();
    Some((accuracy, [(accuracy - half).max(0.0), (accuracy + half).min(100.0)]))
}
