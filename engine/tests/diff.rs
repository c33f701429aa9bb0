//! Two tables compared: what counts as a difference, and that blocks and formats do not.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int16Array, Int32Array,
    Int64Array, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use engine::diff::{Diff, DiffOptions, SchemaDifference, diff};
use engine::factor::factor;
use engine::source::MemorySource;
use engine::{BlockSource, Error, ScanOptions};

fn table(columns: Vec<(&str, ArrayRef)>) -> MemorySource {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name.to_owned(), array, true)),
    );
    let batch = batch.unwrap();
    MemorySource::try_new(&batch.schema(), [batch]).unwrap()
}

fn one(array: ArrayRef) -> MemorySource {
    table(vec![("x", array)])
}

fn compare(a: &MemorySource, b: &MemorySource, options: &DiffOptions) -> Diff {
    diff(a, b, options, &ScanOptions::default().with_block_rows(3)).unwrap()
}

/// The differing rows of two columns, types ignored, and the largest distance.
fn rows(a: ArrayRef, b: ArrayRef, options: DiffOptions) -> (Vec<u64>, Option<f64>) {
    let options = DiffOptions { ignore_types: true, ..options };
    let diff = compare(&one(a), &one(b), &options);
    assert!(diff.schema.is_empty(), "{:?}", diff.schema);
    let rows: Vec<u64> = diff.cells.iter().map(|cell| cell.row).collect();
    assert_eq!(rows.len() as u64, diff.columns[0].different);
    (rows, diff.columns[0].largest)
}

fn text(array: Vec<Option<&str>>) -> ArrayRef {
    Arc::new(StringArray::from(array))
}

fn levels(codes: Vec<Option<i32>>, levels: &[&str]) -> ArrayRef {
    factor(Int32Array::from(codes), Arc::new(StringArray::from(levels.to_vec()))).unwrap()
}

#[test]
fn a_table_equals_itself_and_its_blocks_do_not_matter() {
    let columns = || -> Vec<(&str, ArrayRef)> {
        vec![
            ("i", Arc::new((0..10).map(|i| (i != 4).then_some(i)).collect::<Int32Array>())),
            ("f", Arc::new(Float64Array::from_iter_values((0..10).map(|i| 1.0 / f64::from(i))))),
            ("t", text((0..10).map(|i| (i % 3 > 0).then_some("t")).collect())),
            ("g", levels((0..10).map(|i| Some(i % 2)).collect(), &["a", "b"])),
        ]
    };
    let whole = table(columns());
    let batch = &whole.batches()[0];
    let cut = MemorySource::try_new(&whole.schema(), [batch.slice(0, 4), batch.slice(4, 6)]).unwrap();
    let diff = compare(&whole, &cut, &DiffOptions::default());
    assert!(diff.is_equal(), "{diff:?}");
    assert_eq!((diff.rows, diff.columns.len(), diff.compared()), ((10, 10), 4, 10));
}

#[test]
fn numbers_are_compared_by_value() {
    let f64s = |values: Vec<Option<f64>>| -> ArrayRef { Arc::new(Float64Array::from(values)) };
    let options = DiffOptions::default;
    let small: ArrayRef = Arc::new(Int16Array::from(vec![Some(1), None, Some(-3), Some(4)]));
    let large: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(-3), Some(7)]));
    assert_eq!(rows(small.clone(), large, options()), (vec![3], Some(3.0)));
    assert_eq!(
        rows(small, f64s(vec![Some(1.0), Some(0.0), Some(-3.0), None]), options()),
        (vec![1, 3], None)
    );
    let huge: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX, 1 << 53]));
    let other: ArrayRef = Arc::new(Int64Array::from(vec![-1, (1 << 53) + 1]));
    assert_eq!(rows(huge, other, options()).0, [0, 1]);
    let nan = || f64s(vec![Some(f64::NAN), Some(-0.0), Some(f64::INFINITY), Some(f64::NAN)]);
    let others = || f64s(vec![Some(-f64::NAN), Some(0.0), Some(f64::MAX), None]);
    assert_eq!(rows(nan(), others(), options()), (vec![2, 3], Some(f64::INFINITY)));
    let missing = DiffOptions { nan_is_missing: true, ..options() };
    assert_eq!(rows(nan(), others(), missing).0, [2]);
    let yes: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true]));
    let one: ArrayRef = Arc::new(Int32Array::from(vec![1, 0, 0]));
    assert_eq!(rows(yes, one, options()).0, [2]);
}

