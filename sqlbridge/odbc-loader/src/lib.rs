//! ODBC's functions, found when they are first needed instead of when a program is linked.
//!
//! odbc-sys declares the functions of an ODBC driver manager and links `libodbc`. A program that is linked so does not
//! start where unixODBC is not installed, not even to read a file. This crate defines the same functions: each passes
//! its arguments on to the driver manager's, which [`load`] finds. Before that, they return `SQL_ERROR`. The linker's
//! wish for a `libodbc` is met by an empty archive (`build.rs`), with or without unixODBC on the machine that builds.
//!
//! The driver manager and its drivers never call back into these functions: it is opened with its own scope
//! (`RTLD_LOCAL`), and no symbol of ours is in the scope in which its symbols are looked up, neither from a program,
//! which exports none, nor from a Python module, which the interpreter opens in a scope of its own.
//!
//! On Windows the driver manager is part of the system; there is nothing to do.

#![cfg_attr(
    not(windows),
    expect(unsafe_code, reason = "definitions of a C interface, and their addresses from a shared library")
)]

#[cfg(not(windows))]
mod functions;

/// The names by which unixODBC goes, in the order in which they are tried.
#[cfg(target_os = "macos")]
const NAMES: &[&str] = &[
    "libodbc.2.dylib",
    "/opt/homebrew/lib/libodbc.2.dylib",
    "/usr/local/lib/libodbc.2.dylib",
    "/opt/local/lib/libodbc.2.dylib",
];
#[cfg(not(any(windows, target_os = "macos")))]
const NAMES: &[&str] = &["libodbc.so.2", "libodbc.so"];

/// Finds the driver manager, once for the process. After a failure it is tried again with the next call.
///
/// # Errors
/// When it is not installed; the text says how to install it.
#[cfg(not(windows))]
pub fn load() -> Result<(), String> {
    functions::load(NAMES)
}

/// The driver manager is part of Windows.
///
/// # Errors
/// Never.
#[cfg(windows)]
pub fn load() -> Result<(), String> {
    Ok(())
}
