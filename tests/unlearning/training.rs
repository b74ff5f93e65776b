use pollster::block_on;
use purge_unlearning::data::Augmentation;
use purge_unlearning::model::{Network, Norm, SmallCnnConfig};
use purge_unlearning::training::{OptimizerKind, TrainConfig, Training};

use crate::{bars, device, values};

fn config(optimizer: OptimizerKind) -> TrainConfig {
    let augmentation = Augmentation { symmetries: true, shift: 1, gain: 0.1, ..Augmentation::default() };
    TrainConfig { epochs: 3, batch_size: 8, optimizer, augmentation, ..TrainConfig::for_dataset("bars") }
}

fn model() -> SmallCnnConfig {
    SmallCnnConfig::new(1, 3).with_width(8).with_norm(Norm::Batch)
}

fn file(network: &Network) -> Vec<u8> {
    let checkpoint = purge_unlearning::model::Checkpoint { network: network.clone(), card: Default::default() };
    block_on(checkpoint.write(purge_unlearning::model::Precision::Full)).unwrap()
}

#[test]
fn a_run_that_was_killed_ends_as_one_that_was_not() {
    let dataset = bars(10);
    for optimizer in [OptimizerKind::AdamW, OptimizerKind::Sgd] {
        let fresh = || Training::new(model(), &dataset, config(optimizer), &device()).unwrap();
        let mut whole = fresh();
        let mut losses = Vec::new();
        while let Some(epoch) = block_on(whole.epoch()).unwrap() {
            losses.push(epoch.loss);
        }
        for killed_after in 0..=3 {
            let mut first = fresh();
            for _ in 0..killed_after {
                block_on(first.epoch()).unwrap();
            }
            let snapshot = block_on(first.snapshot()).unwrap();
            let mut second = fresh();
            second.resume("x", &snapshot).unwrap();
            assert_eq!(second.epochs_done(), killed_after);
            let mut rest = Vec::new();
            while let Some(epoch) = block_on(second.epoch()).unwrap() {
                rest.push(epoch.loss);
            }
            assert_eq!(rest, losses[killed_after..]);
            assert!(file(second.network()) == file(whole.network()), "statistics and all");
        }
    }
}

#[test]
fn another_run_or_file_is_refused() {
    let dataset = bars(10);
    let mut run = Training::new(model(), &dataset, config(OptimizerKind::AdamW), &device()).unwrap();
    block_on(run.epoch()).unwrap();
    let snapshot = block_on(run.snapshot()).unwrap();
    let weights = values(run.network().parameters().flat());
    let refuses = |config: TrainConfig, bytes: &[u8]| {
        let mut other = Training::new(model(), &dataset, config, &device()).unwrap();
        let error = other.resume("a.training", bytes).unwrap_err();
        assert_eq!((error.code(), error.to_string().contains("a.training")), ("bad-model", true), "{error}");
    };
    refuses(TrainConfig { seed: 1, ..config(OptimizerKind::AdamW) }, &snapshot);
    refuses(config(OptimizerKind::Sgd), &snapshot);
    refuses(config(OptimizerKind::AdamW), &snapshot[..snapshot.len() / 2]);
    refuses(config(OptimizerKind::AdamW), &file(run.network()));
    assert_eq!(values(run.network().parameters().flat()), weights);
}

#[test]
fn settings_out_of_range_name_themselves() {
    let dataset = bars(10);
    let bad = |change: fn(&mut TrainConfig)| {
        let mut config = config(OptimizerKind::Sgd);
        change(&mut config);
        Training::new(model(), &dataset, config, &device()).err().unwrap().to_string()
    };
    assert!(bad(|c| c.epochs = 0).starts_with("epochs"));
    assert!(bad(|c| c.learning_rate = f64::NAN).starts_with("learning_rate"));
    assert!(bad(|c| c.weight_decay = -1.0).starts_with("weight_decay"));
    assert!(bad(|c| c.without_classes = vec![3]).starts_with("without_classes: expected 0 to 2, found 3"));
    assert!(bad(|c| c.without_classes = vec![0, 1, 2]).contains("training samples of other classes"));
}
