//! Coefficients, standard errors and tests from sums.

use super::factor::Rounding;
use super::partition::{interactions_first, partition_of};
use super::solve::{Solution, solve};
use super::{CountTable, FStatistics, LinModModel, LinModOptions, Partitions};
use crate::design::{Design, Term};
use crate::gram::exact::ExactGram;
use crate::gram::normal::{Normal, Partition};
use crate::gram::plan::Plan;
use crate::gram::within::Entry;
use crate::gram::{Gram, Real, Totals};
use crate::{Result, tails};

/// Fits the model to its sums; `None` when they may have lost digits that sums of twice the precision have.
pub(super) fn infer(plan: &Plan, gram: &Gram, options: &LinModOptions) -> Result<Option<LinModModel>> {
    with_fit(plan, gram, options, |fit| (!fit.loses_digits(plan)).then(|| fit.model()))
}

/// Fits the model to sums of twice the precision. `design` is as written, that of `plan` has its powers taken apart.
pub(super) fn infer_exactly(
    design: &Design,
    plan: &Plan,
    gram: &ExactGram,
    options: &LinModOptions,
) -> Result<LinModModel> {
    let units = gram.units(plan);
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general over both lifetimes"
    )]
    with_totals(design, plan, &gram.totals, Some(&units), options, |fit| fit.model())
}

