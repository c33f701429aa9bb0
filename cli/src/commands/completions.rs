//! `xdf completions`: what a shell needs to complete commands and options.

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::output;

pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "xdf", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
