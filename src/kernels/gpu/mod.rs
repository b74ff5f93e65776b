//! What a step does beside its convolutions, on the GPU: each a kernel or a few, where burn's operations would be dozens.
//!
//! | where | what |
//! |---|---|
//! | `parameters` | θ as one buffer that each parameter is read from, and gradients joined to one |
//! | `rows` | the losses of a batch, their numbers and their gradient |
//! | `linear` | the last layer |
//! | `update` | dots, projection, clipping, momentum, weights |
//! | `place` | tensors of burn as the kernels' buffers, and back |
//! | `launch` | a kernel and its start |

mod launch;
mod linear;
mod parameters;
mod place;
mod rows;
#[cfg(all(test, feature = "cpu"))]
mod tests;
mod update;

pub(super) use linear::linear;
pub(super) use parameters::{join, spread};
pub(super) use rows::{row_losses, tap_means};
pub(super) use update::{descend, square, update};
