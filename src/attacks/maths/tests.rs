//! Against `tests/fixtures/attacks`, and against numbers that can be checked by hand.

use serde::Deserialize;

use super::*;
use crate::evaluation::{auroc, softmax};

#[derive(Deserialize)]
struct Fixture {
    outputs: Outputs,
    intervals: Intervals,
    logistic: Vec<Logistic>,
    features: Features,
}

#[derive(Deserialize)]
struct Outputs {
    a: Vec<Vec<f32>>,
    b: Vec<Vec<f32>>,
    labels: Vec<usize>,
    modified_entropy: Vec<f64>,
    kl: f64,
    js: f64,
    zrf: f64,
    activation_distance: f64,
    agreement: f64,
    total_variation: f64,
}

#[derive(Deserialize)]
struct Intervals {
    positives: Vec<f64>,
    negatives: Vec<f64>,
    auroc: f64,
    de_long: [f64; 2],
    bootstrap: [f64; 2],
    tpr_at_1: f64,
    tpr_at_10: f64,
}

#[derive(Deserialize)]
struct Logistic {
    c: f64,
    features: Vec<Vec<f64>>,
    labels: Vec<usize>,
    log_probabilities: Vec<Vec<f64>>,
    folds: Vec<usize>,
    fold_accuracies: Vec<f64>,
}

#[derive(Deserialize)]
struct Features {
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    frechet: f64,
    cka: f64,
    cosine: f64,
    distance: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../../tests/fixtures/attacks/maths.json")).unwrap()
}

fn rows(values: &[Vec<f64>]) -> Rows {
    Rows::new(values.concat(), values[0].len())
}

#[track_caller]
fn close(found: f64, expected: f64, by: f64) {
    assert!((found - expected).abs() <= by, "{found} and not {expected}");
}

#[test]
fn outputs_as_pytorch_has_them() {
    let Outputs { a, b, labels, .. } = &fixture().outputs;
    let expected = fixture().outputs;
    for ((row, &label), expected) in a.iter().zip(labels).zip(&expected.modified_entropy) {
        close(modified_entropy(row, label), *expected, 1e-12);
    }
    let probabilities = |logits: &[Vec<f32>]| rows(&logits.iter().map(|row| softmax(row)).collect::<Vec<_>>());
    let (p, q) = (probabilities(a), probabilities(b));
    close(kl_divergence(&p, &q), expected.kl, 1e-12);
    close(js_divergence(&p, &q), expected.js, 1e-12);
    close(zrf(&p, &q), expected.zrf, 1e-12);
    close(activation_distance(&p, &q), expected.activation_distance, 1e-12);
    close(agreement(&a.concat(), &b.concat(), 4), expected.agreement, 0.0);
    close(total_variation(&p.means(), &q.means()), expected.total_variation, 1e-12);
}

#[test]
fn outputs_by_hand() {
    let logits = [0.7_f32.ln(), 0.2_f32.ln(), 0.1_f32.ln()];
    close(modified_entropy(&logits, 0), 0.1622, 5e-5);
    close(modified_entropy(&logits, 1), 2.1409, 5e-5);
    // A network that is surely wrong gives a large number, and no infinity.
    assert!(modified_entropy(&[0.0, 2000.0], 0).is_finite() && modified_entropy(&[0.0, 2000.0], 0) > 60.0);
    let (p, q) = (Rows::new(vec![0.9, 0.1], 2), Rows::new(vec![0.5, 0.5], 2));
    close(activation_distance(&p, &q), 0.5657, 5e-5);
    close(js_divergence(&p, &q), 0.1017, 5e-5);
    close(zrf(&p, &q), 0.8983, 5e-5);
    close(kl_divergence(&q, &p), 0.5108, 5e-5);
    close(js_divergence(&Rows::new(vec![1.0, 0.0], 2), &Rows::new(vec![0.0, 1.0], 2)), 2_f64.ln(), 1e-12);
    close(tow([0.021, 1.0, 0.86], [0.0, 1.0, 0.925]), 0.9154, 5e-5);
    close(
        cosine(&Rows::new(vec![0.0, 0.0, 1.0, 1.0], 2), &Rows::new(vec![1.0, 2.0, 1.0, 0.0], 2)),
        0.5_f64.sqrt() / 2.0,
        1e-12,
    );
}

