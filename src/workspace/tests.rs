use std::sync::OnceLock;

use burn::tensor::Device;
use pollster::block_on;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use serde_json::json;

use super::*;
use crate::bars::bars;
use crate::data::testing::shown;
use crate::data::{ImageShape, Normalisation};
use crate::device::testing::{fail_after, reads};
use crate::model::{Architecture, Card, SmallCnnConfig};
use crate::training::{TrainConfig, Training};
use crate::work::pool::Pool;
use crate::work::tests::Fickle;

/// Networks and datasets of three shapes: bars in grey, the same in colour, and bars of four classes.
const SHAPES: usize = 3;

fn device() -> Device {
    Device::flex()
}

fn architecture(shape: usize) -> Architecture {
    let (channels, classes) = [(1, 3), (3, 3), (1, 4)][shape];
    SmallCnnConfig::new(channels, classes).with_width(8).into()
}

fn dataset(shape: usize) -> Dataset {
    let grey = bars(8);
    match shape {
        0 => grey,
        1 => coloured(grey),
        _ => Dataset { class_names: ["a", "b", "c", "d"].map(String::from).to_vec(), ..with_a_fourth(grey) },
    }
}

fn coloured(grey: Dataset) -> Dataset {
    let shape = ImageShape { channels: 3, ..grey.shape };
    let split = |split: &Split| {
        let pixels = (0..split.len()).flat_map(|i| split.image(i).repeat(3)).collect();
        Split::new("colour", shape, pixels, split.labels().to_vec()).unwrap()
    };
    let normalisation = Normalisation { mean: vec![0.3; 3], std: vec![0.3; 3] };
    Dataset { name: "colour".into(), shape, normalisation, train: split(&grey.train), test: split(&grey.test), ..grey }
}

fn with_a_fourth(grey: Dataset) -> Dataset {
    let split = |split: &Split| {
        let labels = split.labels().iter().enumerate().map(|(i, &label)| if i % 4 == 3 { 3 } else { label }).collect();
        Split::new("four", grey.shape, split.pixels().to_vec(), labels).unwrap()
    };
    Dataset { name: "four".into(), train: split(&grey.train), test: split(&grey.test), ..grey.clone() }
}

/// A network that has learnt its bars; of the first shape as its card says, of the others without a card.
fn network(shape: usize) -> Checkpoint {
    static TRAINED: OnceLock<Vec<Checkpoint>> = OnceLock::new();
    TRAINED.get_or_init(|| {
        (0..SHAPES)
            .map(|shape| {
                let dataset = dataset(shape);
                let config = TrainConfig { epochs: 4, batch_size: 8, ..TrainConfig::for_dataset("bars") };
                let training = Training::new(architecture(shape), &dataset, config, &device()).unwrap();
                let network = block_on(training.run(|_| Ok(()))).unwrap();
                let accuracies = [("test".to_string(), 99.0)].into();
                let card = match shape {
                    0 => Card {
                        members_per_class: Some(6),
                        mean: vec![0.4],
                        std: vec![0.2],
                        accuracies,
                        ..Card::default()
                    },
                    _ => Card::default(),
                };
                Checkpoint { network, card }
            })
            .collect()
    })[shape]
        .clone()
}

fn weights(network: &Network) -> Vec<f32> {
    network.parameters().flat().into_data().try_to_vec().unwrap()
}

fn request(forget: usize, changes: serde_json::Value) -> RunRequest {
    let serde_json::Value::Object(changes) = changes else { panic!("no object: {changes}") };
    RunRequest { method: None, preset: None, forget: vec![forget], changes }
}

fn small() -> serde_json::Value {
    json!({ "batch_size": 4, "check_every": 2, "epochs": 3, "target_forget_accuracy": 20.0 })
}

fn ready() -> Workspace {
    let mut workspace = Workspace::new(&device());
    workspace.load(dataset(0), "grey", network(0));
    workspace
}

