//! A progress bar on the standard error: rows, bytes, blocks, time left.
//!
//! A thread of its own looks at the counters of the pass ten times a second, so the pass itself does not know that it is
//! watched. Nothing is drawn where the standard error is not a terminal.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::Monitor;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{bytes, counted};

const INTERVAL: Duration = Duration::from_millis(100);
/// Steps of the bar.
const STEPS: u64 = 10_000;

/// A bar that is drawn until this is dropped.
pub(crate) struct Progress {
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Starts drawing what `monitor` counts, if it is `wanted` and somebody can see it.
    pub(crate) fn start(doing: &'static str, monitor: &Arc<Monitor>, wanted: bool) -> Self {
        if !wanted || !std::io::stderr().is_terminal() {
            return Self { drawing: None };
        }
        let monitor = Arc::clone(monitor);
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("xdf-progress".into()).spawn(move || {
            let (counting, measured) = styles();
            let bar = ProgressBar::hidden().with_style(counting).with_prefix(doing);
            bar.set_length(STEPS);
            bar.set_draw_target(ProgressDrawTarget::stderr());
            let mut is_measured = false;
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let progress = monitor.progress();
                let mut message =
                    format!("{}, {}", counted(progress.rows, "row"), counted(progress.blocks, "block"));
                if progress.bytes > 0 {
                    message = format!("{message}, {}", bytes(progress.bytes));
                }
                bar.set_message(message);
                if let Some(fraction) = progress.fraction() {
                    if !is_measured {
                        bar.set_style(measured.clone());
                        is_measured = true;
                    }
                    bar.set_position((fraction * STEPS as f64) as u64);
                }
                bar.tick();
            }
            bar.finish_and_clear();
        });
        // without a thread there is no bar, which hurts nobody
        Self { drawing: thread.ok().map(|thread| (stop, thread)) }
    }
}

/// How the bar looks while the size of the work is not known, and when it is.
fn styles() -> (ProgressStyle, ProgressStyle) {
    let style = |template| {
        ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ")
    };
    (
        style("{prefix} {spinner} {msg}, {elapsed}"),
        style("{prefix} [{bar:30}] {percent:>3}% {msg}, {eta} left"),
    )
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.drawing.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
