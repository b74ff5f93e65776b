use burn::tensor::Tensor;
use proptest::prelude::*;
use purge_unlearning::unlearning::purge::{
    Objective, forget_objective, representation_loss, retain_confusion, retain_loss,
};
use purge_unlearning::unlearning::{cross_entropy, entropy, kl_divergence};

use crate::{tensor, values};

const ROWS: usize = 3;
const CLASSES: usize = 5;

fn softmax(row: &[f64]) -> Vec<f64> {
    let total: f64 = row.iter().map(|z| z.exp()).sum();
    row.iter().map(|z| z.exp() / total).collect()
}

fn rows(z: &[f64]) -> impl Iterator<Item = Vec<f64>> {
    z.chunks(CLASSES).map(softmax)
}

fn kl(target: &[f64], model: &[f64]) -> f64 {
    target.iter().zip(model).map(|(t, m)| if *t > 0.0 { t * (t / m).ln() } else { 0.0 }).sum()
}

fn labels() -> Vec<f32> {
    (0..ROWS)
        .flat_map(|row| (0..CLASSES).map(move |class| if class == (row * 2) % CLASSES { 1.0 } else { 0.0 }))
        .collect()
}

fn mean_ce(z: &[f64]) -> f64 {
    rows(z).enumerate().map(|(row, p)| -p[(row * 2) % CLASSES].ln()).sum::<f64>() / ROWS as f64
}

/// Value and gradient of `ours` against the definition in 64-bit floats and its central differences.
fn check(z: &[f64], ours: impl Fn(Tensor<2>) -> Tensor<1>, definition: impl Fn(&[f64]) -> f64) {
    let single: Vec<f32> = z.iter().map(|v| *v as f32).collect();
    let leaf = tensor(&single, [ROWS, CLASSES]).autodiff().require_grad();
    let loss = ours(leaf.clone());
    let value = values(loss.clone().without_autodiff())[0] as f64;
    assert!((value - definition(z)).abs() < 1e-5 * value.abs().max(1.0), "value {value}, definition {}", definition(z));
    let gradients = loss.backward();
    let gradient = values(leaf.grad(&gradients).unwrap());
    for i in 0..z.len() {
        let at = |step: f64| {
            let mut moved = z.to_vec();
            moved[i] += step;
            definition(&moved)
        };
        let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
        assert!((gradient[i] as f64 - difference).abs() < 1e-5, "gradient {i}: {} against {difference}", gradient[i]);
    }
}

