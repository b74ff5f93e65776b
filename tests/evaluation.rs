//! Scores held against scikit-learn's, and what must hold for any scores.

use proptest::prelude::*;
use purge_unlearning::data::{ClassRoles, SplitName};
use purge_unlearning::evaluation::{
    Answers, Attacks, ClassScores, ConfusionMatrix, Evaluation, MembershipScores, NonMembers,
};
use purge_unlearning::evaluation::{auroc, roc};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    classes: usize,
    member_logits: Vec<Vec<f32>>,
    nonmember_logits: Vec<Vec<f32>>,
    label: usize,
    auroc: Expected,
    eval_labels: Vec<u16>,
    confusion: Vec<Vec<u32>>,
}

#[derive(Deserialize)]
struct Expected {
    loss: f64,
    confidence: f64,
    mean_loss_confidence: f64,
}

fn cases() -> Vec<Case> {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/evaluation.json")).unwrap();
    assert_eq!(fixture.cases.len(), 3);
    fixture.cases
}

fn rows(logits: &[Vec<f32>], label: usize) -> impl Iterator<Item = (&[f32], usize)> {
    logits.iter().map(move |row| (row.as_slice(), label))
}

fn area(roc: &[[f64; 2]]) -> f64 {
    roc.windows(2).map(|w| (w[1][0] - w[0][0]) * (w[1][1] + w[0][1]) / 2.0).sum()
}

#[test]
fn attacks_and_confusion_match_scikit_learn() {
    for case in cases() {
        let scores = |logits| MembershipScores::of(rows(logits, case.label), case.label, usize::MAX);
        let (members, strangers) = (scores(&case.member_logits), scores(&case.nonmember_logits));
        let class = ClassScores { class: case.label, members: members.clone(), non_members: strangers.clone() };
        let attacks = Attacks::on(&[class]);
        assert!((attacks.loss.auroc - case.auroc.loss).abs() < 1e-6);
        assert!((attacks.confidence.auroc - case.auroc.confidence).abs() < 1e-6);
        let mean = (attacks.loss.auroc + attacks.confidence.auroc) / 2.0;
        assert!((mean - case.auroc.mean_loss_confidence).abs() < 1e-6);
        for attack in [&attacks.loss, &attacks.confidence] {
            assert!((area(&attack.roc) - attack.auroc).abs() < 1e-9);
            assert_eq!(attack.histogram.members.iter().sum::<u32>() as usize, members.len());
            assert_eq!(attack.histogram.non_members.iter().sum::<u32>() as usize, strangers.len());
        }

        let logits = case.member_logits.iter().chain(&case.nonmember_logits);
        let labelled = logits.zip(&case.eval_labels).map(|(row, &label)| (row.as_slice(), label as usize));
        assert_eq!(ConfusionMatrix::from_logits(labelled, case.classes).rows(), case.confusion);
    }
}

/// One sample a row, classified as written: the logit of the predicted class is 2, the others 0.
fn answers(predicted: &[usize], classes: usize) -> Vec<f32> {
    predicted.iter().flat_map(|&p| (0..classes).map(move |c| if c == p { 2.0 } else { 0.0 })).collect()
}

#[test]
fn every_score_of_a_small_network() {
    let train = answers(&[0, 1, 1, 1, 2, 0, 0], 3);
    let train = Answers { logits: &train, labels: &[0, 1, 1, 2, 2, 0, 1] };
    let test = answers(&[1, 2, 0, 1, 1, 1, 2, 2], 3);
    let test = Answers { logits: &test, labels: &[1, 2, 2, 1, 1, 1, 0, 1] };
    let scores = Evaluation::from_logits(&1.into(), 3, train, test, NonMembers::Test, 1.5).unwrap();

    assert_eq!((scores.ta, scores.ta_retained), (62.5, 100.0 / 3.0));
    assert_eq!((scores.fa_test, scores.fa, scores.ra, scores.ua), (80.0, 200.0 / 3.0, 75.0, 100.0 - 200.0 / 3.0));
    assert_eq!(scores.confusion.rows(), [vec![0, 0, 1], vec![0, 4, 1], vec![1, 0, 1]]);
    assert_eq!(scores.confusion_train.rows(), [vec![2, 0, 0], vec![1, 2, 0], vec![0, 1, 1]]);
    // Three right, one wrong: −ln σ(2) three times, −ln σ(0) once.
    let log_sum = (2f64.exp() + 2.0).ln();
    assert!((scores.retain_loss - (log_sum - 1.5)).abs() < 1e-12);
    // As many non-members as members, the first ones: all right, against two of three members.
    assert_eq!((scores.members, scores.non_members, scores.non_member_split), (3, 3, SplitName::Test));
    assert!((scores.mia.loss - (2.0 / 3.0 * 0.5)).abs() < 1e-12);
    assert_eq!((scores.mia.confidence, scores.mia.mean), (0.5, (scores.mia.loss + 0.5) / 2.0));

    let val = answers(&[0, 0], 3);
    let val = NonMembers::Val(Answers { logits: &val, labels: &[1, 0] });
    let scores = Evaluation::from_logits(&1.into(), 3, train, test, val, 1.5).unwrap();
    assert_eq!((scores.non_members, scores.non_member_split), (1, SplitName::Val));
    assert!((scores.mia.loss - 5.0 / 6.0).abs() < 1e-12);
}

