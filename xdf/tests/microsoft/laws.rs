//! What holds for every table: what is written is read, at every level and block size, however the rows come; and what
//! was read becomes the same bytes again.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float32Array, Float64Array, Int32Array, RecordBatch, StringArray,
};
use proptest::prelude::*;
use xdf::microsoft::MicrosoftWriteOptions;

use crate::writer::{again, write};
use crate::{Stored, read_all};

const LEVELS: [&str; 4] = ["b", "a", "größer", ""];

type Row = (Option<i32>, Option<f32>, Option<f64>, Option<String>, Option<usize>);

fn row() -> impl Strategy<Value = Row> {
    let int = prop_oneof![Just(i32::MIN + 1), Just(i32::MAX), -9..9_i32];
    let text = prop_oneof![Just(String::new()), "[a-zé]{0,3}"];
    let single = any::<f32>().prop_filter("NaN is missing", |value| !value.is_nan());
    let double = any::<f64>().prop_filter("NaN is missing", |value| !value.is_nan());
    (
        proptest::option::of(int),
        proptest::option::of(single),
        proptest::option::of(double),
        proptest::option::of(text),
        proptest::option::of(0..LEVELS.len()),
    )
}

/// The table, with missing texts as they are read: empty.
fn table(rows: &[Row], missing: Option<&str>) -> RecordBatch {
    let columns: [(&str, ArrayRef); 5] = [
        ("int", Arc::new(rows.iter().map(|row| row.0).collect::<Int32Array>())),
        ("single", Arc::new(rows.iter().map(|row| row.1).collect::<Float32Array>())),
        ("double", Arc::new(rows.iter().map(|row| row.2).collect::<Float64Array>())),
        ("text", Arc::new(rows.iter().map(|row| row.3.as_deref().or(missing)).collect::<StringArray>())),
        (
            "factor",
            Arc::new(
                rows.iter()
                    .map(|row| row.4.and_then(|code| LEVELS.get(code).copied()))
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_table_comes_back(
        rows in proptest::collection::vec(row(), 0..40),
        level in 1..=9_u32,
        block_rows in 1..50_usize,
        cut in 0..40_usize,
    ) {
        let batch = table(&rows, None);
        let cut = cut.min(rows.len());
        let options = MicrosoftWriteOptions::default().with_level(level).with_block_rows(block_rows);
        let pieces = [batch.slice(0, cut), batch.slice(cut, rows.len() - cut)];
        let bytes = write(&pieces, options).unwrap();
        let stored = Stored::new(&bytes);
        let file = stored.open().unwrap();
        prop_assert_eq!(file.num_rows(), rows.len() as u64);
        prop_assert_eq!(file.num_blocks(), rows.len().div_ceil(block_rows));
        let expected = table(&rows, Some(""));
        let mut first = 0;
        for block in read_all(&file).unwrap() {
            let part = expected.slice(first, block.num_rows());
            for (got, expected) in block.columns().iter().zip(part.columns()) {
                prop_assert_eq!(got.as_ref(), expected.as_ref());
            }
            first += block.num_rows();
        }
        // Levels 2 to 5 and 7 to 9 cannot be told apart afterwards.
        if [1, 5, 6, 9].contains(&level) {
            prop_assert!(again(&stored.path) == bytes);
        }
    }
}
