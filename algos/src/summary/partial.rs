//! What a worker adds up for a summary, and the estimator around it.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter;
use engine::formula::Term;
use engine::stats::{Levels, Moments, add_by_cell, widen};
use engine::{Accumulator, Block, Estimator};
use serde::{Deserialize, Serialize};

use super::cells::{Cells, TooMany};
use super::plan::{Category, Plan, PlanOptions, Ranges, Weighting, columns, too_many_cells};
use super::result::{CellResult, TermResult};
use super::{Error, Result};

/// A summary as an algorithm of one pass.
pub(super) struct SummaryEstimator {
    terms: Vec<Term>,
    ranges: Ranges,
    options: PlanOptions,
}

/// What one pass over the rows says.
pub(super) struct Computed {
    pub(super) valid: f64,
    pub(super) missing: f64,
    pub(super) terms: Vec<TermResult>,
}

impl SummaryEstimator {
    pub(super) fn new(terms: Vec<Term>, ranges: Ranges, options: PlanOptions) -> Self {
        Self { terms, ranges, options }
    }
}

impl Estimator for SummaryEstimator {
    type State = Arc<Plan>;
    type Partial = SummaryPartial;
    type Model = Computed;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        Some(columns(&self.terms, &self.options))
    }

    fn start(&self, schema: &SchemaRef) -> Result<Arc<Plan>> {
        Plan::bind(&self.terms, schema, &self.ranges, &self.options).map(Arc::new)
    }

    fn partial(&self, plan: &Arc<Plan>) -> Result<SummaryPartial> {
        Ok(SummaryPartial::new(plan))
    }

    fn step(&self, plan: Arc<Plan>, sums: SummaryPartial) -> Result<ControlFlow<Computed, Arc<Plan>>> {
        Ok(ControlFlow::Break(sums.into_results(&plan)))
    }
}

/// The sums of all terms over some blocks.
#[derive(Serialize, Deserialize)]
pub(super) struct SummaryPartial {
    /// What to do with a block; absent after a journey as bytes, when there is only merging left.
    #[serde(skip)]
    plan: Option<Arc<Plan>>,
    max_cells: usize,
    valid_rows: u64,
    missing_rows: u64,
    /// Levels that appear, by category.
    levels: Vec<Levels>,
    /// By crossing.
    cells: Vec<Cells>,
    /// The categories of each crossing.
    crossings: Vec<Vec<usize>>,
    terms: Vec<TermSums>,
}

/// The sums of one term.
#[derive(Serialize, Deserialize)]
enum TermSums {
    /// Of a number, or a product of numbers.
    Whole(Moments),
    /// Of numbers in the cells of a crossing; rows without a cell are missing.
    ByCell { crossing: usize, cells: Vec<Moments>, missing_rows: u64, missing_weight: f64 },
    /// Only the counts of a crossing.
    Counts { crossing: usize },
}

/// The variables of one block.
struct Evaluated {
    rows: usize,
    numbers: Vec<ArrayRef>,
    codes: Vec<Int32Array>,
    weights: Option<Vec<f64>>,
}

impl SummaryPartial {
    fn new(plan: &Arc<Plan>) -> Self {
        let terms = plan.terms.iter().map(|term| match (term.crossing, term.numbers.is_empty()) {
            (None, _) => TermSums::Whole(Moments::default()),
            (Some(crossing), true) => TermSums::Counts { crossing },
            (Some(crossing), false) => {
                TermSums::ByCell { crossing, cells: Vec::new(), missing_rows: 0, missing_weight: 0.0 }
            }
        });
        let sizes = |crossing: &Vec<usize>| -> Vec<Option<usize>> {
            crossing.iter().map(|&category| plan.categories[category].levels.as_ref().map(Vec::len)).collect()
        };
        Self {
            max_cells: plan.options.max_cells,
            valid_rows: 0,
            missing_rows: 0,
            levels: plan.categories.iter().map(Category::new_levels).collect(),
            cells: plan.crossings.iter().map(|crossing| Cells::new(&sizes(crossing))).collect(),
            crossings: plan.crossings.clone(),
            terms: terms.collect(),
            plan: Some(Arc::clone(plan)),
        }
    }

