use std::sync::{Arc, OnceLock};

use pollster::block_on;
use purge_unlearning::data::{ClassRoles, Dataset, SplitName};
use purge_unlearning::evaluation::{Evaluation, evaluate};
use purge_unlearning::inference::LogitCache;
use purge_unlearning::model::{Architecture, Network, Norm, SmallCnnConfig};
use purge_unlearning::training::{TrainConfig, Training};
use purge_unlearning::unlearning::{METHODS, Preset, Progress, Run, RunConfig, Step, StopReason, Subject};
use purge_unlearning::work::Here;
use serde_json::{Value, json};

use crate::rivals::running;
use crate::{bars, device, values};

fn model(norm: Norm) -> Architecture {
    SmallCnnConfig::new(1, 3).with_width(8).with_norm(norm).into()
}

fn train(norm: Norm, dataset: &Dataset) -> Network {
    let config = TrainConfig { epochs: 6, batch_size: 16, ..TrainConfig::for_dataset("bars") };
    block_on(Training::new(model(norm), dataset, config, &device()).unwrap().run(|_| Ok(()))).unwrap()
}

fn trained() -> (Network, Arc<Dataset>) {
    static TRAINED: OnceLock<(Network, Arc<Dataset>)> = OnceLock::new();
    TRAINED
        .get_or_init(|| {
            let dataset = bars(24);
            (train(Norm::Group, &dataset), Arc::new(dataset))
        })
        .clone()
}

fn preset(method: usize, preset: Preset, forget: impl Into<ClassRoles>) -> RunConfig {
    let model = model(Norm::Group);
    RunConfig::new(METHODS[method], preset, &Subject { dataset: "bars", network: &model }, forget).unwrap()
}

/// Some settings changed.
fn with<const N: usize>(config: RunConfig, changes: [(&str, Value); N]) -> RunConfig {
    changes.into_iter().fold(config, |config, (key, value)| config.with(key, value).unwrap())
}

fn of_classes(forget: impl Into<ClassRoles>) -> RunConfig {
    let small = [("batch_size", json!(8)), ("check_every", json!(3)), ("target_forget_accuracy", json!(5.0))];
    with(preset(0, Preset::Strict, forget), small)
}

fn config() -> RunConfig {
    of_classes(1)
}

fn scores(network: &Network, dataset: &Dataset, classes: &ClassRoles) -> Evaluation {
    block_on(evaluate(&Here, network, dataset, classes, SplitName::Test, &mut LogitCache::default())).unwrap()
}

fn start(config: RunConfig) -> Run {
    let (network, dataset) = trained();
    block_on(Run::start(network, dataset, config, None)).unwrap()
}

fn to_the_end(run: &mut Run, steps: usize) -> Vec<Progress> {
    let mut all = Vec::new();
    loop {
        let progress = block_on(run.advance(steps)).unwrap();
        let over = progress.stop.is_some();
        all.push(progress);
        if over {
            return all;
        }
    }
}

#[test]
fn a_network_learns_and_forgets_one_class() {
    let (network, dataset) = trained();
    let before = scores(&network, &dataset, &1.into());
    assert!(before.ta > 95.0 && before.fa > 95.0, "{} {}", before.ta, before.fa);

    let mut run = start(config());
    let end = to_the_end(&mut run, usize::MAX).pop().unwrap();
    assert_eq!(end.stop, Some(StopReason::ForgetTarget));
    let (forgotten, summary) = run.finish();
    assert_eq!(summary.violations, Some(0));
    assert_eq!(summary.steps, end.step);
    let after = scores(&forgotten, &dataset, &1.into());
    assert!((after.fa - end.forget_accuracy).abs() < 1e-3, "{} {}", after.fa, end.forget_accuracy);
    assert!(after.fa <= 5.0 && after.ra > 90.0, "{} {}", after.fa, after.ra);
    // The teacher is a copy: the network the run began with is as it was.
    let untouched = scores(&network, &dataset, &1.into());
    assert_eq!(untouched.confusion_train, before.confusion_train);
}

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

#[test]
fn classes_go_one_after_the_other_and_the_first_stays_away() {
    let (network, dataset) = trained();
    let forget = |network: Network, classes: ClassRoles| {
        let run = Run::start(network, dataset.clone(), of_classes(classes.clone()), None);
        let mut run = block_on(run).unwrap();
        assert_eq!(to_the_end(&mut run, usize::MAX).pop().unwrap().stop, Some(StopReason::ForgetTarget));
        let (network, _) = run.finish();
        let scores = scores(&network, &dataset, &classes);
        assert!(scores.fa <= 5.0 && scores.ra > 90.0, "{classes:?}: {} {}", scores.fa, scores.ra);
        (network, scores)
    };
    let (without_1, _) = forget(network.clone(), 1.into());
    let (_, scores) = forget(without_1, ClassRoles::new(vec![0], &[1]));
    assert!(scores.fa_earlier <= 10.0, "{}", scores.fa_earlier);

    let (_, scores) = forget(network, ClassRoles::new(vec![0, 1], &[]));
    assert_eq!(scores.members, 2 * dataset.train.counts(3)[0]);
}

