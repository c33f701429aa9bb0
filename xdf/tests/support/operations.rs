//! Sequences of changes out of arbitrary bytes, done to a file and to a model of it at once.
//!
//! The property tests, the crash tests and the fuzz target `xdf_operations` all run these.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use xdf::{CompactOptions, Editor, Error, File, WriteOptions, Writer, compact, metadata};

use super::model::{Column, Draw, Kind, Model, Value, array};

/// One change.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Append(Draw),
    /// Columns by the numbers of their names, with their kinds; `short` leaves out a row.
    Put {
        names: Vec<u8>,
        kinds: u8,
        seed: u64,
        missing: bool,
        short: bool,
    },
    Drop(u8),
    Rename(u8, u8),
    /// A key of a column, of four; a value or nothing.
    Describe(u8, u8, Option<u8>),
    FileMetadata(u8, Option<u8>),
    SetLevels(u8, u8),
    EndBlock,
    Commit,
    Abandon,
    Compact {
        level: Option<i32>,
        block_rows: Option<usize>,
        merge: Option<usize>,
    },
    /// The table is written anew over the old one.
    Overwrite(Draw),
}

/// Bytes that run out to zeros.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn draw(&mut self) -> Draw {
        let (rows, seed) = (self.next(), self.next());
        Draw { seed: seed.into(), rows: usize::from(rows % 48), missing: rows >= 128 }
    }

    fn value(&mut self) -> Option<u8> {
        let byte = self.next();
        (!byte.is_multiple_of(4)).then_some(byte)
    }

    fn operation(&mut self) -> Operation {
        match self.next() % 20 {
            0..=5 => Operation::Append(self.draw()),
            6 | 7 => {
                let (count, flags) = (self.next(), self.next());
                let names = (0..=count % 3).map(|_| self.next()).collect();
                Operation::Put {
                    names,
                    kinds: self.next(),
                    seed: self.next().into(),
                    missing: flags & 1 != 0,
                    short: flags & 0x0E == 0x0E,
                }
            }
            8 => Operation::Drop(self.next()),
            9 => Operation::Rename(self.next(), self.next()),
            10 => Operation::Describe(self.next(), self.next(), self.value()),
            11 => Operation::FileMetadata(self.next(), self.value()),
            12 => Operation::SetLevels(self.next(), self.next()),
            13 => Operation::EndBlock,
            14..=16 => Operation::Commit,
            17 => Operation::Abandon,
            18 => {
                let flags = self.next();
                Operation::Compact {
                    level: (flags & 1 != 0).then_some(i32::from(flags >> 4) % 3),
                    block_rows: (flags & 6 == 6).then_some(usize::from(flags >> 3) + 1),
                    merge: (flags & 8 != 0).then_some(usize::from(flags)),
                }
            }
            _ => Operation::Overwrite(self.draw()),
        }
    }
}

/// A file under change, and the models of its last commit and of what the editor holds.
pub(crate) struct Run {
    path: PathBuf,
    options: WriteOptions,
    /// The last commit.
    pub(crate) committed: Model,
    pending: Option<(Editor, Model)>,
    /// A file that was opened before, and what it held then.
    snapshot: Option<(File, Model)>,
}

/// The operations that bytes stand for: how the file is begun, and what is done to it.
pub(crate) fn operations(bytes: &[u8]) -> (u8, Draw, Vec<Operation>) {
    let mut bytes = Bytes(bytes);
    let (kinds, draw) = (bytes.next(), bytes.draw());
    let mut operations = Vec::new();
    while !bytes.0.is_empty() {
        operations.push(bytes.operation());
    }
    (kinds, draw, operations)
}

fn name(number: u8) -> String {
    format!("c{}", number % 6)
}

/// Columns c0, c1, ... of kinds that a number stands for.
pub(crate) fn columns(kinds: u8, draw: Draw) -> Model {
    let column = |index: u8| {
        let kind = Kind::ALL[usize::from(kinds.wrapping_add(index)) % Kind::ALL.len()];
        let draw = Draw { seed: draw.seed.wrapping_add(index.into()), ..draw };
        Column::new(name(index), kind, draw.values(kind))
    };
    Model { columns: (0..=kinds % 3).map(column).collect(), ..Model::default() }
}