    fn evaluate(&mut self, plan: &Plan, block: &Block) -> engine::Result<Evaluated> {
        let batch = &block.batch;
        let numbers =
            plan.numbers.iter().map(|number| number.evaluate(batch)).collect::<engine::Result<Vec<_>>>()?;
        let codes = plan
            .categories
            .iter()
            .zip(&mut self.levels)
            .map(|(category, levels)| category.codes(batch, levels))
            .collect::<engine::Result<Vec<_>>>()?;
        let weights = match &plan.weights {
            None => None,
            Some((index, column, weighting)) => {
                let mut weights = Vec::new();
                widen(batch.column(*index).as_ref(), &mut weights)?;
                check_weights(&weights, column, *weighting, block.start_row)?;
                Some(weights)
            }
        };
        let all = Evaluated { rows: batch.num_rows(), numbers, codes, weights };
        let Some(keep) = all.complete_rows(plan.options.by_term)? else { return Ok(all) };
        let kept = all.keep(&keep)?;
        self.missing_rows += (all.rows - kept.rows) as u64;
        Ok(kept)
    }

    fn add(&mut self, plan: &Plan, block: &Evaluated) -> engine::Result<()> {
        let weights = block.weights.as_deref();
        self.valid_rows += match weights {
            None => block.rows as u64,
            Some(weights) => weights.iter().filter(|&&weight| weight > 0.0).count() as u64,
        };
        let mut slots: Vec<Option<Vec<i32>>> = Vec::with_capacity(plan.crossings.len());
        for (index, (crossing, cells)) in plan.crossings.iter().zip(&mut self.cells).enumerate() {
            let codes: Vec<&Int32Array> = crossing.iter().map(|&category| &block.codes[category]).collect();
            let too_many = |TooMany(cells): TooMany| {
                let name = plan.terms.iter().find(|term| term.crossing == Some(index));
                too_many_cells(name.map_or("", |term| &term.name), cells, self.max_cells)
            };
            for &category in crossing {
                let Category { label, levels: known, .. } = &plan.categories[category];
                let seen = &self.levels[category];
                if let Some(known) = known
                    && let Some(stranger) = seen.texts().get(known.len())
                {
                    let reason = format!("the level '{stranger}' is not among those that the source states");
                    return Err(Error::Variable { variable: label.clone(), role: "a factor", reason }.into());
                }
                let levels = known.as_ref().map_or(seen.len(), Vec::len);
                if !cells.fits(levels) {
                    return Err(too_many(TooMany(levels as u64)).into());
                }
            }
            let listed =
                plan.terms.iter().any(|term| term.crossing == Some(index) && !term.numbers.is_empty());
            slots.push(match codes.as_slice() {
                [codes] if !listed => {
                    cells.count_single(codes, weights, self.max_cells).map_err(too_many)?;
                    None
                }
                codes => Some(cells.number(codes, weights, self.max_cells).map_err(too_many)?),
            });
        }
        let mut wide: Vec<Option<Vec<f64>>> = vec![None; block.numbers.len()];
        for (term, sums) in plan.terms.iter().zip(&mut self.terms) {
            match sums {
                TermSums::Counts { .. } => {}
                TermSums::Whole(moments) => match term.numbers.as_slice() {
                    [number] => moments.add_array(block.numbers[*number].as_ref(), weights)?,
                    numbers => moments.add_values(&product(numbers, block, &mut wide)?, weights),
                },
                TermSums::ByCell { crossing, cells, missing_rows, missing_weight } => {
                    let Some(slots) = &slots[*crossing] else { continue };
                    let owned;
                    let values = match term.numbers.as_slice() {
                        [number] => widened(*number, block, &mut wide)?,
                        numbers => {
                            owned = product(numbers, block, &mut wide)?;
                            &owned
                        }
                    };
                    cells.resize(self.cells[*crossing].len(), Moments::default());
                    add_by_cell(cells, slots, values, weights);
                    for (row, _) in slots.iter().enumerate().filter(|&(_, &slot)| slot < 0) {
                        let weight = weights.map_or(1.0, |weights| weights[row]);
                        *missing_rows += u64::from(weight != 0.0);
                        *missing_weight += weight;
                    }
                }
            }
        }
        Ok(())
    }

