//! Any bytes either open, and then read or fail block by block, or are refused.
#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::Builder::new().suffix(".xdf").tempfile().expect("a temporary file");
    file.write_all(bytes).expect("written");
    // checksums off: the decoders themselves are to be reached
    let options = xdf::OpenOptions::default().with_verify_checksums(false);
    let Ok(file) = xdf::File::open_with(file.path(), &options) else { return };
    let columns: Vec<usize> = (0..file.schema().fields().len()).collect();
    for block in 0..file.num_blocks().min(16) {
        if let Ok(batch) = file.read_block(block, &columns) {
            assert_eq!(batch.num_rows() as u64, file.block_rows(block));
        }
    }
    let _ = file.verify();
});
