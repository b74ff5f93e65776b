//! Hands that have helpers: other threads with a network of their own, who get parts as bytes.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::pin::Pin;

use super::wire::{read_outcome, write_network, write_part};
use super::{Doing, Hands, Outcome, Part};
use crate::model::{Network, Views};

/// The helpers as the pool sees them. Which of them does a part is theirs to say.
pub trait Crew: Debug {
    /// Begins another job: what comes back of earlier ones is let go. With the network where it is another than before, which
    /// each helper must have before its next part.
    fn begin(&self, network: Option<Vec<u8>>);

    /// Whether a helper should get another part, where `left` are left to hand out.
    fn has_room(&self, left: usize) -> bool;

    /// Hands a part out.
    fn give(&self, index: usize, part: Vec<u8>);

    /// What has come back since the last call: which part, and what it gave; nothing where its helper has failed, or is so
    /// late that it had better be done here. Waits for the first one if `wait`, else just long enough for messages to arrive.
    fn collect(&self, wait: bool) -> Collecting<'_>;
}

/// What has come back.
pub type Collected = Vec<(usize, Option<Vec<u8>>)>;
/// A crew that looks for what has come back.
pub type Collecting<'a> = Pin<Box<dyn Future<Output = Collected> + 'a>>;

/// A crew, and this thread, which does parts as well.
#[derive(Debug)]
pub struct Pool<C> {
    crew: C,
    /// The network that the helpers have or get before their next part.
    sent: RefCell<Vec<u8>>,
}

impl<C: Crew> Pool<C> {
    /// This thread and `crew`, which may be empty and may change between two parts.
    pub fn new(crew: C) -> Self {
        Self { crew, sent: RefCell::default() }
    }

    /// The helpers.
    pub fn crew(&self) -> &C {
        &self.crew
    }

    async fn share(&self, network: &Network, weights: &Views, parts: Vec<Part<'_>>, done: &mut dyn FnMut(Outcome)) {
        let device = network.parameters().flat().device();
        let mut waiting: VecDeque<usize> = (0..parts.len()).collect();
        let mut away = 0;
        let mut finished = BTreeMap::new();
        let mut next = 0;
        self.begin(network);
        while next < parts.len() {
            while self.crew.has_room(waiting.len())
                && let Some(index) = waiting.pop_front()
            {
                match write_part(&parts[index]) {
                    Some(bytes) => {
                        self.crew.give(index, bytes);
                        away += 1;
                    }
                    None => drop(finished.insert(index, parts[index].compute(network, weights))),
                }
            }
            let own = waiting.pop_front();
            if let Some(index) = own {
                finished.insert(index, parts[index].compute(network, weights));
            }
            if away > 0 {
                for (index, answer) in self.crew.collect(own.is_none() && !finished.contains_key(&next)).await {
                    away -= 1;
                    match answer.and_then(|bytes| read_outcome(&bytes, &device).ok()) {
                        Some(outcome) => drop(finished.insert(index, outcome)),
                        None => waiting.push_front(index),
                    }
                }
            }
            while let Some(outcome) = finished.remove(&next) {
                done(outcome);
                next += 1;
            }
        }
    }

    fn begin(&self, network: &Network) {
        let bytes = write_network(network);
        let mut sent = self.sent.borrow_mut();
        let fresh = *sent != bytes;
        if fresh {
            *sent = bytes.clone();
        }
        self.crew.begin(fresh.then_some(bytes));
    }
}

impl<C: Crew> Hands for Pool<C> {
    fn all<'a>(
        &'a self,
        network: &'a Network,
        weights: &'a Views,
        parts: Vec<Part<'a>>,
        done: &'a mut dyn FnMut(Outcome),
    ) -> Doing<'a> {
        Box::pin(self.share(network, weights, parts, done))
    }
}