    /// The results of the terms, in the plan's order.
    fn into_results(self, plan: &Plan) -> Computed {
        let all_levels: Vec<Vec<String>> = plan
            .categories
            .iter()
            .zip(&self.levels)
            .map(|(category, seen)| match &category.levels {
                Some(known) => known.clone(),
                None => seen.texts().to_vec(),
            })
            .collect();
        let mut terms = Vec::with_capacity(self.terms.len());
        for (term, sums) in plan.terms.iter().zip(self.terms) {
            let label = |&number: &usize| plan.numbers[number].label.clone();
            let mut result = TermResult {
                name: term.name.clone(),
                variable: term.numbers.iter().map(label).collect::<Vec<_>>().join(":"),
                unit: match term.numbers.as_slice() {
                    [number] => plan.numbers[*number].unit.clone(),
                    _ => super::Unit::Number,
                },
                moments: None,
                cells: None,
            };
            let cell_result = |crossing: usize, moments: Option<Vec<Moments>>| {
                let cells = &self.cells[crossing];
                let (valid_rows, missing_rows) = (cells.valid_rows, cells.missing_rows);
                let mut moments = moments.map(Vec::into_iter);
                let list = (0..cells.len()).map(|slot| {
                    let of_slot = moments.as_mut().map(|moments| moments.next().unwrap_or_default());
                    (cells.codes_of(slot), cells.count(slot), of_slot)
                });
                let list = list.collect();
                CellResult {
                    factors: plan.crossings[crossing]
                        .iter()
                        .map(|&c| plan.categories[c].label.clone())
                        .collect(),
                    levels: plan.crossings[crossing].iter().map(|&c| all_levels[c].clone()).collect(),
                    cells: list,
                    valid_rows,
                    missing_rows,
                    missing_weight: cells.missing_weight,
                }
            };
            match sums {
                TermSums::Whole(moments) => result.moments = Some(moments),
                TermSums::Counts { crossing } => result.cells = Some(cell_result(crossing, None)),
                TermSums::ByCell { crossing, mut cells, missing_rows, missing_weight } => {
                    let mut whole = Moments::default();
                    for cell in &cells {
                        whole.merge_from(cell);
                    }
                    whole.add_missing(missing_rows, missing_weight);
                    cells.resize(self.cells[crossing].len(), Moments::default());
                    result.moments = Some(whole);
                    result.cells = Some(cell_result(crossing, Some(cells)));
                }
            }
            terms.push(result);
        }
        Computed { valid: self.valid_rows as f64, missing: self.missing_rows as f64, terms }
    }
}

impl Evaluated {
    /// The rows to keep: those with a weight and, unless missing values are left out by term, with every variable.
    fn complete_rows(&self, by_term: bool) -> engine::Result<Option<BooleanArray>> {
        if by_term && self.weights.is_none() {
            return Ok(None);
        }
        let mut keep = vec![true; self.rows];
        if let Some(weights) = &self.weights {
            for (keep, weight) in keep.iter_mut().zip(weights) {
                *keep &= !weight.is_nan();
            }
        }
        if !by_term {
            let mut values = Vec::new();
            for number in &self.numbers {
                widen(number.as_ref(), &mut values)?;
                for (keep, value) in keep.iter_mut().zip(&values) {
                    *keep &= !value.is_nan();
                }
            }
            for codes in self.codes.iter().filter(|codes| codes.null_count() > 0) {
                for (row, keep) in keep.iter_mut().enumerate() {
                    *keep &= codes.is_valid(row);
                }
            }
        }
        Ok(if keep.iter().all(|&keep| keep) { None } else { Some(BooleanArray::from(keep)) })
    }

