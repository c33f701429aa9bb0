//! How an input is read: the format, and what delimited text leaves open.

use clap::{Args, ValueEnum};

use super::values::{self, Assignment, Factor};

/// Options of every command that opens a FILE.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Input options")]
pub(crate) struct Reading {
    /// The format of the input, where neither its bytes nor its name should decide
    #[arg(long, value_name = "FORMAT")]
    pub(crate) input_format: Option<InputFormat>,
    /// What to read of a database (an input such as mssql://USER@HOST:PORT/DATABASE or odbc:CONNECTION-STRING): the rows of a statement
    #[arg(long, value_name = "SQL", conflicts_with = "sql_table")]
    pub(crate) query: Option<String>,
    /// What to read of a database: a table or a view
    #[arg(long, value_name = "NAME")]
    pub(crate) sql_table: Option<String>,
    /// Rows of a database in each batch on the way [default: 65536]
    #[arg(long, value_name = "N")]
    pub(crate) rows_per_read: Option<usize>,
    /// Text that means missing, in delimited text; can be repeated [default: NA and the empty cell]
    #[arg(long, value_name = "STR", allow_hyphen_values = true)]
    pub(crate) missing: Vec<String>,
    /// Text that means missing in one column, instead of --missing; can be repeated
    #[arg(long, value_name = "NAME=STR")]
    pub(crate) missing_in: Vec<Assignment>,
    /// Make a column a factor, with these levels in this order, or those it has in the order in which they appear
    #[arg(long, value_name = "NAME[=L1,L2,...]")]
    pub(crate) factor: Vec<Factor>,
    /// Fix the type of a column: bool, int8 to int64, uint8 to uint64, float32, float64, string, factor, date, timestamp
    #[arg(long = "type", value_name = "NAME=TYPE")]
    pub(crate) types: Vec<Assignment>,
    /// Make columns of text factors
    #[arg(long)]
    pub(crate) strings_as_factors: bool,
    /// Read decimal numbers as float32
    #[arg(long)]
    pub(crate) float32: bool,
    /// Delimiter of text: one character, or tab, space, comma, semicolon, pipe [default: found out]
    #[arg(long, value_name = "CHAR", value_parser = values::delimiter, allow_hyphen_values = true)]
    pub(crate) delimiter: Option<u8>,
    /// Quote character of text, or none
    #[arg(long, value_name = "CHAR", value_parser = values::quote)]
    pub(crate) quote: Option<values::Quote>,
    /// Decimal point of text
    #[arg(long, value_name = "CHAR", value_parser = values::delimiter)]
    pub(crate) decimal: Option<u8>,
    /// Encoding of text, such as latin1, windows-1252, utf-16le [default: UTF-8]
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// The first line of text names the columns [default: found out]
    #[arg(long, conflicts_with = "no_header")]
    pub(crate) header: bool,
    /// The first line of text is data; the columns are named V1, V2, ...
    #[arg(long)]
    pub(crate) no_header: bool,
    /// Leave out this many lines before the first
    #[arg(long, value_name = "N")]
    pub(crate) skip_lines: Option<usize>,
    /// Rows from which the types of text columns are inferred [default: 10000]
    #[arg(long, value_name = "N")]
    pub(crate) sniff_rows: Option<usize>,
    /// What happens to a cell of text that does not fit the type of its column
    #[arg(long, value_name = "ACTION", default_value = "error")]
    pub(crate) bad_cells: BadCells,
}

impl Reading {
    /// The first option given that has a meaning for databases alone.
    pub(crate) fn database_only(&self) -> Option<&'static str> {
        let options = [
            (self.query.is_some(), "--query"),
            (self.sql_table.is_some(), "--sql-table"),
            (self.rows_per_read.is_some(), "--rows-per-read"),
        ];
        options.into_iter().find(|(given, _)| *given).map(|(_, name)| name)
    }

    /// The first option given that has a meaning for delimited text alone.
    pub(crate) fn text_only(&self) -> Option<&'static str> {
        let options = [
            (!self.missing.is_empty(), "--missing"),
            (!self.missing_in.is_empty(), "--missing-in"),
            (self.float32, "--float32"),
            (self.delimiter.is_some(), "--delimiter"),
            (self.quote.is_some(), "--quote"),
            (self.decimal.is_some(), "--decimal"),
            (self.encoding.is_some(), "--encoding"),
            (self.header, "--header"),
            (self.no_header, "--no-header"),
            (self.skip_lines.is_some(), "--skip-lines"),
            (self.sniff_rows.is_some(), "--sniff-rows"),
            (self.bad_cells == BadCells::Missing, "--bad-cells"),
        ];
        options.into_iter().find(|(given, _)| *given).map(|(_, name)| name)
    }
}

/// What happens to a cell that does not fit its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum BadCells {
    /// The command fails and names the cell
    #[default]
    Error,
    /// The cell becomes missing and is counted
    Missing,
}

/// Formats of inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// XDF of any generation
    Xdf,
    /// Apache Parquet
    Parquet,
    /// Arrow IPC file
    Arrow,
    /// Arrow IPC stream
    Arrows,
    /// Delimited text
    Text,
}
