//! The sums of a term's cells alone, of as many as there are: what a cube shows.

use super::normal::{Side, Sums};
use super::plan::Plan;
use super::{Real, Totals};
use crate::Result;

/// The weights and responses of the first term's cells, ascending.
pub(crate) struct ByCell<T> {
    /// The cells that rows have met; none where there are all of them.
    pub(crate) numbers: Option<Vec<u64>>,
    /// The weight of each.
    pub(crate) weights: Vec<T>,
    /// For each response the sums in the cells, less their shift times the weight.
    pub(crate) responses: Vec<Vec<T>>,
    /// The shifts of the responses.
    pub(crate) shifts: Vec<f64>,
}

impl<T: Real> ByCell<T> {
    /// The cells of a design of one term, of factors.
    ///
    /// # Errors
    /// As [`super::normal::Normal::new`].
    pub(crate) fn new(plan: &Plan, totals: &Totals<T>) -> Result<Self> {
        let sums = Sums::new(plan, totals);
        sums.check()?;
        let columns = &plan.terms[0];
        let (term, whole) = (Side { columns, raw: true }, sums.whole());
        let mut found: Vec<(usize, T)> = Vec::new();
        sums.cross(term, whole, |cell, _, weight| found.push((cell, weight)));
        // one table has them all, so that all sums come in one order, which is that of the factors in the design
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_unstable_by_key(|&place| found[place].0);
        let responses = plan.responses.iter().map(|response| {
            let mut own = Vec::with_capacity(found.len());
            sums.cross(term, Side { columns: response, raw: false }, |_, _, sum| own.push(sum));
            order.iter().map(|&place| own[place]).collect()
        });
        let responses = responses.collect();
        let is_all = found.len() == columns.cells;
        Ok(Self {
            numbers: (!is_all).then(|| order.iter().map(|&place| found[place].0 as u64).collect()),
            weights: order.iter().map(|&place| found[place].1).collect(),
            responses,
            shifts: plan
                .responses
                .iter()
                .map(|r| r.value.map_or(0.0, |value| totals.shifts[value]))
                .collect(),
        })
    }
}
