//! The program `xdf`.
//!
//! `args` says what can be typed, `session` and `input` turn it into what it means, each file of `commands` does one
//! command with the engine, and `output` prints. Results go to the standard output, progress and errors to the standard
//! error; the exit code tells success (0), work that failed (1) and arguments that cannot be understood (2).

mod args;
mod commands;
mod database;
mod failure;
mod input;
mod output;
mod progress;
mod session;

use std::process::ExitCode;

use clap::Parser;

/// Decode buffers come and go by the megabyte; this allocator keeps their pages mapped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::report_usage(&error),
    };
    match session::Session::new(&cli.common).and_then(|session| commands::run(cli.command, &session)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}
