//! Long work beside the interpreter.
//!
//! The work runs on a thread of its own with the interpreter detached, so other Python threads go on. The calling
//! thread wakes every [`TICK`], lets Python look at its signals and reports progress; an exception from either (Ctrl-C
//! first of all) cancels the pass, waits until it has left nothing half done, and is then raised. A panic becomes a
//! `RuntimeError`; it never unwinds into the interpreter.

use std::any::Any;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use engine::{Monitor, ScanOptions};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::error::Failure;

/// How often the calling thread looks up from waiting.
const TICK: Duration = Duration::from_millis(50);

/// How a pass is run: what every long function of the module takes.
#[derive(FromPyObject)]
pub(crate) struct Pass {
    /// Threads to compute on; 0 or absent for all.
    #[pyo3(item)]
    threads: Option<usize>,
    /// Rows of a block; absent for the engine's default.
    #[pyo3(item)]
    pub(crate) block_rows: Option<usize>,
    /// The rows of the data set to read, as first (from 0) and end.
    #[pyo3(item)]
    pub(crate) rows: Option<(u64, u64)>,
    /// Called now and then with the rows read and the rows there are (or `None`).
    #[pyo3(item)]
    progress: Option<Py<PyAny>>,
}

impl Pass {
    /// The executor that was asked for.
    pub(crate) fn executor(&self) -> engine::Local {
        match self.threads {
            None | Some(0) => engine::Local::default(),
            Some(threads) => engine::Local::new(threads),
        }
    }

    /// The scan that was asked for, watched by `monitor`.
    pub(crate) fn scan(&self, monitor: &Arc<Monitor>) -> ScanOptions {
        let mut options = ScanOptions::default().with_monitor(Arc::clone(monitor));
        if let Some(rows) = self.block_rows {
            options = options.with_block_rows(rows);
        }
        if let Some((first, end)) = self.rows {
            options = options.with_rows(first..end.max(first));
        }
        options
    }

    /// Runs `work` and returns what it returns.
    ///
    /// # Errors
    /// The work's error as an exception; the exception of a signal handler or of the progress function.
    pub(crate) fn run<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Self, &Arc<Monitor>) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let monitor = Arc::new(Monitor::default());
        let (outcome, interrupted) = py.detach(|| {
            std::thread::scope(|scope| {
                let (running, finished) = sync_channel::<()>(1);
                let for_work = &monitor;
                let worker = scope.spawn(move || {
                    // dropped at the end, also of a panic: that wakes the waiting thread at once
                    let _running = running;
                    work(self, for_work)
                });
                let mut interrupted = None;
                while let Err(RecvTimeoutError::Timeout) = finished.recv_timeout(TICK) {
                    if interrupted.is_none()
                        && let Err(exception) = Python::attach(|py| self.look_up(py, &monitor))
                    {
                        monitor.cancel();
                        interrupted = Some(exception);
                    }
                }
                (worker.join(), interrupted)
            })
        });
        if let Some(exception) = interrupted {
            return Err(exception);
        }
        match outcome {
            Ok(result) => {
                if result.is_ok() {
                    self.report(py, &monitor)?;
                }
                result.map_err(PyErr::from)
            }
            Err(panic) => Err(PyRuntimeError::new_err(format!(
                "internal error: {}; please report it with the data or the call that leads to it",
                sentence(panic.as_ref())
            ))),
        }
    }

    fn look_up(&self, py: Python<'_>, monitor: &Monitor) -> PyResult<()> {
        py.check_signals()?;
        self.report(py, monitor)
    }

    fn report(&self, py: Python<'_>, monitor: &Monitor) -> PyResult<()> {
        if let Some(progress) = &self.progress {
            let counted = monitor.progress();
            progress.call1(py, (counted.rows, counted.total_rows))?;
        }
        Ok(())
    }
}

fn sentence(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}