fn run_to_the_end(workspace: &mut Workspace, forget: usize, changes: serde_json::Value) -> Summary {
    let config = workspace.resolve(request(forget, changes)).unwrap();
    block_on(workspace.start(config)).unwrap();
    while block_on(workspace.advance(usize::MAX)).unwrap().stop.is_none() {}
    workspace.finish().unwrap()
}

#[test]
fn grey_and_colour_change_places_in_any_order() {
    let mut workspace = ready();
    workspace.load_dataset(dataset(1));
    let info = workspace.info();
    let misfit = info.misfit.unwrap();
    assert_eq!(
        misfit.message,
        "grey: expected a network for images of 3 channels and 3 classes, as Bars has, found one for 1 channel and 3 classes"
    );
    assert_eq!(info.model.unwrap().misfit.as_ref(), Some(&misfit));
    let shown = info.dataset.unwrap();
    assert_eq!((shown.info.channels, shown.misfit.as_ref()), (3, Some(&misfit)));
    let error = block_on(workspace.evaluate(Version::Current, vec![1], SplitName::Test)).unwrap_err();
    assert_eq!((error.code(), error.to_string()), ("bad-model", misfit.message));
    assert_eq!(workspace.samples(SplitName::Train, 0, 2).unwrap().shape().channels, 3);

    workspace.load_network("colour", network(1));
    assert_eq!(workspace.info().misfit, None);
    block_on(workspace.evaluate(Version::Current, vec![1], SplitName::Test)).unwrap();

    workspace.load(dataset(0), "grey", network(0));
    // As the network's card has it, and not as the file.
    let shown = workspace.info().dataset.unwrap().info;
    assert_eq!((shown.counts.train, shown.normalisation.mean), (vec![6; 3], vec![0.4]));
    assert_eq!(workspace.dataset_as_read().unwrap().train.counts(3), [8; 3]);
}

#[test]
fn a_network_without_a_card_has_classes() {
    let mut workspace = Workspace::new(&device());
    workspace.load_network("plain", network(2));
    let model = workspace.info().model.unwrap();
    assert_eq!((model.classes, model.card.class_names), (4, (0..4).map(|k| format!("class {k}")).collect()));
}

#[test]
fn what_is_asked_of_samples_is_checked() {
    let workspace = ready();
    let message = |split, class| workspace.samples(split, class, 2).unwrap_err().to_string();
    assert_eq!(message(SplitName::Val, 0), "split: expected train, test, found val");
    assert_eq!(message(SplitName::Train, 99), "class: expected 0 to 2, found 99");
    assert_eq!(workspace.samples(SplitName::Test, 1, 100).unwrap().labels(), [1; 8]);
}

#[test]
fn answers_are_kept_as_long_as_they_hold() {
    let mut workspace = ready();
    let waits = |workspace: &mut Workspace, version, class| {
        let before = reads();
        block_on(workspace.evaluate(version, vec![class], SplitName::Test)).unwrap();
        reads() - before
    };
    assert_eq!(waits(&mut workspace, Version::Current, 1), 2);
    assert_eq!(waits(&mut workspace, Version::Current, 2), 0);
    assert_eq!(waits(&mut workspace, Version::Loaded, 0), 0);
    run_to_the_end(&mut workspace, 1, small());
    assert_eq!(waits(&mut workspace, Version::Current, 1), 2);
    assert_eq!(waits(&mut workspace, Version::Current, 0), 0);
    assert_eq!(waits(&mut workspace, Version::Loaded, 1), 0);
    let config = workspace.resolve(request(2, small())).unwrap();
    block_on(workspace.start(config)).unwrap();
    assert_eq!(waits(&mut workspace, Version::Current, 2), 0, "no step yet");
    for _ in 0..2 {
        block_on(workspace.advance(1)).unwrap();
        assert_eq!(waits(&mut workspace, Version::Current, 2), 2);
    }
    workspace.finish().unwrap();
    assert_eq!(waits(&mut workspace, Version::Current, 2), 0);
    block_on(workspace.keep()).unwrap();
    assert_eq!(waits(&mut workspace, Version::Loaded, 2), 0);
    workspace.load_dataset(dataset(0));
    assert_eq!(waits(&mut workspace, Version::Loaded, 2), 2);
}

