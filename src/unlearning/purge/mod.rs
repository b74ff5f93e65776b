//! PURGE, in the paper's order: anchor the retained classes, erase the forgotten one, project the one gradient so that
//! it does not work against the other, step.

mod anchor;
mod config;
mod erasure;
mod gate;
mod method;
pub(crate) mod pass;
mod projection;
mod scalars;
mod target;
#[cfg(all(test, feature = "cpu", feature = "webgpu"))]
mod tests;
mod update;

pub use config::{Objective, PurgeConfig};
pub use method::PurgeMethod;
pub(crate) use method::SCALARS;
pub use scalars::StepScalars;
pub(crate) use scalars::{cosine, goes_against};
pub use target::forget_objective;

pub use anchor::{retain_confusion, retain_loss};
pub use erasure::representation_loss;
pub use projection::{clip, project, project_if_conflicting};

use burn::tensor::{Tensor, TensorData};

use crate::Result;
use crate::data::ClassRoles;
use crate::model::Network;
use crate::work::{Hands, Images};
#[cfg(feature = "cpu")]
pub(crate) use pass::{Erase, Retain};
use pass::{ForgetPass, RetainPass};

/// What one step sees: a retain batch and a forget batch.
#[derive(Debug, Clone)]
pub struct StepBatch<'a> {
    /// x_r `[B_r, C, H, W]`
    pub retain_images: Images<'a>,
    /// y_r, one-hot `[B_r, K]`
    pub retain_labels: Tensor<2>,
    /// z₀ = θ₀(x_r) `[B_r, K]`
    pub teacher_logits: Tensor<2>,
    /// x_f `[B_f, C, H, W]`
    pub forget_images: Images<'a>,
    /// y_f, one-hot `[B_f, K]`
    pub forget_labels: Tensor<2>,
}

/// The state of a PURGE run between steps: its settings, the target p_r and the momentum v.
#[derive(Debug, Clone)]
pub struct Purge {
    config: PurgeConfig,
    roles: ClassRoles,
    classes: usize,
    retain_confusion: Tensor<2>,
    momentum: Option<Tensor<1>>,
}

impl Purge {
    /// `retain_confusion` is p_r, K probabilities (see [`retain_confusion`]).
    ///
    /// # Errors
    /// [`Error::BadConfig`](crate::Error::BadConfig) for classes that cannot be forgotten, or another number of
    /// probabilities.
    pub fn new(config: PurgeConfig, roles: ClassRoles, retain_confusion: &[f32], network: &Network) -> Result<Self> {
        let classes = network.architecture().classes();
        roles.check(classes)?;
        if retain_confusion.len() != classes {
            return Err(method::bad_confusion(classes, retain_confusion.len()));
        }
        let device = network.parameters().flat().device();
        let data = TensorData::new(retain_confusion.to_vec(), [1, classes]);
        Ok(Self { config, roles, classes, retain_confusion: Tensor::from_data(data, &device), momentum: None })
    }

    /// The run's settings.
    pub fn config(&self) -> &PurgeConfig {
        &self.config
    }

    /// One step. Nothing is read back: the scalars stay on the device, `[StepScalars::COUNT]`, until a caller wants them.
    pub async fn step(&mut self, network: &mut Network, batch: StepBatch<'_>, hands: &dyn Hands) -> Tensor<1> {
        let leaves = network.parameters().leaves();
        let retain = RetainPass::of(hands, network, &leaves, &self.config, &batch).await;
        let about = (&self.roles, &self.retain_confusion, &retain.tap_means);
        let forget = ForgetPass::of(hands, network, &leaves, &self.config, &batch, about).await;
        self.update(network, retain, forget)
    }
}
