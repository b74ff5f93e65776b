#![no_main]

use libfuzzer_sys::fuzz_target;
use purge_unlearning::data::{NamedBytes, svhn};

fuzz_target!(|bytes: &[u8]| {
    let _ = svhn::read_file(NamedBytes { name: "x", bytes });
});
