//! Run-length encoding: one code for each run of equal ones, and how long the run is.

#![deny(clippy::cast_possible_truncation)]

use crate::encoding::codes::Scratch;
use crate::encoding::pieces::Pieces;
use crate::encoding::word::Word;
use crate::error::Fault;

/// The codes of all rows; a run is one row longer than its stored length.
pub(crate) fn expand(
    lengths: &Pieces<'_>,
    values: &Pieces<'_>,
    count: usize,
    width: usize,
) -> Result<Scratch, Fault> {
    let mut runs = Vec::with_capacity(lengths.count());
    let mut total = 0_u64;
    lengths.for_each::<u32>(|lengths| {
        // At most 2^24 runs of at most 2^32 rows each.
        total += lengths.iter().map(|length| u64::from(*length) + 1).sum::<u64>();
        runs.extend_from_slice(lengths);
        Ok(())
    })?;
    if total != count as u64 {
        return Err(Fault::new(format_args!("runs of {count} rows together"), total));
    }
    let mut scratch = Scratch::of(count * width);
    match width {
        1 => fill::<u8>(&runs, values, scratch.bytes_mut()),
        2 => fill::<u16>(&runs, values, scratch.bytes_mut()),
        4 => fill::<u32>(&runs, values, scratch.bytes_mut()),
        _ => fill::<u64>(&runs, values, scratch.bytes_mut()),
    }?;
    Ok(scratch)
}

fn fill<W: Word>(runs: &[u32], values: &Pieces<'_>, out: &mut [u8]) -> Result<(), Fault> {
    let mut rest = W::split_mut(out);
    let mut runs = runs.iter();
    values.for_each::<W>(|values| {
        for (value, run) in values.iter().zip(&mut runs) {
            let (these, more) = std::mem::take(&mut rest)
                .split_at_mut_checked(*run as usize + 1)
                .ok_or_else(|| Fault::new("runs within the rows", "more"))?;
            these.fill(value.bytes());
            rest = more;
        }
        Ok(())
    })
}

/// The codes of the runs and their lengths less one; codes are as they stand in a file.
pub(crate) fn find<W: Word>(codes: &[W::Bytes]) -> (Vec<u8>, Vec<u32>) {
    let (mut values, mut lengths) = (Vec::new(), Vec::new());
    for run in codes.chunk_by(|a, b| a == b) {
        values.extend_from_slice(run.first().map_or(&[], AsRef::as_ref));
        // A block has at most 2^24 rows.
        lengths.push(u32::try_from(run.len() - 1).unwrap_or(u32::MAX));
    }
    (values, lengths)
}

/// Number of runs.
pub(crate) fn count<W: Word>(codes: &[W::Bytes]) -> usize {
    let (mut changes, later) = (0, codes.get(1..).unwrap_or_default());
    for (a, b) in codes.iter().zip(later) {
        changes += usize::from(a != b);
    }
    changes + usize::from(!codes.is_empty())
}
