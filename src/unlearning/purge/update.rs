use burn::tensor::Tensor;

use super::erasure::{CROSS_ENTROPY, ENTROPY};
use super::pass::{ForgetPass, RetainPass};
use super::projection::dot;
use super::{Purge, clip, gate, project_if_conflicting};
use crate::kernels::{Descent, Projection, join, update};
use crate::model::Network;

impl Purge {
    /// The one gradient of both passes: projected, clipped and followed. Gives the scalars of the step.
    pub(super) fn update(&mut self, network: &mut Network, retain: RetainPass, forget: ForgetPass) -> Tensor<1> {
        let theta = network.parameters().flat();
        let mut step = Descent {
            theta: &theta,
            gradient: &forget.gradient,
            momentum: self.momentum.take(),
            next: None,
            max_norm: self.config.max_grad_norm,
            weight_decay: self.config.weight_decay,
            inertia: self.config.momentum,
            rate: self.config.learning_rate,
        };
        let projection = Projection {
            retain: &retain.gradient,
            retain_numbers: &retain.numbers,
            forget_numbers: &forget.numbers,
            places: [ENTROPY, CROSS_ENTROPY],
            gate: gate::entropy_limit(&self.config, self.classes),
            cap: gate::cross_entropy_limit(&self.config, self.classes),
            of_gradient: self.config.projection,
            retain_share: self.config.retain_share,
            of_direction: self.config.strict,
        };
        let scalars = update(&mut step, &projection).unwrap_or_else(|| follow(&mut step, &projection));
        if let Some(next) = step.next {
            network.parameters_mut().set_flat(next);
        }
        self.momentum = step.momentum;
        scalars
    }
}

/// The paper's update, in its order.
fn follow(step: &mut Descent<'_>, projection: &Projection<'_>) -> Tensor<1> {
    let (forget_gradient, retain_gradient) = (step.gradient, projection.retain);
    let forget_retain = dot(forget_gradient, retain_gradient);
    let retain_sq_norm = dot(retain_gradient, retain_gradient);
    let forget_sq_norm = dot(forget_gradient, forget_gradient);
    let mut gradient = forget_gradient.clone();
    if projection.of_gradient {
        gradient = project_if_conflicting(gradient, retain_gradient, forget_retain.clone(), retain_sq_norm.clone());
    }
    if projection.retain_share > 0.0 {
        gradient = gradient + retain_gradient.clone() * projection.retain_share;
    }
    let number = |place| projection.forget_numbers.clone().narrow(0, place, 1);
    let retain_only = gate::retain_only(projection, &number(ENTROPY), &number(CROSS_ENTROPY));
    if let Some(retain_only) = &retain_only {
        let everywhere = retain_only.clone().expand(gradient.dims());
        gradient = gradient.mask_where(everywhere, retain_gradient.clone());
    }
    let (gradient, update_norm) = clip(gradient, step.max_norm);

    let mut direction = gradient + step.theta.clone() * step.weight_decay;
    if let Some(momentum) = step.momentum.take() {
        direction = momentum * step.inertia + direction;
    }
    if projection.of_direction {
        let conflict = dot(&direction, retain_gradient);
        direction = project_if_conflicting(direction, retain_gradient, conflict, retain_sq_norm.clone());
    }
    let direction_dot = dot(&direction, retain_gradient);
    let direction_sq_norm = dot(&direction, &direction);
    step.next = Some(step.theta.clone() - direction.clone() * step.rate);
    step.momentum = Some(direction);

    let device = update_norm.device();
    join(vec![
        projection.retain_numbers.clone(),
        projection.forget_numbers.clone(),
        forget_retain,
        retain_sq_norm,
        forget_sq_norm,
        update_norm,
        direction_dot,
        direction_sq_norm,
        retain_only.map_or_else(|| Tensor::zeros([1], &device), |flag| flag.float()),
    ])
}
