//! `xdf diff`: how two tables differ.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::IsTerminal;

use engine::diff::{CellDiff, Diff, DiffOptions, SchemaDifference};
use engine::source::text::type_name;
use serde_json::{Value, json};

use crate::args::{DiffArgs, Ignored};
use crate::failure::Found;
use crate::input::{self, Source};
use crate::output::{self, Table, cell_value, count, counted, print_json};
use crate::session::Session;

/// Levels that are named of those that only one table has.
const NAMED: usize = 5;

pub(super) fn run(args: &DiffArgs, session: &Session) -> anyhow::Result<()> {
    let (a, b) = input::open_both(&args.a, &args.b, &args.reading)?;
    let ignored = |what| args.ignore.contains(&what);
    let options = DiffOptions {
        columns: (!args.columns.is_empty()).then(|| args.columns.clone()),
        absolute: args.tolerance,
        relative: args.relative_tolerance,
        nan_is_missing: args.nan_is_missing,
        ignore_metadata: ignored(Ignored::Metadata),
        ignore_types: ignored(Ignored::Types),
        ignore_levels: ignored(Ignored::Levels),
        ignore_order: ignored(Ignored::Order),
        limit: args.limit,
    };
    let diff = compare(&a, &b, &options, session)?;
    let names = (args.a.display().to_string(), args.b.display().to_string());
    if session.json {
        print_json(&document(&diff, &names)?)?;
    } else if !diff.is_equal() {
        output::print(&text(&diff, &names)?)?;
    } else if !session.quiet {
        let columns = counted(diff.columns.len() as u64, "column");
        let rows = counted(diff.rows.0, "row");
        output::print(&format!("{} and {} are equal: {rows}, {columns}", names.0, names.1))?;
    }
    if diff.is_equal() { Ok(()) } else { Err(Found.into()) }
}

/// Compares, watched by a progress bar.
fn compare(a: &Source, b: &Source, options: &DiffOptions, session: &Session) -> anyhow::Result<Diff> {
    let monitor = session.monitor();
    let sum = |pick: fn(&engine::SourceInfo) -> Option<u64>| Some(pick(&a.info())? + pick(&b.info())?);
    monitor.start(sum(|info| info.rows), sum(|info| info.bytes));
    let _progress = session.progress("comparing", &monitor);
    Ok(engine::diff::diff(a.as_ref(), b.as_ref(), options, &session.scan(&monitor))?)
}

fn document(diff: &Diff, names: &(String, String)) -> anyhow::Result<Value> {
    let columns = diff.columns.iter().map(
        |column| json!({ "column": column.name, "different": column.different, "largest": column.largest }),
    );
    let mut rows: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for cell in &diff.cells {
        let (a, b) = values(cell)?;
        rows.entry(cell.row + 1).or_default().push(json!({ "column": cell.column, "a": a, "b": b }));
    }
    Ok(json!({
        "a": names.0,
        "b": names.1,
        "equal": diff.is_equal(),
        "numRows": { "a": diff.rows.0, "b": diff.rows.1 },
        "rowsCompared": diff.compared(),
        "schema": diff.schema.iter().map(schema_document).collect::<Vec<_>>(),
        "columns": columns.collect::<Vec<_>>(),
        "rows": rows.into_iter().map(|(row, cells)| json!({ "row": row, "values": cells })).collect::<Vec<_>>(),
    }))
}

fn values(cell: &CellDiff) -> anyhow::Result<(Value, Value)> {
    Ok((cell_value(&cell.a, 0)?, cell_value(&cell.b, 0)?))
}

fn schema_document(difference: &SchemaDifference) -> Value {
    match difference {
        SchemaDifference::OnlyInA { column, data_type } => {
            json!({ "difference": "only in a", "column": column, "type": type_name(data_type) })
        }
        SchemaDifference::OnlyInB { column, data_type } => {
            json!({ "difference": "only in b", "column": column, "type": type_name(data_type) })
        }
        SchemaDifference::Order { a, b } => json!({ "difference": "order of columns", "a": a, "b": b }),
        SchemaDifference::Type { column, a, b } => {
            json!({ "difference": "type", "column": column, "a": type_name(a), "b": type_name(b) })
        }
        SchemaDifference::Levels { column, only_in_a, only_in_b } => json!({
            "difference": "levels", "column": column, "onlyInA": only_in_a, "onlyInB": only_in_b
        }),
        SchemaDifference::Metadata { column, key, a, b } => {
            json!({ "difference": "metadata", "column": column, "key": key, "a": a, "b": b })
        }
        other => json!({ "difference": format!("{other:?}") }),
    }
}

