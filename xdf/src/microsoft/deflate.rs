//! Segments compressed as Microsoft's writer does: stock zlib, one stream a segment.
//!
//! The same values only become the same bytes when the matcher and the block splitter are those of zlib itself (RFC
//! 1950 leaves both free), at the level that `RevoScaleR` uses unless told otherwise, 1. Verified on all public files:
//! zlib 1.2.13 and 1.3.2 make their streams.

use std::io::{Error, Result};

use flate2::{Compress, Compression, FlushCompress, Status};

/// One zlib stream of all of `bytes`, at level 1 to 9.
pub(super) fn deflate(bytes: &[u8], level: u32) -> Result<Vec<u8>> {
    let mut stream = Compress::new(Compression::new(level), true);
    let mut out = Vec::with_capacity((bytes.len() / 2).max(64));
    loop {
        let done = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
        let rest = bytes.get(done..).unwrap_or_default();
        match stream.compress_vec(rest, &mut out, FlushCompress::Finish).map_err(Error::other)? {
            Status::StreamEnd => return Ok(out),
            Status::Ok | Status::BufError => out.reserve(out.capacity().max(64)),
        }
    }
}
