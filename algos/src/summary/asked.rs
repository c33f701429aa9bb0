//! A summary of rows that stay where they are: one query over all rows for counts and means, then one for each crossing of
//! factors, for sums of squares about the means by cell.

use engine::aggregate::{Answer, Compare, Math, Query, Scalar, Server, Stage, Sum, Test};
use engine::formula::{Formula, Term, Variable};
use engine::source::index_of;
use engine::stats::Moments;

use super::plan::{self, Plan, PlanOptions, Ranges, Weighting, has_levels};
use super::result::{self, CellResult, TermResult};
use super::{Summary, SummaryOptions, Unit};
use crate::{Error, Result};

/// Summarizes the variables of a formula over the rows of a server, which reports call `name`. Levels that are not known
/// are in the order of their bytes.
///
/// # Errors
/// As [`summarize`](super::summarize); also what queries cannot say.
pub fn summarize_aggregated(
    formula: &Formula,
    server: &mut dyn Server,
    name: &str,
    options: &SummaryOptions,
) -> Result<Summary> {
    let schema = server.schema();
    let terms = plan::requests(formula, &schema)?;
    let weighting = plan::weighting(options)?;
    let ranges = ranges(&terms, server)?;
    let plan_options = PlanOptions {
        weighting,
        by_term: options.by_term,
        max_cells: options.max_cells,
        full_grid: !options.remove_zero_counts,
    };
    let plan = Plan::bind(&terms, &schema, &ranges, &plan_options)?;
    let rows = Rows::new(&plan, server)?;
    let (counts, means) = rows.census(server)?;
    let answers = rows.terms(&means, server)?;
    result::build(formula, name, options, counts, answers)
}

/// The range of every column whose `F()` leaves an end open.
fn ranges(terms: &[Term], server: &mut dyn Server) -> Result<Ranges> {
    let schema = server.schema();
    let mut ranges = Ranges::new();
    for variable in terms.iter().flat_map(|term| &term.variables) {
        let Variable::Factor { column, low, high, .. } = variable else { continue };
        let field = schema.field(index_of(&schema, column)?);
        if (low.is_some() && high.is_some()) || has_levels(field.data_type()) || ranges.contains_key(column) {
            continue;
        }
        let range = if let Some(range) = xdf::metadata::low_high(field) {
            range
        } else {
            let value = Scalar::Column(column.clone(), field.data_type().clone());
            let stages = vec![Stage { columns: vec![("value".into(), value)], keep: None }];
            let value = Scalar::named("value");
            let sums = vec![Sum::Min(value.clone()), Sum::Max(value)];
            let answer = server.ask(&Query { stages, keys: Vec::new(), sums })?;
            let (low, high) = (answer.total(0), answer.total(1));
            if low <= high { (low, high) } else { (0.0, -1.0) }
        };
        ranges.insert(column.clone(), range);
    }
    Ok(ranges)
}

/// The variables of a plan as columns of a query.
struct Rows<'a> {
    plan: &'a Plan,
    /// The levels of the categories.
    levels: Vec<Vec<String>>,
    stages: Vec<Stage>,
}

fn number(place: usize) -> String {
    format!("n{place}")
}

fn category(place: usize) -> String {
    format!("c{place}")
}

fn is_there(name: String) -> Test {
    Test::Not(Box::new(Test::IsMissing(Scalar::Named(name))))
}

fn product(numbers: &[usize]) -> Scalar {
    let factors = numbers.iter().map(|&place| Scalar::Named(number(place)));
    factors.reduce(|product, factor| product * factor).unwrap_or(Scalar::Null)
}

/// Sums of a term within a group, in this order.
const SUMS: usize = 6;

