//! A pass on the threads of this machine.
//!
//! The rows are cut into morsels of a fixed number of blocks (about [`MORSEL_ROWS`] rows). Workers take the next morsel,
//! compute on it, and hand the result to an ordered merge. Where the source can start anywhere, a worker reads its
//! morsel itself; else one reader deals the blocks out. The cut depends on the block size alone and the merge follows
//! the row order, so the result does not depend on the number of threads, nor on which source the rows came from.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::budget::block_bytes;
use crate::source::projected;
use crate::{Accumulator, Block, BlockReader, BlockSource, Error, Estimator, Executor, ScanOptions};

/// Rows of a morsel, rounded down to whole blocks (at least one).
const MORSEL_ROWS: usize = 262_144;

/// How many morsels workers may be ahead of the merge, per thread: bounds the partials that wait.
const MORSELS_AHEAD: usize = 2;

/// Runs passes with a number of threads.
#[derive(Debug, Clone)]
pub struct Local {
    threads: usize,
}

impl Default for Local {
    /// As many threads as the machine offers.
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

impl Local {
    /// An executor with `threads` threads (at least 1).
    pub fn new(threads: usize) -> Self {
        Self { threads: threads.max(1) }
    }

    /// The number of threads.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Computes `work` on every block, in parallel, and hands the results to `deliver` in row order.
    ///
    /// # Errors
    /// The first error in row order, of the source, of `work` or of `deliver`.
    pub fn map_blocks<T, X>(
        &self,
        source: &dyn BlockSource,
        options: &ScanOptions,
        work: impl Fn(Block) -> Result<T, X> + Sync,
        mut deliver: impl FnMut(T) -> Result<(), X> + Send,
    ) -> Result<(), X>
    where
        T: Send,
        X: From<Error> + Send,
    {
        self.run(
            source,
            options,
            0,
            |blocks| blocks.map(|block| work(block?)).collect::<Result<Vec<T>, X>>(),
            |results| results.into_iter().try_for_each(&mut deliver),
        )
    }

    /// Calls `work` on every item, in parallel, for computations on what a pass has left in memory. `scratch` makes what
    /// a thread needs beside the items. Items do not meet, so what becomes of them does not depend on the threads.
    pub fn for_each<T: Send, W>(
        &self,
        items: &mut [T],
        scratch: impl Fn() -> W + Sync,
        work: impl Fn(&mut W, &mut T) + Sync,
    ) {
        let threads = self.threads.min(items.len()).max(1);
        let waiting = Mutex::new(items.iter_mut());
        let worker = || {
            let mut own = scratch();
            loop {
                let item = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(item) = item else { return };
                work(&mut own, item);
            }
        };
        scoped(threads, &worker);
    }

