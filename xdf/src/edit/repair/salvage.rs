//! The segments that are sound, copied into a new file.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, StringArray};
use arrow_schema::DataType;

use super::RepairReport;
use super::table::{Segment, Table, distinguish_levels, fill_levels};
use super::walk::Walk;
use crate::encoding::decode;
use crate::encoding::encode::{self, all_missing};
use crate::mmap::Bytes;
use crate::raw::checksum;
use crate::writer::Writer;
use crate::{Damage, Error, Result, WriteOptions};

/// What is lost of a segment, for people.
fn lost(block: usize, column: &str, offset: u64, problem: String) -> Damage {
    Damage { block: Some(block), column: Some(column.to_owned()), offset, problem }
}

/// Writes the table, as far as it is sound.
pub(super) fn salvage(
    path: &Path,
    target: &Path,
    overwrite: bool,
    bytes: &Bytes,
    walk: &Walk,
    mut table: Table,
) -> Result<RepairReport> {
    let mut report = RepairReport { commit: table.sequence, ..RepairReport::default() };
    report.unread =
        walk.gaps.iter().map(|(offset, length)| Range { start: *offset, end: offset + length }).collect();
    complete_levels(bytes, &mut table, &mut report);
    let options = WriteOptions::default().with_level(table.level.clamp(0, 9)).with_overwrite(overwrite);
    let mut writer = Writer::copying(target, table.stored.clone(), options, None)?;
    let fields = table.stored.schema.fields().clone();
    let mut expected_row = 0;
    for (block, (first, rows)) in table.blocks.iter().enumerate() {
        if *first > expected_row {
            report.lost.push(Damage {
                block: Some(block),
                column: None,
                offset: 0,
                problem: format!("rows {expected_row} to {} before this block are lost", first - 1),
            });
        }
        expected_row = first + rows;
        let mut segments = Vec::with_capacity(fields.len());
        let mut damages = Vec::new();
        for (field, id) in fields.iter().zip(&table.stored.ids) {
            let found = table.segments.get(&(*id, *first)).filter(|segment| segment.entry.rows == *rows);
            let sound = match found {
                None => Err((0, "the head that names it is lost".to_owned())),
                Some(found) => sound(bytes, found, field.data_type()),
            };
            segments.push(sound.unwrap_or_else(|(offset, problem)| {
                damages.push(lost(block, field.name(), offset, problem));
                // A block has at most 2^24 rows.
                all_missing(*rows as usize)
            }));
        }
        report.segments += (segments.len() - damages.len()) as u64;
        let nothing_left = !damages.is_empty() && damages.len() == segments.len();
        report.lost.append(&mut damages);
        if nothing_left {
            report.lost.push(Damage {
                block: Some(block),
                column: None,
                offset: 0,
                problem: format!("rows {first} to {} are lost with all columns", expected_row - 1),
            });
            continue;
        }
        report.blocks += 1;
        report.rows += rows;
        writer.copy_block(*rows, &segments)?;
    }
    let file = writer.finish().map_err(|error| named_after(error, path))?;
    report.bytes = file.size();
    Ok(report)
}

/// A new file that does not open would be a fault of what was salvaged: say whose.
fn named_after(error: Error, path: &Path) -> Error {
    match error {
        Error::Damaged { expected, got, .. } => {
            Error::Irreparable { path: path.to_owned(), problem: format!("expected {expected}, got {got}") }
        }
        other => other,
    }
}

/// The bytes of a segment whose checksum is right.
fn stored(bytes: &Bytes, segment: &Segment) -> Result<Bytes, (u64, String)> {
    let entry = &segment.entry;
    let stored = bytes.slice(entry.offset, entry.length);
    let stored = stored.ok_or_else(|| (entry.offset, "it lies behind the end of the file".to_owned()))?;
    let sum = checksum(&stored);
    if sum == entry.checksum {
        return Ok(stored);
    }
    Err((entry.offset, format!("expected checksum {:016x}, got {sum:016x}", entry.checksum)))
}

/// A segment as it goes into the new file; where and why it cannot.
fn sound(bytes: &Bytes, segment: &Segment, data_type: &DataType) -> Result<encode::Segment, (u64, String)> {
    let bytes = stored(bytes, segment)?;
    let mut statistics = segment.statistics.clone();
    if matches!(data_type, DataType::Dictionary(..)) && statistics.level_counts.is_none() {
        statistics.level_counts = codes(&bytes, segment).map(|codes| counts(&codes));
    }
    Ok(encode::Segment { bytes: bytes.to_vec(), statistics, encoding: segment.entry.encoding })
}

/// The codes of a segment of a factor.
fn codes(bytes: &Bytes, segment: &Segment) -> Option<Vec<i32>> {
    let rows = usize::try_from(segment.entry.rows).ok()?;
    let array = decode::decode(bytes, &DataType::Int32, rows, None).ok()?;
    Some(array.as_primitive::<Int32Type>().iter().flatten().collect())
}

fn counts(codes: &[i32]) -> Vec<u64> {
    let mut counts = Vec::new();
    for code in codes.iter().filter_map(|code| usize::try_from(*code).ok()) {
        if counts.len() <= code {
            counts.resize(code + 1, 0);
        }
        if let Some(count) = counts.get_mut(code) {
            *count += 1;
        }
    }
    counts
}

/// Gives names to levels that codes mean and that no frame names any more.
fn complete_levels(bytes: &Bytes, table: &mut Table, report: &mut RepairReport) {
    let Table { stored: schema, blocks, segments, .. } = table;
    for ((field, id), levels) in schema.schema.fields().iter().zip(&schema.ids).zip(schema.levels.iter_mut())
    {
        let Some(levels) = levels else { continue };
        let needed = blocks.iter().filter_map(|(first, _)| {
            let segment = segments.get(&(*id, *first))?;
            // Counts are as many as the factor had levels, or the codes themselves tell.
            codes(&stored(bytes, segment).ok()?, segment)?.into_iter().max()
        });
        let needed = needed.max().and_then(|code| usize::try_from(code).ok()).map_or(0, |code| code + 1);
        let mut texts: Vec<String> = levels.iter().flatten().map(str::to_owned).collect();
        let mut problems = Vec::new();
        if fill_levels(&mut texts, needed) {
            problems.push(format!("the names of levels {} to {} are lost", levels.len(), needed - 1));
        }
        match distinguish_levels(&mut texts) {
            0 => {}
            renamed => {
                problems.push(format!("{renamed} levels had names that are lost, and were told apart"));
            }
        }
        if !problems.is_empty() {
            let column = Some(field.name().clone());
            let lost = |problem| Damage { block: None, column: column.clone(), offset: 0, problem };
            report.lost.extend(problems.into_iter().map(lost));
            *levels = Arc::new(StringArray::from(texts));
        }
    }
}
