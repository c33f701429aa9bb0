//! Writes a table in batches: `cargo run -p rxdf-xdf --example write -- people.xdf`.

use std::error::Error;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{DictionaryArray, Float64Array, Int32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use xdf::{WriteOptions, Writer, metadata};

const BATCHES: i32 = 10;
const ROWS: i32 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: write FILE.xdf")?;
    let factor = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let schema = Arc::new(Schema::new(vec![
        metadata::set_description(Field::new("age", DataType::Int32, false), "age in years"),
        Field::new("income", DataType::Float64, true),
        metadata::set_levels(Field::new("town", factor, false), &["Bern", "Basel", "Zürich"]),
    ]));
    let options = WriteOptions::default().with_level(3).with_block_rows(25_000).with_overwrite(true);
    let mut writer = Writer::create(&path, Arc::clone(&schema), options)?;
    for batch in 0..BATCHES {
        // Batches of any size come in, blocks of equal size are stored.
        let rows = batch * ROWS..(batch + 1) * ROWS;
        let age: Int32Array = rows.clone().map(|row| Some(18 + row % 60)).collect();
        let income: Float64Array =
            rows.clone().map(|row| (row % 7 > 0).then(|| f64::from(row % 900) * 10.5)).collect();
        let towns = ["Zürich", "Bern", "Basel"];
        let town: DictionaryArray<Int32Type> = rows.map(|row| towns.get(row as usize % 3).copied()).collect();
        let columns = vec![Arc::new(age) as _, Arc::new(income) as _, Arc::new(town) as _];
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
    }
    // Until here there is nothing under that name.
    let file = writer.finish()?;
    println!("{path}: {} rows in {} blocks, {} bytes", file.num_rows(), file.num_blocks(), file.size());
    Ok(())
}