#[test]
fn several_classes_and_those_of_before() {
    let train = answers(&[0, 1, 1, 2, 3, 3, 0], 4);
    let train = Answers { logits: &train, labels: &[0, 1, 0, 2, 2, 3, 3] };
    let test = answers(&[0, 0, 2, 3], 4);
    let test = Answers { logits: &test, labels: &[0, 1, 2, 3] };
    let roles = ClassRoles::new(vec![0, 1], &[3]);
    let scores = Evaluation::from_logits(&roles, 4, train, test, NonMembers::Test, 0.0).unwrap();
    assert_eq!((scores.fa, scores.ra, scores.fa_earlier), (200.0 / 3.0, 50.0, 50.0));
    assert_eq!((scores.ta, scores.ta_retained, scores.fa_test), (75.0, 100.0, 50.0));
    assert_eq!((scores.members, scores.non_members), (3, 2));
}

/// Two classes whose members and non-members cannot be told apart, but with other scores and in other shares: pooled, the
/// scores would tell the classes apart and call that membership.
#[test]
fn several_classes_are_attacked_one_by_one() {
    let sure = [9.0_f32, 0.0, 0.0];
    let unsure = [0.3_f32, 0.2, 0.1];
    let split = |sure_ones: usize, unsure_ones: usize| {
        let logits: Vec<f32> = [sure.repeat(sure_ones), unsure.repeat(unsure_ones)].concat();
        let labels: Vec<u16> = [vec![0; sure_ones], vec![1; unsure_ones]].concat();
        (logits, labels)
    };
    let ((train, train_labels), (test, test_labels)) = (split(30, 10), split(5, 10));
    let answers = |logits, labels| Answers { logits, labels };
    let roles = ClassRoles::new(vec![0, 1], &[]);
    let (train, test) = (answers(&train, &train_labels), answers(&test, &test_labels));
    let scores = Evaluation::from_logits(&roles, 3, train, test, NonMembers::Test, 0.0).unwrap();
    assert_eq!((scores.mia.loss, scores.mia.confidence, scores.mia.mean), (0.5, 0.5, 0.5));
    assert!((area(&scores.attacks.loss.roc) - 0.5).abs() < 1e-12);
    let counts: Vec<_> = scores.mia.by_class.iter().map(|of| (of.class, of.members, of.non_members)).collect();
    assert_eq!(counts, [(0, 30, 5), (1, 10, 10)]);
    assert_eq!((scores.members, scores.non_members), (40, 15));
}

proptest! {
    #[test]
    fn the_attack_on_classes_is_the_mean_of_the_attacks_on_each(
        scores in prop::collection::vec((prop::collection::vec(-9..9_i8, 1..20), prop::collection::vec(-9..9_i8, 1..20)), 1..5)
    ) {
        let of = |values: &[i8]| {
            let values: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
            MembershipScores { loss: values.clone(), confidence: values }
        };
        let classes: Vec<ClassScores> = (0..)
            .zip(&scores)
            .map(|(class, (members, strangers))| ClassScores { class, members: of(members), non_members: of(strangers) })
            .collect();
        let alone = |of: &ClassScores| auroc(&of.members.loss, &of.non_members.loss);
        let mean = classes.iter().map(alone).sum::<f64>() / classes.len() as f64;
        let attack = Attacks::on(&classes).loss;
        prop_assert!((attack.auroc - mean).abs() < 1e-12);
        prop_assert!((area(&attack.roc) - mean).abs() < 1e-9, "{:?}", attack.roc);
    }
}

#[test]
fn json_has_the_fields_of_the_package() {
    let logits = answers(&[0, 1], 2);
    let split = Answers { logits: &logits, labels: &[0, 1] };
    let scores = Evaluation::from_logits(&0.into(), 2, split, split, NonMembers::Test, 0.0).unwrap();
    let json = serde_json::to_value(scores).unwrap();
    let mut fields: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "classes",
        "ta",
        "ta_retained",
        "fa",
        "fa_test",
        "fa_earlier",
        "ra",
        "ua",
        "retain_loss",
        "mia",
        "attacks",
        "members",
        "non_members",
        "non_member_split",
        "confusion",
        "confusion_train",
        "seconds",
    ];
    fields.sort_unstable();
    expected.sort_unstable();
    assert_eq!(fields, expected);
    assert_eq!(json["confusion"], serde_json::json!([[1, 0], [0, 1]]));
    assert_eq!(json["non_member_split"], "test");
    assert_eq!(json["attacks"]["loss"]["roc"], serde_json::json!([[0.0, 0.0], [1.0, 1.0]]));
    assert_eq!(json["attacks"]["confidence"]["histogram"]["non_members"].as_array().unwrap().len(), 30);
}

