//! What a step does, on the GPU: each layer, loss and update a kernel or a few, where burn's operations would be dozens.
//!
//! | where | what |
//! |---|---|
//! | `parameters` | θ as one buffer that each parameter is read from, and gradients joined to one |
//! | `rows` | the losses of a batch, their numbers and their gradient |
//! | `convolution` | convolutions and their gradients |
//! | `block` | convolution, norm, ReLU and pool, and back |
//! | `max` | the max pool after the first convolution of a ResNet |
//! | `pixels` | the mean over the pixels |
//! | `linear` | the last layer |
//! | `update` | dots, projection, clipping, momentum, weights |
//! | `place` | tensors of burn as the kernels' buffers, and back |
//! | `launch` | a kernel and its start |

mod block;
mod convolution;
mod launch;
mod linear;
mod max;
mod parameters;
mod pixels;
mod place;
mod rows;
#[cfg(all(test, feature = "cpu"))]
mod tests;
mod update;

pub(super) use block::conv_block;
pub(super) use linear::linear;
pub(super) use max::max_pool;
pub(super) use parameters::{join, spread};
pub(super) use pixels::spatial_mean;
pub(super) use rows::{row_losses, tap_means};
pub(super) use update::{descend, dot, update};
