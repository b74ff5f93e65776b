#![no_main]

use libfuzzer_sys::fuzz_target;
use purge_unlearning::data::packed;

fuzz_target!(|bytes: &[u8]| {
    let _ = packed::read("x", bytes);
});
