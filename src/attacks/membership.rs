//! Membership inference: who can tell the training images of the forgotten class from unseen ones of it, by the network's answers?
//! Loss, confidence, entropy and modified entropy as Song & Mittal have them (USENIX Security 2021, arXiv 2003.10595), each as a
//! score without a threshold; and a learned score, out of the fold of the image that it is for.
//!
//! Members are D_f, non-members as many images of the same class at most that were not learnt from, as an
//! [`Evaluation`](crate::evaluation::Evaluation) has them: those of the test split, or of [`Scene::non_members`].

use super::maths::{Rows, auroc_interval, folds, head, mean, modified_entropy, tpr_at_fpr};
use super::options::{C, OptionInfo, Options, SEED};
use super::report::{Figure, Report, ScoreHistogram, figure};
use super::scene::Scene;
use super::seam::{Attack, AttackInfo, Attacking, CurveInfo, NoteInfo, NumberInfo, Second};
use crate::Result;
use crate::data::SplitName;
use crate::evaluation::{Histogram, MAX_CROSS_ENTROPY, auroc, cross_entropy, log_softmax, max_softmax, mean_roc, roc};
use crate::unlearning::settings::words;

/// See the [module](self).
#[derive(Debug)]
pub struct Membership;

const FOLDS: usize = 5;
/// Where there are fewer non-members, 1 % of them is too few to count.
const LEAST_FOR_TPR: usize = 1000;
/// A network that is surer than this is sure.
const LEAST_LOG_P: f64 = -30.0;

static INFO: AttackInfo = AttackInfo {
    name: "membership",
    title: words("Membership inference"),
    sentence: words("Tries to tell the images that were to be forgotten from unseen ones of the same class."),
    formula: words(
        "AUROC of −CE(z, y), max σ(z), −H(σ(z)), −M(z, y) and of a logistic regression on the sorted outputs",
    ),
    year: 2021,
    source: words("https://arxiv.org/abs/2003.10595"),
    second: Second::Welcome,
    options: &[
        SEED,
        OptionInfo::whole(
            "resamples",
            [0, 100_000],
            1000,
            "Resamples",
            "Draws of the bootstrap behind each interval; 0 is none.",
        ),
        C,
    ],
    headline: "worst",
    numbers: &[
        NumberInfo {
            key: "worst",
            label: words("The score that tells most: its AUROC, turned round where it is below 0.5"),
            unit: "",
        },
        NumberInfo { key: "auroc_loss", label: words("By the loss"), unit: "" },
        NumberInfo { key: "auroc_confidence", label: words("By the confidence"), unit: "" },
        NumberInfo { key: "auroc_entropy", label: words("By the entropy"), unit: "" },
        NumberInfo { key: "auroc_modified_entropy", label: words("By the modified entropy"), unit: "" },
        NumberInfo { key: "auroc_learned", label: words("By a learned score"), unit: "" },
        NumberInfo { key: "tpr_loss", label: words("Members found at 1 % false alarms, by the loss"), unit: "%" },
        NumberInfo { key: "tpr_confidence", label: words("Likewise by the confidence"), unit: "%" },
        NumberInfo { key: "tpr_entropy", label: words("Likewise by the entropy"), unit: "%" },
        NumberInfo { key: "tpr_modified_entropy", label: words("Likewise by the modified entropy"), unit: "%" },
        NumberInfo { key: "tpr_learned", label: words("Likewise by the learned score"), unit: "%" },
        NumberInfo { key: "members", label: words("Members"), unit: "" },
        NumberInfo { key: "non_members", label: words("Non-members"), unit: "" },
    ],
    curves: &[
        CurveInfo {
            key: "auroc_loss",
            label: words("By the loss"),
            x: words("False alarms"),
            y: words("Members found"),
        },
        CurveInfo {
            key: "auroc_confidence",
            label: words("By the confidence"),
            x: words("False alarms"),
            y: words("Members found"),
        },
        CurveInfo {
            key: "auroc_entropy",
            label: words("By the entropy"),
            x: words("False alarms"),
            y: words("Members found"),
        },
        CurveInfo {
            key: "auroc_modified_entropy",
            label: words("By the modified entropy"),
            x: words("False alarms"),
            y: words("Members found"),
        },
        CurveInfo {
            key: "auroc_learned",
            label: words("By a learned score"),
            x: words("False alarms"),
            y: words("Members found"),
        },
    ],
    notes: &[
        NoteInfo { key: "val", sentence: words("The unseen images are those of the validation split.") },
        NoteInfo {
            key: "few_non_members",
            sentence: words(
                "Under 1,000 non-members: the share found at 1 % false alarms would hang on a handful of images, and is left out.",
            ),
        },
        NoteInfo {
            key: "no_samples",
            sentence: words("A class without members or without non-members cannot be attacked, and is left out."),
        },
        NoteInfo { key: "too_few_to_learn", sentence: words("Too few images to learn a score from.") },
        NoteInfo {
            key: "learned_nothing",
            sentence: words(
                "The learned score is below 0.5: what it found among some images does not hold for the others. That is no attack, so it is not turned round.",
            ),
        },
    ],
};

