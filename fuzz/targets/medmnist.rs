#![no_main]

use libfuzzer_sys::fuzz_target;
use purge_unlearning::data::medmnist;

fuzz_target!(|bytes: &[u8]| {
    let _ = medmnist::read("pathmnist.npz", bytes);
});