/// Writes a model as a new file.
fn write(path: &Path, model: &Model, options: &WriteOptions) -> xdf::Result<File> {
    let arrays = model.columns.iter().map(|column| array(column.kind, &column.values)).collect();
    let fields: Vec<_> =
        model.columns.iter().map(|column| column.field().with_nullable(column.nullable)).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    let mut writer = Writer::create(path, batch.schema(), options.clone().with_overwrite(true))?;
    writer.write(&batch)?;
    writer.finish()
}

impl Run {
    /// Writes the first table.
    pub(crate) fn begin(path: &Path, kinds: u8, draw: Draw) -> xdf::Result<Self> {
        let options = WriteOptions::default()
            .with_block_rows(usize::from(kinds % 7) * 5 + 4)
            .with_level(i32::from(kinds % 2));
        let committed = columns(kinds, draw);
        write(path, &committed, &options)?;
        Ok(Self { path: path.to_owned(), options, committed, pending: None, snapshot: None })
    }

    /// The editor and its model, begun when there is none.
    fn editing(&mut self) -> xdf::Result<&mut (Editor, Model)> {
        if self.pending.is_none() {
            let editor = Editor::open_with(&self.path, &self.options)?;
            self.pending = Some((editor, self.committed.clone()));
        }
        Ok(self.pending.as_mut().unwrap())
    }

    /// What the file holds when what is done now succeeds.
    pub(crate) fn next_state(&self, operation: &Operation) -> Option<Model> {
        match operation {
            Operation::Commit => self.pending.as_ref().map(|(_, model)| model.clone()),
            Operation::Overwrite(draw) => Some(columns(draw.seed as u8, *draw)),
            Operation::Compact { .. } => Some(self.committed.clone()),
            _ => None,
        }
    }

    /// Does one change to the file and to the model.
    pub(crate) fn step(&mut self, operation: &Operation) -> xdf::Result<()> {
        match operation {
            Operation::Commit => {
                let Some((editor, model)) = self.pending.take() else { return Ok(()) };
                let file = editor.commit()?;
                model.assert_is(&file);
                if let Some((file, model)) = self.snapshot.replace((file, model.clone())) {
                    model.assert_is(&file);
                }
                self.committed = model;
            }
            Operation::Abandon => self.pending = None,
            Operation::Compact { level, block_rows, merge } => {
                let mut options = CompactOptions::default();
                (options.level, options.block_rows, options.merge_up_to) = (*level, *block_rows, *merge);
                if self.pending.is_some() {
                    assert!(matches!(compact(&self.path, &options), Err(Error::Locked { .. })));
                } else {
                    compact(&self.path, &options)?;
                    self.committed.assert_is(&File::open(&self.path)?);
                }
            }
            Operation::Overwrite(draw) => {
                self.pending = None;
                let model = columns(draw.seed as u8, *draw);
                let file = write(&self.path, &model, &self.options)?;
                model.assert_is(&file);
                self.committed = model;
            }
            change => {
                let (editor, model) = self.editing()?;
                edit(editor, model, change)?;
            }
        }
        Ok(())
    }

    /// The file holds the last commit, also for who opened it before.
    pub(crate) fn finish(mut self) {
        self.pending = None;
        if let Some((file, model)) = &self.snapshot {
            model.assert_is(file);
        }
        self.committed.assert_is(&File::open(&self.path).unwrap());
    }
}

/// An error that a change must give; one of the system goes on.
fn expect_refused(result: xdf::Result<()>) -> xdf::Result<()> {
    match result {
        Err(error @ Error::Io { .. }) => Err(error),
        Err(_) => Ok(()),
        Ok(()) => panic!("an impossible change was done"),
    }
}

