#![no_main]

use std::sync::LazyLock;

use burn::tensor::Device;
use libfuzzer_sys::fuzz_target;
use purge_unlearning::model::Checkpoint;

static CPU: LazyLock<Device> = LazyLock::new(Device::flex);

fuzz_target!(|bytes: &[u8]| {
    let _ = Checkpoint::read("x", bytes, &CPU);
});
