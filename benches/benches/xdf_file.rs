//! Writing and scanning an XDF file. Floor of a scan: copying its values.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::source::XdfSource;
use engine::{BlockSource, ScanOptions};
use rxdf_benches::{ROWS, airline, value_bytes};

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

criterion_group!(benches, xdf_file);
criterion_main!(benches);
