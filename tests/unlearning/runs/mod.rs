mod looks;
mod methods;

use std::sync::{Arc, OnceLock};

use pollster::block_on;
use purge_unlearning::data::{ClassRoles, Dataset, SplitName};
use purge_unlearning::evaluation::{Evaluation, evaluate};
use purge_unlearning::inference::LogitCache;
use purge_unlearning::model::{Architecture, Network, Norm, SmallCnnConfig};
use purge_unlearning::training::{TrainConfig, Training};
use purge_unlearning::unlearning::{METHODS, Preset, Progress, Run, RunConfig, StopReason, Subject};
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
