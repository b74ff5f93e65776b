//! Attacks on a small network that knows three bars, or two.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};

use super::*;
use crate::bars::bars;
use crate::data::{ClassRoles, Dataset};
use crate::device;
use crate::evaluation::evaluate;
use crate::inference::LogitCache;
use crate::model::{Network, Norm, SmallCnnConfig};
use crate::training::{TrainConfig, Training};
use crate::work::Here;
use crate::{Error, data::SplitName};

fn dataset() -> Arc<Dataset> {
    static DATASET: OnceLock<Arc<Dataset>> = OnceLock::new();
    DATASET.get_or_init(|| Arc::new(bars(40))).clone()
}

fn trained(norm: Norm, without: &[usize], seed: u64) -> Network {
    pollster::block_on(async {
        let device = device::open(device::DeviceKind::Cpu).await.unwrap();
        let config = TrainConfig {
            epochs: 6,
            batch_size: 16,
            without_classes: without.to_vec(),
            seed,
            ..TrainConfig::for_dataset("bars")
        };
        let model = SmallCnnConfig::new(1, 3).with_width(8).with_norm(norm);
        Training::new(model, &dataset(), config, &device).unwrap().run(|_| Ok(())).await.unwrap()
    })
}

fn knows() -> Network {
    static KNOWS: OnceLock<Network> = OnceLock::new();
    KNOWS.get_or_init(|| trained(Norm::Group, &[], 1)).clone()
}

fn never_knew() -> Network {
    static NEVER: OnceLock<Network> = OnceLock::new();
    NEVER.get_or_init(|| trained(Norm::Group, &[1], 2)).clone()
}

fn scene(network: Network, roles: impl Into<ClassRoles>) -> Scene {
    Scene::new(network, LogitCache::default(), dataset(), roles.into(), Rc::new(Here))
}

