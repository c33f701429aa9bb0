//! Columns that answer as they are stored.
//!
//! A sum over a constant is a product; the smallest of a million packed codes is the smallest code plus the base; a
//! comparison with a constant is a comparison of codes with the constant in their terms; a text that occurs a thousand
//! times is compared once. [`EncodedColumn`] keeps the bytes of one segment and answers such questions without making
//! an array of its values:
//!
//! ```text
//! rows = 131072, delay < 0
//!   MASKED ─┬─ BITS                                   and: which rows are there
//!           └─ OFFSET base −61 ─── BIT_PACKED 9 bit   code < 61, a piece of 1024 codes at a time
//! ```
//!
//! Every answer equals that from the decoded values; what is stored without a shortcut is decoded, and
//! [`EncodedColumn::shortcut`] tells. Missing are nulls and, in floats, NaN.
//!
//! **Sums.** Of integers they are exact. Of floats: values that are stored as integers are added exactly and rounded
//! once; constants and dictionaries add value × number of rows, in the order of the dictionary; all others add each
//! value to lane `row mod 8` of eight, and then the lanes. The last digits may therefore depend on the encoding.

mod codes;
mod column;
mod decoded;
mod distances;
mod predicate;

use std::path::PathBuf;

use arrow_array::{ArrayRef, UInt32Array};

pub use crate::encoded::column::EncodedColumn;
pub use crate::encoded::predicate::Predicate;

/// The sum of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sum {
    /// Of integers, exact; of booleans, the number of those that are true.
    Integer(i128),
    /// Of floats.
    Float(f64),
}

/// What a column is stored as, where kernels profit from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortcut {
    /// All rows are missing.
    AllMissing,
    /// One value stands for all rows that are there.
    Constant,
    /// Codes are distances from a base.
    Offset,
    /// Codes are numbers of distinct values, or of levels.
    Dictionary,
    /// Distances or numbers come in runs of equal ones.
    Runs,
    /// None: kernels decode the values.
    Decode,
}

/// The number of the distinct value of each row, and the distinct values.
#[derive(Clone, Debug)]
pub struct GroupCodes {
    /// For each row a number in `values`; null where the row is.
    pub codes: UInt32Array,
    /// The distinct values as the block lists them (some may not occur), or all levels of a factor.
    pub values: ArrayRef,
}

/// Where a segment is, for messages.
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) column: String,
    pub(crate) block: usize,
    pub(crate) offset: u64,
}
