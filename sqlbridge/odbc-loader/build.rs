//! An empty `libodbc.a` for the linker.
//!
//! odbc-sys asks the linker for a library named `odbc`. Its functions are those of this crate, so the library that is
//! found may be empty, and unixODBC need not be there.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_CFG_WINDOWS").is_some() {
        return Ok(());
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(folder.join("libodbc.a"), "!<arch>\n")?;
    println!("cargo:rustc-link-search=native={}", folder.display());
    Ok(())
}
