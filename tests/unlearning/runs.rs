use std::sync::{Arc, OnceLock};

use pollster::block_on;
use purge_unlearning::data::{ClassRoles, Dataset, SplitName};
use purge_unlearning::device::reads;
use purge_unlearning::inference::evaluate;
use purge_unlearning::model::{Architecture, Network, Norm, SmallCnnConfig};
use purge_unlearning::training::{TrainConfig, Training};
use purge_unlearning::unlearning::purge::{Preset, PurgeConfig, StopReason};
use purge_unlearning::unlearning::{Progress, Run};

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

fn config() -> PurgeConfig {
    PurgeConfig {
        batch_size: 8,
        check_every: 3,
        target_forget_accuracy: 5.0,
        ..PurgeConfig::preset(Preset::Strict, "bars", &model(Norm::Group), 1)
    }
}

fn start(config: PurgeConfig) -> Run {
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
    let before = block_on(evaluate(&network, &dataset, &1.into(), SplitName::Test, None)).unwrap();
    assert!(before.ta > 95.0 && before.fa > 95.0, "{} {}", before.ta, before.fa);

    let mut run = start(config());
    let end = to_the_end(&mut run, usize::MAX).pop().unwrap();
    assert_eq!(end.stop, Some(StopReason::ForgetTarget));
    let (forgotten, summary) = run.finish();
    assert_eq!(summary.violations, 0);
    assert_eq!(summary.steps, end.step);
    let after = block_on(evaluate(&forgotten, &dataset, &1.into(), SplitName::Test, None)).unwrap();
    assert!((after.fa - end.forget_accuracy).abs() < 1e-3, "{} {}", after.fa, end.forget_accuracy);
    assert!(after.fa <= 5.0 && after.ra > 90.0, "{} {}", after.fa, after.ra);
    // The teacher is a copy: the network the run began with is as it was.
    let untouched = block_on(evaluate(&network, &dataset, &1.into(), SplitName::Test, None)).unwrap();
    assert_eq!(untouched.confusion_train, before.confusion_train);
}

#[test]
fn a_check_on_some_samples_ends_no_run_that_all_of_them_would_not() {
    for seed in 0..3 {
        let mut run = start(PurgeConfig { target_samples: 2, check_every: 1, seed, ..config() });
        let all = to_the_end(&mut run, 1);
        let end = all.last().unwrap();
        assert_eq!(end.stop, Some(StopReason::ForgetTarget));
        // A part of two samples gives 0, 50 or 100 %: of what lies between, the whole was looked at, and was over the target.
        assert!(all.iter().any(|p| p.forget_accuracy == 50.0 || p.forget_accuracy == 100.0));
        let (_, dataset) = trained();
        let after = block_on(evaluate(run.network(), &dataset, &1.into(), SplitName::Test, None)).unwrap();
        assert!(
            (after.fa - end.forget_accuracy).abs() < 1e-3 && after.fa <= 5.0,
            "{} {}",
            after.fa,
            end.forget_accuracy
        );
    }
}

