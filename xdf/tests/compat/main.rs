//! Files that released versions wrote open for ever.
//!
//! `data/` has one file of each version, `data/SHA256SUMS` what they are. A file is made once, by the last state of its
//! version before the release, and never again: when a reader cannot read it, the reader is wrong.

#[path = "../tables/mod.rs"]
mod tables;
mod version_5_0;
mod version_5_1;

use std::fmt::Write as _;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

fn data(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", name].iter().collect()
}

/// A line of `sha256sum`.
fn sum(name: &str) -> String {
    let mut line = String::new();
    for byte in Sha256::digest(std::fs::read(data(name)).unwrap()) {
        write!(line, "{byte:02x}").unwrap();
    }
    format!("{line}  {name}\n")
}

fn sums() -> String {
    [version_5_0::NAME, version_5_1::NAME].map(sum).concat()
}

#[test]
fn the_files_are_those_that_were_released() {
    assert_eq!(sums(), std::fs::read_to_string(data("SHA256SUMS")).unwrap());
}
