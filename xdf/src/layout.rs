//! What every byte of a file is there for.
//!
//! The newest commit says which bytes it needs: header page, block heads, segments, footer. Everything between them
//! is either the filler that aligns what comes next or *dead*: segments that were replaced, footers of earlier
//! commits, a commit that was never finished. The extents of a file therefore follow each other without a gap and
//! add up to its size; what is dead is what compacting gives back.

use crate::File;

/// Everything in a file begins at a multiple of this, so a gap up to it is filler.
const ALIGNMENT: u64 = 64;

/// What bytes are there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Usage {
    /// What the format says at the begin of the file: version, and where to go on.
    Header,
    /// The schema as it was when the file was begun, kept for repairs.
    Schema,
    /// What a block says of itself.
    BlockHead {
        /// Number of the block, from 0.
        block: usize,
    },
    /// The values of one column in one block.
    Segment {
        /// Number of the block, from 0.
        block: usize,
        /// Number of the column, from 0.
        column: usize,
    },
    /// Schema, directory and statistics as they are now; the metadata of Microsoft's files.
    Footer,
    /// Zeros up to the place where the next thing may begin.
    Padding,
    /// What the newest commit does not need.
    Dead,
}

/// Bytes in a row that serve one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Where they begin in the file.
    pub offset: u64,
    /// How many there are, at least 1.
    pub bytes: u64,
    /// What they are there for.
    pub usage: Usage,
}

impl File {
    /// The whole file in order: what each of its bytes is there for.
    ///
    /// The extents follow each other from byte 0 without a gap, so their bytes add up to [`File::size`]. What cannot
    /// be read of a damaged file counts as dead; [`File::verify`] finds damage.
    pub fn layout(&self) -> Vec<Extent> {
        tile(self.live_extents(), self.size())
    }
}

/// Puts the extents in order and fills what is between them. Bytes that two of them claim count for the first.
fn tile(mut live: Vec<Extent>, size: u64) -> Vec<Extent> {
    live.sort_by_key(|extent| (extent.offset, extent.usage));
    let mut extents = Vec::with_capacity(live.len());
    let mut end = 0;
    let mut push = |offset: u64, until: u64, usage| {
        if until > offset {
            extents.push(Extent { offset, bytes: until - offset, usage });
        }
    };
    for extent in live {
        let from = extent.offset.clamp(end, size);
        let until = extent.offset.saturating_add(extent.bytes).clamp(from, size);
        if until == from {
            continue;
        }
        let filled = end.checked_next_multiple_of(ALIGNMENT).map_or(from, |filled| filled.min(from));
        push(end, filled, Usage::Padding);
        push(filled, from, Usage::Dead);
        push(from, until, extent.usage);
        end = until;
    }
    let filled = end.checked_next_multiple_of(ALIGNMENT).map_or(size, |filled| filled.min(size));
    push(end, filled, Usage::Padding);
    push(filled, size, Usage::Dead);
    extents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(offset: u64, bytes: u64, usage: Usage) -> Extent {
        Extent { offset, bytes, usage }
    }

    #[test]
    fn gaps_are_padding_up_to_the_alignment_and_dead_beyond() {
        let live = vec![extent(300, 50, Usage::Footer), extent(0, 100, Usage::Header)];
        let expected = [
            extent(0, 100, Usage::Header),
            extent(100, 28, Usage::Padding),
            extent(128, 172, Usage::Dead),
            extent(300, 50, Usage::Footer),
            extent(350, 34, Usage::Padding),
            extent(384, 16, Usage::Dead),
        ];
        assert_eq!(tile(live, 400), expected);
    }

    #[test]
    fn extents_that_lie_add_up_all_the_same() {
        for live in [
            vec![],
            vec![extent(10, u64::MAX, Usage::Footer), extent(u64::MAX, 5, Usage::Header)],
            vec![extent(0, 80, Usage::Header), extent(40, 80, Usage::Footer), extent(50, 10, Usage::Schema)],
            vec![extent(7, 0, Usage::Footer)],
        ] {
            let extents = tile(live, 200);
            let mut next = 0;
            for extent in extents {
                assert_eq!(extent.offset, next);
                assert!(extent.bytes > 0);
                next += extent.bytes;
            }
            assert_eq!(next, 200);
        }
    }
}
