use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::*;
use crate::attacks::{ATTACKS, AttackProgress};
use crate::device::testing::fail_after;
use crate::work::pool::Pool;
use crate::work::tests::Fickle;

/// What a workspace shall tell, kept in the simplest way.
#[derive(Debug, Clone, Default)]
struct Model {
    dataset: Option<usize>,
    network: Option<usize>,
    running: bool,
    attacking: bool,
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
    Attack { forget: usize, attack: usize, on: usize, unseen: SplitName },
    AdvanceAttack,
    DropAttack,
}

impl Call {
    /// Whether it must leave everything but the attack as it is.
    fn only_looks(&self) -> bool {
        matches!(self, Call::Attack { .. } | Call::AdvanceAttack | Call::DropAttack)
    }
}

/// An attack on the network as it is now, as it was loaded, or on another one, as small as can be.
fn attack_request(model: &Model, [forget, attack, on]: [usize; 3], unseen: SplitName) -> AttackRequest {
    let info = ATTACKS[attack].info();
    let others = on == 2 || info.needs_retrained();
    let small = json!({ "seeds": 1, "steps": 2, "samples": 2, "resamples": 10, "epochs": 1 });
    let serde_json::Value::Object(mut changes) = small else { unreachable!() };
    changes.retain(|key, _| info.options.iter().any(|option| option.key == key));
    AttackRequest {
        name: info.name.into(),
        network: [Attacked::Own(Version::Current), Attacked::Own(Version::Loaded), Attacked::Retrained][on].clone(),
        forget: vec![forget],
        non_members: Some(unseen),
        retrained: model.network.filter(|_| others).map(|shape| network(shape).network),
        changes,
        ..AttackRequest::default()
    }
}

impl ReferenceStateMachine for Model {
    type State = Model;
    type Transition = (Call, Option<usize>);

    fn init_state() -> BoxedStrategy<Model> {
        (0..3_usize).prop_map(|helpers| Model { helpers, ..Model::default() }).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Self::Transition> {
        let version = prop_oneof![Just(Version::Current), Just(Version::Loaded)];
        // There are no validation images, so that those are refused.
        let unseen = prop_oneof![6 => Just(SplitName::Test), 1 => Just(SplitName::Val)];
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
            3 => (0..4_usize, 0..ATTACKS.len(), 0..3_usize, unseen)
                .prop_map(|(forget, attack, on, unseen)| Call::Attack { forget, attack, on, unseen }),
            6 => Just(Call::AdvanceAttack),
            1 => Just(Call::DropAttack),
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
                *model = Model { dataset: Some(shape), running: false, attacking: false, ..*model };
            }
            Call::LoadNetwork(shape) => {
                workspace.load_network("a network", network(shape));
                *model = Model { network: Some(shape), running: false, attacking: false, ..*model };
            }
            Call::LoadBoth(shape) => {
                workspace.load(dataset(shape), "a network", network(shape));
                *model =
                    Model { dataset: Some(shape), network: Some(shape), running: false, attacking: false, ..*model };
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
                assert_eq!(workspace.attack.is_some(), model.attacking);
                workspace.reset();
                model.attacking = false;
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
                (model.running, model.attacking) = (false, false);
            }
            Call::Attack { forget, attack, on, unseen } => {
                workspace.start_attack(attack_request(model, [forget, attack, on], unseen))?;
                assert!(model.fits() && unseen == SplitName::Test);
                model.attacking = true;
            }
            Call::AdvanceAttack => {
                // A device that fails ends it too.
                let attacked = std::mem::take(&mut model.attacking);
                let AttackProgress { share, report } = block_on(workspace.advance_attack())?;
                assert!(attacked && (0.0..=1.0).contains(&share));
                model.attacking = report.is_none();
                let numbers = report.iter().flat_map(|report| &report.numbers);
                assert!(numbers.map(|figure| figure.value).all(f64::is_finite));
            }
            Call::DropAttack => {
                workspace.drop_attack();
                model.attacking = false;
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
        let after = || look(&machine.workspace);
        match outcome {
            Err(error) => assert_eq!(before, after(), "{call:?} failed ({error}) and changed something"),
            Ok(()) if call.only_looks() => assert_eq!(before, after(), "{call:?} changed something"),
            Ok(()) => {}
        }
        machine
    }

    fn check_invariants(machine: &Machine, _: &Model) {
        let Machine { workspace, model, .. } = machine;
        let info = workspace.info();
        assert_eq!((info.running, workspace.attack.is_some()), (model.running, model.attacking));
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
