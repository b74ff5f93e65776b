use std::sync::OnceLock;

use burn::tensor::{Device, Tensor};
use pollster::block_on;
use proptest::prelude::*;

use super::*;
use crate::bars::bars;
use crate::data::testing::shown;
use crate::evaluation::mean_cross_entropy;
use crate::inference::logits_of;
use crate::model::{Architecture, Norm, SmallCnnConfig};
use crate::training::{TrainConfig, Training};
use crate::unlearning::{METHODS, Method, Preset, Subject};

fn with_norm(norm: Norm) -> Architecture {
    SmallCnnConfig::new(1, 3).with_width(8).with_norm(norm).into()
}

fn architecture() -> Architecture {
    with_norm(Norm::Group)
}

fn train(architecture: Architecture, dataset: &Dataset) -> Network {
    let config = TrainConfig { epochs: 4, batch_size: 8, ..TrainConfig::for_dataset("bars") };
    let training = Training::new(architecture, dataset, config, &Device::flex()).unwrap();
    block_on(training.run(|_| Ok(()))).unwrap()
}

fn trained() -> (Network, Arc<Dataset>) {
    static TRAINED: OnceLock<(Network, Arc<Dataset>)> = OnceLock::new();
    TRAINED
        .get_or_init(|| {
            let dataset = bars(8);
            (train(architecture(), &dataset), Arc::new(dataset))
        })
        .clone()
}

fn start(look_margin: usize) -> Run {
    let (network, dataset) = trained();
    let subject = Subject { dataset: "bars", network: &architecture() };
    let config = RunConfig::new(METHODS[0], Preset::Strict, &subject, 1).unwrap();
    let changes = [
        ("batch_size", 2),
        ("check_every", 3),
        ("epochs", 4),
        ("target_forget_accuracy", 20),
        ("look_margin", look_margin),
    ];
    let config = changes.into_iter().fold(config, |config, (key, value)| config.with(key, value).unwrap());
    block_on(Run::start(network, dataset, config, None)).unwrap()
}

fn weights(run: &Run) -> Vec<f32> {
    run.network().parameters().flat().into_data().try_to_vec().unwrap()
}

/// How it stands, but for the time.
fn standing(run: &Run) -> (Progress, Vec<f32>) {
    (Progress { elapsed_ms: 0.0, ..run.progress(Vec::new()) }, weights(run))
}

