//! Any bytes are a model or are refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = algos::model::from_bytes(bytes, "fuzz");
});