/// A score by its AUROC and its true positive rate, which have keys of their own.
const SCORES: [[&str; 2]; 5] = [
    ["auroc_loss", "tpr_loss"],
    ["auroc_confidence", "tpr_confidence"],
    ["auroc_entropy", "tpr_entropy"],
    ["auroc_modified_entropy", "tpr_modified_entropy"],
    [LEARNED, "tpr_learned"],
];
const LEARNED: &str = "auroc_learned";

impl Attack for Membership {
    fn info(&self) -> &'static AttackInfo {
        &INFO
    }

    fn begin(&self, scene: Scene, options: Options) -> Attacking {
        Box::pin(attacked(scene, options))
    }
}

/// The scores of a class: of each kind those of members and of non-members.
struct OfClass {
    class: usize,
    scores: Vec<[Vec<f64>; 2]>,
}

async fn attacked(mut scene: Scene, options: Options) -> Result<Report> {
    let mut report = Report::new(&INFO, options.clone());
    scene.breathe(0.0).await;
    let train = scene.logits(SplitName::Train).await?;
    scene.breathe(0.3).await;
    let unseen = scene.logits(scene.non_members()).await?;
    scene.breathe(0.4).await;
    let dataset = scene.dataset().clone();
    let unseen_labels = dataset.non_members(scene.non_members())?.labels();
    if scene.non_members() == SplitName::Val {
        report.note("val");
    }
    let classes = dataset.classes();
    let mut attacked = Vec::new();
    for &class in &scene.roles().forget {
        let rows = |logits: &[f32], labels: &[u16], limit: usize| -> Vec<Vec<f32>> {
            let of_class = logits.chunks_exact(classes).zip(labels).filter(|(_, label)| usize::from(**label) == class);
            of_class.take(limit).map(|(row, _)| row.to_vec()).collect()
        };
        let members = rows(&train, dataset.train.labels(), usize::MAX);
        let non_members = rows(&unseen, unseen_labels, members.len());
        if members.is_empty() || non_members.is_empty() {
            report.note("no_samples");
            continue;
        }
        let mut scores = simple(&members, &non_members, class);
        match learned(&members, &non_members, options.number(C.key)) {
            Some(learned) => scores.push(learned),
            None => report.note("too_few_to_learn"),
        }
        attacked.push(OfClass { class, scores });
        scene.breathe(0.5).await;
    }
    let mut worst: Option<(f64, Figure)> = None;
    for (place, [auroc_key, tpr_key]) in SCORES.into_iter().enumerate() {
        let (mut areas, mut rates, mut curves) = (Vec::new(), Vec::new(), Vec::new());
        let (mut all_members, mut all_non_members) = (Vec::new(), Vec::new());
        for OfClass { class, scores } in &attacked {
            let Some([members, non_members]) = scores.get(place) else { continue };
            let seed = options.seed() ^ ((place as u64) << 32) ^ *class as u64;
            let interval = auroc_interval(members, non_members, options.whole("resamples"), seed);
            let name = &dataset.class_names[*class];
            let area = figure(auroc_key, auroc(members, non_members)).with_interval(interval).of(name);
            let told = advantage(auroc_key, area.value);
            if auroc_key == LEARNED && told < 0.0 {
                report.note("learned_nothing");
            }
            if worst.as_ref().is_none_or(|(most, _)| told > *most) {
                let of = Some(format!("{auroc_key} {name}"));
                worst = Some((told, Figure { key: "worst", of, ..turned_round(&area) }));
            }
            areas.push(area);
            if non_members.len() >= LEAST_FOR_TPR {
                rates.push(figure(tpr_key, 100.0 * tpr_at_fpr(members, non_members, 0.01)).of(name));
            } else {
                report.note("few_non_members");
            }
            curves.push(roc(members, non_members));
            all_members.extend_from_slice(members);
            all_non_members.extend_from_slice(non_members);
            scene.breathe(0.5 + 0.5 * place as f64 / SCORES.len() as f64).await;
        }
        if areas.is_empty() {
            continue;
        }
        push_all(&mut report, areas);
        push_all(&mut report, rates);
        report.curve(auroc_key, mean_roc(&curves));
        let histogram = Histogram::of(&all_members, &all_non_members);
        report.histograms.push(ScoreHistogram { key: auroc_key, histogram });
    }
    let count = |side: usize| attacked.iter().map(|of| of.scores[0][side].len()).sum::<usize>() as f64;
    report.push(figure("members", count(0)));
    report.push(figure("non_members", count(1)));
    if let Some((_, worst)) = worst {
        report.numbers.insert(0, worst);
    }
    Ok(report)
}