/// Solves for the coefficients and hands over everything that follows from them.
pub(crate) fn with_fit<T>(
    plan: &Plan,
    gram: &Gram,
    options: &LinModOptions,
    take: impl FnOnce(&Fit<'_>) -> T,
) -> Result<T> {
    with_totals(&plan.design, plan, &gram.totals, None, options, take)
}

/// The same from any sums; `units` are the relative errors with which the values of the plan may have been rounded.
fn with_totals<T: Real, R>(
    design: &Design,
    plan: &Plan,
    totals: &Totals<T>,
    units: Option<&[f64]>,
    options: &LinModOptions,
    take: impl FnOnce(&Fit<'_, T>) -> R,
) -> Result<R> {
    let normal = Normal::new(plan, totals, partition_of(design, options))?;
    let noise = units.map(|units| noise(plan, &normal, units));
    let rounding = noise.as_deref().map_or(Rounding::Sums, Rounding::Data);
    Ok(with_normal(design, totals, &normal, rounding, options, take))
}

/// The same from the equations of a design.
pub(super) fn with_normal<T: Real, R>(
    design: &Design,
    totals: &Totals<T>,
    normal: &Normal<T>,
    rounding: Rounding<'_>,
    options: &LinModOptions,
    take: impl FnOnce(&Fit<'_, T>) -> R,
) -> R {
    let drop_first = options.drop_first || reference_is_empty(design, normal, partition_of(design, options));
    let order = priorities(design, normal, drop_first, options.drop_main && !options.cube);
    let scales = options.cube.then(|| scales(normal));
    let solution = solve(normal, &order, scales.as_deref(), rounding);
    let partition = partition_of(design, options);
    let reference = match partition {
        Partition::Term(term) if !options.cube && design.intercept => {
            let term = &design.terms[term];
            let order =
                if drop_first { first_levels_last(design, term) } else { (0..design.cells(term)).collect() };
            order.into_iter().rev().find(|&cell| normal.cells[cell].near() > 0.0)
        }
        _ => None,
    };
    take(&Fit { design, options, totals, normal, solution: &solution, partition, reference })
}

/// For each column the share of its square within the partition that is rounding of its values.
pub(super) fn noise<T: Real>(plan: &Plan, normal: &Normal<T>, units: &[f64]) -> Vec<f64> {
    let p = normal.columns();
    let unit = |column: usize| {
        let block = normal.blocks.partition_point(|&(_, first)| first <= column) - 1;
        let value = plan.terms[normal.blocks[block].0].value;
        value.map_or(0.0, |value| units[value] * plan.values[value].len() as f64)
    };
    (0..p)
        .map(|column| {
            let within = normal.schur[column * p + column].near();
            let mean = normal.means[column];
            let raw = normal.diagonal[column].near().max(within + normal.total.near() * mean * mean);
            unit(column).powi(2) * raw / within
        })
        .collect()
}

/// Whether the level or cell that would be the reference of some term has no observations; then the first is tried.
fn reference_is_empty<T: Real>(design: &Design, normal: &Normal<T>, partition: Partition) -> bool {
    if let Partition::Term(_) = partition
        && design.intercept
        && normal.cells.last().is_some_and(|weight| weight.near() <= 0.0)
    {
        return true;
    }
    normal.blocks.iter().any(|&(term, first)| {
        let term = &design.terms[term];
        let cells = design.cells(term);
        design.is_categorical(term) && cells > 0 && normal.support[first + cells - 1] <= 0.0
    })
}

/// The columns beside the partition in the order in which they are kept.
fn priorities<T: Real>(design: &Design, normal: &Normal<T>, drop_first: bool, drop_main: bool) -> Vec<usize> {
    let mut blocks = normal.blocks.clone();
    if drop_main {
        interactions_first(design, &mut blocks, |&(term, _)| term);
    }
    let mut order = Vec::with_capacity(normal.columns());
    for (term, first) in blocks {
        let term = &design.terms[term];
        if drop_first {
            order.extend(first_levels_last(design, term).into_iter().map(|cell| first + cell));
        } else {
            order.extend(first..first + design.cells(term));
        }
    }
    order
}

/// The cells of a term, counted as if the first level of every factor stood behind its last.
fn first_levels_last(design: &Design, term: &Term) -> Vec<usize> {
    let levels: Vec<usize> = design.factors(term).map(|v| design.variables[v].kind.cells()).collect();
    (0..design.cells(term))
        .map(|cell| {
            let codes = design.codes_of(term, cell);
            let turned = codes.iter().zip(&levels).map(|(code, levels)| (code + 1) % levels);
            turned
                .zip(&levels)
                .fold((0, 1), |(cell, step), (code, levels)| (cell + code * step, step * levels))
                .0
        })
        .collect()
}

/// The columns of a term share a scale.
fn scales<T: Real>(normal: &Normal<T>) -> Vec<usize> {
    (0..normal.columns()).map(|column| normal.blocks.partition_point(|&(_, first)| first <= column)).collect()
}

/// A solved regression.
pub(crate) struct Fit<'a, T = f64> {
    /// The cell of the partition that the intercept stands for, where both are there.
    reference: Option<usize>,
    design: &'a Design,
    options: &'a LinModOptions,
    totals: &'a Totals<T>,
    normal: &'a Normal<T>,
    solution: &'a Solution<T>,
    partition: Partition,
}

/// How many digits may go before a pass for sums of twice the precision is worth its time.
struct Patience {
    /// The largest condition number.
    condition: f64,
    /// The smallest share of the total squares that the residual squares are, whose difference is taken.
    residual: f64,
}

/// Six of sixteen digits, four in the residuals.
const USUAL: Patience = Patience { condition: 1e6, residual: 1e-4 };

/// Three digits, where the pass takes a few milliseconds.
const SMALL: Patience = Patience { condition: 1e3, residual: 1e-2 };

/// Rows times products up to which a table is small.
const SMALL_TABLE: u64 = 1 << 20;

/// The most columns that are solved for in twice the precision, which takes some 30 times as long.
const EXACT_COLUMNS: usize = 1000;

impl Fit<'_> {
    /// Whether sums of twice the precision would give digits that these do not have.
    pub(super) fn loses_digits(&self, plan: &Plan) -> bool {
        let (normal, solution) = (self.normal, self.solution);
        if normal.columns() > EXACT_COLUMNS {
            return false;
        }
        // levels that depend on each other do so exactly; numbers perhaps not
        let is_number = |column: usize| {
            let block = normal.blocks.partition_point(|&(_, first)| first <= column) - 1;
            let columns = &plan.terms[normal.blocks[block].0];
            columns.factors.is_empty() && columns.value.is_some()
        };
        let products: u64 = plan.tables.iter().map(|table| table.moments.len() as u64).sum();
        let is_small = self.totals.valid.saturating_mul(products) <= SMALL_TABLE;
        // a server has no such sums, and what seems to depend is dropped
        let is_final = self.totals.is_of_server;
        let patience = if is_small && !is_final { SMALL } else { USUAL };
        let totals = if self.has_constant() { &normal.centred } else { &normal.raw };
        let is_perfect =
            |(response, total): (usize, &f64)| self.residual_squares(response) < patience.residual * total;
        solution.condition > patience.condition
            || (!is_final && solution.dependent.iter().any(|&column| is_number(column)))
            || totals.iter().enumerate().any(is_perfect)
    }
}

impl<T: Real> Fit<'_, T> {
    pub(super) fn model(&self) -> LinModModel {
        let (normal, solution) = (self.normal, self.solution);
        let r = normal.within.len();
        let rank = self.rank();
        let observations = self.totals.observations;
        let residual_df = (observations - rank as f64).max(0.0);
        let has_constant = self.has_constant();
        let constants = f64::from(u8::from(has_constant));

        let variances: Vec<f64> = self.unscaled_variances();
        let mut model = LinModModel {
            design: self.design.clone(),
            params: self.options.clone(),
            call: None,
            data: None,
            y_names: self.design.response_names(),
            coefficient_names: self.names(),
            coefficients: Vec::with_capacity(r),
            aliased: self.aliased(),
            observed: self.observed(),
            coef_std_error: Vec::with_capacity(r),
            coef_t_value: Vec::with_capacity(r),
            coef_p_value: Vec::with_capacity(r),
            cov_coef: None,
            cov_data: None,
            condition_number: solution.condition,
            rank,
            residual_squares: Vec::with_capacity(r),
            total_squares: nearest(&normal.raw),
            y_var: nearest(&normal.centred),
            sigma: Vec::with_capacity(r),
            residual_variance: Vec::with_capacity(r),
            r_squared: Vec::with_capacity(r),
            adj_r_squared: Vec::with_capacity(r),
            fstatistics: None,
            f_pvalue: Vec::with_capacity(r),
            df: [rank as f64, residual_df, variances.len() as f64],
            partitions: None,
            count_df: None,
            n_valid_obs: self.totals.valid,
            n_missing_obs: self.totals.missing,
            n_observations: observations,
            deviance: Vec::new(),
            anova: None,
        };
        let numdf = rank as f64 - constants;
        let mut f_values = Vec::with_capacity(r);
        for response in 0..r {
            let squares = self.residual_squares(response);
            let total = if has_constant { normal.centred[response] } else { normal.raw[response] }.near();
            let variance = if residual_df > 0.0 { squares / residual_df } else { f64::NAN };
            let r_squared = if total > 0.0 { 1.0 - squares / total } else { f64::NAN };
            let adjusted = 1.0 - (1.0 - r_squared) * (observations - constants) / residual_df;
            // a constant response leaves nothing to explain
            let f = if total > 0.0 { (total - squares) / numdf / variance } else { f64::NAN };
            f_values.push(f);
            model.f_pvalue.push(tails::f_upper(f, numdf, residual_df));
            model.residual_squares.push(squares);
            model.residual_variance.push(variance);
            model.sigma.push(variance.sqrt());
            model.r_squared.push(r_squared);
            model.adj_r_squared.push(if residual_df > 0.0 { adjusted } else { f64::NAN });
            let coefficients = self.coefficients(response);
            let errors: Vec<f64> = variances.iter().map(|unscaled| (unscaled * variance).sqrt()).collect();
            let t: Vec<f64> = coefficients.iter().zip(&errors).map(|(b, error)| b / error).collect();
            model.coef_p_value.push(t.iter().map(|&t| tails::t_two_sided(t, residual_df)).collect());
            model.coef_t_value.push(t);
            model.coef_std_error.push(errors);
            model.coefficients.push(coefficients);
        }
        model.deviance.clone_from(&model.residual_squares);
        if numdf > 0.0 {
            model.fstatistics = Some(FStatistics { value: f_values, numdf, dendf: residual_df });
        }
        if self.options.cov_coef && !self.options.cube && r == 1 {
            model.cov_coef = Some(self.covariance(model.residual_variance[0]));
        }
        if self.options.cov_data && self.partition == Partition::Intercept {
            let scale = 1.0 / (normal.total.near() - 1.0);
            model.cov_data = Some(normal.schur.iter().map(|s| s.near() * scale).collect());
        }
        if self.options.cube {
            let term = &self.design.terms[0];
            let cells = normal.cells.len();
            model.partitions = Some(Partitions { term: self.design.term_label(term), cells });
            let means = self.options.cube_predictions.then_some(normal.means.as_slice());
            model.count_df = Some(self.count_table(term, &model.coefficients, means));
        }
        model
    }

    /// Whether the constant is among what the columns can add up to.
    fn has_constant(&self) -> bool {
        self.options.cube || self.design.intercept
    }

    /// One for each coefficient, in the order of writing: those of the intercept, of the partition's cells and of the
    /// other columns.
    fn in_order<V>(&self, intercept: impl FnOnce() -> V, cells: Vec<V>, others: Vec<V>) -> Vec<V> {
        let Partition::Term(term) = self.partition else {
            return cells.into_iter().chain(others).collect();
        };
        let later = self.normal.blocks.iter().find(|(other, _)| *other > term);
        let before = later.map_or(others.len(), |&(_, first)| first);
        let intercept = self.reference.map(|_| intercept());
        let mut others = others.into_iter();
        let mut all: Vec<V> = intercept.into_iter().chain(others.by_ref().take(before)).collect();
        all.extend(cells);
        all.extend(others);
        all
    }

    /// How many coefficients were kept.
    pub(crate) fn rank(&self) -> usize {
        self.normal.cells.iter().filter(|weight| weight.near() > 0.0).count() + self.solution.kept.len()
    }

    /// The condition number of the kept columns.
    pub(crate) fn condition(&self) -> f64 {
        self.solution.condition
    }

    /// Which coefficients were dropped.
    pub(crate) fn aliased(&self) -> Vec<bool> {
        let is_reference = |cell| self.reference == Some(cell);
        let cells = self.normal.cells.iter().enumerate();
        let aliased = cells.map(|(cell, weight)| weight.near() <= 0.0 || is_reference(cell)).collect();
        let mut others = vec![true; self.normal.columns()];
        self.solution.kept.iter().for_each(|&column| others[column] = false);
        self.in_order(|| false, aliased, others)
    }

    /// Which coefficients have observations in their cells.
    pub(crate) fn observed(&self) -> Vec<bool> {
        let cells = self.normal.cells.iter().map(|weight| weight.near() > 0.0).collect();
        let others = self.normal.support.iter().map(|&weight| weight > 0.0).collect();
        self.in_order(|| true, cells, others)
    }

    /// The names of the coefficients.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        if self.design.intercept && !self.options.cube {
            names.push(crate::design::INTERCEPT.to_owned());
        }
        names.extend(self.design.terms.iter().flat_map(|term| self.design.labels(term, self.options.labels)));
        names
    }

    /// The sum of squared residuals, never below 0.
    fn residual_squares(&self, response: usize) -> f64 {
        let normal = self.normal;
        let r = normal.within.len();
        let explained = sum(self.solution.kept.iter().map(|&column| {
            self.solution.coefficients[column * r + response] * normal.right[column * r + response]
        }));
        (normal.within[response] - explained).near().max(0.0)
    }

    /// The coefficients, NaN where dropped.
    pub(crate) fn coefficients(&self, response: usize) -> Vec<f64> {
        let normal = self.normal;
        let (p, r) = (normal.columns(), normal.within.len());
        let own = |column: usize| self.solution.coefficients[column * r + response];
        let shift = T::from(normal.response_shifts[response])
            - sum((0..p).map(|column| T::from(normal.shifts[column]) * own(column)));
        // without the shift, which differences of cells do not have
        let of_cell = |cell: usize| {
            let row = normal.cross.of(cell);
            let explained = sum(row.iter().map(|entry| entry.shifted * own(entry.column as usize)));
            (normal.cell_responses[cell * r + response] - explained) / normal.cells[cell]
        };
        let intercept = self.reference.map(of_cell);
        let cells = (0..normal.cells.len())
            .map(|cell| match intercept {
                _ if normal.cells[cell].near() <= 0.0 || self.reference == Some(cell) => f64::NAN,
                Some(intercept) => (of_cell(cell) - intercept).near(),
                None => (of_cell(cell) + shift).near(),
            })
            .collect();
        let mut others = vec![f64::NAN; p];
        for &column in &self.solution.kept {
            others[column] = own(column).near();
        }
        self.in_order(|| intercept.map_or(f64::NAN, |at| (at + shift).near()), cells, others)
    }

    /// The diagonal of (X'WX)⁻¹, NaN where dropped.
    pub(crate) fn unscaled_variances(&self) -> Vec<f64> {
        let normal = self.normal;
        let p = normal.columns();
        let inverse = &self.solution.inverse;
        // 1/w + m'S⁻¹m of a cell's weight and its means of the columns
        let variance = |cell: usize, sum_of: fn(&Entry<T>) -> T| {
            let (row, weight) = (normal.cross.of(cell), normal.cells[cell]);
            let quadratic = sum(row.iter().map(|entry| {
                let inverse = &inverse[entry.column as usize * p..][..p];
                let product = sum(row.iter().map(|e| inverse[e.column as usize] * (sum_of(e) / weight)));
                sum_of(entry) / weight * product
            }));
            T::from(1.0) / weight + quadratic
        };
        let raw: fn(&Entry<T>) -> T = |entry| entry.raw;
        let shifted: fn(&Entry<T>) -> T = |entry| entry.shifted;
        // the same of the difference to the reference, whose means are of shifted columns: differences have no shift
        let reference = self.reference.map(|cell| {
            let (row, weight) = (normal.cross.of(cell), normal.cells[cell]);
            let times = |i: usize| {
                let inverse = &inverse[i * p..][..p];
                sum(row.iter().map(|entry| inverse[entry.column as usize] * (entry.shifted / weight)))
            };
            (variance(cell, shifted), (0..p).map(times).collect::<Vec<T>>())
        });
        let cells = (0..normal.cells.len())
            .map(|cell| {
                let weight = normal.cells[cell];
                match &reference {
                    _ if weight.near() <= 0.0 || self.reference == Some(cell) => f64::NAN,
                    None => variance(cell, raw).near(),
                    Some((own, product)) => {
                        let row = normal.cross.of(cell).iter();
                        let both =
                            sum(row.map(|entry| entry.shifted / weight * product[entry.column as usize]));
                        (variance(cell, shifted) + *own - both - both).near()
                    }
                }
            })
            .collect();
        let mut others = vec![f64::NAN; p];
        for &column in &self.solution.kept {
            others[column] = inverse[column * p + column].near();
        }
        let intercept = || self.reference.map_or(f64::NAN, |cell| variance(cell, raw).near());
        self.in_order(intercept, cells, others)
    }

    /// The covariance matrix of all coefficients without a cube, NaN where dropped.
    pub(crate) fn covariance(&self, variance: f64) -> Vec<f64> {
        let normal = self.normal;
        let (k, p) = (normal.cells.len(), normal.columns());
        let width = k + p;
        let inverse = &self.solution.inverse;
        let mut matrix = vec![f64::NAN; width * width];
        for &i in &self.solution.kept {
            for &j in &self.solution.kept {
                matrix[(k + i) * width + k + j] = variance * inverse[i * p + j].near();
            }
        }
        if let [weight] = normal.cells.as_slice() {
            let mut means = vec![T::default(); p];
            for entry in normal.cross.of(0) {
                means[entry.column as usize] = entry.raw / *weight;
            }
            let mut quadratic = T::default();
            for &i in &self.solution.kept {
                let row = &inverse[i * p..(i + 1) * p];
                let product = sum(row.iter().zip(&means).map(|(&a, &b)| a * b));
                quadratic += means[i] * product;
                matrix[k + i] = -variance * product.near();
                matrix[(k + i) * width] = -variance * product.near();
            }
            matrix[0] = variance * (T::from(1.0) / *weight + quadratic).near();
        }
        matrix
    }

    /// The cells of a cube; `means` of the other columns give predictions, which a cube without any has in any case.
    pub(crate) fn count_table(
        &self,
        term: &Term,
        coefficients: &[Vec<f64>],
        means: Option<&[f64]>,
    ) -> CountTable {
        let normal = self.normal;
        let k = normal.cells.len();
        let factors: Vec<usize> = self.design.factors(term).collect();
        let levels = (0..k)
            .map(|cell| {
                let codes = self.design.codes_of(term, cell);
                factors
                    .iter()
                    .zip(codes)
                    .map(|(&v, code)| self.design.variables[v].kind.level(code))
                    .collect()
            })
            .collect();
        let alone = (normal.columns() == 0).then_some(&[][..]);
        let means = alone.or(means).map(|means| {
            coefficients
                .iter()
                .map(|coefficients| {
                    let (cells, others) = coefficients.split_at(k);
                    let at_means: f64 =
                        others.iter().zip(means).filter(|(b, _)| !b.is_nan()).map(|(b, mean)| b * mean).sum();
                    cells.iter().map(|cell| cell + at_means).collect()
                })
                .collect()
        });
        let factors = factors.iter().map(|&v| self.design.variables[v].label.clone()).collect();
        CountTable { factors, levels, means, counts: nearest(&normal.cells) }
    }
}

fn sum<T: Real>(terms: impl Iterator<Item = T>) -> T {
    terms.fold(T::default(), |sum, term| sum + term)
}

fn nearest<T: Real>(numbers: &[T]) -> Vec<f64> {
    numbers.iter().map(|number| number.near()).collect()
}
