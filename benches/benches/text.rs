//! Reading delimited text. Floor: copying its bytes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::sink::{SinkOptions, create};
use engine::{BlockSource, ScanOptions, transfer};
use rxdf_benches::airline;

fn text(criterion: &mut Criterion) {
    let table = airline();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("airline.csv");
    let sink = create(&path, &table.schema(), &SinkOptions::default()).expect("a sink");
    let written = transfer(table.open(&ScanOptions::default()).expect("a pass"), sink).expect("written");
    let source = engine::source::open(&path).expect("a text source");
    let mut group = criterion.benchmark_group("text");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(written.bytes));
    group.bench_function("parse 13 columns", |bencher| {
        bencher.iter(|| {
            for block in source.open(&ScanOptions::default()).expect("a pass") {
                black_box(block.expect("a block"));
            }
        });
    });
    let bytes = std::fs::read(&path).expect("the text");
    let mut target = vec![0u8; bytes.len()];
    group.bench_function("floor: copy of the text", |bencher| {
        bencher.iter(|| target.copy_from_slice(black_box(&bytes)));
    });
    group.finish();
}

criterion_group!(benches, text);
criterion_main!(benches);
