use super::*;
use crate::data::testing::shown;
use crate::device::testing::{fail_after, reads};

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

/// A page may come with a part of what its network learnt from: a preset's steps stay about as many.
#[test]
fn of_fewer_images_the_default_preset_takes_more_passes() {
    let epochs = |members: usize, preset: Option<Preset>, changes| {
        let mut workspace = Workspace::new(&device());
        workspace.load(dataset(0).with_members_per_class(members), "grey", network(0));
        let method = Some("fine_tune".to_string());
        let config = workspace.resolve(RunRequest { method, preset, ..request(1, changes) }).unwrap();
        config.settings().get("epochs").and_then(serde_json::Value::as_u64).unwrap()
    };
    let all = epochs(8, None, json!({}));
    assert_eq!(epochs(6, None, json!({})), all, "the six of a class that it learnt from are there");
    assert_eq!(epochs(3, None, json!({})), 2 * all);
    assert_eq!(epochs(2, None, json!({})), 3 * all);
    assert_eq!(epochs(2, None, json!({ "epochs": 7 })), 7, "what is asked for counts");
    let authors = Some(Preset::Authors);
    assert_eq!(epochs(2, authors, json!({})), epochs(8, authors, json!({})));
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