fn changes(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn report(name: &str, scene: Scene, options: Value) -> Report {
    let run = AttackRun::start(attack(name).unwrap(), scene, &changes(options)).unwrap();
    pollster::block_on(run.finish()).unwrap()
}

fn number(report: &Report, key: &str) -> f64 {
    report.number(key).unwrap_or_else(|| panic!("no {key} in {report:?}")).value
}

/// The least and the largest of what the attack gives on each retrained network by itself.
#[test]
fn several_retrained_networks_show_how_far_the_yardstick_goes() {
    let others = [trained(Norm::Group, &[1], 3), trained(Norm::Group, &[1], 4)];
    let of = |name: &str, key: &str, with: &Report, reference: Option<f64>| {
        let number = |network: &Network| {
            let alone = scene(network.clone(), 1);
            let needed = attack(name).unwrap().info().needs_retrained();
            let report = report(name, if needed { alone.with_retrained(never_knew()) } else { alone }, json!({}));
            (number(&report, key), report)
        };
        let [(a, one), (b, two)] = others.each_ref().map(number);
        let mut all = with.clone();
        all.put_range_beside(&[one, two]);
        let found = all.number(key).unwrap().reference_range.unwrap();
        let ends = |values: [f64; 3]| [values.into_iter().fold(a, f64::min), values.into_iter().fold(a, f64::max)];
        assert_eq!(found, ends([a, b, reference.unwrap_or(a)]), "{name} {key}");
        assert!(found[0] < found[1], "{name} {key}");
    };
    let against = |name: &str| report(name, scene(knows(), 1).with_retrained(never_knew()), json!({}));
    let (membership, compared) = (against("membership"), against("compare"));
    assert!(membership.numbers.iter().all(|figure| figure.reference_range.is_none()));
    let itself = report("membership", scene(never_knew(), 1), json!({}));
    // The score that tells most is another one in each.
    of("membership", "worst", &membership, Some(number(&itself, "worst")));
    of("membership", "auroc_loss", &membership, Some(number(&itself, "auroc_loss")));
    // How far two are from the first: there is nothing to say of the first itself.
    of("compare", "js", &compared, None);
}

#[test]
fn every_number_is_finite_and_listed_and_draws_can_be_repeated() {
    for attack in ATTACKS {
        let info = attack.info();
        let made = || report(info.name, scene(knows(), 1).with_retrained(never_knew()), json!({ "seed": 3 }));
        let first = made();
        assert!(!first.numbers.is_empty(), "{}", info.name);
        for figure in &first.numbers {
            assert!(figure.value.is_finite(), "{figure:?}");
            assert!(info.numbers.iter().any(|row| row.key == figure.key), "{} is not listed", figure.key);
        }
        assert!(first.number(info.headline).is_some(), "{} has no {}", info.name, info.headline);
        assert!(first.curves.iter().all(|curve| info.curves.iter().any(|row| row.key == curve.key)));
        assert!(first.notes.iter().all(|note| info.notes.iter().any(|row| row.key == *note)), "{:?}", first.notes);
        assert_eq!(Report { seconds: 0.0, ..first }, Report { seconds: 0.0, ..made() }, "{}", info.name);
    }
}

#[test]
fn only_a_score_that_was_not_learnt_is_turned_round() {
    let told = |score: &str, auroc: f64| (membership::advantage(score, auroc) * 100.0).round();
    assert_eq!([told("auroc_loss", 0.6), told("auroc_loss", 0.3)], [10.0, 20.0]);
    assert_eq!([told("auroc_learned", 0.6), told("auroc_learned", 0.3)], [10.0, -20.0]);
}

#[test]
fn membership_is_what_an_evaluation_says_and_more() {
    let evaluation = pollster::block_on(async {
        evaluate(&Here, &knows(), &dataset(), &1.into(), SplitName::Test, &mut LogitCache::default()).await.unwrap()
    });
    let found = report("membership", scene(knows(), 1), json!({ "resamples": 200 }));
    assert_eq!(number(&found, "auroc_loss"), evaluation.mia.loss);
    assert_eq!(number(&found, "auroc_confidence"), evaluation.mia.confidence);
    assert_eq!((number(&found, "members"), number(&found, "non_members")), (40.0, 40.0));
    let loss = found.number("auroc_loss").unwrap();
    let [low, high] = loss.interval.unwrap();
    assert!(low < loss.value && loss.value < high, "{loss:?}");
    let far = |key: &str| membership::advantage(key, number(&found, key));
    let areas = ["auroc_loss", "auroc_confidence", "auroc_entropy", "auroc_modified_entropy", "auroc_learned"];
    let worst = found.number("worst").unwrap();
    assert!((worst.value - 0.5 - areas.into_iter().map(far).fold(0.0, f64::max)).abs() < 1e-12, "{worst:?}");
    let [low, high] = worst.interval.unwrap();
    assert!(low < worst.value && worst.value < high, "{worst:?}");
    let learned = number(&found, "auroc_learned");
    assert_eq!(found.notes.contains(&"learned_nothing"), learned < 0.5);
    assert!(found.number("tpr_loss").is_none() && found.notes.contains(&"few_non_members"));

    // Of two classes there is a mean, and each by its name.
    let two = report("membership", scene(knows(), ClassRoles::new(vec![0, 1], &[])), json!({ "resamples": 0 }));
    let losses: Vec<&Figure> = two.numbers.iter().filter(|figure| figure.key == "auroc_loss").collect();
    assert_eq!(losses.iter().map(|of| of.of.as_deref()).collect::<Vec<_>>(), [None, Some("left"), Some("middle")]);
    assert!((losses[0].value - (losses[1].value + losses[2].value) / 2.0).abs() < 1e-12);
}

/// Validation images that are the training images: nobody can tell them apart.
#[test]
fn unseen_images_are_of_the_split_that_is_asked_for() {
    let twins = Arc::new(Dataset { val: Some(dataset().train.clone()), ..Dataset::clone(&dataset()) });
    let of = |split: SplitName| {
        let scene = Scene::new(knows(), LogitCache::default(), twins.clone(), 1.into(), Rc::new(Here));
        scene.with_retrained(never_knew()).with_non_members(split)
    };
    let found = report("membership", of(SplitName::Val), json!({ "resamples": 0 }));
    assert_eq!((number(&found, "auroc_loss"), number(&found, "non_members")), (0.5, 40.0));
    assert!(found.notes.contains(&"val"));
    let tested = report("membership", of(SplitName::Test), json!({ "resamples": 0 }));
    assert_ne!(number(&tested, "auroc_loss"), 0.5);
    assert!(!tested.notes.contains(&"val"));
    // Both are at 0.5 then, and what is left of the product are RA and TA.
    let compared = report("compare", of(SplitName::Val), json!({}));
    let scores = |network: Network| {
        let mut known = LogitCache::default();
        pollster::block_on(evaluate(&Here, &network, &twins, &1.into(), SplitName::Val, &mut known)).unwrap()
    };
    let (ours, theirs) = (scores(knows()), scores(never_knew()));
    let near = |a: f64, b: f64| 1.0 - (a - b).abs() / 100.0;
    let expected = near(ours.ra, theirs.ra) * near(ours.ta, theirs.ta);
    assert!((number(&compared, "tow_mia") - expected).abs() < 1e-12, "{compared:?}");
}

#[test]
fn what_is_inside_is_found_where_it_is() {
    let probe = report("probe", scene(knows(), 1), json!({}));
    assert!(number(&probe, "penultimate") > 95.0, "{probe:?}");
    assert_eq!(number(&probe, "samples"), 80.0);
    assert!(probe.number("last_stage").is_none(), "the same as the penultimate features");
    let few = report("few", scene(knows(), 1), json!({ "samples": 10, "seeds": 2 }));
    assert!(number(&few, "recall") > 90.0, "{few:?}");
    assert_eq!(few.numbers.iter().filter(|figure| figure.key == "recall_of_draw").count(), 2);
}

#[test]
fn a_network_that_never_knew_the_class_is_slower_to_learn_it() {
    let options = json!({ "samples": 8, "seeds": 2, "steps": 60 });
    let found = report("relearn", scene(knows(), 1).with_retrained(never_knew()), options);
    let as_is = found.number("as_is_90").unwrap();
    assert_eq!(as_is.value, 0.0, "it knows the class: {found:?}");
    assert!(as_is.reference.unwrap() > 1.0, "{as_is:?}");
    assert!(as_is.reference >= found.number("as_is_10").unwrap().reference);
    assert_eq!(number(&found, "as_is_index"), 0.0);
    assert_eq!(number(&found, "counted"), 32.0);
    let curves = |key: &str| found.curves.iter().filter(|curve| curve.key == key).count();
    assert_eq!([curves("as_is"), curves("anew"), curves("anew_fine")], [2, 2, 2]);
    // No step was taken, so the rest is as it was; and a rate this high leaves nothing of it.
    let rest = |found: &Report| number(found, "as_is_rest");
    assert!(rest(&found) > 90.0 && !found.notes.contains(&"apart"), "{found:?}");
    let broken = report(
        "relearn",
        scene(never_knew(), 1),
        json!({ "samples": 8, "seeds": 1, "steps": 60, "learning_rate": 100.0 }),
    );
    assert!(rest(&broken) < 50.0 && broken.notes.contains(&"apart"), "{broken:?}");

    // What never was a label lies below whatever is shown; what is known lies high on its own images.
    let logit = |key: &str| found.number(key).map(|figure| (figure.value, figure.reference.unwrap())).unwrap();
    let ((own, never), (others, never_others)) = (logit("logit"), logit("logit_of_others"));
    assert!(own > others + 1.0 && never < own - 1.0 && never_others < own - 1.0, "{found:?}");
    let Some(ScoreHistogram { key: "logit", histogram }) = found.histograms.first() else { panic!("{found:?}") };
    let counts = [&histogram.members, &histogram.non_members].map(|counts| counts.iter().sum::<u32>());
    assert_eq!(counts, [40, 40]);
    let middles = histogram.edges.windows(2).map(|edge| (edge[0] + edge[1]) / 2.0);
    let mean = middles.zip(&histogram.members).map(|(at, &count)| at * f64::from(count)).sum::<f64>() / 40.0;
    assert!((mean - own).abs() < histogram.edges[1] - histogram.edges[0], "{mean} {own}");
}

#[test]
fn only_the_rows_of_the_class_are_drawn_anew() {
    pollster::block_on(async {
        let before = knows();
        let after = training::with_rows_anew(&before, &[1], 5).await.unwrap();
        let values = async |network: &Network| device::read(network.parameters().flat()).await.unwrap();
        let (then, now) = (values(&before).await, values(&after).await);
        for (name, shape, place) in before.parameters().layout().iter() {
            let row = shape.get(1).copied().unwrap_or(1);
            for (i, (then, now)) in then[place.clone()].iter().zip(&now[place]).enumerate() {
                let drawn = name.starts_with("fc.") && i / row == 1;
                assert_eq!(then != now, drawn, "{name} {i}");
                assert!(!drawn || now.abs() < 1.0 / 32_f32.sqrt(), "{name} {i}: {now}");
            }
        }
        assert_eq!(values(&training::with_rows_anew(&before, &[1], 5).await.unwrap()).await, now);
    });
}

#[test]
fn a_network_without_statistics_has_none_to_measure_again() {
    let without = report("recalibrate", scene(knows(), 1), json!({}));
    assert_eq!((number(&without, "delta"), without.notes), (0.0, vec!["no_batch_norm"]));
}

#[test]
fn a_class_can_be_trained_back() {
    let options = json!({ "samples": 20, "learning_rate": 0.05 });
    let found = report("recover", scene(never_knew(), 1), options);
    assert_eq!(number(&found, "fa_before"), 0.0);
    assert!(number(&found, "fa_after") > 90.0, "{found:?}");
    assert_eq!(found.curves[0].points.len(), 11);
}

#[test]
fn a_network_is_like_itself() {
    let same = report("compare", scene(never_knew(), 1).with_retrained(never_knew()), json!({}));
    for (key, expected) in [
        ("total_variation", 0.0),
        ("tow", 1.0),
        ("tow_mia", 1.0),
        ("agreement", 100.0),
        ("agreement_rest", 100.0),
        ("js", 0.0),
        ("kl", 0.0),
        ("activation_distance", 0.0),
        ("feature_distance", 0.0),
        ("parameter_distance", 0.0),
    ] {
        assert_eq!(number(&same, key), expected, "{key}");
    }
    for figure in same.numbers.iter().filter(|figure| figure.key.starts_with("cka")) {
        assert!((figure.value - 1.0).abs() < 1e-9, "{figure:?}");
    }
    let other = report("compare", scene(knows(), 1).with_retrained(never_knew()), json!({}));
    // It still knows what the other has no word for.
    assert!(number(&other, "total_variation") > 0.9 && number(&other, "tow") < 0.1, "{other:?}");
    assert!(number(&other, "agreement_rest") > 80.0 && number(&other, "js") > 0.2);
    let row: Vec<&Figure> = other.numbers.iter().filter(|figure| figure.key == "goes_to").collect();
    assert_eq!(row.len(), 3);
    assert!(row[1].value > 90.0 && row[1].reference == Some(0.0), "{row:?}");
    assert!((row.iter().map(|of| of.value).sum::<f64>() - 100.0).abs() < 1e-9);
}

#[test]
fn an_attack_is_pulled_and_can_be_left() {
    pollster::block_on(async {
        let options = changes(json!({ "seeds": 1, "steps": 5 }));
        let mut run = AttackRun::start(attack("relearn").unwrap(), scene(never_knew(), 1), &options).unwrap();
        let mut shares = Vec::new();
        loop {
            let progress = run.advance().await.unwrap();
            shares.push(progress.share);
            if progress.report.is_some() {
                break;
            }
        }
        assert!(shares.len() > 10 && shares.is_sorted() && shares.last() == Some(&1.0), "{shares:?}");
        assert!(matches!(run.advance().await, Err(Error::BadState(_))));
        let mut left = AttackRun::start(attack("relearn").unwrap(), scene(never_knew(), 1), &options).unwrap();
        assert!(left.advance().await.unwrap().report.is_none());
    });
}

#[test]
fn a_device_that_fails_ends_it() {
    pollster::block_on(async {
        let mut run = AttackRun::start(attack("probe").unwrap(), scene(knows(), 1), &Map::new()).unwrap();
        device::testing::fail_after(Some(0));
        let failed = loop {
            match run.advance().await {
                Ok(progress) => assert!(progress.report.is_none()),
                Err(error) => break error,
            }
        };
        assert!(matches!(failed, Error::DeviceLost { .. }), "{failed}");
    });
}

#[test]
fn what_is_wrong_is_told_before_it_begins() {
    let wrong = |name: &str, scene: Scene, options: Value| {
        AttackRun::start(attack(name).unwrap(), scene, &changes(options)).unwrap_err().to_string()
    };
    assert_eq!(
        attack("hope").unwrap_err().to_string(),
        "attack: expected one of membership, probe, few, relearn, recalibrate, recover, compare, found hope"
    );
    assert_eq!(
        wrong("probe", scene(knows(), 1), json!({ "seeds": 3 })),
        "seeds: expected an option of probe: seed, c, found another name"
    );
    assert_eq!(
        wrong("few", scene(knows(), 1), json!({ "samples": 0 })),
        "samples: expected a whole number from 1 to 10000, found 0"
    );
    assert_eq!(wrong("probe", scene(knows(), 7), json!({})), "forget_class: expected 0 to 2, found 7");
    let without_val = scene(knows(), 1).with_non_members(SplitName::Val);
    assert_eq!(wrong("membership", without_val, json!({})), "non_members: expected test, found val");
    assert!(wrong("compare", scene(knows(), 1), json!({})).starts_with("retrained: expected the network retrained"));
    let other = SmallCnnConfig::new(1, 4).with_width(8).init(1, &knows().parameters().flat().device()).unwrap();
    assert!(wrong("compare", scene(knows(), 1).with_retrained(other), json!({})).contains("3 classes"));
}