fn text(diff: &Diff, names: &(String, String)) -> anyhow::Result<String> {
    let mut text = String::new();
    for difference in &diff.schema {
        text.push_str(&schema_text(difference, names));
        text.push('\n');
    }
    let (a, b) = names;
    if diff.rows.0 != diff.rows.1 {
        let (rows_a, rows_b) = (counted(diff.rows.0, "row"), count(diff.rows.1));
        let _ = writeln!(text, "{rows_a} in {a}, {rows_b} in {b}");
    }
    let different: Vec<_> = diff.columns.iter().filter(|column| column.different > 0).collect();
    if different.is_empty() {
        return Ok(text);
    }
    let separate = |text: &mut String| {
        if !text.is_empty() {
            text.push('\n');
        }
    };
    separate(&mut text);
    let mut table = Table::new(["Column", "Rows that differ", "Of rows", "Largest distance"]);
    for column in different {
        table.row([
            column.name.clone(),
            count(column.different),
            format!("{:.3}%", 100.0 * column.different as f64 / diff.compared().max(1) as f64),
            column.largest.map(decimal).unwrap_or_default(),
        ]);
    }
    text.push_str(&table.text(|column| column > 0));
    if !diff.cells.is_empty() {
        separate(&mut text);
        text.push_str(&cells_table(diff, names)?);
    }
    Ok(text)
}

/// A number as R prints it.
fn decimal(number: f64) -> String {
    algos::summary::format_r(&[Some(number)], 7).swap_remove(0).trim().to_owned()
}

/// The differing values of the first rows.
fn cells_table(diff: &Diff, names: &(String, String)) -> anyhow::Result<String> {
    let mut table = Table::new(["Row", "Column", &names.0, &names.1]);
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for cell in &diff.cells {
        let (a, b) = values(cell)?;
        table.row([count(cell.row + 1), cell.column.clone(), shown(&a), shown(&b)]);
    }
    let text = table.text(|column| column == 0);
    if !colours {
        return Ok(text);
    }
    // the header stands out, the values stay as they are
    let (header, rows) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(format!("\u{1b}[1m{header}\u{1b}[0m\n{rows}"))
}

/// A value with all its digits; texts in quotes, so that blanks are seen.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NA".to_owned(),
        value => value.to_string(),
    }
}

fn schema_text(difference: &SchemaDifference, (a, b): &(String, String)) -> String {
    match difference {
        SchemaDifference::OnlyInA { column, data_type } => {
            format!("column '{column}' ({}) is only in {a}", type_name(data_type))
        }
        SchemaDifference::OnlyInB { column, data_type } => {
            format!("column '{column}' ({}) is only in {b}", type_name(data_type))
        }
        SchemaDifference::Order { a: names_a, b: names_b } => {
            let place = names_a.iter().zip(names_b).position(|(a, b)| a != b).unwrap_or(0);
            let name = |names: &[String]| names.get(place).cloned().unwrap_or_default();
            format!(
                "the columns come in different orders: first '{}' in {a} where '{}' is in {b}",
                name(names_a),
                name(names_b)
            )
        }
        SchemaDifference::Type { column, a: type_a, b: type_b } => {
            format!("column '{column}' is {} in {a}, {} in {b}", type_name(type_a), type_name(type_b))
        }
        SchemaDifference::Levels { column, only_in_a, only_in_b } => {
            if only_in_a.is_empty() && only_in_b.is_empty() {
                return format!("column '{column}' has its levels in different orders");
            }
            let only = |levels: &[String], name: &str| {
                (!levels.is_empty()).then(|| format!("{} only in {name}", some(levels)))
            };
            let parts: Vec<String> = [only(only_in_a, a), only(only_in_b, b)].into_iter().flatten().collect();
            format!("column '{column}' has levels {}", parts.join(", and "))
        }
        SchemaDifference::Metadata { column, key, a: value_a, b: value_b } => {
            let of =
                column.as_ref().map_or_else(|| "the table".to_owned(), |name| format!("column '{name}'"));
            let value = |value: &Option<String>| {
                value.as_ref().map_or_else(|| "absent".to_owned(), |value| format!("{value:?}"))
            };
            let key = key.strip_prefix("xdf.").unwrap_or(key);
            format!("{of}: {key} is {} in {a}, {} in {b}", value(value_a), value(value_b))
        }
        other => format!("{other:?}"),
    }
}

/// Some of many names.
fn some(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("'{name}'")).collect();
    let more = names.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
