//! Against the network that was retrained without the class: as good as that is all that forgetting can be. Where the forgotten
//! images go, how alike the answers are, how alike what is inside, and how far the weights are apart. Each number has a floor: what
//! another retrained network gives against this one.

use super::maths::{
    self, Rows, activation_distance, agreement, cosine, distance, frechet, js_divergence, kl_divergence, linear_cka,
    mean, total_variation, zrf,
};
use super::options::{C, Options, SEED};
use super::probe::{TOO_FEW, told_apart};
use super::report::{Report, figure};
use super::scene::{Activations, Scene, drawn};
use super::seam::{Attack, AttackInfo, Attacking, NoteInfo, NumberInfo, Second};
use crate::data::SplitName;
use crate::evaluation::{Answers, Evaluation, NonMembers, argmax, log_softmax, softmax};
use crate::model::Network;
use crate::unlearning::settings::words;
use crate::{Error, Result, device, inference};

/// See the [module](self).
#[derive(Debug)]
pub struct Compare;

/// Test images of the other classes whose features are compared.
const RETAINED: usize = 1000;

static INFO: AttackInfo = AttackInfo {
    name: "compare",
    title: words("Against retrained"),
    sentence: words("Holds answers, features and weights against those of a network that never saw the class."),
    formula: words(
        "Total variation of where D_f goes; ToW = Π (1 − |acc − acc′|) over D_f, D_r, test; JS, agreement, CKA, Fréchet, ZRF",
    ),
    year: 2024,
    source: words("https://arxiv.org/abs/2406.01257"),
    second: Second::Needed,
    options: &[SEED, C],
    headline: "total_variation",
    numbers: &[
        NumberInfo {
            key: "total_variation",
            label: words("Forgotten images that go elsewhere than retrained’s: total variation"),
            unit: "",
        },
        NumberInfo {
            key: "goes_to",
            label: words("Forgotten training images that are taken for this class"),
            unit: "%",
        },
        NumberInfo { key: "tow", label: words("Tug of war (ToW)"), unit: "" },
        NumberInfo { key: "tow_mia", label: words("ToW with the membership AUROC in place of FA"), unit: "" },
        NumberInfo {
            key: "agreement",
            label: words("Forgotten training images of which both say the same"),
            unit: "%",
        },
        NumberInfo {
            key: "agreement_rest",
            label: words("Test images of the other classes of which both say the same"),
            unit: "%",
        },
        NumberInfo { key: "js", label: words("JS divergence on forgotten training images"), unit: "nats" },
        NumberInfo { key: "kl", label: words("KL divergence from retrained, likewise"), unit: "nats" },
        NumberInfo { key: "activation_distance", label: words("Distance of the probabilities, likewise"), unit: "" },
        NumberInfo { key: "zrf", label: words("ZRF: 1 − JS from a network that knows nothing, likewise"), unit: "" },
        NumberInfo {
            key: "others_tell",
            label: words("Forgotten test images told from others by the outputs on the other classes"),
            unit: "%",
        },
        NumberInfo { key: "feature_cosine", label: words("Cosine of the features of forgotten test images"), unit: "" },
        NumberInfo { key: "feature_distance", label: words("L2 distance of these features"), unit: "" },
        NumberInfo { key: "frechet", label: words("Fréchet distance of these features"), unit: "" },
        NumberInfo { key: "cka", label: words("Linear CKA on forgotten test images"), unit: "" },
        NumberInfo { key: "cka_rest", label: words("Linear CKA on test images of the other classes"), unit: "" },
        NumberInfo { key: "parameter_distance", label: words("L2 distance of the weights"), unit: "" },
        NumberInfo { key: "relative_distance", label: words("The same over the norm of retrained’s"), unit: "" },
    ],
    curves: &[],
    notes: &[
        TOO_FEW,
        NoteInfo { key: "few_for_cka", sentence: words("Fewer images than features: CKA is too high then.") },
        NoteInfo { key: "no_samples", sentence: words("There is no image of the class to compare on.") },
    ],
};

const STAGES: [&str; 3] = ["stage before the last", "last stage", "penultimate"];

impl Attack for Compare {
    fn info(&self) -> &'static AttackInfo {
        &INFO
    }

    fn begin(&self, scene: Scene, options: Options) -> Attacking {
        Box::pin(attacked(scene, options))
    }
}

