//! What a column is to become: its type, the texts that mean missing in it, its levels.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

use super::convert::boolean;
use super::error::shown;
use super::levels::{LevelTable, short_key};
use super::number::Number;
use super::types::described;

/// What a column is to become.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) name: String,
    /// Place in the file.
    pub(crate) place: usize,
    pub(crate) data_type: DataType,
    /// Rows over which the type was inferred; `None` when the caller gave it.
    pub(crate) inferred_rows: Option<u64>,
    pub(crate) missing: Missing,
    pub(crate) decimal: u8,
    pub(crate) thousands: Option<u8>,
    pub(crate) levels: Option<FixedLevels>,
}

/// The levels of a factor that the caller gave.
#[derive(Debug, Clone)]
pub(crate) struct FixedLevels {
    pub(crate) table: LevelTable,
    pub(crate) values: ArrayRef,
}

/// The texts that mean missing in a column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Missing {
    texts: Vec<Vec<u8>>,
    /// Keys of the short ones.
    keys: Vec<u128>,
    /// A bit for the length of each; 63 for all longer ones.
    pub(crate) lengths: u64,
    /// Whether one of them could also be a value, so that they come first.
    pub(crate) first: bool,
}

impl Missing {
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        let texts: Vec<Vec<u8>> = texts.into_iter().map(|text| text.clone().into_bytes()).collect();
        let lengths = texts.iter().fold(0, |lengths, text| lengths | length_bit(text.len()));
        let first = texts.iter().any(|text| {
            text.iter().any(u8::is_ascii_digit) || boolean(text).is_some() || f64::thorough(text).is_ok()
        });
        let keys = texts.iter().filter_map(|text| short_key(text)).collect();
        Self { texts, keys, lengths, first }
    }

    #[inline]
    fn may_be(&self, len: usize) -> bool {
        self.lengths & length_bit(len) != 0
    }

    /// Whether the short text of a length and a key is one.
    #[inline]
    pub(crate) fn is_key(&self, len: usize, key: u128) -> bool {
        self.may_be(len) && self.keys.contains(&key)
    }

    pub(crate) fn is(&self, text: &[u8]) -> bool {
        self.may_be(text.len()) && self.texts.iter().any(|missing| missing == text)
    }
}

#[inline]
pub(crate) fn length_bit(len: usize) -> u64 {
    1 << len.min(63)
}

impl Spec {
    /// What to do about a cell that does not fit.
    pub(crate) fn remedy(&self, text: &[u8]) -> String {
        let name = &self.name;
        let trimmed = text.trim_ascii();
        let integers = self.data_type.is_integer();
        if integers && self.data_type != DataType::Int64 && i64::thorough(trimmed).is_ok() {
            return format!("read the column as int64 (--type {name}=int64)");
        }
        if integers && f64::thorough(trimmed).is_ok() {
            return format!("read the column as float64 (--type {name}=float64)");
        }
        if trimmed.is_empty() {
            return "complete the row".into();
        }
        let shown = shown(trimmed);
        format!(
            "if that means missing, say so (--missing '{shown}'), else read the column as text (--type {name}=string)"
        )
    }

    /// The type in words.
    pub(crate) fn expected(&self) -> String {
        described(&self.data_type)
    }
}
