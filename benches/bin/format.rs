//! The file format's side of `benches/peers/format.py`: one task a process, one repetition for each line of input.
//!
//! ```text
//! format open FILE                     open it
//! format sum FILE COLUMN...            decode numeric columns into Arrow and add them up
//! format sum-encoded FILE COLUMN...    add them up as they are stored
//! format scan FILE                     decode all columns into Arrow, drop each block
//! format table FILE                    the same, keep all blocks
//! format write FILE OUT LEVEL          write rows that are in memory
//! format wide OUT                      write once 1000 columns in 100 blocks: 100 000 segments
//! ```
//! Each repetition prints a line of JSON: seconds, decoded bytes, and a number that the peers must agree with.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use arrow_arith::aggregate::sum;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type};
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch};
use arrow_schema::DataType;
use rayon::prelude::*;
use xdf::encoded::Sum;
use xdf::{File, WriteOptions, Writer};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What one repetition did.
#[derive(Default)]
struct Done {
    decoded: usize,
    check: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["open", file] => serve(|| open(file)),
        ["sum", file, columns @ ..] => serve(|| sums(file, columns)),
        ["sum-encoded", file, columns @ ..] => serve(|| encoded_sums(file, columns)),
        ["scan", file] => serve(|| scan(file)),
        ["table", file] => serve(|| table(file)),
        ["write", file, out, level] => write(file, out, level),
        ["wide", out] => wide(out),
        _ => Err("usage: format open|sum|sum-encoded|scan|table|write|wide FILE ...".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("format: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Answers each line of standard input with one repetition.
fn serve(work: impl Fn() -> Result<Done, Failure>) -> Result<(), Failure> {
    println!("{{\"version\": \"rxdf {}\"}}", env!("CARGO_PKG_VERSION"));
    for line in std::io::stdin().lock().lines() {
        line?;
        let start = Instant::now();
        let done = work()?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{{\"seconds\": {seconds}, \"decoded\": {}, \"check\": {}}}", done.decoded, done.check);
    }
    Ok(())
}

fn open(file: &str) -> Result<Done, Failure> {
    let file = File::open(file)?;
    Ok(Done { decoded: 0, check: file.num_rows() as f64 })
}

/// All blocks, in parallel, each dropped when it was looked at.
fn blocks(
    file: &File,
    columns: &[usize],
    look: impl Fn(&RecordBatch) -> f64 + Sync,
) -> Result<Done, Failure> {
    let parts: Vec<Done> = (0..file.num_blocks())
        .into_par_iter()
        .map(|block| {
            let batch = file.read_block(block, columns)?;
            let decoded = batch.columns().iter().map(value_bytes).sum();
            Ok(Done { decoded, check: look(&batch) })
        })
        .collect::<Result<_, Failure>>()?;
    Ok(parts.iter().fold(Done::default(), |all, part| Done {
        decoded: all.decoded + part.decoded,
        check: all.check + part.check,
    }))
}

fn value_bytes(array: &ArrayRef) -> usize {
    array.to_data().buffers().iter().map(arrow_buffer::Buffer::len).sum()
}

fn sums(file: &str, columns: &[&str]) -> Result<Done, Failure> {
    let file = File::open(file)?;
    let columns = columns.iter().map(|name| file.schema().index_of(name)).collect::<Result<Vec<_>, _>>()?;
    blocks(&file, &columns, |batch| batch.columns().iter().map(total).sum())
}

fn encoded_sums(file: &str, columns: &[&str]) -> Result<Done, Failure> {
    let file = File::open(file)?;
    let columns = columns.iter().map(|name| file.schema().index_of(name)).collect::<Result<Vec<_>, _>>()?;
    let parts: Vec<f64> = (0..file.num_blocks())
        .into_par_iter()
        .map(|block| {
            let mut sum = 0.0;
            for column in &columns {
                sum += match file.read_encoded(block, *column)?.sum()? {
                    Some(Sum::Integer(sum)) => sum as f64,
                    Some(Sum::Float(sum)) => sum,
                    None => f64::NAN,
                };
            }
            Ok(sum)
        })
        .collect::<Result<_, Failure>>()?;
    Ok(Done { decoded: 0, check: parts.iter().sum() })
}

fn total(array: &ArrayRef) -> f64 {
    match array.data_type() {
        DataType::Int8 => wide_sum(array.as_primitive::<Int8Type>().values(), array),
        DataType::Int16 => wide_sum(array.as_primitive::<Int16Type>().values(), array),
        DataType::UInt8 => wide_sum(array.as_primitive::<UInt8Type>().values(), array),
        DataType::Int32 => wide_sum(array.as_primitive::<Int32Type>().values(), array),
        DataType::Int64 => sum(array.as_primitive::<Int64Type>()).unwrap_or_default() as f64,
        DataType::Float32 => float_sum(array.as_primitive::<Float32Type>().values(), array),
        DataType::Float64 => sum(array.as_primitive::<Float64Type>()).unwrap_or_default(),
        _ => f64::NAN,
    }
}

/// The exact sum of narrow integers that are not missing: that of all less that of the missing, which are few.
fn wide_sum<T: Copy + Into<i64>>(values: &[T], array: &dyn Array) -> f64 {
    let all: i64 = values.iter().map(|v| (*v).into()).sum();
    let gone: i64 = missing(array).map(|row| values[row].into()).sum();
    (all - gone) as f64
}

/// The sum of floats that are not missing, in double precision.
fn float_sum(values: &[f32], array: &dyn Array) -> f64 {
    let mut lanes = [0.0_f64; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(*value);
        }
    }
    let all = lanes.iter().sum::<f64>() + rest.iter().map(|v| f64::from(*v)).sum::<f64>();
    let gone: f64 = missing(array).map(|row| f64::from(values[row])).sum();
    if all.is_finite() {
        return all - gone;
    }
    values.iter().enumerate().filter(|(row, _)| array.is_valid(*row)).map(|(_, v)| f64::from(*v)).sum()
}

/// The rows that are missing.
fn missing(array: &dyn Array) -> impl Iterator<Item = usize> + '_ {
    array.nulls().into_iter().flat_map(|nulls| {
        let chunks = nulls.inner().bit_chunks();
        let whole = chunks.iter().enumerate().map(|(word, bits)| (64 * word, !bits));
        let rest = !chunks.remainder_bits() & !(u64::MAX << chunks.remainder_len());
        let rest = std::iter::once((64 * chunks.chunk_len(), rest));
        whole.chain(rest).flat_map(|(start, bits)| ones(bits).map(move |bit| start + bit))
    })
}

/// The places of the bits that are set.
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (bits != 0).then(|| bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        place
    })
}

