use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::scene::Scene;
use crate::data::one_hot;
use crate::model::Network;
use crate::unlearning::{BatchNorm, Descent, DescentConfig, Slope};
use crate::work::{Images, Work, exactly, samples_at_once};
use crate::{Result, device};

/// A network that an attacker trains on, with SGD, momentum 0.9 and batch normalisation frozen.
pub(super) struct Student<'a> {
    pub network: Network,
    scene: &'a Scene,
    descent: Descent,
}

impl<'a> Student<'a> {
    pub(super) fn new(network: Network, scene: &'a Scene, learning_rate: f64) -> Self {
        let config = DescentConfig {
            weight_decay: 0.0,
            batch_norm: BatchNorm::Frozen,
            ..DescentConfig::unlearn_sparse(learning_rate)
        };
        Self { network, scene, descent: Descent::new(config) }
    }

    /// One step down the cross-entropy of some training images.
    pub(super) async fn learn(&mut self, indices: &[usize]) {
        let dataset = self.scene.dataset();
        let device = self.network.parameters().flat().device();
        let images = Images::Of { split: &dataset.train, normalisation: &dataset.normalisation, indices };
        let labels = one_hot(&dataset.train, indices, dataset.classes(), &device);
        let leaves = self.network.parameters().leaves();
        let at_once = samples_at_once(&self.network, &images, 0);
        let slope = Slope::of_labels(1.0);
        let work = Work { task: &slope, images, rows: vec![labels], common: Vec::new() };
        let [gradient, _] = exactly(work.sum(self.scene.hands(), &self.network, &leaves, at_once).await);
        self.descent.follow(&mut self.network, &gradient);
    }
}

/// The same network with some classes' rows of its head drawn anew, weights and bias, as PyTorch draws them.
pub(super) async fn with_rows_anew(network: &Network, classes: &[usize], seed: u64) -> Result<Network> {
    let flat = network.parameters().flat();
    let device = flat.device();
    let mut values = device::read(flat).await?;
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x4ead);
    let mut bound = 1.0;
    let layout = network.parameters().layout();
    for (name, shape, place) in layout.iter().filter(|(name, ..)| name.starts_with("fc.")) {
        let row = shape.get(1).copied().unwrap_or(1);
        if name == "fc.weight" {
            bound = 1.0 / (row as f32).sqrt();
        }
        for class in classes {
            let row = &mut values[place.clone()][class * row..(class + 1) * row];
            row.iter_mut().for_each(|value| *value = random.random_range(-bound..bound));
        }
    }
    let mut network = network.clone();
    let len = values.len();
    network.parameters_mut().set_flat(Tensor::from_data(TensorData::new(values, [len]), &device));
    Ok(network)
}
