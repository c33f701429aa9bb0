//! Streams two columns and sums one of them: `cargo run -p rxdf-xdf --example read -- people.xdf income`.

use std::error::Error;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_schema::DataType;
use xdf::{File, ReadOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("usage: read FILE.xdf COLUMN".into());
    };
    let file = File::open(&path)?;
    println!("{path}: {}, {} rows", file.generation(), file.num_rows());
    for field in file.schema().fields() {
        println!("  {:12} {}", field.name(), field.data_type());
    }

    // Any generation, one block in memory at a time, only the column asked for.
    let column = file.schema().index_of(&name)?;
    if *file.schema().field(column).data_type() != DataType::Float64 {
        return Err(format!("'{name}' is no float64 column").into());
    }
    let (mut sum, mut missing) = (0.0, 0);
    for batch in file.reader(&ReadOptions::default().with_columns(vec![column]))? {
        let batch = batch?;
        let values = batch.column(0).as_primitive::<Float64Type>();
        sum += values.iter().flatten().sum::<f64>();
        missing += values.null_count();
    }
    println!("sum of {name}: {sum}, {missing} missing");
    Ok(())
}
