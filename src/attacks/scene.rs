use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::maths::Rows;
use crate::Result;
use crate::data::{ClassRoles, Dataset, Shuffled, Split, SplitName};
use crate::evaluation::argmax;
use crate::inference::{self, LogitCache};
use crate::model::Network;
use crate::work::Hands;

/// What an attack is made on: a network, the data it was trained on, which classes it shall have forgotten, and the network that
/// never knew them.
#[derive(Debug)]
pub struct Scene {
    dataset: Arc<Dataset>,
    roles: ClassRoles,
    non_members: SplitName,
    hands: Rc<dyn Hands>,
    network: Network,
    logits: LogitCache,
    retrained: Option<Network>,
    retrained_logits: LogitCache,
    share: Share,
}

/// What a network says of some images.
#[derive(Debug)]
pub(super) struct Activations {
    /// `[N, K]`, row-major.
    pub logits: Vec<f32>,
    /// The spatial means of the last two stages and the penultimate features.
    pub taps: [Rows; 3],
}

/// Images that the network is asked about between two breaths.
const AT_ONCE: usize = 512;

impl Scene {
    /// The dataset must be as the network was trained on it. `logits` are the network's, as far as they are known.
    pub fn new(
        network: Network,
        logits: LogitCache,
        dataset: Arc<Dataset>,
        roles: ClassRoles,
        hands: Rc<dyn Hands>,
    ) -> Self {
        Self {
            dataset,
            roles,
            non_members: SplitName::Test,
            hands,
            network,
            logits,
            retrained: None,
            retrained_logits: LogitCache::default(),
            share: Share::default(),
        }
    }

    /// With the network that was retrained without the classes.
    pub fn with_retrained(self, retrained: Network) -> Self {
        Self { retrained: Some(retrained), ..self }
    }

    /// With what is known of that one's answers.
    pub fn with_retrained_logits(self, retrained_logits: LogitCache) -> Self {
        Self { retrained_logits, ..self }
    }

    /// With non-members of another split than the test split.
    pub fn with_non_members(self, non_members: SplitName) -> Self {
        Self { non_members, ..self }
    }

    /// The network under attack.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The one that never knew the classes.
    pub fn retrained(&self) -> Option<&Network> {
        self.retrained.as_ref()
    }

    /// The data.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// Which classes are to be forgotten.
    pub fn roles(&self) -> &ClassRoles {
        &self.roles
    }

    /// Where the non-members of a membership attack come from.
    pub fn non_members(&self) -> SplitName {
        self.non_members
    }

    /// Takes a breath: whoever pulls the attack hears how much of it is done, 0 to 1, and may leave it at that.
    pub fn breathe(&self, done: f64) -> Breath {
        self.share.0.set(Inner { done: Some(done), news: true, ..self.share.0.get() });
        Breath { taken: false }
    }

    /// The same scene with the retrained network under attack.
    pub(super) fn of_retrained(&self) -> Option<Self> {
        Some(Self {
            dataset: self.dataset.clone(),
            roles: self.roles.clone(),
            non_members: self.non_members,
            hands: self.hands.clone(),
            network: self.retrained.clone()?,
            logits: self.retrained_logits.clone(),
            retrained: None,
            retrained_logits: LogitCache::default(),
            share: self.share(),
        })
    }

    pub(super) fn share(&self) -> Share {
        self.share.clone()
    }

    pub(super) fn hands(&self) -> &dyn Hands {
        self.hands.as_ref()
    }

    /// Logits on a whole split.
    pub(super) async fn logits(&mut self, split: SplitName) -> Result<Arc<Vec<f32>>> {
        self.logits.get(self.hands.as_ref(), &self.network, &self.dataset, split).await
    }

    /// The same of the retrained network, where there is one.
    pub(super) async fn retrained_logits(&mut self, split: SplitName) -> Result<Arc<Vec<f32>>> {
        match &self.retrained {
            Some(retrained) => self.retrained_logits.get(self.hands.as_ref(), retrained, &self.dataset, split).await,
            None => Ok(Arc::default()),
        }
    }