impl<'a> Rows<'a> {
    fn new(plan: &'a Plan, server: &mut dyn Server) -> Result<Self> {
        let schema = server.schema();
        let mut columns = Vec::new();
        for (place, number_of) in plan.numbers.iter().enumerate() {
            let per_second = match &number_of.unit {
                Unit::Timestamp(unit, _) => engine::aggregate::per_second(*unit),
                _ => 1.0,
            };
            let value = number_of.scalar(&schema)?;
            columns.push((number(place), if per_second == 1.0 { value } else { value * per_second }));
        }
        let mut levels = Vec::new();
        for (place, of) in plan.categories.iter().enumerate() {
            let known = match &of.levels {
                Some(known) => known.clone(),
                None => crate::design::texts_of(of.text(&schema)?, server)?,
            };
            columns.push((category(place), of.scalar(&schema, &known)?));
            levels.push(known);
        }
        let mut complete = Vec::new();
        if let Some((index, name, _)) = &plan.weights {
            columns
                .push(("w".into(), Scalar::Column(name.clone(), schema.field(*index).data_type().clone())));
            complete.push(is_there("w".into()));
        }
        if !plan.options.by_term {
            complete.extend((0..plan.numbers.len()).map(number).map(is_there));
            complete.extend((0..plan.categories.len()).map(category).map(is_there));
        }
        let complete = Scalar::choose(Test::And(complete), 1.0.into(), 0.0.into());
        let stages = vec![
            Stage { columns, keep: None },
            Stage { columns: vec![("complete".into(), complete)], keep: None },
        ];
        Ok(Self { plan, levels, stages })
    }

    fn weight(&self) -> Scalar {
        if self.plan.weights.is_some() { Scalar::named("w") } else { 1.0.into() }
    }

    /// Whether a row counts: complete and of positive weight.
    fn counts(&self) -> Test {
        let complete = Scalar::named("complete").is(Compare::Equal, 1.0);
        Test::And(vec![complete, self.weight().is(Compare::Greater, 0.0)])
    }

    /// Rows that count and that do not, and for each term the mean of its values.
    fn census(&self, server: &mut dyn Server) -> Result<((f64, f64), Vec<f64>)> {
        let counted = |value: Scalar| Scalar::choose(self.counts(), value, Scalar::Null);
        let mut sums = vec![Sum::Rows, Sum::Of(Scalar::named("complete")), Sum::Of(counted(1.0.into()))];
        if self.plan.weights.is_some() {
            let weight = || Scalar::named("w");
            sums.extend([Sum::Min(weight()), Sum::Max(weight())]);
            sums.push(Sum::Max(weight() - weight().math(Math::Floor)));
        }
        let first = sums.len();
        for term in &self.plan.terms {
            let x = product(&term.numbers);
            let one = Scalar::choose(Test::IsMissing(x.clone()), Scalar::Null, 1.0.into());
            sums.extend([Sum::Of(counted(x)), Sum::Of(counted(one))]);
        }
        let answer = server.ask(&Query { stages: self.stages.clone(), keys: Vec::new(), sums })?;
        let total = |sum| answer.total(sum);
        if let Some((_, column, weighting)) = &self.plan.weights {
            let (least, most, fraction) = (total(3), total(4), total(5));
            let is_whole = *weighting == Weighting::Probability || fraction == 0.0;
            if total(1) > 0.0 && !(least >= 0.0 && most.is_finite() && is_whole) {
                let expected = match weighting {
                    Weighting::Frequency => "counts of rows: whole numbers, not negative",
                    Weighting::Probability => "finite and not negative",
                };
                return Err(Error::Variable {
                    variable: column.clone(),
                    role: "a weight",
                    reason: format!("its values lie between {least} and {most}; weights must be {expected}"),
                });
            }
        }
        let mean = |term: usize| total(first + 2 * term) / total(first + 2 * term + 1);
        let means =
            (0..self.plan.terms.len()).map(mean).map(|mean| if mean.is_finite() { mean } else { 0.0 });
        Ok(((total(2), total(0) - total(1)), means.collect()))
    }

