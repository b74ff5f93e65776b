use std::cell::{Cell, RefCell};
use std::sync::Arc;

use burn::tensor::Device;
use pollster::block_on;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::helper::Helper;
use super::pool::{Collected, Collecting, Crew, Pool};
use super::{Hands, Here};
use crate::Error;
use crate::bars::bars;
use crate::data::{ClassRoles, SplitName};
use crate::evaluation::evaluate;
use crate::inference::LogitCache;
use crate::model::{Network, Norm, SmallCnnConfig};
use crate::unlearning::{METHODS, Method, Run, RunConfig, Subject};

/// Real helpers in this thread, whom chance lets be free, answer in any order, fail, or come and go.
#[derive(Debug)]
pub(crate) struct Fickle {
    helpers: RefCell<Vec<(Helper, bool)>>,
    network: RefCell<Vec<u8>>,
    away: RefCell<Vec<(usize, usize, Vec<u8>)>>,
    chance: RefCell<ChaCha8Rng>,
    done: Cell<usize>,
}

impl Fickle {
    pub(crate) fn new(helpers: usize, seed: u64) -> Self {
        Self {
            helpers: RefCell::new((0..helpers).map(|_| (Helper::new(&Device::flex()), false)).collect()),
            network: RefCell::default(),
            away: RefCell::default(),
            chance: RefCell::new(ChaCha8Rng::seed_from_u64(seed)),
            done: Cell::new(0),
        }
    }

    fn one_of(&self, count: usize) -> usize {
        self.chance.borrow_mut().random_range(0..count)
    }
}

impl Crew for Fickle {
    fn begin(&self, network: Option<Vec<u8>>) {
        if let Some(network) = network {
            self.network.replace(network);
            self.helpers.borrow_mut().iter_mut().for_each(|(_, has)| *has = false);
        }
    }

    fn has_room(&self, left: usize) -> bool {
        left > 0 && !self.helpers.borrow().is_empty() && self.one_of(3) > 0
    }

    fn give(&self, index: usize, part: Vec<u8>) {
        let helper = self.one_of(self.helpers.borrow().len());
        self.away.borrow_mut().push((helper, index, part));
    }

    fn collect(&self, wait: bool) -> Collecting<'_> {
        let mut back = Collected::new();
        while !self.away.borrow().is_empty() && (wait && back.is_empty() || self.one_of(2) == 0) {
            let next = self.one_of(self.away.borrow().len());
            let (helper, index, part) = self.away.borrow_mut().swap_remove(next);
            let (helper, has_network) = &mut self.helpers.borrow_mut()[helper];
            if !*has_network {
                helper.take_network(&self.network.borrow()).unwrap();
                *has_network = true;
            }
            let answer = match self.one_of(8) {
                0 => None,
                // Cut short on its way.
                1 => helper.work(&part).ok().map(|answer| answer[..answer.len() / 2].to_vec()),
                _ => match helper.work(&part) {
                    // As a test may have it.
                    Err(Error::DeviceLost { .. }) => None,
                    answer => Some(answer.unwrap()),
                },
            };
            self.done.set(self.done.get() + 1);
            back.push((index, answer));
        }
        Box::pin(std::future::ready(back))
    }
}

/// Bits of the weights after a run, its steps' numbers and the scores then. A network that has learnt nothing knows one class
/// at least, and that is forgotten.
fn forget(method: &'static dyn Method, norm: Norm, hands: &dyn Hands) -> (Vec<u32>, String) {
    let runs = (0..3).map(|class| forget_class(method, norm, hands, class));
    let (steps, weights, told) = runs.max_by_key(|(steps, ..)| *steps).unwrap();
    assert!(steps > 0);
    (weights, told)
}