/// The network's answers before the run are its evaluation's and the teacher's: the training images go through it once.
#[test]
fn a_run_begins_with_the_answers_of_the_evaluation_before_it() {
    let mut workspace = ready();
    let (train, test) = (workspace.dataset().unwrap().train.len(), workspace.dataset().unwrap().test.len());
    let config = workspace.resolve(request(1, small())).unwrap();
    let before = shown();
    block_on(workspace.evaluate(Version::Loaded, vec![1], SplitName::Test)).unwrap();
    assert_eq!(shown() - before, train + test);
    let before = shown();
    block_on(workspace.start(config.clone())).unwrap();
    assert_eq!(shown() - before, 0);
    block_on(workspace.prepare()).unwrap_err();
    // And the other way round: what a run began with is half of the evaluation.
    let mut workspace = ready();
    let before = shown();
    block_on(workspace.prepare()).unwrap();
    assert_eq!(shown() - before, train);
    block_on(workspace.start(config)).unwrap();
    assert_eq!(shown() - before, train);
    workspace.finish().unwrap();
    let before = shown();
    block_on(workspace.evaluate(Version::Loaded, vec![1], SplitName::Test)).unwrap();
    assert_eq!(shown() - before, test);
}

#[test]
fn a_look_that_is_left_out_costs_nothing() {
    let of_steps = 2 * 4;
    // 6 images of the class in batches of 4: two steps a pass, so that every other step's look is between epochs.
    let calls = |margin: f64| {
        let mut workspace = ready();
        let never = json!({ "batch_size": 4, "check_every": 1, "epochs": 9, "target_forget_accuracy": 0.0, "learning_rate": 1e-9 });
        let config = workspace.resolve(request(1, never)).unwrap().with("look_margin", margin).unwrap();
        block_on(workspace.start(config)).unwrap();
        let before = (shown(), reads());
        let progress = block_on(workspace.advance(usize::MAX)).unwrap();
        assert_eq!(progress.step, 1, "where a look is due a call ends, be it made or not");
        (shown() - before.0, reads() - before.1, progress.checked_step, progress.steps[0].number("forget_accuracy"))
    };
    let (images, waits, checked, of_batch) = calls(50.0);
    assert!(of_batch > Some(50.0), "the network has learnt its bars: {of_batch:?}");
    assert_eq!((images, waits, checked), (of_steps, 1, 0));
    assert_eq!(calls(100.0), (of_steps + 6, 1, 1, of_batch));
    assert_eq!(calls(99.9), if of_batch > Some(99.9) { calls(50.0) } else { (of_steps + 6, 2, 1, of_batch) });
}

#[test]
fn one_wait_for_each_call_and_none_inside_a_step() {
    let mut workspace = ready();
    let endless = json!({ "batch_size": 4, "check_every": 3, "epochs": 1000, "target_forget_accuracy": 0.0 });
    let config = workspace.resolve(request(1, endless)).unwrap();
    block_on(workspace.start(config.with("learning_rate", 1e-9).unwrap())).unwrap();
    for steps in [1, 2, 3, 40] {
        let before = reads();
        let progress = block_on(workspace.advance(steps)).unwrap();
        assert_eq!(reads() - before, 1);
        assert!(progress.steps.len() <= steps.min(3), "a check ends a call");
    }
    let before = reads();
    block_on(workspace.advance(0)).unwrap();
    assert_eq!(reads() - before, 0);
}

#[test]
fn looks_between_epochs_are_not_at_what_the_steps_walk_through() {
    let mut workspace = ready();
    let config = workspace.resolve(request(1, json!({ "target_samples": 3, "batch_size": 3, "seed": 5 }))).unwrap();
    block_on(workspace.start(config)).unwrap();
    let of_looks = workspace.run.as_ref().unwrap().looks_at().to_vec();
    let walked = workspace.run.as_ref().unwrap().walks_through();
    assert_eq!((of_looks.len(), walked.len()), (3, 3));
    assert_ne!(of_looks, walked, "the first batch is the first look");
}