fn logits() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-4000_i32..4000).prop_map(|v| v as f32 as f64 / 1024.0), ROWS * CLASSES)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn retain_loss_is_cross_entropy_and_distillation(z in logits(), teacher in logits()) {
        let t = 4.0;
        let teacher_single: Vec<f32> = teacher.iter().map(|v| *v as f32).collect();
        let both = |z: Tensor<2>| {
            let (ce, kd) = retain_loss(z, tensor(&labels(), [ROWS, CLASSES]), tensor(&teacher_single, [ROWS, CLASSES]), t);
            ce + kd * 3.0
        };
        check(&z, both, |z| {
            let cool = |z: &[f64]| z.iter().map(|v| v / t).collect::<Vec<_>>();
            let kd: f64 = rows(&cool(&teacher)).zip(rows(&cool(z))).map(|(target, model)| kl(&target, &model)).sum();
            mean_ce(z) + 3.0 * t * t * kd / ROWS as f64
        });
    }

    #[test]
    fn objectives_are_target_against_model(z in logits(), seed in logits()) {
        let p_r: Vec<f64> = rows(&seed).next().unwrap();
        let single: Vec<f32> = p_r.iter().map(|p| *p as f32).collect();
        let p_r: Vec<f64> = single.iter().map(|p| *p as f64).collect();
        let of = |objective| {
            let single = single.clone();
            move |z: Tensor<2>| {
                forget_objective(objective, z, tensor(&labels(), [ROWS, CLASSES]), tensor(&single, [1, CLASSES]), &1.into())
            }
        };
        let mean_kl = |z: &[f64], target: &[f64]| rows(z).map(|model| kl(target, &model)).sum::<f64>() / ROWS as f64;
        check(&z, of(Objective::RetainConfusion), |z| mean_kl(z, &p_r));
        check(&z, of(Objective::Uniform), |z| mean_kl(z, &[1.0 / CLASSES as f64; CLASSES]));
        check(&z, of(Objective::GradientAscent), |z| -mean_ce(z));
        // The target is each sample's own answer without class 1, held fixed while z moves.
        let fixed: Vec<Vec<f64>> = rows(&z)
            .map(|mut p| {
                p[1] = 0.0;
                let total: f64 = p.iter().sum();
                p.into_iter().map(|v| v / total).collect()
            })
            .collect();
        check(&z, of(Objective::Conditional), |z| {
            rows(z).zip(&fixed).map(|(model, target)| kl(target, &model)).sum::<f64>() / ROWS as f64
        });
    }

    #[test]
    fn entropy_and_divergence(z in logits()) {
        check(&z, entropy, |z| rows(z).map(|p| -p.iter().map(|p| p * p.ln()).sum::<f64>()).sum::<f64>() / ROWS as f64);
        let certain = tensor(&[0.0, 1.0, 0.0, 0.0, 0.0], [1, CLASSES]);
        check(&z, |z| kl_divergence(certain.clone(), z), |z| rows(z).map(|p| -p[1].ln()).sum::<f64>() / ROWS as f64);
        check(&z, |z| cross_entropy(z, tensor(&labels(), [ROWS, CLASSES])), mean_ce);
    }

    #[test]
    fn representation_loss_draws_to_the_retain_mean(forget in logits(), retain in logits()) {
        let retain_single: Vec<f32> = retain.iter().map(|v| *v as f32).collect();
        let taps = |t: Tensor<2>| [t.clone(), t.clone() * 2.0, t];
        let means = taps(tensor(&retain_single, [ROWS, CLASSES]).mean_dim(0));
        let ours = |forget: Tensor<2>| representation_loss(&taps(forget), &means);
        check(&forget, ours, |forget| {
            let mean: Vec<f64> =
                (0..CLASSES).map(|c| (0..ROWS).map(|r| retain[r * CLASSES + c]).sum::<f64>() / ROWS as f64).collect();
            let mse = |scale: f64| {
                let squares = forget.iter().enumerate().map(|(i, f)| (scale * (f - mean[i % CLASSES])).powi(2));
                squares.sum::<f64>() / forget.len() as f64
            };
            (mse(1.0) + mse(2.0) + mse(1.0)) / 3.0
        });
    }

    #[test]
    fn retain_confusion_is_the_mean_answer(z in logits()) {
        let single: Vec<f32> = z.iter().map(|v| *v as f32).collect();
        let ours = retain_confusion(&single, CLASSES);
        for (class, p) in ours.iter().enumerate() {
            let mean = rows(&z).map(|row| row[class]).sum::<f64>() / ROWS as f64;
            prop_assert!((*p as f64 - mean).abs() < 1e-6);
        }
    }
}

#[test]
fn distillation_has_no_gradient_where_student_and_teacher_agree() {
    let z: Vec<f32> = (0..ROWS * CLASSES).map(|i| (i as f32 * 1.7).sin() * 6.0).collect();
    let leaf = tensor(&z, [ROWS, CLASSES]).autodiff().require_grad();
    let (_, kd) = retain_loss(leaf.clone(), tensor(&labels(), [ROWS, CLASSES]), tensor(&z, [ROWS, CLASSES]), 4.0);
    let gradient = values(leaf.grad(&kd.backward()).unwrap());
    assert!(gradient.iter().all(|g| g.abs() < 1e-6), "{gradient:?}");
}
