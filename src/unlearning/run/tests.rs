use std::sync::OnceLock;

use burn::tensor::Device;
use pollster::block_on;
use proptest::prelude::*;

use super::*;
use crate::bars::bars;
use crate::data::testing::shown;
use crate::model::{Architecture, SmallCnnConfig};
use crate::training::{TrainConfig, Training};
use crate::unlearning::{METHODS, Preset, Subject};

fn architecture() -> Architecture {
    SmallCnnConfig::new(1, 3).with_width(8).into()
}

fn start(look_margin: usize) -> Run {
    static TRAINED: OnceLock<(Network, Arc<Dataset>)> = OnceLock::new();
    let (network, dataset) = TRAINED
        .get_or_init(|| {
            let dataset = bars(8);
            let config = TrainConfig { epochs: 4, batch_size: 8, ..TrainConfig::for_dataset("bars") };
            let training = Training::new(architecture(), &dataset, config, &Device::flex()).unwrap();
            (block_on(training.run(|_| Ok(()))).unwrap(), Arc::new(dataset))
        })
        .clone();
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
