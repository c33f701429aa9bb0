//! Clusters of rows that stay where they are: an iteration is a query, by the nearest center.
//!
//! Starts are given, because rows do not travel. Distances are columns of the query; of equal ones the first counts, as in
//! passes over blocks.

use engine::aggregate::{Compare, Query, Scalar, Server, Stage, Sum, Test, not_pushed_down};

use super::sums::Sums;
use crate::design::Design;
use crate::gram::asked::complete_rows;
use crate::{Error, Result};

/// The most centers that a query compares with each other.
const MOST_CLUSTERS: usize = 64;

/// The most columns that a query writes out.
const MOST_COLUMNS: usize = 400;

/// The columns of complete rows, written out.
pub(super) struct Columns {
    stages: Vec<Stage>,
    count: usize,
}

/// What is known of the columns before iterations.
pub(super) struct Described {
    pub(super) valid: u64,
    pub(super) missing: u64,
    pub(super) means: Vec<f64>,
    /// Sums of squares about the means.
    pub(super) squares: Vec<f64>,
}

fn column(place: usize) -> Scalar {
    Scalar::Named(format!("d{place}"))
}

fn centred(place: usize) -> Scalar {
    Scalar::Named(format!("p{place}"))
}

impl Columns {
    /// The columns of a design.
    ///
    /// # Errors
    /// More columns than a query can have.
    pub(super) fn new(design: &Design, server: &dyn Server) -> Result<Self> {
        let mut stages = complete_rows(design, server)?;
        let mut columns = Vec::new();
        for term in &design.terms {
            let cells = design.cells(term);
            if columns.len() + cells > MOST_COLUMNS {
                return Err(not_pushed_down(format!("a search in more than {MOST_COLUMNS} columns")).into());
            }
            let value = |variable: usize| Scalar::Named(Design::name(variable));
            let product = design.numbers(term).map(value).reduce(|product, factor| product * factor);
            let factors: Vec<usize> = design.factors(term).collect();
            for cell in 0..cells {
                let product = product.clone().unwrap_or(Scalar::Number(1.0));
                let codes = design.codes_of(term, cell);
                let is_cell = factors
                    .iter()
                    .zip(codes)
                    .map(|(&variable, code)| value(variable).is(Compare::Equal, code as f64))
                    .collect::<Vec<_>>();
                let value = if is_cell.is_empty() {
                    product
                } else {
                    Scalar::choose(Test::And(is_cell), product, Scalar::Number(0.0))
                };
                columns.push((format!("d{}", columns.len()), value));
            }
        }
        let count = columns.len();
        stages.push(Stage { columns, keep: None });
        Ok(Self { stages, count })
    }

    /// Counts rows and takes means and squares.
    pub(super) fn describe(&self, design: &Design, server: &mut dyn Server) -> Result<Described> {
        let census = design.census(server, &[])?;
        let ask = |sums, server: &mut dyn Server| {
            server.ask(&Query { stages: self.stages.clone(), keys: Vec::new(), sums })
        };
        let rows = census.valid as f64;
        let sums = (0..self.count).map(|place| Sum::Of(column(place))).collect();
        let answer = ask(sums, server)?;
        let first: Vec<f64> = (0..self.count).map(|place| answer.total(place) / rows).collect();
        let near = |place: usize| column(place) - if first[place].is_finite() { first[place] } else { 0.0 };
        let sums = (0..self.count)
            .flat_map(|place| [Sum::Of(near(place)), Sum::Of(near(place) * near(place))])
            .collect();
        let answer = ask(sums, server)?;
        let by = |place: usize| answer.total(2 * place) / rows;
        Ok(Described {
            valid: census.valid,
            missing: census.missing,
            means: (0..self.count).map(|place| first[place] + by(place)).collect(),
            squares: (0..self.count)
                .map(|place| answer.total(2 * place + 1) - rows * by(place) * by(place))
                .collect(),
        })
    }

    /// The sums of the rows by the nearest of some centers, both less `shift`.
    ///
    /// # Errors
    /// More centers than a query can compare.
    pub(super) fn sums(&self, shift: &[f64], centers: &[f64], server: &mut dyn Server) -> Result<Sums> {
        let clusters = centers.len() / self.count.max(1);
        if clusters > MOST_CLUSTERS {
            return Err(not_pushed_down(format!("a search for more than {MOST_CLUSTERS} clusters")).into());
        }
        let mut stages = self.stages.clone();
        let shifted = |(place, &shift): (usize, &f64)| (format!("p{place}"), column(place) - shift);
        stages.push(Stage { columns: shift.iter().enumerate().map(shifted).collect(), keep: None });
        let from = |(cluster, center): (usize, &[f64])| {
            let squares = center.iter().enumerate().map(|(place, &x)| {
                let by = centred(place) - x;
                by.clone() * by
            });
            let distance = squares.reduce(|sum, square| sum + square).unwrap_or(Scalar::Number(0.0));
            (format!("q{cluster}"), distance)
        };
        let distances = centers.chunks_exact(self.count).enumerate().map(from).collect();
        stages.push(Stage { columns: distances, keep: None });
        let distance = |cluster: usize| Scalar::Named(format!("q{cluster}"));
        let is_nearest = |cluster: usize| {
            let others = cluster + 1..clusters;
            Test::And(others.map(|other| distance(cluster).is(Compare::LessEqual, distance(other))).collect())
        };
        // the first that no later one is nearer than; those before it were not
        let labels = (0..clusters).map(|cluster| (is_nearest(cluster), Scalar::Number(cluster as f64)));
        let nearest = (0..clusters).map(|cluster| (is_nearest(cluster), distance(cluster)));
        let columns = vec![
            ("label".to_owned(), Scalar::Case(labels.collect(), Box::new(Scalar::Null))),
            ("nearest".to_owned(), Scalar::Case(nearest.collect(), Box::new(Scalar::Null))),
        ];
        stages.push(Stage { columns, keep: None });
        let mut sums = vec![Sum::Rows, Sum::Of(Scalar::named("nearest"))];
        sums.extend((0..self.count).map(|place| Sum::Of(centred(place))));
        let answer = server.ask(&Query { stages, keys: vec!["label".into()], sums })?;
        let mut found = Sums::new(clusters, self.count);
        for group in 0..answer.groups() {
            let label = answer.code(0, group, clusters)?;
            found.counts[label] = answer.sum(0, group) as u64;
            found.within[label] = answer.sum(1, group);
            let totals = &mut found.totals[label * self.count..][..self.count];
            totals.iter_mut().enumerate().for_each(|(place, total)| *total = answer.sum(2 + place, group));
        }
        Ok(found)
    }
}

/// The error of a search whose starts are not given.
pub(super) fn no_centers() -> Error {
    Error::Option {
        option: "centers",
        reason: "rows stay in the database, so that none can be drawn; give the centers to start from".into(),
    }
}
