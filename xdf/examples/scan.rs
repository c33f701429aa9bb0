//! Scans columns of an XDF file into Arrow, block after block on all threads, and adds up their numbers.
//!
//! `cargo run --release -p rxdf-xdf --example scan -- FILE [COLUMN,COLUMN…|all] [REPETITIONS]`
//! prints the rows, the best time of all repetitions, the decoded bytes a second and the processor time; blocks are
//! dropped as they go. `RAYON_NUM_THREADS` sets the threads.

use std::error::Error;
use std::time::Instant;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, types};
use arrow_schema::DataType;
use rayon::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sum of the numbers of an array, missing ones as they are stored; bytes of its values.
fn digest(array: &ArrayRef) -> (f64, usize) {
    macro_rules! sum {
        ($kind:ty) => {{
            let values = array.as_primitive::<$kind>().values();
            let mut lanes = [0.0_f64; 8];
            let (chunks, rest) = values.as_chunks::<8>();
            for chunk in chunks {
                lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += f64::from(*value));
            }
            (
                lanes.iter().sum::<f64>() + rest.iter().map(|v| f64::from(*v)).sum::<f64>(),
                values.inner().len(),
            )
        }};
    }
    match array.data_type() {
        DataType::Int8 => sum!(types::Int8Type),
        DataType::Int16 => sum!(types::Int16Type),
        DataType::Int32 => sum!(types::Int32Type),
        DataType::Float32 => sum!(types::Float32Type),
        DataType::Float64 => sum!(types::Float64Type),
        _ => (0.0, array.to_data().buffers().iter().map(arrow_buffer::Buffer::len).sum()),
    }
}

/// Processor time of this process in seconds, on Linux.
fn processor_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit(") ").next()?.split(' ').skip(11);
    let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("the file is missing")?;
    let columns = arguments.next().unwrap_or_else(|| "all".to_owned());
    let repetitions: u32 = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let opened = Instant::now();
    let file = xdf::File::open(path)?;
    let opened = opened.elapsed();
    let columns: Vec<usize> = if columns == "all" {
        (0..file.schema().fields().len()).collect()
    } else {
        columns.split(',').map(|name| file.schema().index_of(name)).collect::<Result<_, _>>()?
    };
    let (mut best, mut result) = (f64::MAX, (0.0, 0));
    let before = processor_time();
    for _ in 0..repetitions {
        let start = Instant::now();
        let block = |block: usize| -> Result<(f64, usize), xdf::Error> {
            let mut result = (0.0, 0);
            for column in &columns {
                let batch = file.read_block(block, &[*column])?;
                let (sum, bytes) = digest(batch.column(0));
                result = (result.0 + sum, result.1 + bytes);
            }
            Ok(result)
        };
        let parts: Vec<(f64, usize)> =
            (0..file.num_blocks()).into_par_iter().map(block).collect::<Result<_, _>>()?;
        result = parts.iter().fold((0.0, 0), |all, part| (all.0 + part.0, all.1 + part.1));
        best = best.min(start.elapsed().as_secs_f64());
    }
    let used = before.zip(processor_time()).map(|(before, after)| (after - before) / f64::from(repetitions));
    println!(
        "rows {} seconds {best:.4} GB/s {:.2} decoded MB {:.1} threads {} processor seconds {:.4} open ms {:.2} sum {:.1}",
        file.num_rows(),
        result.1 as f64 / best / 1e9,
        result.1 as f64 / 1e6,
        rayon::current_num_threads(),
        used.unwrap_or_default(),
        opened.as_secs_f64() * 1e3,
        result.0
    );
    Ok(())
}
