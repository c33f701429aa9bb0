//! Fitting linear models from memory. Floor: reading the values of the columns once.

use std::hint::black_box;

use algos::linear::LinMod;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::{Local, ScanOptions, fit};
use rxdf_benches::{ROWS, airline, value_bytes};

const MODELS: [(&str, &str); 2] = [
    ("9 columns", "ArrDelay ~ DayOfWeek + CRSDepTime"),
    ("341 columns", "ArrDelay ~ DayOfWeek + Month + UniqueCarrier + Origin + CRSDepTime + Distance"),
];

fn linear(criterion: &mut Criterion) {
    let table = airline();
    let mut group = criterion.benchmark_group("linear");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ROWS));
    for (name, formula) in MODELS {
        let model = LinMod::new(formula).expect("a formula");
        for threads in [1, 2] {
            group.bench_function(format!("{name}, {threads} threads"), |bencher| {
                let executor = Local::new(threads);
                bencher.iter(|| {
                    fit(&model, table.as_ref(), &ScanOptions::default(), &executor).expect("a model")
                });
            });
        }
    }
    let values = vec![1u64; value_bytes(&table, &["ArrDelay", "DayOfWeek", "CRSDepTime"]) / 8];
    group.bench_function("floor: sum of the bytes of 3 columns", |bencher| {
        bencher.iter(|| black_box(&values).iter().fold(0u64, |sum, value| sum.wrapping_add(*value)));
    });
    group.finish();
}

criterion_group!(benches, linear);
criterion_main!(benches);