#[derive(Debug, Clone)]
enum Act {
    Advance(usize),
    GoAhead,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![3 => (0..4_usize).prop_map(Act::Advance), 2 => Just(Act::GoAhead)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is taken beforehand, in whatever order, and whether the device queues or not: each call reports what it
    /// would have reported, and between calls nothing shows.
    #[test]
    fn what_is_taken_beforehand_shows_only_when_it_is_asked_for(
        acts in prop::collection::vec(act(), 1..20),
        queues: bool,
        margin in prop::sample::select(vec![0, 30, 100]),
    ) {
        let (mut plain, mut eager) = (start(margin), start(margin));
        eager.queues = queues;
        for act in acts {
            match act {
                Act::Advance(steps) => {
                    let [one, other] = [&mut plain, &mut eager].map(|run| block_on(run.advance(steps)).unwrap());
                    prop_assert_eq!(one.steps, other.steps);
                }
                Act::GoAhead => block_on(eager.go_ahead(&Here)),
            }
            prop_assert_eq!(standing(&plain), standing(&eager));
        }
        let ((_, one), (_, other)) = (plain.finish(), eager.finish());
        prop_assert_eq!((one.steps, one.stop, one.violations), (other.steps, other.stop, other.violations));
    }
}

/// Images that a call shows the network: of a step, 2 to forget and 2 to keep.
fn images(call: impl FnOnce()) -> usize {
    let before = shown();
    call();
    shown() - before
}

#[test]
fn a_step_that_was_taken_beforehand_is_not_taken_again() {
    let mut run = start(100);
    assert_eq!(images(|| block_on(run.go_ahead(&Here))), 4);
    assert_eq!(images(|| block_on(run.go_ahead(&Here))), 0, "one step and no more");
    assert_eq!(images(|| assert_eq!(block_on(run.advance(1)).unwrap().step, 1)), 0);
    block_on(run.go_ahead(&Here));
    assert_eq!(
        images(|| assert_eq!(block_on(run.advance(2)).unwrap().step, 3)),
        4 + 8,
        "a step, and the look that is due"
    );
}

#[test]
fn the_retain_loss_is_looked_at_where_a_batch_says_that_it_may_be_over_its_budget() {
    let at_epoch_end = |margin: usize, over: bool| {
        let mut run = start(margin);
        run.plan.stopping.retain_loss_limit = if over { 0.0 } else { 1e9 };
        run.plan.limits.check_every = 1000;
        block_on(run.advance(run.plan.epochs.usual() - 1)).unwrap();
        let shown = images(|| drop(block_on(run.advance(1)).unwrap()));
        (shown - 4 - run.plan.forget_indices.len(), run.plan.budget_indices.len())
    };
    for margin in [30, 100] {
        let (shown, all) = at_epoch_end(margin, true);
        assert_eq!(shown, all);
    }
    assert_eq!(at_epoch_end(30, false).0, 0);
    let (shown, all) = at_epoch_end(100, false);
    assert_eq!(shown, all, "published runs always look");
}

/// Where the device queues, the next step is in its queue before the numbers of this one are waited for.
#[test]
fn on_a_device_that_queues_a_call_takes_the_next_step_too_where_no_check_is_due() {
    let mut run = start(100);
    run.queues = true;
    let advance = |run: &mut Run| {
        let before = shown();
        block_on(run.advance(1)).unwrap();
        shown() - before
    };
    assert_eq!(advance(&mut run), 4, "nobody has asked for more");
    block_on(run.go_ahead(&Here));
    assert_eq!(advance(&mut run), 4, "the next one");
    block_on(run.go_ahead(&Here));
    assert_eq!(advance(&mut run), 8, "a look after the third step, and nothing before its outcome is known");
    assert!(run.ahead.is_none());
}

#[test]
fn what_a_run_has_spent_beforehand_counts_with_the_step_that_it_was() {
    let mut run = start(100);
    let before = run.elapsed;
    block_on(run.go_ahead(&Here));
    let spent = run.ahead.as_ref().unwrap().time;
    assert_eq!(run.elapsed, before);
    block_on(run.advance(1)).unwrap();
    assert!(spent > Duration::ZERO && run.elapsed >= before + spent);
}

/// Batches of 5, which do not come out even.
fn start_certified(method: &'static dyn Method, network: Network, dataset: Arc<Dataset>, certificate: bool) -> Run {
    let subject = Subject { dataset: "bars", network: network.architecture() };
    let config = RunConfig::new(method, method.info().default_preset, &subject, 1).unwrap();
    let config = config.with("batch_size", 5).unwrap().with("certificate", certificate).unwrap();
    block_on(Run::start(network, dataset, config, None)).unwrap()
}

#[test]
fn a_certificate_changes_no_run() {
    let (network, dataset) = trained();
    for method in METHODS {
        let [(with, all), (without, plain)] = [true, false].map(|certificate| {
            let mut run = start_certified(method, network.clone(), dataset.clone(), certificate);
            let mut steps = Vec::new();
            while run.state.stop.is_none() && steps.len() < 12 {
                steps.extend(block_on(run.advance(3)).unwrap().steps);
            }
            (run, steps)
        });
        let name = method.info().name;
        assert_eq!(standing(&with), standing(&without), "{name}");
        let own = |step: &Step| step.scalars.keys().all(|key| CERTIFICATE.iter().all(|info| info.key != *key));
        assert!(plain.iter().all(own), "{name}");
        for step in &all {
            let named: Vec<f64> = CERTIFICATE.iter().filter_map(|info| step.number(info.key)).collect();
            assert_eq!(named.len(), CERTIFICATE.len(), "{name}");
        }
        let stripped = all.into_iter().map(|mut step| {
            step.scalars.retain(|key, _| CERTIFICATE.iter().all(|info| info.key != *key));
            step
        });
        assert_eq!(stripped.collect::<Vec<_>>(), plain, "{name}");
    }
}

/// Mean cross-entropy on training samples, in 64 bits of 32-bit logits.
fn loss(network: &Network, dataset: &Dataset, indices: &[usize]) -> f64 {
    let logits = block_on(logits_of(&Here, network, dataset, &dataset.train, indices)).unwrap();
    let labels = indices.iter().map(|&index| usize::from(dataset.train.labels()[index]));
    mean_cross_entropy(logits.chunks_exact(dataset.classes()).zip(labels))
}

/// The true changes against losses of logits, the first order against differences of these along the step.
#[test]
fn a_certificate_is_the_loss_before_and_after_and_its_slope_along_the_step() {
    let dataset = Arc::new(bars(8));
    for (norm, method) in [(Norm::Group, "purge"), (Norm::Batch, "purge"), (Norm::Batch, "gradient_ascent")] {
        let network = train(with_norm(norm), &dataset);
        let method = crate::unlearning::method::method(method).unwrap();
        let mut run = start_certified(method, network, dataset.clone(), true);
        for _ in 0..3 {
            let before = run.network().clone();
            let batch = run.state.walk.samples.clone().next_retain().indices;
            let steps = block_on(run.advance(1)).unwrap().steps;
            let number = |key: &str| steps[0].number(key).unwrap();
            for (key, indices) in [("retain_change", &batch), ("retain_change_fixed", &run.plan.other_retain)] {
                let expected = loss(run.network(), &dataset, indices) - loss(&before, &dataset, indices);
                assert!((number(key) - expected).abs() < 1e-6, "{key} {} {expected}", number(key));
            }
            let update = run.network().parameters().flat() - before.parameters().flat();
            let along = |way: f64| {
                let mut network = before.clone();
                let moved: Tensor<1> = before.parameters().flat() + update.clone() * way;
                network.parameters_mut().set_flat(moved);
                loss(&network, &dataset, &batch)
            };
            let far = 0.05;
            let slope = (along(far) - along(-far)) / (2.0 * far);
            let dot = number("certificate_dot");
            assert!((dot - slope).abs() < 5e-6 + 0.03 * slope.abs(), "{norm:?} {dot} {slope}");
        }
    }
}