#[test]
fn tolerances_are_absolute_or_relative() {
    let a = || -> ArrayRef { Arc::new(Float64Array::from(vec![1000.0, 0.001, 5.0, f64::INFINITY])) };
    let b = || -> ArrayRef { Arc::new(Float64Array::from(vec![1000.5, 0.0011, 6.0, 1e300])) };
    let with = |absolute, relative| DiffOptions { absolute, relative, ..DiffOptions::default() };
    assert_eq!(rows(a(), b(), with(0.0, 0.0)).0, [0, 1, 2, 3]);
    assert_eq!(rows(a(), b(), with(0.5, 0.0)).0, [2, 3]);
    assert_eq!(rows(a(), b(), with(0.0, 0.001)), (vec![1, 2, 3], Some(f64::INFINITY)));
    assert_eq!(rows(a(), b(), with(1.0, 0.1)).0, [3]);
    // at the precision that both have
    let singles: ArrayRef = Arc::new(Float32Array::from(vec![0.1, 0.5, 1.0, 1.0]));
    let doubles: ArrayRef = Arc::new(Float64Array::from(vec![0.1, 0.5, 1.0 + 1e-9, 1.0 + 1e-6]));
    assert_eq!(rows(Arc::clone(&singles), Arc::clone(&doubles), with(0.0, 0.0)).0, [3]);
    assert_eq!(rows(doubles, singles, with(0.0, 2e-6)).0, [0; 0]);
}

#[test]
fn factors_and_texts_are_compared_by_text() {
    let a = || levels(vec![Some(0), Some(1), None, Some(2)], &["a", "b", "c"]);
    let b = || levels(vec![Some(2), Some(0), None, Some(0)], &["b", "d", "a"]);
    let options = DiffOptions { ignore_levels: true, ..DiffOptions::default() };
    assert_eq!(rows(a(), b(), options.clone()), (vec![3], None));
    let texts = || text(vec![Some("a"), Some("b"), None, Some("")]);
    assert_eq!(rows(a(), texts(), options.clone()).0, [3]);
    assert_eq!(rows(texts(), a(), options.clone()).0, [3]);
    assert_eq!(rows(texts(), text(vec![Some("a"), None, Some("b"), None]), options.clone()).0, [1, 2, 3]);
    // a number and a text: as they are written
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
    assert_eq!(rows(numbers, text(vec![Some("1"), Some("2.0"), Some("3")]), options).0, [1]);
}

#[test]
fn dates_and_timestamps_are_moments() {
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![Some(1), Some(2), Some(10), None]));
    let others: ArrayRef = Arc::new(Date32Array::from(vec![Some(1), Some(5), Some(10), Some(0)]));
    assert_eq!(rows(Arc::clone(&dates), others, DiffOptions::default()), (vec![1, 3], Some(3.0)));
    let day = 86_400_000;
    let moments: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![
        Some(day),
        Some(2 * day + 1500),
        Some(10 * day),
        None,
    ]));
    assert_eq!(rows(dates, moments, DiffOptions::default()), (vec![1], Some(1.5)));
}

