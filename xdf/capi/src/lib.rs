//! The C interface of the crate `xdf`; its header is `include/xdf.h`, its guide `docs/embedding.md`.
//!
//! Tables cross as Arrow's C structures, so that a reader or writer in any language brings its own arrays.
//! Everything else is a handle with functions. Three rules hold for every function:
//!
//! * **No panic crosses.** `border::guarded` runs the body; a panic becomes [`Status::Panic`]. A stream that is
//!   handed out goes through `stream::Guarded`, whose errors Arrow's callbacks can carry.
//! * **Pointers are types.** A parameter that may be null is an `Option` of a reference or box, which has the layout
//!   of the pointer; strings and lists are the types of [`border`], which check what can be checked. There, and
//!   nowhere else, are pointers followed.
//! * **Results are written in every case**, null or zero on failure.
//!
//! | module | functions |
//! |---|---|
//! | `border` | none: strings, lists, the guard; all of the unsafe code |
//! | `error` | `xdf_error_*`, `xdf_version` |
//! | `file` | `xdf_open`, `xdf_close`, what a file is |
//! | `statistics` | `xdf_column_statistics` |
//! | `read` | `xdf_schema`, `xdf_read`, `xdf_read_named`, `xdf_read_block` |
//! | `write` | `xdf_write`, `xdf_append` |
//! | `verify` | `xdf_verify`, `xdf_report_*` |
//! | `stream` | none: Arrow streams in and out |

#![allow(
    unsafe_code,
    reason = "`#[unsafe(no_mangle)]` on every function; unsafe blocks are in `border` only, which its test checks"
)]
#![allow(clippy::doc_markdown, reason = "the documentation of functions is the text of the C header")]
#![deny(clippy::undocumented_unsafe_blocks)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod border;
pub mod error;
pub mod file;
pub mod read;
pub mod statistics;
mod stream;
pub mod verify;
pub mod write;

#[cfg(test)]
mod tests;

pub use error::Status;