/// How far the AUROC of a score is over chance for whoever attacks. They may turn a score round, but not one that has been
/// learnt: that chose its side on other images, and where it is below 0.5 it has found nothing that holds for these.
pub fn advantage(score: &str, auroc: f64) -> f64 {
    let over = auroc - 0.5;
    if score == LEARNED { over } else { over.abs() }
}

/// The same on the side of chance where it tells something.
fn turned_round(area: &Figure) -> Figure {
    if area.value >= 0.5 {
        return area.clone();
    }
    let interval = area.interval.map(|[low, high]| [1.0 - high, 1.0 - low]);
    Figure { value: 1.0 - area.value, interval, ..area.clone() }
}

/// Of several classes their mean first.
fn push_all(report: &mut Report, figures: Vec<Figure>) {
    if let [first, _, ..] = figures.as_slice() {
        report.push(figure(first.key, mean(figures.iter().map(|of| of.value))));
    }
    figures.into_iter().for_each(|figure| report.push(figure));
}

/// What a score says of a row of logits; a larger one speaks for a member.
type Score<'a> = &'a dyn Fn(&[f32]) -> f64;

fn simple(members: &[Vec<f32>], non_members: &[Vec<f32>], class: usize) -> Vec<[Vec<f64>; 2]> {
    let scores: [Score<'_>; 4] = [
        &|row| -cross_entropy(row, class),
        &|row| max_softmax(row),
        &|row| {
            log_softmax(row)
                .into_iter()
                .filter(|log_p| *log_p > f64::NEG_INFINITY)
                .map(|log_p| log_p.exp() * log_p)
                .sum()
        },
        &|row| -modified_entropy(row, class),
    ];
    let of = |score: Score<'_>, rows: &[Vec<f32>]| rows.iter().map(|row| sound(score(row))).collect();
    scores.into_iter().map(|score| [of(score, members), of(score, non_members)]).collect()
}

/// Of a network that has diverged a score may be none.
fn sound(score: f64) -> f64 {
    if score.is_nan() { -MAX_CROSS_ENTROPY } else { score.clamp(-MAX_CROSS_ENTROPY, MAX_CROSS_ENTROPY) }
}

/// What a logistic regression on the outputs, sorted, says of each image when it has learnt from the other folds. `None` of
/// fewer images than folds on either side.
fn learned(members: &[Vec<f32>], non_members: &[Vec<f32>], c: f64) -> Option<[Vec<f64>; 2]> {
    if members.len() < FOLDS || non_members.len() < FOLDS {
        return None;
    }
    let sorted = |row: &Vec<f32>| -> Vec<f64> {
        let mut log_p: Vec<f64> = log_softmax(row).into_iter().map(|log_p| sound(log_p).max(LEAST_LOG_P)).collect();
        log_p.sort_unstable_by(|a, b| b.total_cmp(a));
        log_p
    };
    let width = members[0].len();
    let features = Rows::new(members.iter().chain(non_members).flat_map(sorted).collect(), width);
    let labels = [vec![1; members.len()], vec![0; non_members.len()]].concat();
    let fold_of = folds(&labels, FOLDS);
    let mut scores = vec![0.0; labels.len()];
    for fold in 0..FOLDS {
        let train: Vec<usize> = (0..labels.len()).filter(|&i| fold_of[i] != fold).collect();
        let train_labels: Vec<usize> = train.iter().map(|&i| labels[i]).collect();
        let fitted = head(&features.select(&train), &train_labels, 2, c);
        for (i, score) in scores.iter_mut().enumerate().filter(|(i, _)| fold_of[*i] == fold) {
            let log_p = fitted.log_probabilities(features.row(i));
            *score = sound(log_p[1] - log_p[0]);
        }
    }
    let non_members = scores.split_off(members.len());
    Some([scores, non_members])
}
