use purge_unlearning::unlearning::Step;

use super::*;

#[test]
fn every_method_and_preset_takes_steps_that_can_be_repeated() {
    for method in METHODS {
        for info in method.info().presets {
            let run = || {
                let config = preset(METHODS.iter().position(|m| m.info() == method.info()).unwrap(), info.preset, 1);
                let no_target = json!({ "batch_size": 8, "target_forget_accuracy": 0 });
                let known = no_target.as_object().unwrap().clone().into_iter();
                let known = known.filter(|(key, _)| config.settings().get(key).is_some()).collect();
                let mut run = start(config.with_all(known).unwrap());
                let progress = block_on(run.advance(3)).unwrap();
                (progress.steps, values(run.network().parameters().flat()))
            };
            let (steps, weights) = run();
            let keys: Vec<&str> = steps[0].scalars.keys().copied().collect();
            let mut listed: Vec<&str> = method.info().scalars.iter().map(|scalar| scalar.key).collect();
            listed.sort_unstable();
            assert_eq!(keys, listed, "{}", method.info().name);
            assert_eq!((steps, weights), run(), "{} {:?}", method.info().name, info.preset);
        }
    }
}

#[test]
fn gradient_ascent_forgets_and_fine_tuning_keeps_the_rest() {
    let (network, dataset) = trained();
    let ends = |config: RunConfig| {
        let mut run = start(config);
        let steps: Vec<Step> = to_the_end(&mut run, usize::MAX).into_iter().flat_map(|p| p.steps).collect();
        (scores(run.network(), &dataset, &1.into()), run.finish().1, steps)
    };
    let (ascent, summary, steps) = ends(with(
        preset(1, Preset::Published, 1),
        [("batch_size", json!(8)), ("learning_rate", json!(0.02)), ("target_forget_accuracy", json!(5))],
    ));
    assert_eq!((summary.stop, summary.violations), (StopReason::ForgetTarget, None));
    assert!(ascent.fa <= 5.0);
    assert!(steps.last().unwrap().number("forget_ce") > steps[0].number("forget_ce"));

    let before = scores(&network, &dataset, &1.into());
    let (tuned, summary, _) =
        ends(with(preset(2, Preset::Published, 1), [("batch_size", json!(8)), ("epochs", json!(2))]));
    assert!(tuned.ra >= before.ra - 1.0 && tuned.fa <= before.fa, "{} {}", tuned.ra, tuned.fa);
    // An epoch is a pass over D_r: 48 samples in batches of 8.
    assert!(summary.steps <= 12, "{}", summary.steps);
}

/// Every method with a loop makes the network forget the middle bar; what else it costs is for tables to say.
#[test]
fn every_loop_forgets() {
    let rates = [
        ("kl_uniform", 5e-3),
        ("neg_grad_plus", 2e-2),
        ("random_labels", 2e-2),
        ("salun", 2e-2),
        ("scrub", 1e-2),
        ("bad_teacher", 3e-3),
        ("l1_sparse", 5e-2),
    ];
    for (name, rate) in rates {
        let method = METHODS.iter().position(|method| method.info().name == name).unwrap();
        let mut config = with(
            preset(method, Preset::Published, 1),
            [
                ("batch_size", json!(8)),
                ("learning_rate", json!(rate)),
                ("target_forget_accuracy", json!(10)),
                ("epochs", json!(60)),
                ("check_every", json!(4)),
            ],
        );
        if name == "l1_sparse" {
            config = config.with("l1_weight", 5e-3).unwrap();
        }
        let mut run = start(config);
        let end = to_the_end(&mut run, usize::MAX).pop().unwrap();
        let after = scores(run.network(), &trained().1, &1.into());
        println!("{name}: {:?} after {} steps, FA {} RA {}", end.stop, end.step, after.fa, after.ra);
        assert_eq!(end.stop, Some(StopReason::ForgetTarget), "{name}");
        assert!(after.fa <= 10.0, "{name}: {}", after.fa);
    }
}

