//! Writing and scanning an XDF file. Floor of a scan: copying its values.

use std::hint::black_box;
use std::sync::Arc;

use arrow_arith::aggregate;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int32Type};
use arrow_array::{Array, ArrayRef, Float32Array, Int32Array, Scalar as ArrowScalar};
use arrow_ord::cmp;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::source::XdfSource;
use engine::{BlockSource, ScanOptions};
use rxdf_benches::{ROWS, airline, value_bytes};
use xdf::Scalar;
use xdf::arrow_schema::DataType;
use xdf::encoded::{Predicate, Sum};

const NUMBERS: [&str; 3] = ["ArrDelay", "CRSDepTime", "DayOfWeek"];

fn xdf_file(criterion: &mut Criterion) {
    let table = airline();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("airline.xdf");
    let mut group = criterion.benchmark_group("xdf_file");
    group.sample_size(10);
    for level in [0, 1] {
        group.throughput(Throughput::Elements(ROWS));
        group.bench_function(format!("write 13 columns, level {level}"), |bencher| {
            bencher.iter(|| {
                let options = xdf::WriteOptions::default().with_level(level).with_overwrite(true);
                let mut writer = xdf::Writer::create(&path, table.schema(), options).expect("a writer");
                for batch in table.batches() {
                    writer.write(batch).expect("written");
                }
                writer.finish().expect("a file")
            });
        });
        let source = XdfSource::open(&path).expect("an XDF file");
        group.throughput(Throughput::Bytes(value_bytes(&table, &NUMBERS) as u64));
        group.bench_function(format!("scan 3 columns, level {level}, one thread"), |bencher| {
            let options = ScanOptions::default().with_columns(NUMBERS).with_prefetch(false);
            bencher.iter(|| {
                for block in source.open(&options).expect("a pass") {
                    black_box(block.expect("a block"));
                }
            });
        });
    }
    let values = vec![1u8; value_bytes(&table, &NUMBERS)];
    let mut target = vec![0u8; values.len()];
    group.bench_function("floor: copy of the 3 columns", |bencher| {
        bencher.iter(|| target.copy_from_slice(black_box(&values)));
    });
    group.finish();
}

/// Answers from a column as it is stored, beside those from its values. Floor: reading the stored bytes.
fn encoded(criterion: &mut Criterion) {
    let table = airline();
    let folder = tempfile::tempdir().expect("a folder");
    let mut group = criterion.benchmark_group("encoded");
    group.sample_size(10);
    for level in [0, 1] {
        let path = folder.path().join(format!("airline-{level}.xdf"));
        let options = xdf::WriteOptions::default().with_level(level);
        let mut writer = xdf::Writer::create(&path, table.schema(), options).expect("a writer");
        for batch in table.batches() {
            writer.write(batch).expect("written");
        }
        let file = writer.finish().expect("a file");
        let delay = file.schema().index_of("ArrDelay").expect("the column");
        let late = Predicate::Greater(Scalar::Int(15));
        let mut run = |name: &str, answer: &dyn Fn(usize) -> u64| {
            group.throughput(Throughput::Elements(ROWS));
            group.bench_function(format!("{name}, level {level}"), |bencher| {
                bencher.iter(|| (0..file.num_blocks()).map(answer).fold(0, u64::wrapping_add));
            });
        };
        let stored = |block| file.read_encoded(block, delay).expect("a column");
        let decoded = |block| Arc::clone(file.read_block(block, &[delay]).expect("a block").column(0));
        run("sum as stored", &|block| match stored(block).sum().expect("a sum") {
            Some(Sum::Integer(sum)) => sum as u64,
            Some(Sum::Float(sum)) => sum.to_bits(),
            None => 0,
        });
        run("sum of values", &|block| {
            let array = decoded(block);
            match array.data_type() {
                DataType::Float32 => {
                    aggregate::sum(array.as_primitive::<Float32Type>()).unwrap_or_default().to_bits().into()
                }
                _ => aggregate::sum(array.as_primitive::<Int32Type>()).unwrap_or_default() as u64,
            }
        });
        run("extremes as stored", &|block| stored(block).min_max().expect("an answer").is_some().into());
        run("extremes of values", &|block| {
            let array = decoded(block);
            if *array.data_type() == DataType::Float32 {
                let array = array.as_primitive::<Float32Type>();
                (aggregate::min(array) < aggregate::max(array)).into()
            } else {
                let array = array.as_primitive::<Int32Type>();
                (aggregate::min(array) < aggregate::max(array)).into()
            }
        });
        run("rows above 15 as stored", &|block| stored(block).count(&late).expect("an answer") as u64);
        run("rows above 15 of values", &|block| {
            let array = decoded(block);
            let limit: ArrayRef = match array.data_type() {
                DataType::Float32 => Arc::new(Float32Array::from(vec![15.0])),
                _ => Arc::new(Int32Array::from(vec![15])),
            };
            cmp::gt(&array, &ArrowScalar::new(limit)).expect("a mask").true_count() as u64
        });
    }
    group.finish();
}

criterion_group!(benches, xdf_file, encoded);
criterion_main!(benches);
