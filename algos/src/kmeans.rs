//! k-means clusters: `rxKmeans`.
//!
//! Lloyd's iteration (1982, "Least squares quantization in PCM"): every row belongs to its nearest center, every center
//! becomes the mean of its rows, until no row moves. A pass over the data learns means, a sample of rows for the starts,
//! and keeps the rows themselves while they fit into [`KMeansOptions::memory`]. Then the iterations run on rows in memory
//! and look only at rows that may move (`lloyd.rs`); else each is a pass over the data, of all starts together
//! (`passes.rs`). Starts are drawn by k-means++ (`seeds.rs`), or given.
//!
//! Rows are taken about the means of the columns, so that means of 10⁹ cost no digits. Assignments are exact: those of
//! a loop over squared differences in f64, the first center of equals (`nearest.rs`).
//!
//! A factor has a column of 0 and 1 for each of its levels. A row with a missing value in any variable is left out and
//! counted. A cluster that loses all its rows keeps its center; it has size 0 and is told of in the print.

mod asked;
mod check;
mod json;
mod lloyd;
mod load;
mod nearest;
mod panels;
mod passes;
mod predict;
mod print;
mod scores;
mod seeds;
mod spread;
mod sums;

use std::sync::Arc;

use engine::aggregate::Server;
use engine::formula::Formula;
use engine::{BlockSource, Executor, Local, ScanOptions};
use serde::{Deserialize, Serialize};

use crate::design::{Design, Draft, LabelStyle, Weights, columns_read};
use crate::{Error, Result};
use load::{Loaded, Loading};
use seeds::Draw;
use sums::Sums;

/// The kind of these models in files.
pub(crate) const KIND: &str = "kmeans";

/// The name of the column that predictions have clusters in.
pub const CLUSTER_COLUMN: &str = ".rxCluster";

/// Rows that starts are chosen from, unless 10 for each cluster are more.
const START_ROWS: usize = 8192;

/// The most clusters.
const MAX_CLUSTERS: usize = 1 << 24;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KMeansOptions {
    /// How many clusters, at least 1; with `centers` their number. Default: 2.
    pub clusters: usize,
    /// Centers to start from, one behind the other, each with a number for every column. Default: drawn from the data.
    pub centers: Option<Vec<f64>>,
    /// The most iterations. With 0 rows are assigned to the first centers. Default: 1000.
    pub max_iterations: u32,
    /// How many starts are drawn; the one that ends with the least sum of squares counts. With 0 the first rows of the
    /// data are the only start. Default: 1.
    pub num_starts: u32,
    /// Rows that starts are drawn from; 0 takes 8192, or 10 for each cluster where that is more. Default: 0.
    pub num_start_rows: usize,
    /// What is drawn depends on this number. Default: 1.
    pub seed: u64,
    /// Bytes that rows may take in memory; 0 reads them in every iteration. Default: 512 MiB.
    #[serde(skip, default = "usual_memory")]
    pub memory: usize,
}

fn usual_memory() -> usize {
    512 << 20
}

impl Default for KMeansOptions {
    fn default() -> Self {
        Self {
            clusters: 2,
            centers: None,
            max_iterations: 1000,
            num_starts: 1,
            num_start_rows: 0,
            seed: 1,
            memory: usual_memory(),
        }
    }
}

/// k-means clusters of the rows of a formula.
///
/// ```no_run
/// # fn main() -> algos::Result<()> {
/// use algos::kmeans::{KMeans, KMeansOptions};
/// let source = engine::source::open("flights.xdf")?;
/// let options = KMeansOptions { clusters: 8, num_starts: 5, ..KMeansOptions::default() };
/// let kmeans = KMeans::new("~ ArrDelay + DepDelay + CRSDepTime")?.with_options(options)?;
/// let model = kmeans.fit(source.as_ref(), &engine::ScanOptions::default(), &engine::Local::default())?;
/// println!("{model}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct KMeans {
    formula: Formula,
    options: KMeansOptions,
}

/// Clusters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KMeansModel {
    /// The variables and columns.
    pub design: Design,
    /// The p columns: `x`, `DayOfWeek=Monday`.
    pub names: Vec<String>,
    /// The means of the columns.
    pub means: Vec<f64>,
    /// k × p centers, by rows.
    pub centers: Vec<f64>,
    /// For each cluster the sum of the squared distances of its rows from its center.
    pub withinss: Vec<f64>,
    /// The sum of the squared distances of all rows from the means.
    pub totss: f64,
    /// The sum of `withinss`.
    pub tot_withinss: f64,
    /// `totss` less `tot_withinss`.
    pub betweenss: f64,
    /// For each cluster how many rows it has.
    pub size: Vec<u64>,
    /// Rows without missing values.
    pub n_valid_obs: u64,
    /// Rows with a missing value.
    pub n_missing_obs: u64,
    /// Iterations of the start that counts, as R counts: the last one moves no row.
    pub iterations: u32,
    /// Whether no row moved at the end.
    pub converged: bool,
    /// What was asked for.
    pub params: KMeansOptions,
    /// The call as text.
    pub call: Option<String>,
    /// The name of the data.
    pub data: Option<String>,
}