/// Descent along the gradient of a mean over parts is that of the whole, and its step is SGD's by hand.
#[test]
fn a_step_of_the_simple_methods_is_sgd() {
    for method in [1, 2] {
        let step = |at_once: usize, rate: f64, decay: f64| {
            let changes = [
                ("batch_size", json!(8)),
                ("samples_at_once", json!(at_once)),
                ("learning_rate", json!(rate)),
                ("weight_decay", json!(decay)),
                ("target_forget_accuracy", json!(0)),
            ];
            let mut run = start(with(preset(method, Preset::Published, 1), changes));
            let steps = block_on(run.advance(1)).unwrap().steps;
            (values(run.network().parameters().flat()), steps[0].number("update_norm").unwrap())
        };
        let theta = values(trained().0.parameters().flat());
        let (whole, norm) = step(0, 1e-2, 0.0);
        let (parts, _) = step(3, 1e-2, 0.0);
        let largest = whole.iter().zip(&parts).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest < 1e-6, "{largest}");
        // θ₁ = θ − η·g, so ‖θ₁ − θ‖ = η·‖g‖.
        let moved: f64 = whole.iter().zip(&theta).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
        assert!((moved / (1e-2 * norm) - 1.0).abs() < 1e-3, "{moved} {norm}");
        // With decay θ₁ is lower by η·w·θ.
        let (decayed, _) = step(0, 1e-2, 0.5);
        for ((with, without), theta) in decayed.iter().zip(&whole).zip(&theta) {
            assert!((with - (without - 1e-2 * 0.5 * theta)).abs() < 1e-6);
        }
    }
}

fn named(name: &str, preset: Preset) -> RunConfig {
    let model = model(Norm::Group);
    let subject = Subject { dataset: "bars", network: &model };
    RunConfig::new(purge_unlearning::unlearning::method::method(name).unwrap(), preset, &subject, 1).unwrap()
}

/// Not only a recipe like that of training, but the same network.
#[test]
fn retraining_is_training_without_the_class_bit_for_bit() {
    let (_, dataset) = trained();
    for norm in [Norm::Group, Norm::Batch] {
        let config = TrainConfig {
            epochs: 2,
            batch_size: 10,
            without_classes: vec![1],
            seed: 3,
            ..TrainConfig::for_dataset("bars")
        };
        let training = Training::new(model(norm), &dataset, config, &device()).unwrap();
        let expected = block_on(training.run(|_| Ok(()))).unwrap();
        let config = with(
            named("retrain", Preset::Published),
            [("epochs", json!(2)), ("batch_size", json!(10)), ("seed", json!(3))],
        );
        let before = model(norm).init(9, &device()).unwrap();
        let mut run = block_on(Run::start(before, dataset.clone(), config, None)).unwrap();
        let all = to_the_end(&mut run, 3);
        // Nothing of the class is recognised on the way, and still all steps are taken.
        assert_eq!(all.last().unwrap().step, 2 * 5);
        assert_eq!(all.last().unwrap().stop, Some(StopReason::ForgetTarget));
        assert_eq!(values(run.network().parameters().flat()), values(expected.parameters().flat()), "{norm:?}");
    }
}

#[test]
fn a_run_of_planned_steps_takes_them_all_and_no_more() {
    let (network, dataset) = trained();
    let before = scores(&network, &dataset, &1.into());
    let mut run = start(with(named("deep", Preset::Published), [("steps", json!(60)), ("batch_size", json!(16))]));
    let all = to_the_end(&mut run, 7);
    let end = all.last().unwrap();
    assert_eq!((end.step, end.max_steps, end.steps_per_epoch, end.stop), (60, 60, 60, Some(StopReason::ForgetTarget)));
    let after = scores(run.network(), &dataset, &1.into());
    assert_eq!(after.fa, 0.0);
    assert!(after.ra >= before.ra - 3.0, "{} {}", before.ra, after.ra);

    let mut run = start(named("ssd", Preset::Authors));
    let end = to_the_end(&mut run, 5).pop().unwrap();
    assert_eq!((end.step, end.max_steps), (1, 1));
    assert_ne!(values(run.network().parameters().flat()), values(network.parameters().flat()));
}