fn scan(file: &str) -> Result<Done, Failure> {
    let file = File::open(file)?;
    let columns: Vec<usize> = (0..file.schema().fields().len()).collect();
    blocks(&file, &columns, |batch| batch.num_rows() as f64)
}

fn table(file: &str) -> Result<Done, Failure> {
    let file = File::open(file)?;
    let columns: Vec<usize> = (0..file.schema().fields().len()).collect();
    let all: Vec<RecordBatch> = (0..file.num_blocks())
        .into_par_iter()
        .map(|block| file.read_block(block, &columns))
        .collect::<Result<_, _>>()?;
    let decoded = all.iter().flat_map(RecordBatch::columns).map(value_bytes).sum();
    Ok(Done { decoded, check: all.iter().map(|batch| batch.num_rows() as f64).sum() })
}

fn write(file: &str, out: &str, level: &str) -> Result<(), Failure> {
    let file = File::open(file)?;
    let columns: Vec<usize> = (0..file.schema().fields().len()).collect();
    let blocks = (0..file.num_blocks()).map(|block| file.read_block(block, &columns));
    let blocks: Vec<RecordBatch> = blocks.collect::<Result<_, _>>()?;
    let options = WriteOptions::default().with_level(level.parse()?).with_overwrite(true);
    serve(|| {
        let mut writer = Writer::create(out, Arc::clone(file.schema()), options.clone())?;
        for block in &blocks {
            writer.write(block)?;
        }
        Ok(Done { decoded: 0, check: writer.finish()?.size() as f64 })
    })
}

fn wide(out: &str) -> Result<(), Failure> {
    let options = WriteOptions::default().with_block_rows(10).with_overwrite(Path::new(out).exists());
    let columns = (0..1000).map(|c| {
        let values: ArrayRef = Arc::new(Int32Array::from_iter_values((0..1000).map(|row| row * c % 997)));
        (format!("x{c}"), values)
    });
    let batch = RecordBatch::try_from_iter(columns)?;
    let mut writer = Writer::create(out, batch.schema(), options)?;
    writer.write(&batch)?;
    writer.finish()?;
    Ok(())
}
