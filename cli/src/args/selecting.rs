//! Which rows and columns of the input are used.

use clap::Args;

use super::{Assignment, RowRange};

/// Rows and computed columns, for every command that reads data.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct Selecting {
    /// Use the rows for which this is true; it may use computed columns
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) filter: Option<String>,
    /// Compute a column, such as 'late = delay > 15'; can be repeated, and a later one may use an earlier one
    #[arg(long, value_name = "NAME=EXPR")]
    pub(crate) compute: Vec<Assignment>,
    /// Read only these rows of the input, counted from 1, both ends included: 11..20, 11.. or ..20
    #[arg(long, value_name = "A..B")]
    pub(crate) rows: Option<RowRange>,
    /// Read at most this many rows of the input
    #[arg(long, value_name = "N", value_parser = super::values::count)]
    pub(crate) max_rows: Option<u64>,
}

/// Columns of the output, for the commands that write or print rows.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct Keeping {
    /// Keep only these columns, in this order
    #[arg(
        long,
        visible_alias = "columns",
        value_name = "A,B",
        value_delimiter = ',',
        conflicts_with = "drop"
    )]
    pub(crate) keep: Vec<String>,
    /// Leave these columns out
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) drop: Vec<String>,
}