#[test]
fn the_size_of_the_calls_does_not_matter() {
    let (mut one, mut many) = (start(config()), start(config()));
    let (one_by_one, at_once) = (to_the_end(&mut one, 1), to_the_end(&mut many, usize::MAX));
    let steps = |all: &[Progress]| all.iter().flat_map(|p| p.steps.clone()).collect::<Vec<_>>();
    assert_eq!(steps(&one_by_one), steps(&at_once));
    assert_eq!(values(one.network().parameters().flat()), values(many.network().parameters().flat()));
}

#[test]
fn a_pause_and_a_cancel_leave_a_network() {
    let (network, dataset) = trained();
    let mut run = start(config());
    block_on(run.advance(2)).unwrap();
    let (stopped, summary) = run.finish();
    assert_eq!((summary.stop, summary.steps), (StopReason::Cancelled, 2));
    assert_ne!(values(stopped.parameters().flat()), values(network.parameters().flat()));
    scores(&stopped, &dataset, &1.into());
}

#[test]
fn the_epoch_limit_and_nothing_to_forget() {
    let last = |config| to_the_end(&mut start(config), usize::MAX).pop().unwrap();
    let limit = last(with(config(), [("learning_rate", json!(1e-9)), ("epochs", json!(2))]));
    assert_eq!(limit.stop, Some(StopReason::EpochLimit));
    assert_eq!((limit.step, limit.max_steps), (2 * limit.steps_per_epoch, 2 * limit.steps_per_epoch));

    let nothing = last(with(config(), [("target_forget_accuracy", json!(100))]));
    assert_eq!((nothing.stop, nothing.step), (Some(StopReason::NothingToForget), 0));
}

#[test]
fn strict_steps_never_go_against_the_retain_gradient_and_published_ones_may() {
    let trace = |config: RunConfig| {
        let long = [("target_forget_accuracy", json!(0)), ("epochs", json!(6)), ("retain_budget", json!(0))];
        let config = with(config, long);
        to_the_end(&mut start(config), usize::MAX).into_iter().flat_map(|p| p.steps).collect::<Vec<_>>()
    };
    let strict = trace(config());
    assert!(strict.iter().all(|step| !step.flag("violation")), "{strict:?}");
    let published = trace(with(preset(0, Preset::Published, 1), [("batch_size", json!(8))]));
    assert!(
        published.iter().any(|step| step.flag("violation")),
        "momentum escapes the projection of the published step"
    );
}

#[test]
fn batch_norm_statistics_stay_frozen() {
    let dataset = Arc::new(bars(24));
    let network = train(Norm::Batch, &dataset);
    let before = scores(&network, &dataset, &1.into());
    assert!(before.ta > 95.0, "{}", before.ta);
    let mut run = block_on(Run::start(network.clone(), dataset, config(), None)).unwrap();
    to_the_end(&mut run, usize::MAX);
    assert_ne!(values(run.network().parameters().flat()), values(network.parameters().flat()));
    assert_eq!(running(run.network()), running(&network));
}

/// With η next to 0 a step in training mode changes the statistics and nothing else; where a run goes back, they do too.
#[test]
fn in_training_mode_the_statistics_follow_the_batches_and_come_back_with_the_weights() {
    let dataset = Arc::new(bars(24));
    let network = train(Norm::Batch, &dataset);
    let start = |mode: &str, rate: f64| {
        let changes = [
            ("batch_norm", json!(mode)),
            ("learning_rate", json!(rate)),
            ("batch_size", json!(8)),
            ("epochs", json!(9)),
        ];
        let config = with(preset(1, Preset::Published, 1), changes);
        block_on(Run::start(network.clone(), dataset.clone(), with(config, [("check_every", json!(50))]), None))
            .unwrap()
    };
    let mut frozen = start("frozen", 1e-12);
    block_on(frozen.advance(2)).unwrap();
    assert_eq!(running(frozen.network()), running(&network));
    let mut learning = start("train", 1e-12);
    block_on(learning.advance(1)).unwrap();
    let after_one = running(learning.network());
    assert_ne!(after_one, running(&network));
    assert_eq!(running(&network), running(frozen.network()), "the network that the run began with is as it was");
    block_on(learning.advance(1)).unwrap();
    assert_ne!(running(learning.network()), after_one);
    // The first step makes the weights infinite, and its statistics go with them.
    let mut wild = start("train", 1e9);
    let end = to_the_end(&mut wild, 1).pop().unwrap();
    assert_eq!(end.stop, Some(StopReason::Diverged), "{end:?}");
    let (network_after, summary) = wild.finish();
    assert_eq!(summary.network_step, 0);
    assert_eq!(running(&network_after), running(&network));
}

