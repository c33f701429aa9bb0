//! rxdf's side of `benches/peers/kmeans.py`: clusters of a table in memory, one repetition for each line of input.
//!
//! ```text
//! kmeans FILE CENTERS ITERATIONS      all columns of FILE, starting from a JSON list of lists
//! ```
//! Each repetition prints a line of JSON: seconds, the centers, how many iterations there were.

use std::io::BufRead;
use std::process::ExitCode;
use std::time::Instant;

use algos::kmeans::{KMeans, KMeansOptions};
use arrow_array::RecordBatch;
use engine::source::MemorySource;
use engine::{Local, ScanOptions};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        [file, centers, iterations] => serve(file, centers, iterations),
        _ => Err("usage: kmeans FILE CENTERS ITERATIONS".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kmeans: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(file: &str, centers: &str, iterations: &str) -> Result<(), Failure> {
    let reader = engine::source::open(file)?.open(&ScanOptions::default())?;
    let schema = reader.schema();
    let batches = reader.map(|block| Ok(block?.batch)).collect::<engine::Result<Vec<RecordBatch>>>()?;
    let source = MemorySource::try_new(&schema, batches)?;
    let centers: Vec<Vec<f64>> = serde_json::from_slice(&std::fs::read(centers)?)?;
    let options = KMeansOptions {
        clusters: centers.len(),
        centers: Some(centers.concat()),
        max_iterations: iterations.parse()?,
        ..KMeansOptions::default()
    };
    let threads = std::env::var("PEER_THREADS").ok().and_then(|threads| threads.parse().ok()).unwrap_or(2);
    let kmeans = KMeans::new("~ .")?.with_options(options)?;
    println!("{}", json!({ "version": format!("rxdf {}", env!("CARGO_PKG_VERSION")) }));
    for line in std::io::stdin().lock().lines() {
        line?;
        let start = Instant::now();
        let model = kmeans.fit(&source, &ScanOptions::default(), &Local::new(threads))?;
        let seconds = start.elapsed().as_secs_f64();
        let centers: Vec<Value> = (0..model.size.len()).map(|cluster| json!(model.center(cluster))).collect();
        println!("{}", json!({ "seconds": seconds, "check": centers, "iterations": model.iterations }));
    }
    Ok(())
}
