//! Any bytes, read as delimited text in small chunks, give blocks or an error.
#![no_main]

use std::io::Write;

use engine::source::text::{TextOptions, TextSource};
use engine::{BlockSource, ScanOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().expect("a temporary file");
    file.write_all(bytes).expect("written");
    let Ok(source) = TextSource::open(vec![file.path().to_path_buf()], TextOptions::default()) else {
        return;
    };
    let Ok(reader) = source.open(&ScanOptions::default().with_block_rows(7).with_prefetch(false)) else {
        return;
    };
    for block in reader {
        if block.is_err() {
            break;
        }
    }
});
