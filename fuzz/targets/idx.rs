#![no_main]

use libfuzzer_sys::fuzz_target;
use purge_unlearning::data::{NamedBytes, idx};

fuzz_target!(|bytes: &[u8]| {
    let file = NamedBytes { name: "x", bytes };
    let _ = idx::read_images(file);
    let _ = idx::read_labels(file);
});
