//! The statistics' side of `benches/peers/statistics.py`, where a process of its own would measure something else: one task
//! a process, one repetition for each line of input.
//!
//! ```text
//! statistics summary FILE FORMULA COLUMN      summarise all values, without what the file knows; the mean of a column
//! statistics covariance FILE                  covariances of all columns, which are in memory; that of the first two
//! ```
//! Each repetition prints a line of JSON: seconds, the peak resident bytes, and a number that the peers must agree with.

use std::io::BufRead;
use std::process::ExitCode;
use std::time::Instant;

use algos::covariance::{CovCor, MatrixKind};
use algos::summary::{SummaryOptions, rx_summary};
use engine::source::MemorySource;
use engine::{BlockSource, Local, ScanOptions};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["summary", file, formula, column] => serve(|| summary(file, formula, column)),
        ["covariance", file] => in_memory(file).and_then(|table| serve(|| covariance(&table))),
        _ => Err("usage: statistics summary FILE FORMULA COLUMN | covariance FILE".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("statistics: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Answers each line of standard input with one repetition.
fn serve(work: impl Fn() -> Result<f64, Failure>) -> Result<(), Failure> {
    println!("{{\"version\": \"rxdf {}\"}}", env!("CARGO_PKG_VERSION"));
    for line in std::io::stdin().lock().lines() {
        line?;
        let start = Instant::now();
        let check = work()?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{{\"seconds\": {seconds}, \"bytes\": {}, \"check\": {check}}}", peak()?);
    }
    Ok(())
}

/// The most bytes that this process has had resident.
fn peak() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

fn summary(file: &str, formula: &str, column: &str) -> Result<f64, Failure> {
    let source = engine::source::open(file)?;
    let options = SummaryOptions { use_stored_statistics: false, ..SummaryOptions::default() };
    let summary = rx_summary(formula, source.as_ref(), &options)?;
    let json = summary.to_json();
    let rows = json["sDataFrame"].as_array().ok_or("no table")?;
    let row = rows.iter().find(|row| row["Name"] == column).ok_or("no such column")?;
    Ok(row["Mean"].as_f64().ok_or("no mean")?)
}

fn in_memory(file: &str) -> Result<MemorySource, Failure> {
    let source = engine::source::open(file)?;
    let schema = source.schema();
    let batches = source.open(&ScanOptions::default())?.collect::<Result<Vec<_>, _>>()?;
    Ok(MemorySource::try_new(&schema, batches.into_iter().map(|block| block.batch))?)
}

fn covariance(table: &MemorySource) -> Result<f64, Failure> {
    let names: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
    let estimator = CovCor::new(&format!("~ {}", names.join(" + ")))?;
    let matrix = engine::fit(&estimator, table, &ScanOptions::default(), &Local::default())?;
    Ok(matrix.matrix(MatrixKind::Cov).1[1])
}