/// Where a start has led to. Centers are about the means.
#[derive(Debug, Clone)]
struct Outcome {
    centers: Vec<f64>,
    sums: Sums,
    iterations: u32,
    converged: bool,
}

impl KMeans {
    /// Clusters of a formula given as text: `~ a + b`.
    ///
    /// # Errors
    /// When the text is no formula, has a response or no variable.
    pub fn new(formula: &str) -> Result<Self> {
        let formula = Formula::parse(formula).map_err(engine::Error::from)?;
        if !formula.response.is_empty() {
            let reason = "clusters have no response; write ~ terms".to_owned();
            return Err(Error::Formula { formula: formula.text, reason });
        }
        Ok(Self { formula, options: KMeansOptions::default() })
    }

    /// The same with these options.
    ///
    /// # Errors
    /// When they contradict each other.
    pub fn with_options(mut self, options: KMeansOptions) -> Result<Self> {
        let refuse = |option, reason: String| Err(Error::Option { option, reason });
        if !(1..=MAX_CLUSTERS).contains(&options.clusters) {
            return refuse(
                "clusters",
                format!("{} are wanted; it must be 1 to {MAX_CLUSTERS}", options.clusters),
            );
        }
        if (1..options.clusters).contains(&options.num_start_rows) {
            let (rows, clusters) = (options.num_start_rows, options.clusters);
            return refuse(
                "num_start_rows",
                format!("{rows} rows cannot be the start of {clusters} clusters"),
            );
        }
        if let Some(x) = options.centers.iter().flatten().find(|x| !x.is_finite()) {
            return refuse("centers", format!("{x} is no coordinate; give finite numbers"));
        }
        self.options = options;
        Ok(self)
    }

    /// Finds the clusters of a source.
    ///
    /// # Errors
    /// The source's and the executor's; no rows, fewer rows than clusters, infinite values, centers of another number
    /// of columns.
    pub fn fit(&self, source: &dyn BlockSource, scan: &ScanOptions, executor: &Local) -> Result<KMeansModel> {
        self.fit_by(source, scan, executor, executor)
    }

    /// The same with passes that `passes` runs; rows in memory are iterated on by `executor`.
    pub(crate) fn fit_by(
        &self,
        source: &dyn BlockSource,
        scan: &ScanOptions,
        passes: &impl Executor,
        executor: &Local,
    ) -> Result<KMeansModel> {
        let options = &self.options;
        let Loaded { design, sums: load } = engine::fit(&self.loading(source, scan), source, scan, passes)?;
        let (valid, missing) = (load.valid, load.missing);
        let names = self.names(&design, (valid, missing), &load.spread.squares)?;
        let clusters = options.clusters;
        let means = load.spread.means.clone();
        let starts = self.starts(load.sample.finish(), &means)?;
        let outcomes = if let Some(rows) = load.rows {
            let mut chunks: Vec<_> = rows.into_iter().map(lloyd::Chunk::new).collect();
            executor.for_each(&mut chunks, || (), |(), chunk| chunk.centre(&means));
            let iterate = |centers: Vec<f64>| {
                let most = options.max_iterations;
                lloyd::iterate(&mut chunks, centers, clusters, most, executor, &scan.monitor)
            };
            starts.into_iter().map(iterate).collect::<Result<Vec<_>>>()?
        } else {
            let estimator = passes::Passes {
                formula: &self.formula,
                design: Arc::clone(&design),
                shift: means.clone(),
                starts,
                clusters,
                max_iterations: options.max_iterations,
            };
            engine::fit(&estimator, source, scan, passes)?
        };
        let totss = load.spread.squares.iter().sum::<f64>();
        self.model(Arc::unwrap_or_clone(design), names, means, totss, (valid, missing), outcomes)
    }

    /// Finds the clusters of the rows of a server, from given centers; no row leaves it.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); no centers, more than 64 clusters or 400 columns, what the server says.
    pub fn fit_aggregated(&self, server: &mut dyn Server) -> Result<KMeansModel> {
        let options = &self.options;
        if options.centers.is_none() {
            return Err(asked::no_centers());
        }
        let read = columns_read(&self.formula, std::iter::empty());
        let schema = engine::source::projected(&server.schema(), read.as_deref())?;
        let draft = Draft::new(&self.formula, &schema, &Weights::default())?;
        let design = Arc::new(draft.bind_aggregated(server)?);
        let columns = asked::Columns::new(&design, server)?;
        let asked::Described { valid, missing, means, squares } = columns.describe(&design, server)?;
        let names = self.names(&design, (valid, missing), &squares)?;
        let estimator = passes::Passes {
            formula: &self.formula,
            design: Arc::clone(&design),
            shift: means.clone(),
            starts: self.starts(Vec::new(), &means)?,
            clusters: options.clusters,
            max_iterations: options.max_iterations,
        };
        let outcomes = engine::aggregate::fit_aggregated(&estimator, server)?;
        drop(estimator);
        let totss = squares.iter().sum::<f64>();
        self.model(Arc::unwrap_or_clone(design), names, means, totss, (valid, missing), outcomes)
    }

