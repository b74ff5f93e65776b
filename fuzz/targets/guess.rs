#![no_main]

use libfuzzer_sys::fuzz_target;
use purge_unlearning::data::{Kind, NamedBytes};

fuzz_target!(|bytes: &[u8]| {
    let _ = Kind::guess(NamedBytes { name: "x", bytes });
});
