//! The language extension of SQL Server: `sp_execute_external_script @language = N'rxdf'`.
//!
//! The server starts processes, loads this library into each, and feeds it the rows of a query. What happens to them is in
//! the script: a task of a client, whose partial result goes back as one `varbinary(max)`; or a one-line program for people,
//! such as `summary ~ x + y` or `predict` ([`script`]). `docs/sql.md` tells how to install and to use it.
//!
//! ```text
//! GetInterfaceVersion, Init, SetHostCallbacks          once for a process
//!   InitSession, InitColumn*, InitParam*               for each session and task
//!     Execute, GetResultColumn*, GetResults            for each chunk of rows
//!   GetOutputParam*, CleanupSession
//! Cleanup
//! ```
//!
//! | module | what is there |
//! |---|---|
//! | [`border`] | the functions of the interface; all of the unsafe code |
//! | [`session`] | what was announced, in which order |
//! | [`types`], [`input`] | values of the host as Arrow arrays |
//! | [`script`], [`params`] | what is asked for |
//! | [`program`], `tables` | what is done, and its results as tables |
//! | [`output`] | tables as the host takes them |
//! | `log` | messages |

#![allow(
    unsafe_code,
    reason = "the functions of the interface are in `border`, and so is all of it, which its test checks"
)]
#![deny(clippy::undocumented_unsafe_blocks)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]
#![deny(clippy::cast_possible_truncation)]

pub mod border;
pub mod error;
pub mod input;
mod log;
pub mod output;
pub mod params;
pub mod program;
pub mod script;
pub mod session;
mod tables;
pub mod types;
