//! The sums of a gram from a server.
//!
//! Rows are grouped by all factors of the design at once; the sums of each group then go to its cell in every table. So one
//! scan gives all tables, and an answer has as many groups as there are different combinations of levels. Values are shifted
//! by their means before they are multiplied, as those of blocks are.

use std::sync::Arc;

use engine::aggregate::{Answer, Query, Scalar, Server, Stage, Sum};

use super::Gram;
use super::plan::{Moment, Plan};
use super::totals::Totals;
use crate::Result;
use crate::design::{Census, Design};

/// What is added up for a gram.
pub(crate) struct Asked<'a> {
    pub(crate) plan: &'a Arc<Plan>,
    /// Stages that have the variables of the design under their names, of the rows that count.
    pub(crate) stages: Vec<Stage>,
    /// The weight of a row, `None` for 1.
    pub(crate) weight: Option<Scalar>,
    /// What is subtracted of each value of the plan.
    pub(crate) shifts: Vec<f64>,
    /// What stands in the place of a variable.
    pub(crate) number: &'a dyn Fn(usize) -> Scalar,
    /// Sums beside those of the gram, which are the last ones of the answer.
    pub(crate) further: Vec<Sum>,
}

/// A gram of a plan, of the rows as they are.
///
/// # Errors
/// As [`Design::census`].
pub(super) fn gram(plan: &Arc<Plan>, server: &mut dyn Server) -> Result<Gram> {
    let design = &plan.design;
    let census = design.census(server, &plan.values)?;
    let stages = complete_rows(design, server)?;
    let number = |variable| Scalar::Named(Design::name(variable));
    let asked = Asked {
        plan,
        stages,
        weight: design.weight(),
        shifts: census.means.clone(),
        number: &number,
        further: Vec::new(),
    };
    Ok(asked.gram(&census, server)?.0)
}

/// The variables of the rows that count.
pub(crate) fn complete_rows(design: &Design, server: &dyn Server) -> Result<Vec<Stage>> {
    let keep = Stage { columns: Vec::new(), keep: Some(design.complete()) };
    Ok(vec![design.stage(&server.schema())?, keep])
}

impl Asked<'_> {
    /// The gram, and the further sums over all rows.
    ///
    /// # Errors
    /// What the server says.
    pub(crate) fn gram(self, census: &Census, server: &mut dyn Server) -> Result<(Gram, Vec<f64>)> {
        let Self { plan, mut stages, weight, shifts, number, further } = self;
        let name = |value: usize| format!("x{value}");
        let shifted = |(value, (variables, &shift)): (usize, (&Vec<usize>, &f64))| {
            let factors = variables.iter().map(|&variable| number(variable));
            let product = factors.reduce(|product, factor| product * factor).unwrap_or(Scalar::Null);
            (name(value), if shift == 0.0 { product } else { product - shift })
        };
        let columns = plan.values.iter().zip(&shifts).enumerate().map(shifted).collect();
        stages.push(Stage { columns, keep: None });
        // the first table has all moments
        let moments = &plan.tables[0].moments;
        let weighted = |value: Scalar| match &weight {
            Some(weight) => Sum::Of(weight.clone() * value),
            None => Sum::Of(value),
        };
        let x = |value: usize| Scalar::Named(name(value));
        let sum = |moment: &Moment| match *moment {
            Moment::One => weight.clone().map_or(Sum::Rows, Sum::Of),
            Moment::Value(v) => weighted(x(v)),
            Moment::Product(u, v) => weighted(x(u) * x(v)),
        };
        let mut factors: Vec<(usize, usize)> =
            plan.tables.iter().flat_map(|table| table.factors.iter().copied()).collect();
        factors.sort_unstable();
        factors.dedup();
        let keys = factors.iter().map(|&(variable, _)| Design::name(variable)).collect();
        let own = moments.len();
        let extra = further.len();
        let sums = moments.iter().map(sum).chain(further).collect();
        let answer = server.ask(&Query { stages, keys, sums })?;
        let mut totals = Totals::new(plan);
        (totals.valid, totals.missing) = (census.valid, census.missing);
        (totals.observations, totals.is_of_server) = (census.observations, true);
        if census.valid > 0 {
            totals.shifts = shifts;
            take(&mut totals, plan, &factors, &answer)?;
        }
        let further = (own..own + extra).map(|sum| answer.total(sum)).collect();
        Ok((Gram::summed(Arc::clone(plan), totals), further))
    }
}

/// Adds the sums of each group to its cell in every table.
fn take(totals: &mut Totals<f64>, plan: &Plan, factors: &[(usize, usize)], answer: &Answer) -> Result<()> {
    let moments = &plan.tables[0].moments;
    let spots: Vec<Vec<usize>> = plan
        .tables
        .iter()
        .map(|table| {
            let spot = |moment| moments.iter().position(|known| known == moment).unwrap_or(0);
            table.moments.iter().map(spot).collect()
        })
        .collect();
    for group in 0..answer.groups() {
        let code = |(key, &(variable, levels)): (usize, &(usize, usize))| {
            Ok((variable, answer.code(key, group, levels)? as u64))
        };
        let codes = factors.iter().enumerate().map(code).collect::<Result<Vec<_>>>()?;
        for ((table, spots), cells) in plan.tables.iter().zip(&spots).zip(&mut totals.tables) {
            let cell = codes.iter().map(|&(variable, code)| table.stride(variable) as u64 * code).sum();
            cells.add(cell, spots.len(), spots.iter().map(|&spot| answer.sum(spot, group)))?;
        }
    }
    Ok(())
}