#[test]
fn the_first_rows_are_kept_over_all_columns() {
    let column = |wrong: &[i32]| -> ArrayRef {
        Arc::new(Int32Array::from_iter_values((0..20).map(|i| if wrong.contains(&i) { -1 } else { i })))
    };
    let a = table(vec![("x", column(&[])), ("y", column(&[]))]);
    let b = table(vec![("x", column(&[2, 7, 8, 19])), ("y", column(&[1, 7, 9]))]);
    let diff = compare(&a, &b, &DiffOptions { limit: 3, ..DiffOptions::default() });
    let cells: Vec<(u64, &str)> = diff.cells.iter().map(|cell| (cell.row, cell.column.as_str())).collect();
    assert_eq!(cells, [(1, "y"), (2, "x"), (7, "x"), (7, "y")]);
    assert!(diff.cells.iter().all(|cell| cell.a.len() == 1 && cell.b.len() == 1));
    assert_eq!(diff.columns.iter().map(|column| column.different).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(diff.columns[0].largest, Some(20.0));
    assert!(compare(&a, &b, &DiffOptions { limit: 0, ..DiffOptions::default() }).cells.is_empty());
}

#[test]
fn tables_of_different_length_are_compared_as_far_as_both_go() {
    let numbers = |rows: i32| one(Arc::new(Int32Array::from_iter_values(0..rows)));
    let diff = compare(&numbers(7), &numbers(11), &DiffOptions::default());
    assert_eq!((diff.rows, diff.compared(), diff.columns[0].different), ((7, 11), 7, 0));
    assert!(!diff.is_equal());
    // without a column in common the rows are counted all the same
    let other = table(vec![("y", Arc::new(Int32Array::from_iter_values(0..7)))]);
    let diff = compare(&numbers(7), &other, &DiffOptions::default());
    assert_eq!((diff.rows, diff.schema.len(), diff.columns.len()), ((7, 7), 2, 0));
}

fn schema_of(fields: Vec<Field>) -> MemorySource {
    let schema = Arc::new(Schema::new(fields));
    MemorySource::try_new(&schema, []).unwrap()
}

#[test]
fn columns_types_levels_and_metadata_are_compared() {
    let int = |name: &str| Field::new(name, DataType::Int32, true);
    let factor = |levels: &[&str]| {
        let field = Field::new("g", engine::factor::factor_type(), true);
        xdf::metadata::set_levels(field, levels)
    };
    let a = schema_of(vec![
        int("x"),
        xdf::metadata::set_description(int("y"), "old"),
        factor(&["a", "b", "c"]),
        int("only"),
    ]);
    let b = schema_of(vec![factor(&["b", "a", "d"]), int("y"), Field::new("x", DataType::Int64, true)]);
    let diff = |options: DiffOptions| compare(&a, &b, &options).schema;
    let all = diff(DiffOptions::default());
    let expected = [
        SchemaDifference::OnlyInA { column: "only".into(), data_type: DataType::Int32 },
        SchemaDifference::Order {
            a: ["x", "y", "g"].map(String::from).into(),
            b: ["g", "y", "x"].map(String::from).into(),
        },
        SchemaDifference::Type { column: "x".into(), a: DataType::Int32, b: DataType::Int64 },
        SchemaDifference::Metadata {
            column: Some("y".into()),
            key: xdf::metadata::DESCRIPTION.into(),
            a: Some("old".into()),
            b: None,
        },
        SchemaDifference::Levels {
            column: "g".into(),
            only_in_a: vec!["c".into()],
            only_in_b: vec!["d".into()],
        },
    ];
    assert_eq!(all, expected);
    let ignoring = DiffOptions {
        ignore_metadata: true,
        ignore_types: true,
        ignore_levels: true,
        ignore_order: true,
        ..DiffOptions::default()
    };
    assert_eq!(diff(ignoring), expected[..1]);
    let one = DiffOptions { columns: Some(vec!["g".into()]), ..DiffOptions::default() };
    assert_eq!(diff(one), expected[4..]);
    let none = DiffOptions { columns: Some(vec!["onyl".into()]), ..DiffOptions::default() };
    let error = engine::diff::diff(&a, &b, &none, &ScanOptions::default()).unwrap_err();
    assert!(matches!(error, Error::ColumnNotFound { closest: Some(name), .. } if name == "only"));
}

#[test]
fn the_order_of_levels_may_be_ignored_alone() {
    let factor = |levels: &[&str]| {
        let field = Field::new("g", engine::factor::factor_type(), true);
        schema_of(vec![xdf::metadata::set_levels(field, levels)])
    };
    let (a, b) = (factor(&["a", "b"]), factor(&["b", "a"]));
    assert!(!compare(&a, &b, &DiffOptions::default()).is_equal());
    assert!(compare(&a, &b, &DiffOptions { ignore_order: true, ..DiffOptions::default() }).is_equal());
}