    fn keep(&self, mask: &BooleanArray) -> engine::Result<Self> {
        let select = |array: &dyn Array| {
            filter(array, mask)
                .map_err(|source| engine::Error::Arrow { doing: "leaving out rows".into(), source })
        };
        let numbers =
            self.numbers.iter().map(|number| select(number.as_ref())).collect::<engine::Result<Vec<_>>>()?;
        let codes = self
            .codes
            .iter()
            .map(|codes| select(codes).map(|kept| Int32Array::from(kept.to_data())))
            .collect::<engine::Result<Vec<_>>>()?;
        let weights = self.weights.as_ref().map(|weights| {
            weights.iter().zip(mask.values()).filter(|(_, keep)| *keep).map(|(&weight, _)| weight).collect()
        });
        Ok(Self { rows: mask.true_count(), numbers, codes, weights })
    }
}

fn check_weights(weights: &[f64], column: &str, weighting: Weighting, row: u64) -> engine::Result<()> {
    let expected = match weighting {
        Weighting::Frequency => "counts of rows: whole numbers, not negative",
        Weighting::Probability => "finite and not negative",
    };
    let bad = |weight: &&f64| {
        **weight < 0.0 || weight.is_infinite() || (weighting == Weighting::Frequency && weight.fract() != 0.0)
    };
    match weights.iter().filter(|weight| !weight.is_nan()).find(bad) {
        Some(&value) => Err(Error::Weight { column: column.to_owned(), value, row, expected }.into()),
        None => Ok(()),
    }
}

fn widened<'a>(
    number: usize,
    block: &Evaluated,
    wide: &'a mut [Option<Vec<f64>>],
) -> engine::Result<&'a [f64]> {
    if wide[number].is_none() {
        let mut values = Vec::new();
        widen(block.numbers[number].as_ref(), &mut values)?;
        wide[number] = Some(values);
    }
    Ok(wide[number].as_deref().unwrap_or_default())
}

fn product(numbers: &[usize], block: &Evaluated, wide: &mut [Option<Vec<f64>>]) -> engine::Result<Vec<f64>> {
    let mut product = vec![1.0; block.rows];
    for &number in numbers {
        for (product, value) in product.iter_mut().zip(widened(number, block, wide)?) {
            *product *= value;
        }
    }
    Ok(product)
}

impl Accumulator for SummaryPartial {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        let Some(plan) = self.plan.clone() else {
            let what = "a partial result that came as bytes takes no more rows";
            return Err(Error::Mismatch { what }.into());
        };
        let evaluated = self.evaluate(&plan, block)?;
        self.add(&plan, &evaluated)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        if self.terms.len() != later.terms.len() || self.crossings != later.crossings {
            return Err(Error::Mismatch { what: "the terms of two summaries" }.into());
        }
        self.valid_rows += later.valid_rows;
        self.missing_rows += later.missing_rows;
        let moved: Vec<Option<Vec<i32>>> = self
            .levels
            .iter_mut()
            .zip(&later.levels)
            .map(|(levels, later)| levels.merge_from(later))
            .collect();
        let mut slots = Vec::with_capacity(self.cells.len());
        for ((crossing, cells), later) in self.crossings.iter().zip(&mut self.cells).zip(&later.cells) {
            let moved: Vec<Option<&[i32]>> =
                crossing.iter().map(|&category| moved[category].as_deref()).collect();
            let merged = cells.merge(later, &moved, self.max_cells);
            slots.push(merged.map_err(|TooMany(cells)| too_many_cells("a term", cells, self.max_cells))?);
        }
        for (sums, later) in self.terms.iter_mut().zip(later.terms) {
            match (sums, later) {
                (TermSums::Whole(moments), TermSums::Whole(later)) => moments.merge_from(&later),
                (TermSums::Counts { .. }, TermSums::Counts { .. }) => {}
                (
                    TermSums::ByCell { crossing, cells, missing_rows, missing_weight },
                    TermSums::ByCell { cells: later, missing_rows: rows, missing_weight: weight, .. },
                ) => {
                    *missing_rows += rows;
                    *missing_weight += weight;
                    cells.resize(self.cells[*crossing].len(), Moments::default());
                    for (later, &slot) in later.iter().zip(&slots[*crossing]) {
                        cells[slot].merge_from(later);
                    }
                }
                _ => return Err(Error::Mismatch { what: "the terms of two summaries" }.into()),
            }
        }
        Ok(())
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        let levels: usize = self.levels.iter().map(Accumulator::size).sum();
        let cells: usize = self.cells.iter().map(Cells::bytes).sum();
        let terms: usize = self
            .terms
            .iter()
            .map(|term| match term {
                TermSums::ByCell { cells, crossing, .. } => {
                    cells.len().max(self.cells[*crossing].len()) * size_of::<Moments>()
                }
                _ => size_of::<Moments>(),
            })
            .sum();
        size_of::<Self>() + levels + cells + terms
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use arrow_array::types::Int32Type;
    use arrow_array::{DictionaryArray, Float64Array, RecordBatch, StringArray};
    use engine::formula::Formula;