#[test]
fn intervals_as_numpy_draws_them() {
    let Intervals { positives, negatives, auroc: area, de_long, bootstrap, tpr_at_1, tpr_at_10 } = fixture().intervals;
    close(auroc(&positives, &negatives), area, 1e-12);
    let found = auroc_interval(&positives, &negatives, 4000, 1).unwrap();
    for end in 0..2 {
        close(found[end], bootstrap[end], 3e-3);
        close(found[end], de_long[end], 4e-3);
    }
    assert_eq!(found, auroc_interval(&positives, &negatives, 4000, 1).unwrap());
    assert_ne!(found, auroc_interval(&positives, &negatives, 4000, 2).unwrap());
    close(tpr_at_fpr(&positives, &negatives, 0.01), tpr_at_1, 1e-12);
    close(tpr_at_fpr(&positives, &negatives, 0.1), tpr_at_10, 1e-12);
    assert_eq!(auroc_interval(&[], &negatives, 10, 1), None);
    assert_eq!(auroc_interval(&[2.0], &[1.0], 10, 1), Some([1.0, 1.0]));
}

#[test]
fn logistic_regression_as_scikit_learn_fits_it() {
    for Logistic { c, features, labels, log_probabilities, folds: expected_folds, fold_accuracies } in
        fixture().logistic
    {
        let features = rows(&features);
        let classes = log_probabilities[0].len();
        let fitted = head(&features, &labels, classes, c);
        for (x, expected) in features.iter().zip(&log_probabilities) {
            fitted
                .log_probabilities(x)
                .iter()
                .zip(expected)
                .for_each(|(found, expected)| close(*found, *expected, 1e-4));
        }
        let found = folds(&labels, 5);
        assert_eq!(found, expected_folds);
        for (fold, expected) in fold_accuracies.iter().enumerate() {
            let of =
                |wanted: bool| -> Vec<usize> { (0..labels.len()).filter(|&i| (found[i] == fold) == wanted).collect() };
            let (train, test) = (of(false), of(true));
            let train_labels: Vec<usize> = train.iter().map(|&i| labels[i]).collect();
            let fitted = head(&features.select(&train), &train_labels, classes, c);
            let right = test.iter().filter(|&&i| fitted.predict(features.row(i)) == labels[i]).count();
            close(right as f64 / test.len() as f64, *expected, 1e-12);
        }
    }
}

#[test]
fn features_as_scipy_compares_them() {
    let Features { x, y, frechet: far, cka, cosine: angle, distance: apart } = fixture().features;
    let (x, y) = (rows(&x), rows(&y));
    close(frechet(&x, &y).unwrap(), far, 1e-9);
    close(linear_cka(&x, &y), cka, 1e-12);
    close(cosine(&x, &y), angle, 1e-12);
    close(distance(&x, &y), apart, 1e-12);
    close(frechet(&x, &x).unwrap(), 0.0, 1e-9);
    close(linear_cka(&x, &x), 1.0, 1e-12);
}

#[test]
fn features_by_hand() {
    let column = |values: &[f64]| Rows::new(values.to_vec(), 1);
    close(linear_cka(&column(&[1.0, 2.0, 3.0]), &column(&[0.0, 0.0, 1.0])), 0.75, 1e-12);
    // N(0, 1) and N(1, 4)
    let spread = 0.5_f64.sqrt();
    let (x, y) = (column(&[-spread, spread]), column(&[1.0 - 2.0 * spread, 1.0 + 2.0 * spread]));
    close(frechet(&x, &y).unwrap(), 2.0, 1e-12);
    assert_eq!(frechet(&column(&[1.0]), &y), None);
    assert_eq!(linear_cka(&column(&[1.0, 1.0]), &column(&[1.0, 2.0])), 0.0);
}
