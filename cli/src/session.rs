//! The common options, resolved: threads, memory, progress, cancellation, and how results are printed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use engine::{Local, MemoryBudget, Monitor, ScanOptions};

use crate::args::Common;
use crate::progress::Progress;

/// What every command works with.
pub(crate) struct Session {
    /// Whether results are printed as JSON.
    pub(crate) json: bool,
    /// Whether nothing but results is printed.
    pub(crate) quiet: bool,
    threads: usize,
    memory: MemoryBudget,
    cancelled: Arc<AtomicBool>,
}

impl Session {
    /// Sizes the thread pool and takes over Ctrl-C.
    pub(crate) fn new(common: &Common) -> anyhow::Result<Self> {
        let available = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = common.threads.map_or_else(available, usize::from);
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .context("the threads cannot be started")?;
        let cancelled = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&cancelled);
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
            .context("Ctrl-C cannot be handled")?;
        Ok(Self {
            json: common.json,
            quiet: common.quiet,
            threads,
            memory: MemoryBudget(common.memory.map(|size| size.0)),
            cancelled,
        })
    }

    /// Runs passes with as many threads as were asked for.
    pub(crate) fn executor(&self) -> Local {
        Local::new(self.threads)
    }

    /// The memory that was allowed.
    pub(crate) fn memory(&self) -> MemoryBudget {
        self.memory
    }

    /// A monitor that Ctrl-C cancels.
    pub(crate) fn monitor(&self) -> Arc<Monitor> {
        Arc::new(Monitor::with_flag(Arc::clone(&self.cancelled)))
    }

    /// The options of a pass that `monitor` watches.
    pub(crate) fn scan(&self, monitor: &Arc<Monitor>) -> ScanOptions {
        ScanOptions::default().with_memory(self.memory).with_monitor(Arc::clone(monitor))
    }

    /// Draws what `monitor` counts until it is dropped; nothing where nobody looks.
    pub(crate) fn progress(&self, doing: &'static str, monitor: &Arc<Monitor>) -> Progress {
        Progress::start(doing, monitor, !self.quiet && !self.json)
    }
}

/// The command line as a shell takes it, without the folder of the program: the call that is printed with results.
pub(crate) fn command_line() -> String {
    let arguments = std::env::args_os().skip(1).map(|argument| quoted(&argument.to_string_lossy()));
    std::iter::once("xdf".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// In single quotes where a shell would see more than the characters.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,=:@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn arguments_are_quoted_where_a_shell_needs_it() {
        for (argument, text) in [
            ("data/flights.xdf", "data/flights.xdf"),
            ("--factor=Day=Mon,Tue", "--factor=Day=Mon,Tue"),
            ("y ~ x", "'y ~ x'"),
            ("a*b", "'a*b'"),
            ("Month == 'Jan'", r"'Month == '\''Jan'\'''"),
            ("", "''"),
        ] {
            assert_eq!(quoted(argument), text);
        }
    }
}
