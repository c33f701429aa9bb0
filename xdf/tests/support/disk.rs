//! A disk that remembers every step, and what a crash may leave of them.
//!
//! What was synced is there. Of what was written since, any part may be: whole writes, sectors of them, in any
//! order. A name that changed since its folder was synced is the old or the new one.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use xdf::storage::{Event, Observer};

/// Bytes that reach the disk together.
const SECTOR: usize = 512;

/// One step; files are numbered in the order in which they were created.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Create,
    Write { file: usize, offset: usize, bytes: Vec<u8> },
    SetLength { file: usize, length: usize },
    Sync { file: usize },
    Rename { file: usize },
    SyncFolder,
}

/// Remembers all steps, and lets one of them fail, or all from one on.
#[derive(Default)]
pub(crate) struct Recorder {
    log: Mutex<Log>,
    /// The number of the step that fails, and whether all later ones do.
    fail: Option<(usize, bool)>,
}

#[derive(Default)]
struct Log {
    steps: Vec<Step>,
    names: HashMap<PathBuf, usize>,
    files: usize,
}

impl Recorder {
    pub(crate) fn failing_at(step: usize, later_too: bool) -> Self {
        Self { fail: Some((step, later_too)), ..Self::default() }
    }

    /// Number of steps so far.
    pub(crate) fn len(&self) -> usize {
        self.log.lock().unwrap().steps.len()
    }

    pub(crate) fn steps(&self) -> Vec<Step> {
        self.log.lock().unwrap().steps.clone()
    }
}

impl Observer for Recorder {
    fn before(&self, event: &Event<'_>) -> io::Result<()> {
        let mut log = self.log.lock().unwrap();
        let step = match *event {
            Event::Create { path } => {
                let number = log.files;
                log.files += 1;
                log.names.insert(path.to_owned(), number);
                Step::Create
            }
            Event::Write { path, offset, bytes } => {
                Step::Write { file: log.names[path], offset: offset as usize, bytes: bytes.to_vec() }
            }
            Event::SetLength { path, length } => {
                Step::SetLength { file: log.names[path], length: length as usize }
            }
            Event::Sync { path } => Step::Sync { file: log.names[path] },
            Event::Rename { from, to } => {
                let file = log.names.remove(from).unwrap();
                log.names.insert(to.to_owned(), file);
                Step::Rename { file }
            }
            Event::SyncFolder { .. } => Step::SyncFolder,
            ref other => panic!("a step that the disk does not know: {other:?}"),
        };
        let number = log.steps.len();
        log.steps.push(step);
        match self.fail {
            Some((at, later_too)) if number == at || (later_too && number > at) => {
                Err(io::Error::other("this step was made to fail"))
            }
            _ => Ok(()),
        }
    }
}

/// A file: what is on the disk for sure, and the steps since.
#[derive(Clone, Debug, Default)]
struct Inode {
    durable: Vec<u8>,
    pending: Vec<Step>,
}

/// Everything at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    files: Vec<Inode>,
    /// The file that surely has the name.
    durable_name: Option<usize>,
    /// The file that has the name unless a crash takes it back.
    name: Option<usize>,
}

/// A generator of choices that is the same everywhere.
pub(crate) struct Choices(pub(crate) u64);

impl Choices {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        self.0 >> 33
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn apply(content: &mut Vec<u8>, step: &Step) {
    match step {
        Step::Write { offset, bytes, .. } => write(content, *offset, bytes),
        Step::SetLength { length, .. } => content.resize(*length, 0),
        _ => {}
    }
}

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

impl Disk {
    pub(crate) fn step(&mut self, step: &Step) {
        match step {
            Step::Create => self.files.push(Inode::default()),
            Step::Write { file, .. } | Step::SetLength { file, .. } => {
                self.files[*file].pending.push(step.clone());
            }
            Step::Sync { file } => {
                let inode = &mut self.files[*file];
                for step in std::mem::take(&mut inode.pending) {
                    apply(&mut inode.durable, &step);
                }
            }
            Step::Rename { file } => self.name = Some(*file),
            Step::SyncFolder => self.durable_name = self.name,
        }
    }

    /// What may be under the name after a crash now; nothing where no file has it.
    pub(crate) fn crashes(&self, samples: usize, choices: &mut Choices) -> Vec<Option<Vec<u8>>> {
        let mut all = Vec::new();
        let mut add = |content: Option<Vec<u8>>| {
            if !all.contains(&content) {
                all.push(content);
            }
        };
        let mut names = vec![self.name];
        if self.durable_name != self.name {
            names.push(self.durable_name);
        }
        for name in names {
            let Some(inode) = name.map(|name| &self.files[name]) else {
                add(None);
                continue;
            };
            // All or nothing of what was not synced.
            add(Some(inode.with(&inode.pending)));
            add(Some(inode.durable.clone()));
            // The last write torn.
            if let Some((Step::Write { offset, bytes, .. }, before)) = inode.pending.split_last() {
                let whole = inode.with(before);
                for cut in tears(*offset, bytes.len(), choices) {
                    let mut torn = whole.clone();
                    write(&mut torn, *offset, &bytes[..cut]);
                    add(Some(torn));
                }
            }
            // Any sectors of any writes, in any order.
            if !inode.pending.is_empty() {
                for _ in 0..samples {
                    add(Some(inode.with(&some_of(&inode.pending, choices))));
                }
            }
        }
        all
    }
}

impl Inode {
    fn with(&self, steps: &[Step]) -> Vec<u8> {
        let mut content = self.durable.clone();
        for step in steps {
            apply(&mut content, step);
        }
        content
    }
}

/// Lengths at which a write may be torn: ends of sectors, and odd places.
fn tears(offset: usize, length: usize, choices: &mut Choices) -> Vec<usize> {
    let sectors = (offset..offset + length).filter(|at| at % SECTOR == 0).map(|at| at - offset);
    let mut cuts: Vec<usize> = sectors.filter(|cut| *cut > 0).collect();
    while cuts.len() > 4 {
        let dropped = choices.below(cuts.len());
        cuts.remove(dropped);
    }
    cuts.extend([1, length / 2, length.saturating_sub(1), choices.below(length)]);
    cuts.retain(|cut| *cut < length);
    cuts
}

/// Some sectors of some steps, shuffled.
fn some_of(steps: &[Step], choices: &mut Choices) -> Vec<Step> {
    let mut kept = Vec::new();
    // Sometimes nearly all, sometimes nearly nothing.
    let chance = 1 + choices.below(7);
    for step in steps {
        match step {
            Step::Write { file, offset, bytes } => {
                let mut start = 0;
                while start < bytes.len() {
                    let end = (start + SECTOR - (offset + start) % SECTOR).min(bytes.len());
                    if choices.below(8) < chance {
                        let bytes = bytes[start..end].to_vec();
                        kept.push(Step::Write { file: *file, offset: offset + start, bytes });
                    }
                    start = end;
                }
            }
            other if choices.below(8) < chance => kept.push(other.clone()),
            _ => {}
        }
    }
    for last in (1..kept.len()).rev() {
        kept.swap(last, choices.below(last + 1));
    }
    kept
}
