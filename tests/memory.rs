//! Whether what a step makes is let go of again. A test binary of its own, for it counts all that is allocated.

use std::alloc::System;

use burn::tensor::{Device, Tensor};
use purge_unlearning::model::{Network, SmallCnnConfig};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn blocks() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations - stats.deallocations
}

/// How many blocks more there are after a hundred times than after ten.
fn left_behind(mut what: impl FnMut()) -> usize {
    (0..10).for_each(|_| what());
    let before = blocks();
    (0..100).for_each(|_| what());
    blocks().saturating_sub(before)
}

#[test]
fn leaves_are_let_go_whether_or_not_a_gradient_is_asked_of_them() {
    let device = Device::flex();
    let network: Network = SmallCnnConfig::new(1, 3).with_width(8).init(5, &device).unwrap();
    let images = Tensor::<4>::ones([4, 1, 28, 28], &device);
    let unread = left_behind(|| drop(network.parameters().leaves()));
    let with_a_gradient = left_behind(|| {
        let leaves = network.parameters().leaves();
        let loss = network.forward_with(&leaves, images.clone()).logits.mean();
        leaves.gradient(loss);
    });
    // Lists of what has come and gone may grow, once for all.
    assert!(unread < 20 && with_a_gradient < 20, "{unread}, {with_a_gradient}");
}
