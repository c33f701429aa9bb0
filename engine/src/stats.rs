//! Accumulators that every layer above needs: moments of numbers, levels of texts, counts of levels.
//!
//! All of them keep the laws of [`Accumulator`](crate::Accumulator): an empty one is neutral, merging is associative to
//! rounding, and `a.merge(b)` means that b's rows come after a's, which decides the order of levels.
//! Missing are nulls and, in float columns, NaN.

mod grouped;
mod levels;
mod moments;
mod tiles;
mod widen;

pub use grouped::add_by_cell;
pub use levels::{LevelCounts, Levels, count_codes};
pub use moments::Moments;
pub use widen::widen;