#[test]
fn broken_networks_and_empty_classes_give_numbers() {
    let nan = [f32::NAN; 9];
    let split = Answers { logits: &nan, labels: &[0, 0, 2] };
    for forget in 0..3 {
        let scores = Evaluation::from_logits(&forget.into(), 3, split, split, NonMembers::Test, 0.0).unwrap();
        assert_eq!(scores.mia.mean, 0.5);
        let json = serde_json::to_string(&scores).unwrap();
        assert!(!json.contains("null"), "{json}");
    }
    let nothing = Answers { logits: &[], labels: &[] };
    let scores = Evaluation::from_logits(&0.into(), 2, nothing, nothing, NonMembers::Test, 0.0).unwrap();
    assert_eq!((scores.ta, scores.fa, scores.retain_loss, scores.mia.mean), (0.0, 0.0, 0.0, 0.5));
}

#[test]
fn mismatched_input_is_refused() {
    let good = answers(&[0, 1], 2);
    let good = Answers { logits: &good, labels: &[0, 1] };
    let evaluate =
        |class: usize, train, test| Evaluation::from_logits(&class.into(), 2, train, test, NonMembers::Test, 0.0);
    assert_eq!(evaluate(2, good, good).unwrap_err().to_string(), "forget_class: expected 0 to 1, found 2");
    let short = Answers { labels: &[0, 1, 1], ..good };
    assert_eq!(evaluate(0, short, good).unwrap_err().to_string(), "train: expected 3 rows of 2 logits, found 4 logits");
    let foreign = Answers { labels: &[0, 2], ..good };
    assert_eq!(evaluate(0, good, foreign).unwrap_err().to_string(), "test: expected labels below 2, found 2");
}

#[test]
fn a_long_curve_is_thinned_and_keeps_its_area() {
    let positives: Vec<f64> = (0..5000).map(|i| (i as f64 * 0.7123).sin() + 0.3).collect();
    let negatives: Vec<f64> = (0..4000).map(|i| (i as f64 * 0.3977).sin()).collect();
    let curve = roc(&positives, &negatives);
    assert!((100..=402).contains(&curve.len()), "{}", curve.len());
    assert_eq!((curve[0], curve[curve.len() - 1]), ([0.0, 0.0], [1.0, 1.0]));
    assert!((area(&curve) - auroc(&positives, &negatives)).abs() < 1e-3);
}

/// Few distinct values, so that ties are common.
fn scores() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-8i8..8).prop_map(|v| f64::from(v) / 4.0), 1..60)
}

proptest! {
    #[test]
    fn auroc_is_the_share_of_pairs(a in scores(), b in scores()) {
        let wins: f64 = a.iter().flat_map(|x| b.iter().map(move |y| match x.total_cmp(y) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })).sum();
        prop_assert!((auroc(&a, &b) - wins / (a.len() * b.len()) as f64).abs() < 1e-12);
    }

    #[test]
    fn auroc_knows_only_order(a in scores(), b in scores()) {
        let map = |s: &[f64]| s.iter().map(|x| (x * 3.0).exp() - 100.0).collect::<Vec<_>>();
        prop_assert_eq!(auroc(&a, &b), auroc(&map(&a), &map(&b)));
    }

    #[test]
    fn auroc_of_the_swapped_is_the_rest(a in scores(), b in scores()) {
        prop_assert!((auroc(&a, &b) + auroc(&b, &a) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn roc_climbs_and_has_the_area(a in scores(), b in scores()) {
        let curve = roc(&a, &b);
        prop_assert_eq!((curve[0], curve[curve.len() - 1]), ([0.0, 0.0], [1.0, 1.0]));
        prop_assert!(curve.windows(2).all(|w| w[0][0] <= w[1][0] && w[0][1] <= w[1][1] && w[0] != w[1]));
        prop_assert!((area(&curve) - auroc(&a, &b)).abs() < 1e-9);
    }

    #[test]
    fn matrix_rows_sum_to_class_counts(
        samples in prop::collection::vec((0u16..4, prop::array::uniform4(prop::num::f32::ANY)), 0..80),
    ) {
        let labelled = samples.iter().map(|(label, row)| (row.as_slice(), *label as usize));
        let matrix = ConfusionMatrix::from_logits(labelled, 4);
        for (class, row) in matrix.rows().iter().enumerate() {
            let count = samples.iter().filter(|s| s.0 as usize == class).count();
            prop_assert_eq!(row.iter().sum::<u32>() as usize, count);
        }
    }

    #[test]
    fn any_logits_give_finite_scores(
        samples in prop::collection::vec((0u16..3, prop::array::uniform3(prop::num::f32::ANY)), 0..40),
    ) {
        let logits: Vec<f32> = samples.iter().flat_map(|s| s.1).collect();
        let labels: Vec<u16> = samples.iter().map(|s| s.0).collect();
        let split = Answers { logits: &logits, labels: &labels };
        let scores = Evaluation::from_logits(&1.into(), 3, split, split, NonMembers::Val(split), 0.0).unwrap();
        prop_assert!(!serde_json::to_string(&scores).unwrap().contains("null"));
    }
}
