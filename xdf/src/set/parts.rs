//! The parts of a set as open files.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::{Fields, Schema, SchemaRef};

use super::levels;
use super::manifest::{Manifest, PARTS, Part};
use crate::error::Fault;
use crate::factor::Levels;
use crate::raw::schema::StoredSchema;
use crate::{ColumnStatistics, Error, File, OpenOptions, Result};

/// Most parts that are open at once.
const MAX_OPEN: usize = 512;

/// An open part whose codes can be read as the set's.
#[derive(Debug)]
pub(super) struct OpenPart {
    pub(super) file: File,
    /// For each column the set's codes of the part's levels, where they differ.
    pub(super) translations: Vec<Option<Arc<[i32]>>>,
}

/// Opens parts when they are needed and keeps the last of them open.
#[derive(Debug, Default)]
pub(super) struct OpenParts(Mutex<Cache>);

#[derive(Debug, Default)]
struct Cache {
    open: HashMap<usize, Arc<OpenPart>>,
    /// The open parts, the first opened first.
    order: VecDeque<usize>,
}

impl OpenParts {
    /// The part, opened by `open` unless it is.
    pub(super) fn get(
        &self,
        number: usize,
        open: impl FnOnce() -> Result<OpenPart>,
    ) -> Result<Arc<OpenPart>> {
        // Each entry of the cache is whole at any time, also when a thread panicked beside it.
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = lock().open.get(&number) {
            return Ok(Arc::clone(part));
        }
        let part = Arc::new(open()?);
        let mut cache = lock();
        if cache.open.insert(number, Arc::clone(&part)).is_none() {
            cache.order.push_back(number);
        }
        if cache.order.len() > MAX_OPEN
            && let Some(oldest) = cache.order.pop_front()
        {
            cache.open.remove(&oldest);
        }
        Ok(part)
    }
}

/// The error of a part of a set.
pub(super) fn part_error(set: &Path, part: &str, problem: impl Into<String>) -> Error {
    Error::Part { path: set.to_owned(), part: part.to_owned(), problem: problem.into() }
}

/// Compares the length of a part's file with the manifest, without opening it.
pub(super) fn check_size(set: &Path, part: &Part) -> Result<()> {
    match std::fs::metadata(set.join(PARTS).join(&part.file)) {
        Ok(metadata) if metadata.len() == part.size => Ok(()),
        Ok(metadata) => {
            Err(changed(set, part, &format!("it has {} bytes, not {}", metadata.len(), part.size)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(part_error(
            set,
            &part.file,
            "is missing; bring it back, or open the set again if it has a newer version",
        )),
        Err(source) => Err(Error::io(&set.join(PARTS).join(&part.file), "open", source)),
    }
}

fn changed(set: &Path, part: &Part, how: &str) -> Error {
    part_error(
        set,
        &part.file,
        format!(
            "is not the file that was committed: {how}; bring the committed file back, parts must not be changed"
        ),
    )
}

/// Opens the file of a part and compares it with what the manifest says of it.
pub(super) fn open_file(set: &Path, part: &Part, schema: &Schema, options: &OpenOptions) -> Result<File> {
    check_size(set, part)?;
    let file = File::open_with(set.join(PARTS).join(&part.file), options)?;
    let footer = file.footer_checksum();
    if footer != Some(part.footer) {
        return Err(changed(set, part, "its footer has another checksum"));
    }
    if (file.num_rows(), file.num_blocks()) != (part.rows, part.blocks) {
        let (rows, blocks) = (file.num_rows(), file.num_blocks());
        let how = format!("it has {rows} rows in {blocks} blocks, not {} in {}", part.rows, part.blocks);
        return Err(changed(set, part, &how));
    }
    match misfit(schema, file.schema()) {
        Some(Misfit { index, expected, got }) => {
            let problem = format!("has other columns than the set: column {index} is {got}, not {expected}");
            Err(part_error(set, &part.file, problem))
        }
        None => Ok(file),
    }
}

/// The first column that two schemas do not share.
pub(super) struct Misfit {
    pub(super) index: usize,
    pub(super) expected: String,
    pub(super) got: String,
}

/// Compares names and types of columns.
pub(super) fn misfit(expected: &Schema, got: &Schema) -> Option<Misfit> {
    let (ours, theirs) = (expected.fields(), got.fields());
    let text = |index: usize, fields: &Fields| match fields.get(index) {
        Some(field) => format!("'{}' {}", field.name(), field.data_type()),
        None => "no column".to_owned(),
    };
    let index = (0..ours.len().max(theirs.len())).find(|&index| {
        let shape = |fields: &Fields| fields.get(index).map(|f| (f.name().clone(), f.data_type().clone()));
        shape(ours) != shape(theirs)
    })?;
    Some(Misfit { index, expected: text(index, ours), got: text(index, theirs) })
}

/// Opens a part of a set whose factors have these levels, in the order of its columns.
pub(super) fn open_part(
    set: &Path,
    manifest: &Manifest,
    part: &Part,
    levels: &[Option<Levels>],
    options: &OpenOptions,
) -> Result<OpenPart> {
    let file = open_file(set, part, &manifest.stored.schema, options)?;
    let translation = |(column, levels): (usize, &Option<Levels>)| match (levels, file.levels(column)) {
        (Some(levels), Some(own)) => levels::translation(levels, own),
        _ => Ok(None),
    };
    let translations = levels.iter().enumerate().map(translation).collect::<Result<_, Fault>>();
    let translations = translations.map_err(|fault| fault.in_file(file.path(), "levels", 0))?;
    Ok(OpenPart { file, translations })
}

impl OpenPart {
    /// Statistics of a column of the part, or of one of its blocks, with level counts in the order of the set's levels.
    pub(super) fn statistics_in_set(&self, mut own: ColumnStatistics, column: usize) -> ColumnStatistics {
        if let (Some(counts), Some(Some(codes))) = (&own.level_counts, self.translations.get(column)) {
            own.level_counts = Some(translated(counts, codes));
        }
        own
    }

    /// A batch of these columns with the levels of the set.
    pub(super) fn in_set(
        &self,
        batch: &RecordBatch,
        columns: &[usize],
        stored: &StoredSchema,
        schema: &SchemaRef,
    ) -> Result<RecordBatch> {
        let arrays = batch.columns().iter().zip(columns).map(|(array, column)| {
            match stored.levels.get(*column).and_then(Option::as_ref) {
                Some(levels) => {
                    let codes = self.translations.get(*column).and_then(Option::as_deref);
                    levels::translate(array, codes, levels)
                }
                None => Ok(Arc::clone(array)),
            }
        });
        let arrays = arrays.collect::<Result<Vec<_>, Fault>>();
        let arrays = arrays.map_err(|fault| fault.in_file(self.file.path(), "levels", 0))?;
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
            .map_err(|source| Error::Arrow { path: self.file.path().to_owned(), source })
    }
}

/// Counts of a part's levels as counts of the set's.
fn translated(counts: &[u64], codes: &[i32]) -> Vec<u64> {
    let places = || codes.iter().map(|code| usize::try_from(*code).unwrap_or_default());
    let mut all = vec![0_u64; places().max().map_or(0, |last| last + 1)];
    for (count, place) in counts.iter().zip(places()) {
        if let Some(sum) = all.get_mut(place) {
            *sum = sum.saturating_add(*count);
        }
    }
    all
}
