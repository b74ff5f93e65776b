use super::*;

#[test]
fn a_check_on_some_samples_ends_no_run_that_all_of_them_would_not() {
    for seed in 0..3 {
        let mut run =
            start(with(config(), [("target_samples", json!(2)), ("check_every", json!(1)), ("seed", json!(seed))]));
        let all = to_the_end(&mut run, 1);
        let end = all.last().unwrap();
        assert_eq!(end.stop, Some(StopReason::ForgetTarget));
        // A part of two samples gives 0, 50 or 100 %: of what lies between, the whole was looked at, and was over the target.
        assert!(all.iter().any(|p| p.forget_accuracy == 50.0 || p.forget_accuracy == 100.0));
        let (_, dataset) = trained();
        let after = scores(run.network(), &dataset, &1.into());
        assert!(
            (after.fa - end.forget_accuracy).abs() < 1e-3 && after.fa <= 5.0,
            "{} {}",
            after.fa,
            end.forget_accuracy
        );
    }
}

/// What is left out is made up for: with a margin a run ends as it would without, or at the next look that it has.
#[test]
fn a_run_with_a_look_margin_ends_as_without_or_one_look_later() {
    let every = 2;
    let mut left_out = 0;
    for seed in 0..6 {
        for margin in [0.0, 25.0, 60.0] {
            let ends = |margin: f64| {
                let all = to_the_end(
                    &mut start(with(
                        config(),
                        [
                            ("seed", json!(seed)),
                            ("look_margin", json!(margin)),
                            ("batch_size", json!(4)),
                            ("check_every", json!(every)),
                        ],
                    )),
                    1,
                );
                assert_eq!(all.last().unwrap().stop, Some(StopReason::ForgetTarget));
                assert_eq!(all.last().unwrap().checked_step, all.last().unwrap().step, "only a look ends a run");
                all
            };
            let (with, without) = (ends(margin), ends(100.0));
            let (end, end_without) = (with.last().unwrap(), without.last().unwrap());
            assert!(end_without.step <= end.step && end.step <= end_without.step + every, "{margin} {seed}");
            for progress in &with {
                let due = progress.step % every == 0 || progress.step % progress.steps_per_epoch == 0;
                let of_batch = progress.steps[0].number("forget_accuracy").unwrap();
                let looked = progress.step % progress.steps_per_epoch == 0 || (due && of_batch <= 5.0 + margin);
                assert_eq!(progress.checked_step == progress.step, looked, "{progress:?}");
                left_out += usize::from(due && !looked);
            }
        }
    }
    assert!(left_out > 0);
}

/// The same of the looks at D_r: a budget that is overdrawn ends the run at that epoch or, where only its last step has done it,
/// at the next.
#[test]
fn a_budget_ends_a_run_with_a_look_margin_as_without_or_one_epoch_later() {
    for seed in 0..6 {
        let end = |margin: f64| {
            // Weights that shrink to nothing: every class is as likely, and those of D_f still count as recognised.
            let spoil = [
                ("learning_rate", json!(1e-3)),
                ("weight_decay", json!(100)),
                ("strict", json!(false)),
                ("target_forget_accuracy", json!(0)),
                ("retain_budget", json!(1.5)),
                ("batch_size", json!(8)),
                ("seed", json!(seed)),
                ("look_margin", json!(margin)),
            ];
            to_the_end(&mut start(with(config(), spoil)), 1).pop().unwrap()
        };
        let (with, without) = (end(25.0), end(100.0));
        assert_eq!((with.stop, without.stop), (Some(StopReason::RetainBudget), Some(StopReason::RetainBudget)));
        assert!(
            without.step <= with.step && with.step <= without.step + without.steps_per_epoch,
            "{with:?} {without:?}"
        );
    }
}

#[test]
fn a_look_margin_is_ours_and_off_where_a_method_is_as_published() {
    for (method, of) in METHODS.iter().enumerate() {
        for info in of.info().presets {
            let margin = preset(method, info.preset, 1).settings().get("look_margin").and_then(Value::as_f64);
            // A method without a target has none.
            let expected = if info.preset == Preset::Strict { 25.0 } else { 100.0 };
            assert_eq!(margin.unwrap_or(100.0), expected, "{info:?}");
        }
    }
}

/// Steps vouch for nothing but their batches: a run that diverges goes back to what was looked at.
#[test]
fn a_look_that_was_left_out_is_no_sound_check() {
    let wild = [
        ("objective", json!("gradient_ascent")),
        ("learning_rate", json!(1e9)),
        ("max_grad_norm", json!(0)),
        ("batch_size", json!(1)),
        ("check_every", json!(1)),
        ("look_margin", json!(0)),
    ];
    for steps in [1, usize::MAX] {
        let mut run = start(with(preset(0, Preset::Published, 1), wild.clone()));
        let all = to_the_end(&mut run, steps);
        let (end, looked) = (all.last().unwrap().clone(), all.iter().map(|p| p.checked_step).max());
        let (network, summary) = run.finish();
        assert_eq!(end.stop, Some(StopReason::Diverged));
        assert_eq!((Some(summary.network_step), Some(end.checked_step)), (looked, looked));
        assert!(values(network.parameters().flat()).iter().all(|w| w.is_finite()));
    }
}