fn edit(editor: &mut Editor, model: &mut Model, change: &Operation) -> xdf::Result<()> {
    let place = |number: u8, model: &Model| usize::from(number) % model.columns.len();
    match change {
        Operation::Append(draw) => {
            let (batch, values) = model.batch(*draw);
            editor.append(&batch)?;
            for (column, values) in model.columns.iter_mut().zip(values) {
                column.extend(values);
            }
        }
        Operation::Put { names, kinds, seed, missing, short } => {
            let mut new: Vec<Column> = Vec::new();
            for (number, index) in names.iter().zip(0_u8..) {
                let kind = Kind::ALL[usize::from(kinds.wrapping_add(index)) % Kind::ALL.len()];
                let draw = Draw { seed: seed + u64::from(index), rows: model.rows(), missing: *missing };
                if new.iter().all(|column| column.name != name(*number)) {
                    new.push(Column::new(name(*number), kind, draw.values(kind)));
                }
            }
            let fields: Vec<_> =
                new.iter().map(|column| column.field().with_nullable(column.nullable)).collect();
            let schema = Arc::new(Schema::new(fields));
            let arrays = new.iter().map(|column| array(column.kind, &column.values)).collect();
            let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
            let mut columns = editor.put_columns(schema)?;
            let rows = batch.num_rows() - usize::from(*short && batch.num_rows() > 0);
            for start in (0..rows).step_by(11) {
                columns.write(&batch.slice(start, 11.min(rows - start)))?;
            }
            if rows < batch.num_rows() {
                return expect_refused(columns.finish());
            }
            columns.finish()?;
            for column in new {
                match model.columns.iter_mut().find(|old| old.name == column.name) {
                    Some(old) => *old = column,
                    None => model.columns.push(column),
                }
            }
        }
        Operation::Drop(number) => {
            let place = place(*number, model);
            let dropped = model.columns[place].name.clone();
            if model.columns.len() == 1 {
                return expect_refused(editor.drop_columns(&[&dropped]));
            }
            editor.drop_columns(&[&dropped])?;
            model.columns.remove(place);
        }
        Operation::Rename(number, new) => {
            let (place, new) = (place(*number, model), name(*new));
            let old = model.columns[place].name.clone();
            if old != new && model.has(&new) {
                return expect_refused(editor.rename(&old, &new));
            }
            editor.rename(&old, &new)?;
            model.columns[place].name = new;
        }
        Operation::Describe(number, key, value) => {
            let place = place(*number, model);
            let column = &mut model.columns[place];
            let key = [metadata::DESCRIPTION, metadata::UNITS, "mine", "other"][usize::from(key % 4)];
            let value = value.map(|value| format!("text {value}"));
            editor.set_column_metadata(&column.name, key, value.as_deref())?;
            match value {
                Some(value) => column.metadata.insert(key.to_owned(), value),
                None => column.metadata.remove(key),
            };
        }
        Operation::FileMetadata(key, value) => {
            let (key, value) = (format!("key {}", key % 3), value.map(|value| value.to_string()));
            editor.set_file_metadata(&key, value.as_deref())?;
            match value {
                Some(value) => model.metadata.insert(key, value),
                None => model.metadata.remove(&key),
            };
        }
        Operation::SetLevels(number, suffix) => {
            let place = place(*number, model);
            let column = &mut model.columns[place];
            // Names that later values may have, too.
            let names: Vec<String> = (0..column.levels.len())
                .map(|level| format!("t{}", level * 2 + usize::from(suffix % 2)))
                .collect();
            if column.kind != Kind::Factor {
                return expect_refused(editor.set_levels(&column.name, &names));
            }
            editor.set_levels(&column.name, &names)?;
            for value in &mut column.values {
                if let Value::Text(text) = value {
                    let level = column.levels.iter().position(|level| level == text).unwrap();
                    text.clone_from(&names[level]);
                }
            }
            column.levels = names;
        }
        Operation::EndBlock => editor.end_block()?,
        Operation::Commit | Operation::Abandon | Operation::Compact { .. } | Operation::Overwrite(_) => {
            unreachable!("changes of the whole file")
        }
    }
    Ok(())
}
