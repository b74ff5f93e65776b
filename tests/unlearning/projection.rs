use proptest::prelude::*;
use purge_unlearning::unlearning::purge::{clip, project};

use crate::{tensor, values};

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| *a as f64 * *b as f64).sum()
}

fn vector() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-10.0_f32..10.0, 40)
}

proptest! {
    #[test]
    fn never_against_the_retain_gradient(g in vector(), r in vector(), scale in 1e-3_f32..1e3) {
        let r: Vec<f32> = r.iter().map(|v| v * scale).collect();
        let out = values(project(tensor(&g, [40]), &tensor(&r, [40])));
        let norms = (dot(&g, &g) * dot(&r, &r)).sqrt();
        prop_assert!(dot(&out, &r) >= -1e-5 * norms, "{} of {norms}", dot(&out, &r));
        if dot(&g, &r) > 1e-5 * norms {
            prop_assert_eq!(&out, &g);
        }
        // What is taken away lies along the retain gradient: the rest of g stays.
        let taken: Vec<f32> = g.iter().zip(&out).map(|(g, o)| g - o).collect();
        let along = dot(&taken, &r) / dot(&r, &r);
        for (t, r) in taken.iter().zip(&r) {
            prop_assert!((*t as f64 - along * *r as f64).abs() < 1e-3);
        }
    }

    #[test]
    fn no_direction_to_project_on(g in vector(), r in vector()) {
        let tiny: Vec<f32> = r.iter().map(|v| v * 1e-9).collect();
        prop_assert_eq!(values(project(tensor(&g, [40]), &tensor(&tiny, [40]))), g);
    }

    #[test]
    fn clipping_keeps_the_direction(g in vector(), limit in 0.1_f64..100.0) {
        let (out, norm) = clip(tensor(&g, [40]), limit);
        let (out, norm) = (values(out), values(norm)[0] as f64);
        prop_assert!((norm - dot(&g, &g).sqrt()).abs() < 1e-3);
        let factor = (limit / (norm + 1e-6)).min(1.0);
        for (o, g) in out.iter().zip(&g) {
            prop_assert!((*o as f64 - factor * *g as f64).abs() < 1e-4);
        }
    }

    #[test]
    fn a_limit_of_zero_is_no_clipping(g in vector()) {
        prop_assert_eq!(values(clip(tensor(&g, [40]), 0.0).0), g);
    }
}

#[test]
fn a_retain_gradient_of_zero_is_no_division_by_zero() {
    let out = values(project(tensor(&[1.0, -2.0], [2]), &tensor(&[0.0, 0.0], [2])));
    assert_eq!(out, [1.0, -2.0]);
}
