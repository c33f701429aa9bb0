//! What of a regression is solved for beforehand, and whether the rest can be.
//!
//! The columns of one term of factors are indicators of disjoint cells, so their own cross products are diagonal, and they
//! are removed at a cost in proportion to what the cells meet: 100 000 of them are no more than 10. A cube asks for that. Other
//! models do it for a term of more than [`LARGE`] cells that comes first in the order of priority, which is what the
//! order says in any case; and for the largest term where the columns would otherwise be more than [`MAX_COLUMNS`]. That
//! term then comes first in the order of priority, so that columns that depend on it are dropped, and not its own. With an
//! intercept the coefficients are differences to the cell that is the reference, as ever.

use std::cmp::Reverse;

use super::LinModOptions;
use crate::design::Design;
use crate::gram::normal::Partition;
use crate::{Error, Result};

/// Cells from which a term is solved for beforehand.
const LARGE: usize = 1000;

/// The most columns beside a partition: their cross products and the inverse take 8 bytes for each pair of them.
const MAX_COLUMNS: u64 = 10_000;

/// The most cells of a partition.
const MAX_CELLS: u64 = 1 << 27;

/// What is solved for beforehand.
pub(crate) fn partition_of(design: &Design, options: &LinModOptions) -> Partition {
    if options.cube {
        return Partition::Term(0);
    }
    match large_term(design, options) {
        Some(term) => Partition::Term(term),
        None if design.intercept => Partition::Intercept,
        None => Partition::None,
    }
}

/// Whether there is to be a matrix of all columns.
fn wants_all_columns(options: &LinModOptions) -> bool {
    options.cov_coef || options.cov_data || options.variable_selection.is_some()
}

fn large_term(design: &Design, options: &LinModOptions) -> Option<usize> {
    if wants_all_columns(options) {
        return None;
    }
    let cells = |term: usize| design.cells(&design.terms[term]);
    let mut order: Vec<usize> = (0..design.terms.len()).collect();
    if options.drop_main {
        interactions_first(design, &mut order, |&term| term);
    }
    let factors = order.iter().copied().filter(|&term| design.is_categorical(&design.terms[term]));
    // of equals the first one
    let largest = factors.rev().max_by_key(|&term| cells(term)).filter(|&term| cells(term) > LARGE)?;
    let is_first = order.first() == Some(&largest);
    (is_first || columns(design) > MAX_COLUMNS).then_some(largest)
}

fn columns(design: &Design) -> u64 {
    design.terms.iter().fold(0, |sum: u64, term| sum.saturating_add(design.cells(term) as u64))
}

/// Sorts by the number of a term's variables, the most first, and otherwise as written.
pub(super) fn interactions_first<V>(design: &Design, sorted: &mut [V], term: impl Fn(&V) -> usize) {
    sorted.sort_by_key(|value| Reverse(design.terms[term(value)].variables.len()));
}

/// Checks that what is left beside the partition can be solved for.
///
/// # Errors
/// [`Error::TooManyLevels`] when it has too many columns, or the partition too many cells.
pub(super) fn check_size(design: &Design, options: &LinModOptions) -> Result<()> {
    let cells = match partition_of(design, options) {
        Partition::Term(term) => design.cells(&design.terms[term]) as u64,
        Partition::Intercept | Partition::None => 0,
    };
    let others = columns(design) - cells;
    let refuse = |levels, limit, remedy| {
        Err(Error::TooManyLevels { variable: design.formula.clone(), levels, limit, remedy })
    };
    if cells > MAX_CELLS {
        return refuse(cells, MAX_CELLS, "a coefficient for each is too many; use factors with fewer levels");
    }
    if others <= MAX_COLUMNS {
        return Ok(());
    }
    let remedy = if wants_all_columns(options) {
        "the largest factor can have more only without covariances (of coefficients or columns) and selection of terms"
    } else if options.cube {
        "these are the columns beside the first term; let the factor with the most levels come first"
    } else {
        "these are the columns beside those of the largest factor, and only one factor can have so many levels; \
         use factors with fewer levels, F(x, low, high), or select rows"
    };
    refuse(others, MAX_COLUMNS, remedy)
}
