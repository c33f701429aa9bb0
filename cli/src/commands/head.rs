//! `xdf head`: the first rows.

use arrow_array::RecordBatch;
use serde_json::json;

use crate::args::HeadArgs;
use crate::input;
use crate::output::{self, Ordered, Table, cell_texts, cell_value, is_right, print_json};
use crate::session::Session;

pub(super) fn run(args: &HeadArgs, session: &Session) -> anyhow::Result<()> {
    let source = input::open_selected(&args.input, &args.reading, &args.selecting)?;
    let source = input::keep(source, &args.keeping)?;
    let monitor = session.monitor();
    let mut scan = input::limit(session.scan(&monitor), &args.selecting);
    if args.selecting.filter.is_none() {
        // nothing behind the last row that is printed needs to be read
        let rows = input::rows(&args.selecting);
        scan = scan.with_rows(rows.start..rows.end.min(rows.start.saturating_add(args.number as u64)));
    }
    let schema = source.schema();
    let mut batches = Vec::new();
    let mut wanted = args.number;
    if wanted > 0 {
        for block in source.open(&scan)? {
            let batch = block?.batch;
            let rows = batch.num_rows().min(wanted);
            batches.push(batch.slice(0, rows));
            wanted -= rows;
            if wanted == 0 {
                break;
            }
        }
    }
    let batch = engine::factor::concat(&schema, &batches)?;
    if session.json {
        return print_json(&json!({
            "fileName": source.info().name,
            "numRows": batch.num_rows(),
            "numVars": batch.num_columns(),
            "data": records(&batch)?,
        }));
    }
    let mut table = Table::new(schema.fields().iter().map(|field| field.name()));
    let columns: Vec<Vec<String>> = batch.columns().iter().map(cell_texts).collect::<anyhow::Result<_>>()?;
    for row in 0..batch.num_rows() {
        table.row(columns.iter().map(|column| &column[row]));
    }
    output::print(&table.text(|column| is_right(schema.field(column).data_type())))
}

/// The rows as JSON objects.
fn records(batch: &RecordBatch) -> anyhow::Result<Vec<Ordered<serde_json::Value>>> {
    let schema = batch.schema();
    let record = |row| {
        let cells = schema.fields().iter().zip(batch.columns());
        let cells = cells.map(|(field, column)| Ok((field.name().clone(), cell_value(column, row)?)));
        cells.collect::<anyhow::Result<_>>().map(Ordered)
    };
    (0..batch.num_rows()).map(record).collect()
}