#[test]
fn the_card_tells_what_happened() {
    let mut workspace = ready();
    let limit = json!({ "batch_size": 4, "epochs": 1, "learning_rate": 1e-9, "target_forget_accuracy": 0.0 });
    let summary = run_to_the_end(&mut workspace, 1, limit);
    assert_eq!(summary.stop.as_str(), "epoch_limit");
    let evaluation = block_on(workspace.evaluate(Version::Current, vec![1], SplitName::Test)).unwrap();
    let card = |workspace: &mut Workspace| {
        let bytes = block_on(workspace.export()).unwrap();
        Checkpoint::read("exported", &bytes, &device()).unwrap().card
    };
    let told = card(&mut workspace);
    assert!(told.forgotten_classes.is_empty() && told.accuracies.is_empty());
    let record = &told.history[0];
    assert_eq!((record.method.as_str(), record.preset.as_str(), record.steps), ("purge", "strict", summary.steps));
    assert_eq!(
        (record.stop.as_deref(), record.fa, record.ra),
        (Some("epoch_limit"), Some(evaluation.fa), Some(evaluation.ra))
    );
    assert_eq!(record.settings["learning_rate"], 1e-9);

    // Cancelled in the middle: the card says so, with what was reached, which is measured when the card is asked for.
    let config = workspace.resolve(request(2, small())).unwrap();
    block_on(workspace.start(config)).unwrap();
    block_on(workspace.advance(1)).unwrap();
    assert_eq!(card(&mut workspace).history[1].stop, None, "under way");
    workspace.finish().unwrap();
    let told = card(&mut workspace);
    assert_eq!((told.history.len(), told.history[1].stop.as_deref()), (2, Some("cancelled")));
    assert!(told.history[1].fa.is_some() && told.forgotten_classes.is_empty());

    workspace.reset();
    let told = card(&mut workspace);
    assert_eq!((told.history.len(), told.accuracies.len()), (0, 1));
}

#[test]
fn what_runs_made_comes_back_into_a_new_workspace() {
    let mut first = ready();
    run_to_the_end(&mut first, 1, small());
    let bytes = block_on(first.export()).unwrap();
    let mut second = ready();
    second.restore(Checkpoint::read("made", &bytes, &device()).unwrap()).unwrap();
    assert_eq!(block_on(second.export()).unwrap(), bytes);
    assert_eq!(second.info(), first.info());
    second.reset();
    assert_eq!(weights(second.network().unwrap()), weights(&network(0).network));
    assert_eq!(second.restore(network(1)).unwrap_err().code(), "bad-model");
    assert_eq!(Workspace::new(&device()).restore(network(0)).unwrap_err().code(), "bad-state");
}

/// Says yes so many times.
fn patience(asks: usize) -> impl AsyncFn() -> bool {
    let asked = std::cell::Cell::new(0);
    async move || {
        asked.set(asked.get() + 1);
        asked.get() <= asks
    }
}

#[test]
fn a_rehearsal_changes_nothing_whether_it_ends_or_is_given_up_or_fails() {
    let run = |workspace: &mut Workspace| {
        let config = workspace.resolve(request(1, small())).unwrap();
        block_on(workspace.start(config)).unwrap();
        let steps = block_on(workspace.advance(2)).unwrap().steps;
        (steps, weights(workspace.network().unwrap()))
    };
    let expected = run(&mut ready());
    let rehearse = |workspace: &Workspace, asks| block_on(workspace.rehearse(4, (8, 8), patience(asks)));
    for asks in 0..7 {
        let mut workspace = ready();
        let before = (workspace.info(), block_on(workspace.export()).unwrap());
        let took = rehearse(&workspace, asks).unwrap();
        // After either pass of two steps, and before one more.
        assert_eq!(took.is_some(), asks >= 5, "{asks} times yes");
        assert!(took.is_none_or(|ms| ms > 0.0 && ms.is_finite()));
        assert_eq!((workspace.info(), block_on(workspace.export()).unwrap()), before);
        assert_eq!(run(&mut workspace), expected, "{asks} times yes");
    }
    for waits in 0..7 {
        let mut workspace = ready();
        fail_after(Some(waits));
        let outcome = rehearse(&workspace, 9);
        fail_after(None);
        // A device that is lost stays so: what a wait between passes finds, the one at the end of the step finds again.
        let at_the_end = [2, 5, 6].contains(&waits);
        assert_eq!(outcome.err().map(|error| error.code()), at_the_end.then_some("device-lost"), "{waits} waits");
        assert_eq!(run(&mut workspace), expected);
    }
}

