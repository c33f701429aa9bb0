//! Arguments of `xdf fit kmeans`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{Reading, Selecting, Writing};

/// `xdf fit kmeans`.
#[derive(Debug, Args)]
#[command(after_help = "\
FORMULA names the variables: '~ a + b'. A factor has a column of 0 and 1 for each of its levels.
Variables count by their variance: give numbers of different units a common scale, as with
I(Distance / 500) or --compute. Rows with a missing value are left out and counted.

Examples:
  xdf fit kmeans '~ ArrDelay + DepDelay' flights.xdf --clusters 5 -o delays.model
  xdf fit kmeans '~ speed + dist' cars.csv --center 5,20 --center 20,80
  xdf fit kmeans '~ ArrDelay + CRSDepTime' flights.xdf -k 8 --starts 10 --clusters-file clusters.xdf
  xdf predict delays.model flights.xdf -o clusters.xdf --scale distance")]
pub(crate) struct KMeansArgs {
    /// The variables: ~ a + b
    #[arg(value_name = "FORMULA", allow_hyphen_values = true)]
    pub(crate) formula: String,
    /// File or pattern to read
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Where to save the model; without it, the model is only printed
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) output: Option<PathBuf>,
    /// How many clusters
    #[arg(
        long,
        short = 'k',
        value_name = "K",
        required_unless_present = "center",
        conflicts_with = "center"
    )]
    pub(crate) clusters: Option<usize>,
    /// A center to start from, a number for each column; repeated for each cluster
    #[arg(long, value_name = "X,Y", allow_hyphen_values = true, help_heading = "Iteration")]
    pub(crate) center: Vec<Point>,
    /// The most iterations
    #[arg(long, value_name = "N", default_value_t = 1000, help_heading = "Iteration")]
    pub(crate) max_iterations: u32,
    /// Starts to draw, of which the best end counts; 0 starts from the first rows
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        conflicts_with = "center",
        help_heading = "Iteration"
    )]
    pub(crate) starts: u32,
    /// Rows that starts are drawn from; 0 for 8192, or 10 for each cluster where that is more
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        conflicts_with = "center",
        help_heading = "Iteration"
    )]
    pub(crate) start_rows: usize,
    /// What is drawn depends on this number
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        conflicts_with = "center",
        help_heading = "Iteration"
    )]
    pub(crate) seed: u64,
    /// Read the rows in every iteration, even if they fit into memory
    #[arg(long, help_heading = "Iteration")]
    pub(crate) no_rows_in_memory: bool,
    /// Also write the cluster of each row to this file
    #[arg(long, value_name = "OUT", help_heading = "Output options")]
    pub(crate) clusters_file: Option<PathBuf>,
    /// Name of the column of clusters
    #[arg(
        long,
        value_name = "NAME",
        default_value = ".rxCluster",
        requires = "clusters_file",
        help_heading = "Output options"
    )]
    pub(crate) clusters_column: String,
    /// Also write the variables of the model to the file of clusters
    #[arg(long, requires = "clusters_file", help_heading = "Output options")]
    pub(crate) model_vars: bool,
    /// Also write these columns to the file of clusters
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        requires = "clusters_file",
        help_heading = "Output options"
    )]
    pub(crate) extra_vars: Vec<String>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) selecting: Selecting,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Coordinates: `1,2.5,-3`.
#[derive(Debug, Clone)]
pub(crate) struct Point(pub(crate) Vec<f64>);

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            part.trim().parse().map_err(|_| format!("'{part}' is not a number; write them as 1,2.5,-3"))
        };
        text.split(',').map(number).collect::<Result<_, _>>().map(Self)
    }
}
