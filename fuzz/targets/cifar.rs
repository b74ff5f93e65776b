#![no_main]

use libfuzzer_sys::fuzz_target;
use purge_unlearning::data::{NamedBytes, cifar};

fuzz_target!(|bytes: &[u8]| {
    let file = NamedBytes { name: "x", bytes };
    let _ = cifar::read_file(cifar::Cifar::Ten, file);
    let _ = cifar::read_file(cifar::Cifar::Hundred, file);
});
