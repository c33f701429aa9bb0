//! Any sequence of changes (rows and columns written, replaced, dropped, renamed, compacted) does to a file what it
//! does to a table in memory.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../xdf/tests/support/mod.rs"]
mod support;

use support::folder;
use support::operations::{Run, operations};

fuzz_target!(|bytes: &[u8]| {
    let folder = folder();
    let (kinds, draw, operations) = operations(bytes);
    let mut run = Run::begin(&folder.path().join("t.xdf"), kinds, draw).expect("a file");
    for operation in &operations {
        run.step(operation).expect("a change that is possible");
    }
    run.finish();
});
