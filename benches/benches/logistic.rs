//! Fitting logistic regressions from memory, on cells and by rows. Floor: reading the values of the columns once.

use std::hint::black_box;

use algos::glm::{Glm, GlmOptions};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::{Local, ScanOptions, fit};
use rxdf_benches::{ROWS, airline, value_bytes};

const FORMULA: &str = "Late ~ DayOfWeek + CRSDepTime + UniqueCarrier";

fn logistic(criterion: &mut Criterion) {
    let table = airline();
    let mut group = criterion.benchmark_group("logistic");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ROWS));
    for (name, cells) in [("cells", GlmOptions::default().cells), ("rows", 0)] {
        let options = GlmOptions { cells, ..GlmOptions::default() };
        let model = Glm::logit(FORMULA).and_then(|model| model.with_options(options)).expect("a formula");
        for threads in [1, 2] {
            group.bench_function(format!("{name}, {threads} threads"), |bencher| {
                let executor = Local::new(threads);
                bencher.iter(|| {
                    fit(&model, table.as_ref(), &ScanOptions::default(), &executor).expect("a model")
                });
            });
        }
    }
    let columns = ["Late", "DayOfWeek", "CRSDepTime", "UniqueCarrier"];
    let values = vec![1u64; value_bytes(&table, &columns) / 8];
    group.bench_function("floor: sum of the bytes of 4 columns", |bencher| {
        bencher.iter(|| black_box(&values).iter().fold(0u64, |sum, value| sum.wrapping_add(*value)));
    });
    group.finish();
}

criterion_group!(benches, logistic);
criterion_main!(benches);
