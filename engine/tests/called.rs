//! Functions of the caller: what they see, when they are called, what may become of a chunk.

use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use engine::expr::Expr;
use engine::source::{MemorySource, RowsSource, SourceExt};
use engine::{
    Block, BlockSource, CallOptions, Called, Error, ROW_SELECTION, Result, ScanOptions, SelectRows, factor,
};

const ROWS: i64 = 25;

fn numbers() -> Arc<dyn BlockSource> {
    let columns: [(&str, ArrayRef); 2] = [
        ("x", Arc::new((0..ROWS).collect::<Int64Array>())),
        ("y", Arc::new((0..ROWS).map(|x| -x).collect::<Int64Array>())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    Arc::new(MemorySource::try_new(&batch.schema(), [batch]).unwrap())
}

fn options(sees: Option<&[&str]>, replaces: bool) -> CallOptions {
    let sees = sees.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    CallOptions { sees, replaces, chunk_rows: 10, rows: None }
}

fn called(
    options: &CallOptions,
    function: impl Fn(&Block) -> Result<Option<RecordBatch>> + Send + Sync + 'static,
) -> Result<Arc<dyn BlockSource>> {
    let called = Called::try_new(numbers(), Arc::new(function), options, &Arc::default())?;
    Ok(Arc::new(called))
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn column(block: &Block, name: &str) -> Vec<i64> {
    block.batch[name].as_primitive::<Int64Type>().values().to_vec()
}

fn doubled(block: &Block) -> ArrayRef {
    Arc::new(column(block, "x").into_iter().map(|x| 2 * x).collect::<Int64Array>())
}

fn read(source: &Arc<dyn BlockSource>, options: &ScanOptions) -> Result<RecordBatch> {
    let reader = source.open(options)?;
    let schema = reader.schema();
    let blocks = reader.map(|block| block.map(|block| block.batch)).collect::<Result<Vec<_>>>()?;
    factor::concat(&schema, &blocks)
}

fn names(source: &Arc<dyn BlockSource>) -> Vec<String> {
    source.schema().fields().iter().map(|field| field.name().clone()).collect()
}

#[test]
fn each_chunk_is_seen_once_in_the_first_pass_and_in_order() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let source = called(&options(None, true), move |block| {
        log.lock().unwrap().push((block.index, block.start_row, block.num_rows()));
        Ok(Some(batch(vec![("z", doubled(block))])))
    })
    .unwrap();
    assert_eq!(names(&source), ["z"]);
    let chunks = [(0, 0, 10), (1, 10, 10), (2, 20, 5)];
    for passes in 1..3 {
        let table = read(&source, &ScanOptions::default()).unwrap();
        let expected: Vec<i64> = (0..ROWS).map(|x| 2 * x).collect();
        assert_eq!(table["z"].as_primitive::<Int64Type>().values().to_vec(), expected);
        assert_eq!(*seen.lock().unwrap(), chunks.repeat(passes));
    }
}

#[test]
fn columns_that_are_not_seen_stay_beside_those_made() {
    let make = |block: &Block| {
        assert_eq!(block.batch.num_columns(), 1);
        Ok(Some(batch(vec![("z", doubled(block))])))
    };
    let source = called(&options(Some(&["x"]), true), make).unwrap();
    assert_eq!(names(&source), ["y", "z"]);
    let source = called(&options(Some(&["x"]), false), make).unwrap();
    assert_eq!(names(&source), ["x", "y", "z"]);
    let table = read(&source, &ScanOptions::default().with_columns(["z", "y"])).unwrap();
    let of = |name: &str| table[name].as_primitive::<Int64Type>().values().to_vec();
    assert!(of("z").iter().zip(of("y")).all(|(z, y)| *z == -2 * y));
}

#[test]
fn rows_are_selected_and_chunks_left_out() {
    let source = called(&options(None, false), |block| {
        let odd = column(block, "x").into_iter().map(|x| Some(x % 2 == 1)).collect::<BooleanArray>();
        Ok((block.index > 0).then(|| batch(vec![(ROW_SELECTION, Arc::new(odd))])))
    })
    .unwrap();
    assert_eq!(names(&source), ["x", "y"]);
    for _ in 0..2 {
        let table = read(&source, &ScanOptions::default()).unwrap();
        assert_eq!(table["x"].as_primitive::<Int64Type>().values(), &[11, 13, 15, 17, 19, 21, 23]);
    }
}

#[test]
fn a_pass_over_some_rows_learns_from_them() {
    let rows = 12..20;
    let source = called(&CallOptions { rows: Some(rows.clone()), ..options(None, true) }, |block| {
        assert!(block.start_row >= 12);
        Ok(Some(batch(vec![("z", doubled(block))])))
    })
    .unwrap();
    let table = read(&source, &ScanOptions::default().with_rows(rows)).unwrap();
    assert_eq!(table["z"].as_primitive::<Int64Type>().values(), &[24, 26, 28, 30, 32, 34, 36, 38]);
}

#[test]
fn selections_from_above_do_not_reach_below() {
    let source = called(&options(None, false), |block| {
        assert!(block.num_rows() == 10 || block.num_rows() == 5);
        Ok(Some(batch(vec![("x", doubled(block))])))
    })
    .unwrap();
    let selected = source.with(SelectRows::new(Expr::parse("x >= 44").unwrap())).unwrap();
    let table = read(&selected, &ScanOptions::default()).unwrap();
    assert_eq!(table["x"].as_primitive::<Int64Type>().values(), &[44, 46, 48]);
}

#[test]
fn levels_grow_from_chunk_to_chunk() {
    let source = called(&options(None, true), |block| {
        let texts: StringArray =
            column(block, "x").into_iter().map(|x| Some(if x < 12 { "low" } else { "high" })).collect();
        let texts = arrow_cast::cast(&texts, &factor::factor_type()).unwrap();
        Ok(Some(batch(vec![("f", texts)])))
    })
    .unwrap();
    assert_eq!(xdf::metadata::levels(source.schema().field(0)), None);
    let table = read(&source, &ScanOptions::default()).unwrap();
    let (codes, levels) = factor::codes_and_levels(&table["f"]).unwrap();
    assert_eq!(levels.iter().flatten().collect::<Vec<_>>(), ["low", "high"]);
    assert_eq!(codes.values().iter().sum::<i32>(), 13);
}

#[test]
fn chunks_that_do_not_fit_are_errors() {
    let texts = |rows: usize| Arc::new(StringArray::from(vec!["a"; rows])) as ArrayRef;
    let later = |make: fn(&Block, ArrayRef) -> Vec<(&'static str, ArrayRef)>, sees: Option<&[&str]>| {
        let source = called(&options(sees, true), move |block| {
            let z = doubled(block);
            let later = block.index == 1;
            let columns = if later { make(block, texts(block.num_rows())) } else { vec![("z", z)] };
            Ok(Some(batch(columns)))
        });
        read(&source.unwrap(), &ScanOptions::default()).unwrap_err().to_string()
    };
    let error = later(|_, texts| vec![("z", texts)], None);
    assert!(error.contains("chunk 2") && error.contains("Int64") && error.contains("Utf8"), "{error}");
    let error = later(|_, texts| vec![("w", texts)], None);
    assert!(error.contains("no column 'z'"), "{error}");
    let error = later(|block, texts| vec![("z", doubled(block)), ("w", texts)], None);
    assert!(error.contains("also 'w'"), "{error}");
    let error = later(|block, _| vec![("z", doubled(block).slice(0, 3))], Some(&["x"]));
    assert!(error.contains("3 rows"), "{error}");
}

#[test]
fn a_function_that_fails_or_returns_nothing() {
    let failing = called(&options(None, true), |_| Err(Error::Upper("no such luck".into())));
    assert_eq!(failing.err().unwrap().to_string(), "no such luck");
    let nothing = called(&options(None, true), |_| Ok(None)).err().unwrap();
    assert!(nothing.to_string().contains("returned nothing"), "{nothing}");
    let unknown = called(&options(Some(&["xx"]), true), |_| Ok(None)).err().unwrap();
    assert!(matches!(unknown, Error::ColumnNotFound { .. }));
}

#[test]
fn some_rows_are_a_source_of_their_own() {
    let some: Arc<dyn BlockSource> = Arc::new(RowsSource::new(numbers(), 5..100));
    assert_eq!(some.info().rows, Some(20));
    let blocks: Vec<Block> = some
        .open(&ScanOptions::default().with_block_rows(6).with_rows(6..50))
        .unwrap()
        .collect::<Result<_>>()
        .unwrap();
    let places: Vec<_> =
        blocks.iter().map(|block| (block.index, block.start_row, block.num_rows())).collect();
    assert_eq!(places, [(1, 6, 6), (2, 12, 6), (3, 18, 2)]);
    assert_eq!(column(&blocks[0], "x"), [11, 12, 13, 14, 15, 16]);
    let selected = some.with(SelectRows::new(Expr::parse("x > 22").unwrap())).unwrap();
    assert_eq!(read(&selected, &ScanOptions::default()).unwrap().num_rows(), 2);
}
