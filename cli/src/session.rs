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
