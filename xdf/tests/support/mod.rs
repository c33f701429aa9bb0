//! What tests of changes in place share, the fuzz target `xdf_operations` among them.

#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod disk;
pub(crate) mod model;
pub(crate) mod operations;

/// A folder in memory where there is one: a disk that is made to sync thousands of times takes minutes.
pub(crate) fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}