    /// The mechanism under every pass: `work` on morsels in parallel, `deliver` in order.
    fn run<T, X>(
        &self,
        source: &dyn BlockSource,
        options: &ScanOptions,
        partial_bytes: usize,
        work: impl Fn(&mut dyn Iterator<Item = Result<Block, Error>>) -> Result<T, X> + Sync,
        deliver: impl FnMut(T) -> Result<(), X> + Send,
    ) -> Result<(), X>
    where
        T: Send,
        X: From<Error> + Send,
    {
        let info = source.info();
        let schema = projected(&source.schema(), options.columns.as_deref())?;
        let block = block_bytes(&schema, options.block_rows);
        let morsel_blocks = (MORSEL_ROWS / options.block_rows).max(1);
        options.monitor.start(rows_of(options, info.rows), info.bytes);
        let merge = OrderedMerge::new(deliver);
        match info.rows {
            Some(rows) if info.random_access => {
                let range = clamp(options.rows.as_ref(), rows);
                let step = (morsel_blocks * options.block_rows) as u64;
                let morsels = (range.end - range.start).div_ceil(step);
                // a worker holds its block, the decoder's scratch and the partials that wait
                let each = 2 * block + partial_bytes * (1 + MORSELS_AHEAD);
                let threads = options.memory.workers(self.threads, 0, each)?;
                let threads = threads.min(usize::try_from(morsels).unwrap_or(usize::MAX)).max(1);
                let next = Mutex::new(0_u64);
                let worker = || {
                    let _guard = merge.stop_on_panic();
                    loop {
                        let index = {
                            let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                            *next += 1;
                            *next - 1
                        };
                        if index >= morsels || merge.stopped() {
                            return;
                        }
                        let start = range.start + index * step;
                        let rows = start..(start + step).min(range.end);
                        merge.wait_turn(index, (threads * MORSELS_AHEAD) as u64);
                        let part = ScanOptions { rows: Some(rows), prefetch: false, ..options.clone() };
                        let result = source
                            .open(&part)
                            .map_err(X::from)
                            .and_then(|mut reader| work(&mut reader as &mut dyn Iterator<Item = _>));
                        merge.put(index, result);
                    }
                };
                scoped(threads, &worker);
            }
            _ => {
                let each = (1 + morsel_blocks) * block + partial_bytes * (1 + MORSELS_AHEAD);
                let threads = options.memory.workers(self.threads, 2 * block, each)?;
                let reader = source.open(&ScanOptions { prefetch: threads > 1, ..options.clone() })?;
                let dealer = Mutex::new((0_u64, Some(reader)));
                let worker = || {
                    let _guard = merge.stop_on_panic();
                    while let Some((index, morsel)) = deal(&dealer, morsel_blocks) {
                        if merge.stopped() {
                            return;
                        }
                        merge.wait_turn(index, (threads * MORSELS_AHEAD) as u64);
                        merge.put(index, work(&mut morsel.into_iter()));
                    }
                };
                scoped(threads, &worker);
            }
        }
        merge.finish()
    }
}

impl Executor for Local {
    fn pass<E: Estimator>(
        &self,
        estimator: &E,
        state: &E::State,
        source: &dyn BlockSource,
        options: &ScanOptions,
    ) -> Result<E::Partial, E::Error> {
        let mut merged = estimator.partial(state)?;
        let size = merged.size();
        let work = |blocks: &mut dyn Iterator<Item = Result<Block, Error>>| -> Result<E::Partial, E::Error> {
            let mut partial = estimator.partial(state)?;
            for block in blocks {
                partial.update(&block?)?;
            }
            Ok(partial)
        };
        self.run(source, options, size, work, |partial| Ok(merged.merge(partial)?))?;
        Ok(merged)
    }
}

/// Takes the next morsel's blocks from the one reader; a read error ends the dealing with a morsel that holds it.
fn deal(
    dealer: &Mutex<(u64, Option<BlockReader>)>,
    morsel_blocks: usize,
) -> Option<(u64, Vec<Result<Block, Error>>)> {
    let mut dealer = dealer.lock().unwrap_or_else(PoisonError::into_inner);
    let reader = dealer.1.as_mut()?;
    let mut blocks = Vec::with_capacity(morsel_blocks);
    let mut ended = false;
    while blocks.len() < morsel_blocks && !ended {
        match reader.next() {
            Some(block) => {
                ended = block.is_err();
                blocks.push(block);
            }
            None => ended = true,
        }
    }
    if ended {
        dealer.1 = None;
    }
    let index = dealer.0;
    dealer.0 += 1;
    (!blocks.is_empty()).then_some((index, blocks))
}

fn scoped(threads: usize, worker: &(impl Fn() + Sync)) {
    if threads == 1 {
        worker();
    } else {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(worker);
            }
        });
    }
}

fn clamp(rows: Option<&Range<u64>>, total: u64) -> Range<u64> {
    let range = rows.cloned().unwrap_or(0..total);
    let end = range.end.min(total);
    range.start.min(end)..end
}

fn rows_of(options: &ScanOptions, total: Option<u64>) -> Option<u64> {
    total.map(|total| {
        let range = clamp(options.rows.as_ref(), total);
        range.end - range.start
    })
}

/// Takes results in any order and delivers them in the order of their indices.
struct OrderedMerge<T, X, D> {
    state: Mutex<MergeState<T, X, D>>,
    moved: Condvar,
    stop: AtomicBool,
}

struct StopOnPanic<'a, T, X, D>(&'a OrderedMerge<T, X, D>);

impl<T, X, D> Drop for StopOnPanic<'_, T, X, D> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // under the lock: between a waiter's look at the flag and its wait the notice would be lost
            let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.stop.store(true, Ordering::Relaxed);
            drop(state);
            self.0.moved.notify_all();
        }
    }
}

struct MergeState<T, X, D> {
    next: u64,
    waiting: BTreeMap<u64, Result<T, X>>,
    deliver: D,
    error: Option<X>,
}

impl<T, X, D: FnMut(T) -> Result<(), X>> OrderedMerge<T, X, D> {
    fn new(deliver: D) -> Self {
        let state = MergeState { next: 0, waiting: BTreeMap::new(), deliver, error: None };
        Self { state: Mutex::new(state), moved: Condvar::new(), stop: AtomicBool::new(false) }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Frees the other workers when this one panics; the scope then passes the panic on.
    fn stop_on_panic(&self) -> impl Drop + '_ {
        StopOnPanic(self)
    }

    /// Blocks while `index` is more than `ahead` before the merge. The lowest index is never held up.
    fn wait_turn(&self, index: u64, ahead: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while index > state.next + ahead && !self.stopped() {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn put(&self, index: u64, result: Result<T, X>) {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        state.waiting.insert(index, result);
        while state.error.is_none()
            && let Some(result) = state.waiting.remove(&state.next)
        {
            state.next += 1;
            if let Err(error) = result.and_then(&mut state.deliver) {
                state.error = Some(error);
                self.stop.store(true, Ordering::Relaxed);
            }
        }
        drop(guard);
        self.moved.notify_all();
    }

    fn finish(self) -> Result<(), X> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.error.map_or(Ok(()), Err)
    }
}