    /// What a network says of some images of a split.
    pub(super) async fn activations(&self, network: &Network, split: &Split, indices: &[usize]) -> Result<Activations> {
        let mut logits = Vec::new();
        let mut taps = [const { Vec::new() }; 3];
        let mut widths = [1; 3];
        for indices in indices.chunks(AT_ONCE) {
            let seen = inference::activations(self.hands(), network, &self.dataset, split, indices).await?;
            logits.extend(seen.logits);
            for ((taps, widths), seen) in taps.iter_mut().zip(&mut widths).zip(seen.taps) {
                *widths = seen.len() / indices.len();
                taps.extend(seen);
            }
            self.breathe_again().await;
        }
        let [a, b, c] = taps;
        let [x, y, z] = widths;
        Ok(Activations { logits, taps: [Rows::of(&a, x), Rows::of(&b, y), Rows::of(&c, z)] })
    }

    /// The percentage of some images of a split that a network recognises; 0 of none.
    pub(super) async fn recall(&self, network: &Network, split: &Split, indices: &[usize]) -> Result<f64> {
        let classes = self.dataset.classes();
        let mut right = 0;
        for indices in indices.chunks(4 * AT_ONCE) {
            let logits = inference::logits_of(self.hands(), network, &self.dataset, split, indices).await?;
            let rows = logits.chunks_exact(classes).zip(indices);
            right += rows.filter(|(row, index)| argmax(row) == usize::from(split.labels()[**index])).count();
            self.breathe_again().await;
        }
        Ok(100.0 * right as f64 / indices.len().max(1) as f64)
    }

    /// Test images of the forgotten classes, and as many of the others, drawn by `seed`: fewer where there are fewer. Each
    /// with whether it is of a forgotten class, 1 or 0.
    pub(super) fn forgotten_and_others(&self, seed: u64) -> (Vec<usize>, Vec<usize>) {
        let test = &self.dataset.test;
        let forgotten = test.indices_where(|class| self.roles.forgets(class));
        let others = drawn(test.indices_where(|class| self.roles.retains(class)), forgotten.len(), seed);
        let forgotten = &forgotten[..others.len().min(forgotten.len())];
        let labels = [vec![1; forgotten.len()], vec![0; others.len()]].concat();
        ([forgotten, &others].concat(), labels)
    }

    /// A breath at the same point as the one before.
    pub(super) fn breathe_again(&self) -> Breath {
        self.breathe(self.share.0.get().done.unwrap_or_default())
    }
}

/// Some of the samples, in an order that follows from the seed.
pub(super) fn drawn(indices: Vec<usize>, count: usize, seed: u64) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    Shuffled::new(indices, count, seed).next_endless().to_vec()
}

/// How much of an attack is done, for whoever pulls it.
#[derive(Debug, Clone, Default)]
pub(super) struct Share(Rc<Cell<Inner>>);

#[derive(Debug, Clone, Copy, Default)]
struct Inner {
    /// Of the pass.
    done: Option<f64>,
    /// Where the pass begins and how long it is, in the whole.
    pass: [f64; 2],
    news: bool,
}

impl Share {
    /// What follows is this part of the whole.
    pub(super) fn within(&self, from: f64, to: f64) {
        self.0.set(Inner { done: None, pass: [from, to - from], ..self.0.get() });
    }

    /// Whether there was a breath since this was asked last.
    pub(super) fn has_news(&self) -> bool {
        let inner = self.0.get();
        self.0.set(Inner { news: false, ..inner });
        inner.news
    }

    pub(super) fn value(&self) -> f64 {
        let Inner { done, pass: [from, length], .. } = self.0.get();
        from + length * done.unwrap_or_default().clamp(0.0, 1.0)
    }
}

/// Ends at the second look.
#[derive(Debug)]
pub struct Breath {
    taken: bool,
}

impl Future for Breath {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.taken {
            return Poll::Ready(());
        }
        self.taken = true;
        Poll::Pending
    }
}