/// Whether so much of a method comes in parts that some of it reaches a helper, however they are disposed. The batch statistics
/// of batch normalisation are those of whole batches; SSD has no step that computes anything.
fn comes_in_parts(method: &'static dyn Method, norm: Norm) -> bool {
    let network = SmallCnnConfig::new(1, 3).into();
    let settings =
        method.settings(method.info().default_preset, &Subject { dataset: "bars", network: &network }).unwrap();
    let is_cut = ["samples_at_once", "learning_rate"].iter().all(|key| settings.get(key).is_some());
    is_cut && (norm == Norm::Group || method.info().name == "purge")
}

fn forget_class(method: &'static dyn Method, norm: Norm, hands: &dyn Hands, class: usize) -> (usize, Vec<u32>, String) {
    let device = Device::flex();
    let dataset = Arc::new(bars(8));
    let network = SmallCnnConfig::new(1, 3).with_width(8).with_norm(norm).init(5, &device).unwrap();
    let subject = Subject { dataset: "bars", network: network.architecture() };
    let config = RunConfig::new(method, method.info().default_preset, &subject, ClassRoles::from(class)).unwrap();
    let changes = [
        ("target_forget_accuracy", json!(0)),
        ("learning_rate", json!(0.0123)),
        ("batch_size", json!(7)),
        ("samples_at_once", json!(2)),
        ("epochs", json!(2)),
        ("check_every", json!(2)),
        ("steps", json!(4)),
    ];
    let has = |config: &RunConfig, key: &str| config.settings().get(key).is_some();
    let config = changes
        .into_iter()
        .fold(config, |config, (key, value)| if has(&config, key) { config.with(key, value).unwrap() } else { config });
    block_on(async {
        let mut run = Run::start(network, dataset.clone(), config, None).await.unwrap();
        let mut told = String::new();
        loop {
            let progress = run.advance_with(hands, 3).await.unwrap();
            told += &serde_json::to_string(&progress.steps).unwrap();
            if progress.stop.is_some() {
                break;
            }
        }
        let (network, summary) = run.finish();
        let known = &mut LogitCache::default();
        let mut scores = evaluate(hands, &network, &dataset, &class.into(), SplitName::Test, known).await.unwrap();
        scores.seconds = 0.0;
        (summary.steps, bits(&network), told + &serde_json::to_string(&scores).unwrap())
    })
}

fn bits(network: &Network) -> Vec<u32> {
    network.parameters().flat().into_data().try_to_vec::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whoever_does_the_parts_the_bits_are_the_same(
        helpers in 0_usize..4,
        method in 0..METHODS.len(),
        batch_norm in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let norm = if batch_norm { Norm::Batch } else { Norm::Group };
        let pool = Pool::new(Fickle::new(helpers, seed));
        let alone = forget(METHODS[method], norm, &Here);
        prop_assert!(forget(METHODS[method], norm, &pool) == alone);
        let helped = pool.crew().done.get() > 0;
        prop_assert!(helpers > 0 || !helped);
        prop_assert!(helped || helpers == 0 || !comes_in_parts(METHODS[method], norm));
    }
}

#[test]
fn a_helper_refuses_what_no_pool_sends() {
    let mut helper = Helper::new(&Device::flex());
    let message = |result: crate::Result<_>| result.map(|_: Vec<u8>| ()).unwrap_err().to_string();
    assert_eq!(message(helper.work(&[])), "a part came before its network");
    for bytes in [&b""[..], &[9; 3], &[255; 8], &[2, 0, 0, 0, b'{', b'}']] {
        assert_eq!(helper.take_network(bytes).unwrap_err().code(), "bad-state");
    }
    let network = SmallCnnConfig::new(1, 3).with_width(8).init(0, &Device::flex()).unwrap();
    let bytes = super::wire::write_network(&network);
    assert_eq!(helper.take_network(&bytes[..bytes.len() - 1]).unwrap_err().code(), "bad-state");
    helper.take_network(&bytes).unwrap();
    assert_eq!(message(helper.work(&bytes)), "a message between workers is not what it should be");
}
