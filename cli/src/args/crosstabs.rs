//! Arguments of `xdf crosstabs`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Rows, Writing};

/// `xdf crosstabs`.
#[derive(Debug, Args)]
#[command(after_help = "\
The formula has one term of factors, joined by colons. The levels of the first are the rows of a table,
those of the second its columns; there is a table for each combination of the others. F(x) has a level
for each integer. Without a variable on the left, rows are counted. Rows with a missing value in any
of the variables are left out and counted. A cube of more than 2 million numbers leaves out cells
without rows.

Examples:
  xdf crosstabs '~ DayOfWeek:UniqueCarrier' flights.xdf --margins
  xdf crosstabs 'ArrDelay ~ DayOfWeek:F(CRSDepTime)' flights.xdf --statistic means
  xdf crosstabs 'cbind(ArrDelay, DepDelay) ~ DayOfWeek' flights.xdf --cube
  xdf crosstabs 'ArrDelay ~ DayOfWeek:UniqueCarrier' flights.xdf --cube -o cells.xdf
  xdf crosstabs 'Freq ~ Gender:Admit' admissions.csv --strings-as-factors --tests
  xdf crosstabs 'Freq ~ Gender:Admit:Dept' admissions.csv --strings-as-factors --tests=kendall,odds
  xdf crosstabs 'Freq ~ Dept:Admit' admissions.csv --strings-as-factors --pairs --not-pooled")]
pub(crate) struct CrosstabsArgs {
    /// The cells: ~ a:b, or y ~ a:b:F(x)
    #[arg(value_name = "FORMULA")]
    pub(crate) formula: String,
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Print a line for each cell; the formula may then have one factor
    #[arg(long, conflicts_with_all = ["margins", "percentages", "tests", "pairs"])]
    pub(crate) cube: bool,
    /// What stands in the cells [default: counts without a variable on the left, else sums, with --cube means]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) statistic: Option<CellStatistic>,
    /// Leave out cells without rows
    #[arg(long, requires = "cube")]
    pub(crate) remove_zero_counts: bool,
    /// Write the cells to this file instead of printing them, a row each
    #[arg(long, short, value_name = "OUT", requires = "cube")]
    pub(crate) output: Option<PathBuf>,
    /// Print a column and a row of totals
    #[arg(long)]
    pub(crate) margins: bool,
    /// Print below each row its percentages of rows, columns and the table, and totals
    #[arg(long)]
    pub(crate) percentages: bool,
    /// Print tests of the tables [default without names: chisq, and fisher of tables of two by two]
    #[arg(
        long,
        value_enum,
        value_name = "NAME,NAME",
        value_delimiter = ',',
        num_args = 0..,
        require_equals = true,
        visible_alias = "test"
    )]
    pub(crate) tests: Option<Vec<TableTest>>,
    /// Print risk ratios of each level and all others together, within the tables
    #[arg(long)]
    pub(crate) pairs: bool,
    /// Print them of each two levels
    #[arg(long, requires = "pairs")]
    pub(crate) not_pooled: bool,
    /// Print odds ratios of pairs instead
    #[arg(long, requires = "pairs")]
    pub(crate) odds: bool,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) rows: Rows,
}

/// What `xdf crosstabs` has in its cells.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CellStatistic {
    /// Rows, or the sum of their weights
    Counts,
    /// Sums of the variables on the left
    Sums,
    /// Means of the variables on the left
    Means,
}

/// Tests of `xdf crosstabs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableTest {
    /// Pearson's chi-squared test of independence
    Chisq,
    /// Fisher's exact test of the odds ratio, of tables of two by two
    Fisher,
    /// Kendall's rank correlation, tau-b
    #[value(alias = "kendall-b")]
    Kendall,
    /// Kendall's tau-a
    KendallA,
    /// Kendall's tau-c
    KendallC,
    /// Odds ratio, of tables of two by two
    Odds,
    /// Risk ratio, of tables of two by two
    Risk,
}
