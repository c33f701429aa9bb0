//! What a file knows of its columns without a row being read:
//! `cargo run -p rxdf-xdf --example statistics -- people.xdf`.

use std::error::Error;

use xdf::{File, Scalar, metadata};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: statistics FILE.xdf")?;
    let file = File::open(&path)?;
    for (column, field) in file.schema().fields().iter().enumerate() {
        let Some(known) = file.column_statistics(column) else {
            println!("{}: nothing is stored (Microsoft's files have no statistics)", field.name());
            continue;
        };
        let text = |value: &Option<Scalar>| value.as_ref().map_or("-".to_owned(), Scalar::to_string);
        print!("{}: {} rows, {} missing", field.name(), known.rows, known.missing);
        if let (Some(mean), Some(m2)) = (known.mean, known.m2) {
            let deviation = (m2 / (known.count() as f64 - 1.0)).sqrt();
            print!(", {} to {}", text(&known.min), text(&known.max));
            print!(", mean {mean:.3}, standard deviation {deviation:.3}");
        }
        println!();
        let levels = metadata::levels(field).unwrap_or_default();
        for (level, count) in levels.iter().zip(known.level_counts.unwrap_or_default()) {
            println!("  {level}: {count}");
        }
    }
    Ok(())
}