#[test]
fn a_rehearsal_needs_a_network_and_images_that_it_takes() {
    let rehearse = |workspace: &Workspace, batch, size| {
        block_on(workspace.rehearse(batch, (size, size), patience(9))).unwrap_err().code()
    };
    assert_eq!(rehearse(&Workspace::new(&device()), 4, 8), "bad-state");
    assert_eq!(rehearse(&ready(), 4, 2), "bad-model");
    assert_eq!(rehearse(&ready(), 0, 8), "bad-config");
}

/// In the middle of a run and on any network, with more of one side than of the other.
#[test]
fn a_rehearsal_during_a_run_is_none_of_its_business() {
    for shape in 0..SHAPES {
        let mut workspace = Workspace::new(&device());
        workspace.load(dataset(shape), "bars", network(shape));
        let config = workspace.resolve(request(1, small())).unwrap();
        block_on(workspace.start(config)).unwrap();
        block_on(workspace.advance(1)).unwrap();
        let before = weights(workspace.network().unwrap());
        assert!(block_on(workspace.rehearse(3, (8, 8), patience(9))).unwrap().is_some());
        assert_eq!(weights(workspace.network().unwrap()), before);
    }
}

/// What a workspace shall tell, kept in the simplest way.
#[derive(Debug, Clone, Default)]
struct Model {
    dataset: Option<usize>,
    network: Option<usize>,
    running: bool,
    /// Whom chance lets help.
    helpers: usize,
}

impl Model {
    fn fits(&self) -> bool {
        self.dataset.is_some() && self.dataset == self.network
    }
}

#[derive(Debug, Clone)]
enum Call {
    LoadDataset(usize),
    LoadNetwork(usize),
    LoadBoth(usize),
    BrokenNetwork,
    Evaluate(Version, usize),
    Start { forget: usize, method: usize, wild: bool },
    Advance(usize),
    Finish,
    Keep,
    Export,
    Restore,
    Reset,
}

impl ReferenceStateMachine for Model {
    type State = Model;
    type Transition = (Call, Option<usize>);