async fn attacked(mut scene: Scene, options: Options) -> Result<Report> {
    let mut report = Report::new(&INFO, options.clone());
    let Some(retrained) = scene.retrained().cloned() else {
        return Err(Error::config("retrained", "the network retrained without the class", "none"));
    };
    scene.breathe(0.0).await;
    answers(&mut scene, &mut report, options.seed()).await?;
    scene.breathe(0.5).await;
    features(&scene, &retrained, &mut report, &options).await?;
    scene.breathe(0.9).await;
    weights(&scene, &retrained, &mut report).await?;
    Ok(report)
}

/// The tug of war of a network with one that was retrained without the class: Π (1 − |acc − acc′|) over D_f, D_r and the test
/// set, 0 to 1, and 1 where they are alike (Zhao et al., NeurIPS 2024, arXiv 2406.01257).
pub fn tow(ours: &Evaluation, retrained: &Evaluation) -> f64 {
    let accuracies = |of: &Evaluation| [of.fa, of.ra, of.ta].map(|percent| percent / 100.0);
    maths::tow(accuracies(ours), accuracies(retrained))
}

/// What both say of the images.
async fn answers(scene: &mut Scene, report: &mut Report, seed: u64) -> Result<()> {
    let dataset = scene.dataset().clone();
    let classes = dataset.classes();
    let (train, test) = (scene.logits(SplitName::Train).await?, scene.logits(SplitName::Test).await?);
    scene.breathe(0.2).await;
    let (their_train, their_test) =
        (scene.retrained_logits(SplitName::Train).await?, scene.retrained_logits(SplitName::Test).await?);
    let unseen = scene.non_members();
    let (val, their_val) = (scene.logits(unseen).await?, scene.retrained_logits(unseen).await?);
    scene.breathe(0.4).await;
    let roles = scene.roles().clone();
    let forgotten = dataset.train.indices_where(|class| roles.forgets(class));
    let rest = dataset.test.indices_where(|class| roles.retains(class));
    let of = |logits: &[f32], indices: &[usize]| -> Vec<f32> {
        indices.iter().flat_map(|i| &logits[i * classes..(i + 1) * classes]).copied().collect()
    };
    let rest_agreement = agreement(&of(&test, &rest), &of(&their_test, &rest), classes);
    if forgotten.is_empty() {
        report.note("no_samples");
    } else {
        let (ours, theirs) = (of(&train, &forgotten), of(&their_train, &forgotten));
        let (row, their_row) = (shares(&ours, classes), shares(&theirs, classes));
        report.push(figure("total_variation", total_variation(&row, &their_row)));
        for ((name, share), theirs) in dataset.class_names.iter().zip(&row).zip(&their_row) {
            report.push(figure("goes_to", 100.0 * share).of(name).beside(100.0 * theirs));
        }
        let random =
            scene.network().architecture().init(seed ^ 0xbad, &scene.network().parameters().flat().device())?;
        let ignorant = inference::logits_of(scene.hands(), &random, &dataset, &dataset.train, &forgotten).await?;
        let [p, q, ignorant] = [&ours, &theirs, &ignorant].map(|logits| probabilities(logits, classes));
        report.push(figure("agreement", 100.0 * agreement(&ours, &theirs, classes)));
        report.push(figure("js", js_divergence(&p, &q)));
        report.push(figure("kl", kl_divergence(&q, &p)));
        report.push(figure("activation_distance", activation_distance(&p, &q)));
        report.push(figure("zrf", zrf(&p, &ignorant)).beside(zrf(&q, &ignorant)));
    }
    report.push(figure("agreement_rest", 100.0 * rest_agreement));
    let scored = |[train, test, val]: [&[f32]; 3]| {
        let train = Answers { logits: train, labels: dataset.train.labels() };
        let test = Answers { logits: test, labels: dataset.test.labels() };
        let non_members = match (unseen, &dataset.val) {
            (SplitName::Val, Some(split)) => NonMembers::Val(Answers { logits: val, labels: split.labels() }),
            _ => NonMembers::Test,
        };
        Evaluation::from_logits(&roles, classes, train, test, non_members, 0.0)
    };
    let (ours, theirs) = (scored([&train, &test, &val])?, scored([&their_train, &their_test, &their_val])?);
    let with_mia = |of: &Evaluation| [of.mia.mean, of.ra / 100.0, of.ta / 100.0];
    report.push(figure("tow", tow(&ours, &theirs)));
    report.push(figure("tow_mia", maths::tow(with_mia(&ours), with_mia(&theirs))));
    Ok(())
}

