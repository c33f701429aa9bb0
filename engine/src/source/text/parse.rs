//! A chunk of text to columns: what one thread does.
//!
//! Records are indexed some thousands at a time, so that text and index stay in the cache while one column after the
//! other reads them. Only the wanted columns do.

use super::column::{Builder, Column, NotUtf8};
use super::convert::Rows;
use super::error::shown;
use super::scan::Index;
use super::spec::Spec;
use super::split::Chunk;
use super::{BadCell, TextError};
use crate::Result;

/// Entries of an index: about what stays in the second-level cache beside the text that it is of.
const INDEX_ENTRIES: usize = 1 << 15;

/// What every chunk of a pass is parsed to.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The wanted columns.
    pub(crate) columns: Vec<Spec>,
    /// Fields of a record.
    pub(crate) fields: usize,
    /// Whether bad cells become missing.
    pub(crate) tolerant: bool,
}

/// A parsed chunk.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) rows: usize,
    pub(crate) columns: Vec<Column>,
    /// By column: cells that became missing though they should not be, and the first of them.
    pub(crate) bad: Vec<Option<(u64, BadCell)>>,
    /// The chunk's buffer, to use again.
    pub(crate) spare: Vec<u8>,
}

/// Parses a chunk.
///
/// # Errors
/// The first in the order of the text: a record with a wrong number of fields, a bad cell unless they are tolerated,
/// bytes that are not UTF-8.
pub(crate) fn parse(plan: &Plan, chunk: Chunk) -> Result<Parsed> {
    // a record has a byte for every field at least
    let most_rows = chunk.records.min(chunk.len / plan.fields.max(1) + 1);
    let mut builders: Vec<Builder> = plan.columns.iter().map(|spec| Builder::new(spec, most_rows)).collect();
    let mut bad: Vec<Option<BadCell>> = vec![None; builders.len()];
    let most = (INDEX_ENTRIES / (plan.fields + 1)).clamp(16, 4096).min(chunk.records.max(1));
    let mut index = Index::new(plan.fields, most, plan.tolerant);
    let (mut position, mut rows) = (0, 0);
    while position < chunk.len {
        position = index.fill(&chunk, position);
        let cells = Rows { chunk: &chunk, index: &index };
        let mut garbled: Option<(NotUtf8, usize)> = None;
        for (column, (spec, builder)) in plan.columns.iter().zip(&mut builders).enumerate() {
            if let Err(error) = builder.append(spec, &cells)
                && garbled.is_none_or(|(earlier, _)| error.row < earlier.row)
            {
                garbled = Some((error, column));
            }
        }
        let line_of = |row: usize| chunk.line_of(index.start_of(row - rows));
        for ((spec, builder), bad) in plan.columns.iter().zip(&builders).zip(&mut bad) {
            if bad.is_none()
                && let Some((row, text)) = &builder.log.first_bad
            {
                *bad = Some(bad_cell(spec, &chunk, line_of(*row), text));
            }
        }
        if !plan.tolerant {
            let first = plan
                .columns
                .iter()
                .zip(&builders)
                .zip(&bad)
                .filter(|((spec, _), _)| spec.levels.is_none())
                .filter_map(|((_, builder), bad)| Some((builder.log.first_bad.as_ref()?.0, bad.as_ref()?)))
                .min_by_key(|(row, _)| *row);
            if let Some((row, bad)) = first
                && garbled.is_none_or(|(garbled, _)| row < garbled.row)
            {
                return Err(TextError::BadCell(Box::new(bad.clone())).into());
            }
        }
        if let Some((NotUtf8 { row }, column)) = garbled {
            let column = plan.columns.get(column).map(|spec| spec.name.clone()).unwrap_or_default();
            let path = chunk.path.to_path_buf();
            return Err(TextError::InvalidUtf8 { path, line: line_of(row), column }.into());
        }
        if let Some(ragged) = index.ragged() {
            let (path, line) = (chunk.path.to_path_buf(), chunk.line_of(ragged.start));
            return Err(
                TextError::FieldCount { path, line, found: ragged.fields, expected: plan.fields }.into()
            );
        }
        rows += index.rows();
    }
    let mut columns = Vec::with_capacity(builders.len());
    let mut counted = Vec::with_capacity(builders.len());
    for (builder, bad) in builders.into_iter().zip(bad) {
        let (column, log) = builder.finish()?;
        columns.push(column);
        counted.push(bad.map(|bad| (log.bad, bad)));
    }
    Ok(Parsed { rows, columns, bad: counted, spare: chunk.bytes })
}

#[cold]
fn bad_cell(spec: &Spec, chunk: &Chunk, line: u64, text: &[u8]) -> BadCell {
    BadCell {
        path: chunk.path.to_path_buf(),
        line,
        column: spec.name.clone(),
        text: shown(text),
        expected: spec.expected(),
        inferred_rows: spec.inferred_rows,
        remedy: spec.remedy(text),
    }
}