    fn init_state() -> BoxedStrategy<Model> {
        (0..3_usize).prop_map(|helpers| Model { helpers, ..Model::default() }).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Self::Transition> {
        let version = prop_oneof![Just(Version::Current), Just(Version::Loaded)];
        let call = prop_oneof![
            1 => (0..SHAPES).prop_map(Call::LoadDataset),
            1 => (0..SHAPES).prop_map(Call::LoadNetwork),
            2 => (0..SHAPES).prop_map(Call::LoadBoth),
            1 => Just(Call::BrokenNetwork),
            2 => (version, 0..4_usize).prop_map(|(version, class)| Call::Evaluate(version, class)),
            4 => (0..4_usize, 0..METHODS.len(), prop::bool::weighted(0.2))
                .prop_map(|(forget, method, wild)| Call::Start { forget, method, wild }),
            6 => prop_oneof![Just(1), Just(3), Just(usize::MAX)].prop_map(Call::Advance),
            2 => Just(Call::Finish),
            1 => Just(Call::Keep),
            2 => Just(Call::Export),
            1 => Just(Call::Restore),
            1 => Just(Call::Reset),
        ];
        let failure = prop_oneof![5 => Just(None), 1 => (0..3_usize).prop_map(Some)];
        (call, failure).boxed()
    }

    /// Whether a run could start is known only from the workspace's answer, so the test itself follows the calls.
    fn apply(state: Model, _: &Self::Transition) -> Model {
        state
    }
}

struct Machine {
    workspace: Workspace,
    model: Model,
    /// What was exported last from a network that runs had changed, and of which shape it is.
    exported: Option<(usize, Vec<u8>)>,
}

/// Everything that can be seen of a workspace without waiting for its device's answers to images.
#[derive(Debug, PartialEq)]
struct Seen {
    info: Info,
    weights: Option<Vec<f32>>,
    summary: Option<(usize, usize)>,
    records: usize,
    forgotten: Vec<usize>,
}

fn look(workspace: &Workspace) -> Seen {
    Seen {
        info: workspace.info(),
        weights: workspace.network().ok().map(weights),
        summary: workspace.run.as_ref().map(|run| run.summary()).map(|summary| (summary.steps, summary.network_step)),
        records: workspace.made.as_ref().map_or(0, |made| made.records.len()),
        forgotten: workspace.forgotten().to_vec(),
    }
}

impl Machine {
    fn call(&mut self, call: &Call) -> Result<()> {
        let Self { workspace, model, exported } = self;
        match *call {
            Call::LoadDataset(shape) => {
                workspace.load_dataset(dataset(shape));
                *model = Model { dataset: Some(shape), running: false, ..*model };
            }
            Call::LoadNetwork(shape) => {
                workspace.load_network("a network", network(shape));
                *model = Model { network: Some(shape), running: false, ..*model };
            }
            Call::LoadBoth(shape) => {
                workspace.load(dataset(shape), "a network", network(shape));
                *model = Model { dataset: Some(shape), network: Some(shape), running: false, ..*model };
            }
            Call::BrokenNetwork => {
                Checkpoint::read("broken", b"no network", &device())?;
            }
            Call::Evaluate(version, class) => {
                let evaluation = block_on(workspace.evaluate(version, vec![class], SplitName::Test))?;
                assert!(model.fits());
                assert!(!evaluation.classes.forgotten.contains(&class));
            }
            Call::Start { forget, method, wild } => {
                let info = METHODS[method].info();
                let subject = Subject { dataset: "bars", network: &SmallCnnConfig::new(1, 3).into() };
                let known = METHODS[method].settings(info.default_preset, &subject)?;
                // With this decay each step makes the weights a thousand million times larger.
                let changes = match wild {
                    true => json!({ "batch_size": 1, "learning_rate": 1e9, "weight_decay": 1e3 }),
                    false => json!({ "batch_size": 4, "epochs": 2, "check_every": 2, "learning_rate": 0.02 }),
                };
                let mut request = RunRequest { method: Some(info.name.into()), ..request(forget, changes) };
                request.changes.retain(|key, _| known.get(key).is_some());
                let config = workspace.resolve(request)?;
                block_on(workspace.start(config))?;
                assert!(model.fits() && !model.running);
                model.running = true;
            }
            Call::Advance(steps) => {
                let before = workspace.run.as_ref().map(|run| run.summary().steps);
                let progress = block_on(workspace.advance(steps))?;
                assert!(progress.step >= before.unwrap());
                assert!(progress.steps.len() <= steps);
            }
            Call::Finish => {
                workspace.finish()?;
                model.running = false;
            }
            Call::Keep => {
                let now = weights(workspace.network()?);
                block_on(workspace.keep())?;
                workspace.reset();
                assert_eq!(weights(workspace.network().unwrap()), now, "reset comes back to what was kept");
            }
            Call::Export => {
                let bytes = block_on(workspace.export())?;
                if workspace.made.is_some() && !model.running {
                    *exported = model.network.map(|shape| (shape, bytes));
                }
            }
            Call::Restore => {
                let Some((_, bytes)) = exported.as_ref().filter(|(shape, _)| model.network == Some(*shape)) else {
                    return Ok(());
                };
                workspace.restore(Checkpoint::read("exported", bytes, &device())?)?;
                model.running = false;
            }
            Call::Reset => {
                workspace.reset();
                model.running = false;
            }
        }
        Ok(())
    }
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Machine;
    type Reference = Model;