#[test]
fn classes_go_one_after_the_other_and_the_first_stays_away() {
    let (network, dataset) = trained();
    let forget = |network: Network, classes: ClassRoles| {
        let config = PurgeConfig { classes: classes.clone(), ..config() };
        let mut run = block_on(Run::start(network, dataset.clone(), config, None)).unwrap();
        assert_eq!(to_the_end(&mut run, usize::MAX).pop().unwrap().stop, Some(StopReason::ForgetTarget));
        let (network, _) = run.finish();
        let scores = block_on(evaluate(&network, &dataset, &classes, SplitName::Test, None)).unwrap();
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
fn one_read_for_each_call_and_none_inside_a_step() {
    let mut run = start(PurgeConfig { target_forget_accuracy: 0.0, ..config() });
    for steps in [1, 2, 3, 40] {
        let before = reads();
        let progress = block_on(run.advance(steps)).unwrap();
        assert_eq!(reads() - before, 1);
        assert!(progress.steps.len() <= steps.min(3), "a check ends a call");
    }
    let before = reads();
    block_on(run.advance(0)).unwrap();
    assert_eq!(reads() - before, 0);
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
    block_on(evaluate(&stopped, &dataset, &1.into(), SplitName::Test, None)).unwrap();
}

#[test]
fn the_epoch_limit_and_nothing_to_forget() {
    let last = |config| to_the_end(&mut start(config), usize::MAX).pop().unwrap();
    let still = PurgeConfig { learning_rate: 1e-9, ..config() };
    let limit = last(PurgeConfig { epochs: 2, ..still.clone() });
    assert_eq!(limit.stop, Some(StopReason::EpochLimit));
    assert_eq!((limit.step, limit.max_steps), (2 * limit.steps_per_epoch, 2 * limit.steps_per_epoch));

    let nothing = last(PurgeConfig { target_forget_accuracy: 100.0, ..config() });
    assert_eq!((nothing.stop, nothing.step), (Some(StopReason::NothingToForget), 0));
}

#[test]
fn strict_steps_never_go_against_the_retain_gradient_and_published_ones_may() {
    let trace = |config: PurgeConfig| {
        let config = PurgeConfig { target_forget_accuracy: 0.0, epochs: 6, retain_budget: 1e6, ..config };
        to_the_end(&mut start(config), usize::MAX).into_iter().flat_map(|p| p.steps).collect::<Vec<_>>()
    };
    let strict = trace(config());
    assert!(strict.iter().all(|s| !s.violation), "{strict:?}");
    let published =
        PurgeConfig { batch_size: 8, ..PurgeConfig::preset(Preset::Published, "bars", &model(Norm::Group), 1) };
    let published = trace(published);
    assert!(published.iter().any(|s| s.violation), "momentum escapes the projection of the published step");
}

#[test]
fn batch_norm_statistics_stay_frozen() {
    let dataset = Arc::new(bars(24));
    let network = train(Norm::Batch, &dataset);
    let before = block_on(evaluate(&network, &dataset, &1.into(), SplitName::Test, None)).unwrap();
    assert!(before.ta > 95.0, "{}", before.ta);
    let statistics = |network: &Network| {
        let checkpoint = purge_unlearning::model::Checkpoint { network: network.clone(), card: Default::default() };
        let bytes = block_on(checkpoint.write(purge_unlearning::model::Precision::Full)).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        ["norm1.running_mean", "norm4.running_var"].map(|name| tensors.tensor(name).unwrap().data().to_vec())
    };
    let mut run = block_on(Run::start(network.clone(), dataset, config(), None)).unwrap();
    to_the_end(&mut run, usize::MAX);
    assert_ne!(values(run.network().parameters().flat()), values(network.parameters().flat()));
    assert_eq!(statistics(run.network()), statistics(&network));
}

#[test]
fn settings_out_of_range_name_themselves() {
    let (network, dataset) = trained();
    let bad = |change: fn(&mut PurgeConfig)| {
        let mut config = config();
        change(&mut config);
        let error = block_on(Run::start(network.clone(), dataset.clone(), config, None)).unwrap_err();
        assert_eq!(error.code(), "bad-config");
        error.to_string()
    };
    assert!(bad(|c| c.classes = 3.into()).starts_with("forget_class: expected 0 to 2, found 3"));
    assert!(bad(|c| c.learning_rate = -1.0).starts_with("learning_rate"));
    assert!(bad(|c| c.temperature = f64::NAN).starts_with("temperature"));
    assert!(bad(|c| c.momentum = 1.0).starts_with("momentum"));
    assert!(bad(|c| c.batch_size = 0).starts_with("batch_size"));
    assert!(bad(|c| c.forget_gate = 1.5).starts_with("forget_gate"));

    let unknown = serde_json::json!({ "learning_rat": 1 }).as_object().unwrap().clone();
    assert!(config().changed(unknown).unwrap_err().to_string().contains("learning_rat"));
}

#[test]
fn a_network_for_other_images_is_refused() {
    let (_, dataset) = trained();
    let colour = SmallCnnConfig::new(3, 3).with_width(8).init(0, &device()).unwrap();
    let error = block_on(Run::start(colour, dataset, config(), None)).unwrap_err();
    assert_eq!(error.code(), "bad-model");
    assert!(error.to_string().contains("3 channels"), "{error}");
}
