//! Microsoft's containers through the public face of the crate.
//!
//! Four real files are compared value for value (they are beside the repository and skipped when absent); what no
//! public file shows is tested on files from a small encoder that follows the same layout from the other side.

mod damage;
mod encoder;
mod generated;
mod independent;
mod laws;
mod memory;
mod real_files;
mod writer;

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use xdf::File;

/// A real file, or nothing when the data folder is not there.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/xdf-microsoft").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: needs ../shared ({name})");
    None
}

/// The text of a small data set, or nothing when the data folder is not there.
fn small(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/small").join(name);
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("skipped: needs ../shared ({name})");
    }
    text
}

/// All columns of all blocks.
fn read_all(file: &File) -> xdf::Result<Vec<RecordBatch>> {
    let columns: Vec<usize> = (0..file.schema().fields().len()).collect();
    (0..file.num_blocks()).map(|block| file.read_block(block, &columns)).collect()
}

/// Bytes as a file that is removed at the end.
struct Stored {
    path: tempfile::TempPath,
}

impl Stored {
    fn new(bytes: &[u8]) -> Self {
        let path = tempfile::NamedTempFile::with_suffix(".xdf").unwrap().into_temp_path();
        std::fs::write(&path, bytes).unwrap();
        Self { path }
    }

    /// Other bytes under the same path; nothing may have the file open.
    fn rewrite(&self, bytes: &[u8]) {
        std::fs::write(&self.path, bytes).unwrap();
    }

    fn open(&self) -> xdf::Result<File> {
        File::open(&self.path)
    }
}
