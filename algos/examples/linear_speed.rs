//! Times of linear models on a simulated airline table, in memory and from XDF: `linear_speed [rows] [folder]`.

use std::sync::Arc;
use std::time::Instant;

use algos::linear::LinMod;
use algos::predict::{PredictOptions, run};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Float32Array, Int32Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use engine::source::{MemorySource, XdfSource};
use engine::{BlockSource, Local, ScanOptions};

fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn levels(prefix: &str, count: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..count).map(|i| format!("{prefix}{i}"))))
}

fn source(rows: usize) -> MemorySource {
    const BATCH: usize = 500_000;
    let sizes = [7, 12, 20, 300];
    let names = ["DayOfWeek", "Month", "UniqueCarrier", "Origin"];
    let dictionaries: Vec<ArrayRef> =
        names.iter().zip(sizes).map(|(name, size)| levels(name, size)).collect();
    let state = &mut 1;
    let mut batches = Vec::new();
    let mut schema = None;
    for start in (0..rows).step_by(BATCH) {
        let n = BATCH.min(rows - start);
        let mut arrays: Vec<(&str, ArrayRef)> = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let codes: Int32Array = (0..n)
                .map(|row| {
                    let u = uniform(state);
                    // months and carriers are sorted as in the files, origins are skewed
                    Some(match i {
                        1 => (row * 12 / n) as i32,
                        2 => ((row * 12 % n) * 20 / n) as i32,
                        3 => (u * u * 300.0) as i32,
                        _ => (u * 7.0) as i32,
                    })
                })
                .collect();
            let array = DictionaryArray::<Int32Type>::try_new(codes, Arc::clone(&dictionaries[i]));
            arrays.push((name, Arc::new(array.expect("codes are below the levels"))));
        }
        let time: Float32Array =
            (0..n).map(|_| Some((uniform(state) * 288.0).floor() as f32 / 12.0)).collect();
        let distance: Int32Array = (0..n).map(|_| Some(30 + (uniform(state) * 2500.0) as i32)).collect();
        let delay: Int32Array = (0..n)
            .map(|row| {
                let u = uniform(state);
                let y = -30.0 + 80.0 * u * u + f64::from(time.value(row));
                (uniform(state) > 0.02).then_some(y as i32)
            })
            .collect();
        arrays.push(("CRSDepTime", Arc::new(time)));
        arrays.push(("Distance", Arc::new(distance)));
        arrays.push(("ArrDelay", Arc::new(delay)));
        let fields: Vec<Field> =
            arrays.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        let own = Arc::clone(schema.get_or_insert_with(|| Arc::new(Schema::new(fields))));
        let columns = arrays.into_iter().map(|(_, array)| array).collect();
        batches.push(RecordBatch::try_new(own, columns).expect("columns are of one length"));
    }
    MemorySource::try_new(&schema.expect("there are rows"), batches).expect("types are known")
}

fn best(times: usize, mut run: impl FnMut()) -> f64 {
    (0..times)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() -> algos::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let rows = arguments.next().and_then(|rows| rows.parse().ok()).unwrap_or(10_000_000);
    let folder = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let memory = source(rows);
    let path = folder.join("linear_speed.xdf");
    let options = engine::sink::SinkOptions { overwrite: true, ..Default::default() };
    let sink = engine::sink::create(&path, &memory.schema(), &options)?;
    engine::transfer(memory.open(&ScanOptions::default())?, sink)?;
    let file = XdfSource::open(&path)?;
    let formulas = [
        "ArrDelay ~ CRSDepTime",
        "ArrDelay ~ DayOfWeek",
        "ArrDelay ~ DayOfWeek + CRSDepTime",
        "ArrDelay ~ DayOfWeek + Month + UniqueCarrier + Origin + CRSDepTime + Distance",
    ];
    let sources: [(&str, &dyn BlockSource); 2] = [("memory", &memory), ("xdf", &file)];
    for formula in formulas {
        let estimator = LinMod::new(formula)?;
        for (name, source) in sources {
            for threads in [1, 2] {
                let scan = ScanOptions::default();
                let seconds = best(5, || {
                    let model = engine::fit(&estimator, source, &scan, &Local::new(threads));
                    assert!(model.is_ok());
                });
                let each = seconds * 1e9 * threads as f64 / rows as f64;
                println!("{seconds:8.3} s {each:7.2} ns/row/thread  {threads} threads  {name:6}  {formula}");
            }
        }
    }
    let model = engine::fit(&LinMod::new(formulas[2])?, &file, &ScanOptions::default(), &Local::new(2))?;
    let output = folder.join("linear_speed_out.xdf");
    let seconds = best(3, || {
        let report = run(
            &model,
            &file,
            &ScanOptions::default(),
            &Local::new(2),
            &PredictOptions::default(),
            |schema| engine::sink::create(&output, schema, &options),
        );
        assert!(report.is_ok());
    });
    println!("{seconds:8.3} s predict, file to file, 2 threads");
    Ok(())
}