    fn init_test(model: &Model) -> Machine {
        let mut workspace = Workspace::new(&device());
        if model.helpers > 0 {
            workspace.set_hands(Box::new(Pool::new(Fickle::new(model.helpers, 7))));
        }
        Machine { workspace, model: model.clone(), exported: None }
    }

    fn apply(mut machine: Machine, _: &Model, (call, failure): (Call, Option<usize>)) -> Machine {
        let before = look(&machine.workspace);
        fail_after(failure);
        let outcome = machine.call(&call);
        fail_after(None);
        if let Err(error) = outcome {
            let after = look(&machine.workspace);
            assert_eq!(before, after, "{call:?} failed ({error}) and changed something");
        }
        machine
    }

    fn check_invariants(machine: &Machine, _: &Model) {
        let Machine { workspace, model, .. } = machine;
        let info = workspace.info();
        assert_eq!(info.running, model.running);
        assert_eq!((info.dataset.is_some(), info.model.is_some()), (model.dataset.is_some(), model.network.is_some()));
        let both = model.dataset.is_some() && model.network.is_some();
        assert_eq!(info.misfit.is_some(), both && !model.fits());
        let [channels, classes] = [0, 1]
            .map(|part| move |shape: usize| [architecture(shape).channels(), architecture(shape).classes()][part]);
        if let (Some(told), Some(shape)) = (&info.dataset, model.dataset) {
            assert_eq!((told.info.channels, told.info.class_names.len()), (channels(shape), classes(shape)));
            let read = dataset(shape);
            let members = if shape == 0 && model.fits() { vec![6; 3] } else { read.train.counts(read.classes()) };
            assert_eq!(told.info.counts.train, members);
        }
        let Some(shape) = model.network else { return };
        let told = info.model.unwrap();
        assert_eq!(
            (told.channels, told.classes, told.card.class_names.len()),
            (channels(shape), classes(shape), classes(shape))
        );
        let now = weights(workspace.network().unwrap());
        assert!(now.iter().all(|weight| weight.is_finite()), "no network is ever without numbers");
        if !info.changed {
            assert_eq!(now, weights(&workspace.loaded.as_ref().unwrap().checkpoint.network));
        }

        // What is exported is what is there and what is evaluated.
        let mut copy = Workspace {
            hands: std::rc::Rc::new(Here),
            attack: None,
            device: workspace.device.clone(),
            dataset: workspace.dataset.clone(),
            loaded: workspace
                .loaded
                .as_ref()
                .map(|loaded| Loaded { name: "copy".into(), checkpoint: loaded.checkpoint.clone() }),
            pair: Pair::of(workspace.dataset.as_ref(), workspace.loaded.as_ref()),
            made: workspace.made.as_ref().map(|made| Made {
                network: made.network.clone(),
                records: made.records.clone(),
                forgotten: made.forgotten.clone(),
                measurable: made.measurable,
            }),
            run: None,
            logits_loaded: workspace.logits_loaded.clone(),
            logits_now: if workspace.run.is_some() { LogitCache::default() } else { workspace.logits_now.clone() },
        };
        let exported = Checkpoint::read("exported", &block_on(copy.export()).unwrap(), &device()).unwrap();
        assert_eq!(weights(&exported.network), weights(copy.network().unwrap()));
        assert_eq!(exported.card.forgotten_classes, workspace.forgotten());
        for record in &exported.card.history {
            assert!(record.fa.is_none_or(|fa| (0.0..=100.0).contains(&fa)));
        }
        if model.fits() {
            let kept = block_on(copy.evaluate(Version::Current, vec![0], SplitName::Test)).unwrap();
            let fresh = block_on(copy.evaluate_other(&exported.network, vec![0], SplitName::Test)).unwrap();
            assert_eq!(kept.confusion_train, fresh.confusion_train, "what is kept of its answers still holds");
        }
    }
}

/// Cases of a quick run; WORKSPACE_CASES asks for more.
fn cases() -> u32 {
    std::env::var("WORKSPACE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_in_whatever_order(sequential 1..40 => Machine);
}
