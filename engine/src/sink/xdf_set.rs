//! Sets of XDF files.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use arrow_schema::SchemaRef;
use xdf::set::{SetMode, SetOptions};
use xdf::{PartWriter, Set};

use super::{BlockSink, SinkOptions, Written};
use crate::{Block, Error, Result};

/// Blocks of a part of a set where the caller does not say otherwise, as in `RevoScaleR`.
pub const DEFAULT_BLOCKS_PER_PART: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// Commits that are tried where each finds that another was first.
const COMMITS: usize = 100;

/// Parts that may wait for the disk while the next is written.
const PARTS_IN_FLIGHT: usize = 4;

/// Writes a set of XDF files: consecutive rows, with a whole number of blocks in every part but the last.
pub struct XdfSetSink {
    part: Option<PartWriter>,
    /// Given up after the part is gone.
    session: Session,
    /// Rows of a part.
    part_rows: usize,
    /// Rows in the part that is being written.
    rows: usize,
    next_number: u64,
    finishing: VecDeque<JoinHandle<xdf::Result<u64>>>,
    written: Written,
}

impl XdfSetSink {
    /// Begins the set, or a version of it that adds to or replaces what is there.
    ///
    /// # Errors
    /// As [`xdf::Set::begin`].
    pub fn create(path: &Path, schema: &SchemaRef, options: &SinkOptions) -> Result<Self> {
        let blocks = options.blocks_per_part.unwrap_or(DEFAULT_BLOCKS_PER_PART);
        Ok(Self {
            part: None,
            session: Session::begin(path, schema, options, Vec::new())?,
            part_rows: options.block_rows.saturating_mul(blocks.get()),
            rows: 0,
            next_number: 0,
            finishing: VecDeque::new(),
            written: Written::default(),
        })
    }

    /// Completes the part that is being written, beside what comes next.
    fn end_part(&mut self) -> Result<()> {
        let Some(mut part) = self.part.take() else { return Ok(()) };
        self.rows = 0;
        // all computing is done here, so that the thread only waits for the disk
        part.end_block()?;
        self.wait(PARTS_IN_FLIGHT - 1)?;
        let thread = std::thread::Builder::new().name("xdf-part".into());
        let path = self.session.path.clone();
        let thread = thread.spawn(move || part.finish()).map_err(|source| Error::Io { path, source })?;
        self.finishing.push_back(thread);
        Ok(())
    }

    /// Waits until no more than so many parts are being finished.
    fn wait(&mut self, left: usize) -> Result<()> {
        while self.finishing.len() > left
            && let Some(thread) = self.finishing.pop_front()
        {
            match thread.join() {
                Ok(bytes) => self.written.bytes += bytes?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    }
}

impl BlockSink for XdfSetSink {
    fn write(&mut self, block: &Block) -> Result<()> {
        let mut rest = block.batch.clone();
        while rest.num_rows() > 0 {
            let taken = rest.num_rows().min(self.part_rows - self.rows);
            let part = match &mut self.part {
                Some(part) => part,
                none => {
                    let part = PartWriter::create(&self.session.token, self.next_number)?;
                    self.next_number += 1;
                    none.insert(part)
                }
            };
            part.write(&rest.slice(0, taken))?;
            rest = rest.slice(taken, rest.num_rows() - taken);
            self.rows += taken;
            if self.rows == self.part_rows {
                self.end_part()?;
            }
        }
        self.written.rows += block.num_rows() as u64;
        self.written.blocks += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Written> {
        self.end_part()?;
        self.wait(0)?;
        self.session.commit()?;
        Ok(self.written)
    }
}

impl Drop for XdfSetSink {
    fn drop(&mut self) {
        for thread in self.finishing.drain(..) {
            // of a set that failed already, and whose parts go
            let _ = thread.join();
        }
    }
}

/// A session of writing a set that is given up when it is dropped before its commit.
pub(super) struct Session {
    pub(super) path: PathBuf,
    pub(super) token: PathBuf,
    /// Whether the folder was not there before.
    made_folder: bool,
    appends: bool,
    committed: bool,
}

impl Session {
    pub(super) fn begin(
        path: &Path,
        schema: &SchemaRef,
        options: &SinkOptions,
        keys: Vec<String>,
    ) -> Result<Self> {
        let mode = match (options.append, options.overwrite) {
            (true, _) => SetMode::Append,
            (false, true) => SetMode::Overwrite,
            (false, false) => SetMode::Create,
        };
        let made_folder = !path.exists();
        let options = SetOptions { level: options.level, block_rows: options.block_rows, mode, keys };
        let token = Set::begin(path, Arc::clone(schema), &options)?;
        Ok(Self {
            path: path.to_path_buf(),
            token,
            made_folder,
            appends: mode == SetMode::Append,
            committed: false,
        })
    }

    /// Publishes what was written; where parts are added, behind those that another commit adds at the same moment.
    pub(super) fn commit(&mut self) -> Result<Set> {
        let mut tries = 0;
        let set = loop {
            match Set::commit(&self.token) {
                Err(xdf::Error::Conflict { .. }) if self.appends && tries < COMMITS => tries += 1,
                done => break done?,
            }
        };
        self.committed = true;
        Ok(set)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.committed {
            // what cannot be removed now is cleaned later; the failure that led here is told
            let _ = Set::abandon(&self.token);
            if self.made_folder {
                let _ = std::fs::remove_dir(&self.path);
            }
        }
    }
}