#[test]
fn what_is_out_of_range_names_itself() {
    let bad = |key: &str, value: Value| config().with(key, value).unwrap_err().to_string();
    assert!(bad("learning_rate", json!(-1)).starts_with("learning_rate: expected a number over 0"));
    assert!(bad("temperature", json!(f64::NAN)).starts_with("temperature"));
    assert!(bad("momentum", json!(1.0)).starts_with("momentum"));
    assert!(bad("batch_size", json!(0)).starts_with("batch_size"));
    assert!(bad("forget_gate", json!(1.5)).starts_with("forget_gate"));
    assert!(bad("learning_rat", json!(1)).starts_with("learning_rat: expected a setting of this method: objective"));

    let (network, dataset) = trained();
    let start = |config, logits| block_on(Run::start(network.clone(), dataset.clone(), config, logits));
    let error = start(of_classes(3), None).unwrap_err();
    assert_eq!((error.code(), error.to_string()), ("bad-config", "forget_class: expected 0 to 2, found 3".into()));
    let error = start(config(), Some(Arc::new(vec![0.0; 7]))).unwrap_err().to_string();
    assert!(error.starts_with("train_logits: expected 72 rows of 3 logits"), "{error}");
    let mut logits = vec![0.0; 72 * 3];
    logits[100] = f32::NAN;
    assert_eq!(start(config(), Some(Arc::new(logits))).unwrap_err().code(), "bad-model");
    let model = model(Norm::Group);
    let subject = Subject { dataset: "bars", network: &model };
    let error = RunConfig::new(METHODS[2], Preset::Strict, &subject, 1).unwrap_err().to_string();
    assert_eq!(error, "preset: expected a preset of fine_tune: published, authors, found strict");
}

#[test]
fn a_network_for_other_images_is_refused() {
    let (_, dataset) = trained();
    let colour = SmallCnnConfig::new(3, 3).with_width(8).init(0, &device()).unwrap();
    let error = block_on(Run::start(colour, dataset, config(), None)).unwrap_err();
    assert_eq!(error.code(), "bad-model");
    assert!(error.to_string().contains("3 channels"), "{error}");
}

#[test]
fn a_run_that_diverges_ends_so_and_keeps_the_last_sound_network() {
    let (network, dataset) = trained();
    let wild = [
        ("objective", json!("gradient_ascent")),
        ("learning_rate", json!(1e9)),
        ("max_grad_norm", json!(0)),
        ("retain_budget", json!(1e9)),
        ("batch_size", json!(1)),
    ];
    let wild = with(preset(0, Preset::Published, 1), wild);
    let ends: Vec<_> = [1, usize::MAX]
        .map(|steps| {
            let mut run = start(wild.clone());
            let all = to_the_end(&mut run, steps);
            assert!(all.iter().flat_map(|p| &p.steps).all(|step| step.number("update_norm").unwrap().is_finite()));
            let end = all.last().unwrap().clone();
            let (network, summary) = run.finish();
            (
                end.stop,
                end.step,
                summary.network_step,
                summary.stop,
                end.forget_accuracy,
                values(network.parameters().flat()),
            )
        })
        .into();
    assert_eq!(ends[0], ends[1], "the size of the calls does not matter");
    let (stop, step, network_step, summary_stop, forget_accuracy, weights) = &ends[0];
    assert_eq!((*stop, *summary_stop), (Some(StopReason::Diverged), StopReason::Diverged));
    assert!(*step > 0 && network_step < step, "{step} {network_step}");
    assert_eq!(*weights, values(network.parameters().flat()), "no check was passed yet");
    let before = scores(&network, &dataset, &1.into());
    assert!((forget_accuracy - before.fa).abs() < 1e-3);

    // With a check after every step, what was sound for some steps stays.
    let late = with(
        wild,
        [
            ("learning_rate", json!(30)),
            ("check_every", json!(1)),
            ("epochs", json!(100)),
            ("target_forget_accuracy", json!(0)),
        ],
    );
    let mut run = start(with(late, [("objective", json!("gradient_ascent"))]));
    let end = to_the_end(&mut run, usize::MAX).pop().unwrap();
    let (network, summary) = run.finish();
    assert!(values(network.parameters().flat()).iter().all(|w| w.is_finite()), "{end:?}");
    assert!(summary.network_step <= summary.steps);
}

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
