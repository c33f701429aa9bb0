//! A copy that is known to be good.

use std::io::Write as _;
use std::path::Path;

use super::Microsoft;
use crate::atomic::AtomicFile;
use crate::mmap::Source;
use crate::{Error, File, Result};

/// Bytes that are copied at a time.
const PIECE: u64 = 1 << 20;

/// Copies a Microsoft file of either container, byte for byte, after every one of its segments has been read and found
/// sound. Segments keep their streams, whatever level or program compressed them, and free space stays free.
///
/// # Errors
/// When `from` is no Microsoft file or is damaged, when `to` exists (without `overwrite`), or the disk is full; then
/// what was there before stays.
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>, overwrite: bool) -> Result<File> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let open = |cause| Error::io(from, "open", cause);
    let read = |cause| Error::io(from, "read", cause);
    let source = Source::File(std::fs::File::open(from).map_err(open)?);
    let size = std::fs::metadata(from).map_err(open)?.len();
    let (file, _) = Microsoft::open(from, source, size)?;
    if let Some(damage) = file.verify()?.damaged.into_iter().next() {
        return Err(Error::DamagedSegment {
            path: from.to_owned(),
            column: damage.column.unwrap_or_default(),
            block: damage.block.unwrap_or_default(),
            offset: damage.offset,
            expected: "a sound segment".to_owned(),
            got: damage.problem,
        });
    }
    let mut out = AtomicFile::create(to, overwrite)?;
    let mut place = 0;
    while place < size {
        let length = PIECE.min(size.saturating_sub(place));
        let piece = file.source.read(place, length).map_err(read)?;
        out.write_all(&piece).map_err(|cause| Error::io(to, "write", cause))?;
        place = place.saturating_add(length);
    }
    out.persist()?;
    File::open(to)
}
