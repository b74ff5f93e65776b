//! The other side of a [`Pool`](super::pool::Pool): does parts that come as bytes.

use burn::tensor::Device;

use super::wire::{read_network, read_part, write_outcome};
use super::{Images, Part};
use crate::model::{Network, Views};
use crate::tasks;
use crate::{Error, Result};

/// Has a network, and nothing else that lasts.
#[derive(Debug)]
pub struct Helper {
    device: Device,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    network: Network,
    leaves: Views,
    views: Views,
}

impl Helper {
    /// Without a network. The device must be a CPU.
    pub fn new(device: &Device) -> Self {
        Self { device: device.clone(), held: None }
    }

    /// Takes the network that the parts to come are about.
    ///
    /// # Errors
    /// [`Error::BadState`] for bytes that no pool has sent; the network then is the one from before.
    pub fn take_network(&mut self, bytes: &[u8]) -> Result<()> {
        let network = read_network(bytes, &self.device)?;
        self.held = Some(Held { leaves: network.parameters().leaves(), views: network.parameters().views(), network });
        Ok(())
    }

    /// Does a part, and gives what it gives.
    ///
    /// # Errors
    /// [`Error::BadState`] without a network, and for bytes that no pool has sent.
    pub fn work(&self, part: &[u8]) -> Result<Vec<u8>> {
        let held = self.held.as_ref().ok_or_else(|| Error::BadState("a part came before its network".into()))?;
        let sent = read_part(part, &self.device)?;
        let task = tasks::read(&sent.task)?;
        let images = Images::Of { split: &sent.split, normalisation: &sent.normalisation, indices: &sent.indices };
        let weights = if task.wants_gradient() { &held.leaves } else { &held.views };
        let part = Part { task: task.as_ref(), images, rows: sent.rows, common: sent.common, whole: sent.whole };
        Ok(write_outcome(part.compute(&held.network, weights)))
    }
}
