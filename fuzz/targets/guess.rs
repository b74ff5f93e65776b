#![no_main]

use libfuzzer_sys::fuzz_target;
use purge_unlearning::data::{FileKind, NamedBytes};

fuzz_target!(|bytes: &[u8]| {
    let _ = FileKind::guess(NamedBytes { name: "x", bytes });
});
