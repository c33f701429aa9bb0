//! How text is to be read. Every question that the bytes answer can be left open (`None`); every answer can be fixed.

use std::collections::BTreeMap;

use arrow_schema::DataType;

/// The options of a [`TextSource`](super::TextSource).
#[derive(Debug, Clone, PartialEq)]
pub struct TextOptions {
    /// Field delimiter; `None` finds out which of comma, tab, semicolon, pipe or blank it is. Blanks always combine.
    pub delimiter: Option<u8>,
    /// Whether several delimiters in a row count as one.
    pub combine_delimiters: bool,
    /// Quote character, doubled inside of a quoted text; `None` for files without quotes. Quotes are special only at
    /// the start of a field.
    pub quote: Option<u8>,
    /// Whether the first record names the columns; `None` finds out (it does unless it has a number or a date).
    pub header: Option<bool>,
    /// Texts that mean missing, in every column without its own list. In texts and factors they do so only where they
    /// are not quoted. An empty cell is missing in every column that is neither, whatever this says.
    pub missing: Vec<String>,
    /// Texts that mean missing in one column, instead of `missing`.
    pub missing_by_column: BTreeMap<String, Vec<String>>,
    /// Types of columns that are not to be inferred; see [`parse_type`](super::parse_type) for names.
    pub types: BTreeMap<String, DataType>,
    /// Factors with the levels that they have, in order; other texts become missing and are counted.
    pub factors: BTreeMap<String, Vec<String>>,
    /// Whether columns that are inferred as text become factors, their levels in the order in which they appear.
    pub strings_as_factors: bool,
    /// The type of decimal numbers: `Float64` (default) or `Float32`.
    pub default_decimal: DataType,
    /// The type of columns that have nothing but missing values in the sample; default `Float64`.
    pub default_missing: DataType,
    /// Rows over which types are inferred.
    pub sniff_rows: usize,
    /// Decimal point.
    pub decimal: u8,
    /// Character between the thousands of numbers, if there is one.
    pub thousands: Option<u8>,
    /// Label of the encoding (`latin1`, `windows-1252`, `utf-16le`, ...); default UTF-8. A byte order mark decides first.
    pub encoding: Option<String>,
    /// Lines before the header that are no data.
    pub skip_rows: usize,
    /// What happens to a cell that does not fit its column's type.
    pub on_error: OnError,
    /// Rows after which reading stops.
    pub max_rows: Option<u64>,
    /// Upper bound for the bytes that one thread parses at a time; results do not depend on it.
    #[doc(hidden)]
    pub chunk_bytes: usize,
}

/// What happens to a cell that does not fit its column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// The pass fails and names the cell.
    #[default]
    Error,
    /// The cell becomes missing and is counted; rows with too few fields are filled up with missing values.
    Missing {
        /// Cells after which the pass fails after all.
        max: Option<u64>,
    },
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            combine_delimiters: false,
            quote: Some(b'"'),
            header: None,
            missing: vec![String::new(), "NA".into()],
            missing_by_column: BTreeMap::new(),
            types: BTreeMap::new(),
            factors: BTreeMap::new(),
            strings_as_factors: false,
            default_decimal: DataType::Float64,
            default_missing: DataType::Float64,
            sniff_rows: 10_000,
            decimal: b'.',
            thousands: None,
            encoding: None,
            skip_rows: 0,
            on_error: OnError::Error,
            max_rows: None,
            chunk_bytes: 16 << 20,
        }
    }
}

impl TextOptions {
    /// Fixes the delimiter.
    #[must_use]
    pub fn with_delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Counts several delimiters in a row as one.
    #[must_use]
    pub fn with_combine_delimiters(mut self, combine: bool) -> Self {
        self.combine_delimiters = combine;
        self
    }

    /// Sets the quote character, or that there is none.
    #[must_use]
    pub fn with_quote(mut self, quote: Option<u8>) -> Self {
        self.quote = quote;
        self
    }

    /// Says whether the first record names the columns.
    #[must_use]
    pub fn with_header(mut self, header: bool) -> Self {
        self.header = Some(header);
        self
    }

    /// Sets the texts that mean missing.
    #[must_use]
    pub fn with_missing<S: Into<String>>(mut self, missing: impl IntoIterator<Item = S>) -> Self {
        self.missing = missing.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the texts that mean missing in one column.
    #[must_use]
    pub fn with_column_missing<S: Into<String>>(
        mut self,
        column: impl Into<String>,
        missing: impl IntoIterator<Item = S>,
    ) -> Self {
        self.missing_by_column.insert(column.into(), missing.into_iter().map(Into::into).collect());
        self
    }

    /// Fixes the type of a column.
    #[must_use]
    pub fn with_type(mut self, column: impl Into<String>, data_type: DataType) -> Self {
        self.types.insert(column.into(), data_type);
        self
    }

    /// Makes a column a factor with these levels.
    #[must_use]
    pub fn with_factor<S: Into<String>>(
        mut self,
        column: impl Into<String>,
        levels: impl IntoIterator<Item = S>,
    ) -> Self {
        self.factors.insert(column.into(), levels.into_iter().map(Into::into).collect());
        self
    }

    /// Makes columns that are inferred as text factors.
    #[must_use]
    pub fn with_strings_as_factors(mut self, factors: bool) -> Self {
        self.strings_as_factors = factors;
        self
    }

    /// Sets the type of decimal numbers.
    #[must_use]
    pub fn with_default_decimal(mut self, data_type: DataType) -> Self {
        self.default_decimal = data_type;
        self
    }

    /// Sets the type of columns without a value in the sample.
    #[must_use]
    pub fn with_default_missing(mut self, data_type: DataType) -> Self {
        self.default_missing = data_type;
        self
    }

    /// Sets over how many rows types are inferred (at least 1).
    #[must_use]
    pub fn with_sniff_rows(mut self, rows: usize) -> Self {
        self.sniff_rows = rows.max(1);
        self
    }

    /// Sets the decimal point and the character between thousands.
    #[must_use]
    pub fn with_decimal(mut self, decimal: u8, thousands: Option<u8>) -> Self {
        self.decimal = decimal;
        self.thousands = thousands;
        self
    }

    /// Names the encoding.
    #[must_use]
    pub fn with_encoding(mut self, label: impl Into<String>) -> Self {
        self.encoding = Some(label.into());
        self
    }

    /// Leaves out lines before the header.
    #[must_use]
    pub fn with_skip_rows(mut self, lines: usize) -> Self {
        self.skip_rows = lines;
        self
    }

    /// Says what happens to bad cells.
    #[must_use]
    pub fn with_on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// Stops after so many rows.
    #[must_use]
    pub fn with_max_rows(mut self, rows: u64) -> Self {
        self.max_rows = Some(rows);
        self
    }

    /// Bounds the bytes that one thread parses at a time.
    #[doc(hidden)]
    #[must_use]
    pub fn with_chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes.max(1);
        self
    }
}