    /// The results of all terms.
    fn terms(&self, means: &[f64], server: &mut dyn Server) -> Result<Vec<TermResult>> {
        let crossings = self.plan.crossings.iter().map(Vec::as_slice);
        let crossings: Vec<(Option<usize>, &[usize])> = std::iter::once((None, &[][..]))
            .chain(crossings.enumerate().map(|(i, c)| (Some(i), c)))
            .collect();
        let mut results: Vec<Option<TermResult>> = self.plan.terms.iter().map(|_| None).collect();
        for (crossing, categories) in crossings {
            let own: Vec<usize> = (0..self.plan.terms.len())
                .filter(|&term| self.plan.terms[term].crossing == crossing)
                .collect();
            if own.is_empty() {
                continue;
            }
            let answer = self.groups(categories, &own, means, server)?;
            for (place, &term) in own.iter().enumerate() {
                results[term] = Some(self.result(term, place, categories, means[term], &answer)?);
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// Sums by the cells of some categories: rows, their weight, and [`SUMS`] for each of some terms.
    fn groups(
        &self,
        categories: &[usize],
        terms: &[usize],
        means: &[f64],
        server: &mut dyn Server,
    ) -> Result<Answer> {
        let mut stages = self.stages.clone();
        stages.push(Stage { columns: vec![("weight".into(), self.weight())], keep: Some(self.counts()) });
        let shifted = |(place, &term): (usize, &usize)| {
            (format!("x{place}"), product(&self.plan.terms[term].numbers) - means[term])
        };
        stages.push(Stage { columns: terms.iter().enumerate().map(shifted).collect(), keep: None });
        let weight = || Scalar::named("weight");
        let mut sums = vec![Sum::Rows, Sum::Of(weight())];
        for (place, &term) in terms.iter().enumerate() {
            let x = || Scalar::Named(format!("x{place}"));
            let there = |value: Scalar| Scalar::choose(is_there(format!("x{place}")), value, Scalar::Null);
            let value = || product(&self.plan.terms[term].numbers);
            sums.extend([
                Sum::Of(there(1.0.into())),
                Sum::Of(there(weight())),
                Sum::Of(weight() * x()),
                Sum::Of(weight() * (x() * x())),
                Sum::Min(value()),
                Sum::Max(value()),
            ]);
        }
        let keys = categories.iter().map(|&place| category(place)).collect();
        Ok(server.ask(&Query { stages, keys, sums })?)
    }

    /// The result of a term, whose sums are in this place among those of its crossing.
    fn result(
        &self,
        term: usize,
        place: usize,
        categories: &[usize],
        mean: f64,
        answer: &Answer,
    ) -> Result<TermResult> {
        let planned = &self.plan.terms[term];
        let first = 2 + place * SUMS;
        let has_numbers = !planned.numbers.is_empty();
        let mut whole = Moments::default();
        let mut list = Vec::new();
        let (mut valid_rows, mut missing_rows, mut missing_weight) = (0.0, 0.0, 0.0);
        for group in 0..answer.groups() {
            let (rows, weight) = (answer.sum(0, group), answer.sum(1, group));
            let is_cell = (0..categories.len()).all(|key| !answer.number(key, group).is_nan());
            if !is_cell {
                missing_rows += rows;
                missing_weight += weight;
                continue;
            }
            valid_rows += rows;
            let moments = has_numbers.then(|| {
                let sum = |which: usize| answer.sum(first + which, group);
                let mut moments =
                    Moments::from_sums(sum(0) as u64, sum(1), mean, [sum(2), sum(3)], [sum(4), sum(5)]);
                moments.add_missing((rows - sum(0)) as u64, weight - sum(1));
                moments
            });
            if let Some(moments) = &moments {
                whole.merge_from(moments);
            }
            let code = |(key, &category): (usize, &usize)| {
                Ok(answer.code(key, group, self.levels[category].len())? as u32)
            };
            let codes = categories.iter().enumerate().map(code).collect::<Result<Vec<u32>>>()?;
            list.push((codes, weight, moments));
        }
        whole.add_missing(missing_rows as u64, missing_weight);
        let cells = planned.crossing.map(|_| CellResult {
            factors: categories.iter().map(|&c| self.plan.categories[c].label.clone()).collect(),
            levels: categories.iter().map(|&c| self.levels[c].clone()).collect(),
            cells: list,
            valid_rows: valid_rows as u64,
            missing_rows: missing_rows as u64,
            missing_weight,
        });
        let labels: Vec<&str> =
            planned.numbers.iter().map(|&number| self.plan.numbers[number].label.as_str()).collect();
        Ok(TermResult {
            name: planned.name.clone(),
            variable: labels.join(":"),
            unit: match planned.numbers.as_slice() {
                [number] => self.plan.numbers[*number].unit.clone(),
                _ => Unit::Number,
            },
            moments: has_numbers.then_some(whole),
            cells,
        })
    }
}