    use super::*;

    fn block(from: usize, rows: usize) -> Block {
        let texts =
            |shift: usize| (from..from + rows).map(move |i| ["p", "q", "r", "s"][(i / shift + i * i) % 4]);
        let x: ArrayRef =
            Arc::new((from..from + rows).map(|i| (i % 7 != 0).then_some(i as f64)).collect::<Float64Array>());
        let g: ArrayRef = Arc::new(texts(3).map(Some).collect::<DictionaryArray<Int32Type>>());
        let t: ArrayRef = Arc::new(StringArray::from_iter_values(texts(5)));
        let batch = RecordBatch::try_from_iter([("x", x), ("g", g), ("t", t)]).unwrap();
        Block { batch, index: 0, start_row: from as u64 }
    }

    fn seen(partial: SummaryPartial, plan: &Plan) -> String {
        let mut text = String::new();
        for term in partial.into_results(plan).terms {
            let moments = term.moments.map(|m| (m.count(), m.missing(), m.min(), m.max(), m.sum()));
            let _ = writeln!(text, "{} {moments:?}", term.name);
            let Some(cells) = term.cells else { continue };
            let mut lines: Vec<String> = cells
                .cells
                .iter()
                .map(|(codes, count, moments)| {
                    let levels: Vec<&str> = codes
                        .iter()
                        .zip(&cells.levels)
                        .map(|(&code, levels)| levels[code as usize].as_str())
                        .collect();
                    format!("{levels:?} {count} {:?}", moments.map(|m| (m.count(), m.missing(), m.sum())))
                })
                .collect();
            lines.sort();
            let _ = writeln!(text, "{:?} {} {lines:?}", cells.levels, cells.missing_rows);
        }
        text
    }

    /// The laws of accumulators, with dictionaries that differ from part to part, as those of other machines do.
    #[test]
    fn parts_merge_to_the_whole_even_as_bytes() {
        let terms = Formula::parse("~ x + g + t + x:g + x:g:t + t:g").unwrap().terms;
        let options = PlanOptions { weighting: None, by_term: true, max_cells: 1000, full_grid: true };
        let schema = block(0, 1).batch.schema();
        let plan = Arc::new(Plan::bind(&terms, &schema, &Ranges::new(), &options).unwrap());
        let over = |parts: &[(usize, usize)]| {
            let mut partial = SummaryPartial::new(&plan);
            for &(from, rows) in parts {
                partial.update(&block(from, rows)).unwrap();
            }
            partial
        };
        let bytes = |partial: SummaryPartial| -> SummaryPartial {
            rmp_serde::from_slice(&rmp_serde::to_vec(&partial).unwrap()).unwrap()
        };
        let merged = |mut first: SummaryPartial, second: SummaryPartial| {
            first.merge(second).unwrap();
            first
        };
        let whole = seen(over(&[(0, 1000)]), &plan);
        let parts = || (over(&[(0, 3), (3, 200)]), over(&[]), over(&[(203, 797)]));
        let (a, b, c) = parts();
        assert_eq!(seen(merged(merged(a, b), c), &plan), whole);
        let (a, b, c) = parts();
        assert_eq!(seen(merged(a, merged(b, c)), &plan), whole);
        let (a, b, c) = parts();
        let mut sent = merged(merged(bytes(a), bytes(b)), bytes(c));
        assert!(sent.update(&block(0, 1)).is_err());
        assert_eq!(seen(sent, &plan), whole);
    }
}
