#![no_main]

use libfuzzer_sys::fuzz_target;
use purge_unlearning::data::{NamedBytes, stl10};

fuzz_target!(|bytes: &[u8]| {
    let file = NamedBytes { name: "x", bytes };
    let _ = stl10::read_images(file);
    let _ = stl10::read_split(file, file);
});