    /// The names of the columns, once it is clear that there can be clusters in so many valid and missing rows, with these
    /// squares about the means.
    fn names(&self, design: &Design, (valid, missing): (u64, u64), squares: &[f64]) -> Result<Vec<String>> {
        let names: Vec<String> =
            design.terms.iter().flat_map(|term| design.labels(term, LabelStyle::Revo)).collect();
        if names.is_empty() {
            let reason = "it has no variables to find clusters in".to_owned();
            return Err(Error::Formula { formula: design.formula.clone(), reason });
        }
        let clusters = self.options.clusters;
        if valid == 0 {
            return Err(Error::NoObservations { rows: missing });
        }
        if valid < clusters as u64 {
            let reason = format!("{clusters} are wanted, but there are only {valid} complete rows");
            return Err(Error::Option { option: "clusters", reason });
        }
        if let Some(at) = squares.iter().position(|square| !square.is_finite()) {
            return Err(Error::NotFinite { variable: names[at].clone() });
        }
        Ok(names)
    }

    /// The model of the best of some outcomes.
    fn model(
        &self,
        design: Design,
        names: Vec<String>,
        means: Vec<f64>,
        totss: f64,
        (n_valid_obs, n_missing_obs): (u64, u64),
        outcomes: Vec<Outcome>,
    ) -> Result<KMeansModel> {
        let within = |outcome: &Outcome| outcome.sums.within.iter().sum::<f64>();
        let best = outcomes.into_iter().min_by(|a, b| within(a).total_cmp(&within(b)));
        let Some(best) = best else {
            return Err(Error::Mismatch { what: "there was no start" });
        };
        let tot_withinss = within(&best);
        let mut centers = best.centers;
        for center in centers.chunks_exact_mut(means.len()) {
            center.iter_mut().zip(&means).for_each(|(x, mean)| *x += mean);
        }
        Ok(KMeansModel {
            design,
            names,
            means,
            centers,
            withinss: best.sums.within,
            totss,
            tot_withinss,
            betweenss: totss - tot_withinss,
            size: best.sums.counts,
            n_valid_obs,
            n_missing_obs,
            iterations: best.iterations,
            converged: best.converged,
            params: self.options.clone(),
            call: None,
            data: None,
        })
    }

    fn loading(&self, source: &dyn BlockSource, scan: &ScanOptions) -> Loading {
        let options = &self.options;
        let (draw, sample) = match (options.num_starts, options.num_start_rows) {
            _ if options.centers.is_some() => (Draw::First, 0),
            (0, _) => (Draw::First, options.clusters),
            (_, 0) => (Draw::Random(options.seed), START_ROWS.max(10 * options.clusters)),
            (_, rows) => (Draw::Random(options.seed), rows),
        };
        let rows = source.info().rows.map(|rows| match &scan.rows {
            Some(range) => rows.min(range.end.saturating_sub(range.start)),
            None => rows,
        });
        Loading { formula: self.formula.clone(), draw, sample, memory: options.memory, rows }
    }

    /// The centers of each start, about the means.
    fn starts(&self, mut sample: Vec<Vec<f64>>, means: &[f64]) -> Result<Vec<Vec<f64>>> {
        let options = &self.options;
        if let Some(centers) = &options.centers {
            let wanted = options.clusters * means.len();
            if centers.len() != wanted {
                let reason = format!(
                    "{} clusters of {} columns take {wanted} numbers, but there are {}",
                    options.clusters,
                    means.len(),
                    centers.len()
                );
                return Err(Error::Option { option: "centers", reason });
            }
            let mut centers = centers.clone();
            subtract(&mut centers, means);
            return Ok(vec![centers]);
        }
        for row in &mut sample {
            subtract(row, means);
        }
        if options.num_starts == 0 {
            return Ok(vec![sample.concat()]);
        }
        (0..options.num_starts)
            .map(|start| seeds::plus_plus(&sample, options.clusters, options.seed, start))
            .collect()
    }
}

/// Takes `shift` from each row.
fn subtract(rows: &mut [f64], shift: &[f64]) {
    for row in rows.chunks_exact_mut(shift.len().max(1)) {
        row.iter_mut().zip(shift).for_each(|(x, shift)| *x -= shift);
    }
}

impl KMeansModel {
    /// The center of a cluster, from 0: p numbers.
    pub fn center(&self, cluster: usize) -> &[f64] {
        let p = self.names.len();
        &self.centers[cluster * p..(cluster + 1) * p]
    }
}