/// What is inside, and what the outputs still tell.
async fn features(scene: &Scene, retrained: &Network, report: &mut Report, options: &Options) -> Result<()> {
    let dataset = scene.dataset();
    let roles = scene.roles();
    let test = &dataset.test;
    let both = async |indices: &[usize]| -> Result<[Activations; 2]> {
        let ours = scene.activations(scene.network(), test, indices).await?;
        Ok([ours, scene.activations(retrained, test, indices).await?])
    };
    let forgotten = test.indices_where(|class| roles.forgets(class));
    let rest = drawn(test.indices_where(|class| roles.retains(class)), RETAINED, options.seed());
    if !forgotten.is_empty() {
        let [ours, theirs] = both(&forgotten).await?;
        let [_, _, x] = &ours.taps;
        let [_, _, y] = &theirs.taps;
        report.push(figure("feature_cosine", cosine(x, y)));
        report.push(figure("feature_distance", distance(x, y)));
        frechet(x, y).into_iter().for_each(|far| report.push(figure("frechet", far)));
        scene.breathe(0.7).await;
        alike("cka", &ours, &theirs, report);
    }
    if !rest.is_empty() {
        let [ours, theirs] = both(&rest).await?;
        alike("cka_rest", &ours, &theirs, report);
    }
    scene.breathe(0.8).await;
    let (indices, labels) = scene.forgotten_and_others(options.seed());
    let mut told = Vec::new();
    for of in both(&indices).await? {
        // What is said of the classes that stay, as if there were no others.
        let kept: Vec<usize> = (0..dataset.classes()).filter(|class| roles.retains(*class)).collect();
        let of_kept = |row: &[f32]| log_softmax(&kept.iter().map(|&class| row[class]).collect::<Vec<_>>());
        let outputs = of.logits.chunks_exact(dataset.classes()).flat_map(of_kept).collect();
        told.push(told_apart(scene, &Rows::new(outputs, kept.len()), &labels, options.number(C.key)).await);
    }
    match told.as_slice() {
        [Some((ours, interval)), Some((theirs, _))] => {
            report.push(figure("others_tell", *ours).with_interval(Some(*interval)).beside(*theirs));
        }
        _ => report.note(TOO_FEW.key),
    }
    Ok(())
}

fn alike(key: &'static str, ours: &Activations, theirs: &Activations, report: &mut Report) {
    for (stage, (x, y)) in STAGES.into_iter().zip(ours.taps.iter().zip(&theirs.taps)) {
        // Both shipped architectures average the last stage and nothing more: it would stand there twice.
        if stage == STAGES[1] && ours.taps[1] == ours.taps[2] {
            continue;
        }
        if x.len() < x.width() {
            report.note("few_for_cka");
        }
        report.push(figure(key, linear_cka(x, y)).of(stage));
    }
}

async fn weights(scene: &Scene, retrained: &Network, report: &mut Report) -> Result<()> {
    let ours = device::read(scene.network().parameters().flat()).await?;
    let theirs = device::read(retrained.parameters().flat()).await?;
    if ours.len() != theirs.len() {
        return Ok(());
    }
    let apart = ours.iter().zip(&theirs).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
    let norm = theirs.iter().map(|b| f64::from(*b).powi(2)).sum::<f64>().sqrt();
    report.push(figure("parameter_distance", apart));
    report.push(figure("relative_distance", apart / norm));
    Ok(())
}

/// The share of rows that are taken for each class.
fn shares(logits: &[f32], classes: usize) -> Vec<f64> {
    let said: Vec<usize> = logits.chunks_exact(classes).map(argmax).collect();
    (0..classes).map(|class| mean(said.iter().map(|said| f64::from(u8::from(*said == class))))).collect()
}

fn probabilities(logits: &[f32], classes: usize) -> Rows {
    Rows::new(logits.chunks_exact(classes).flat_map(softmax).collect(), classes)
}
