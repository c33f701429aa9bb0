//! `xdf composite`: the files of a set.

use std::fmt::Write;
use std::path::Path;

use arrow_schema::Schema;
use serde_json::{Value, json};
use xdf::Set;
use xdf::set::{Session as Open, SetMode, SetOptions};

use crate::args::{CompositeCleanArgs, CompositeCommand, CompositeFilesArgs, CompositeListArgs};
use crate::output::{self, Ordered, Table, bytes, cell_texts, cell_value, counted, is_right, print_json};
use crate::session::Session;

pub(super) fn run(command: &CompositeCommand, session: &Session) -> anyhow::Result<()> {
    match command {
        CompositeCommand::Create(args) => add(args, SetMode::Create, session),
        CompositeCommand::Append(args) => add(args, SetMode::Append, session),
        CompositeCommand::List(args) => list(args, session),
        CompositeCommand::Clean(args) => clean(args, session),
    }
}

/// Copies files into a new set, or behind the parts of one.
fn add(args: &CompositeFilesArgs, mode: SetMode, session: &Session) -> anyhow::Result<()> {
    let schema = match mode {
        SetMode::Append => Set::open(&args.set)?.schema().clone(),
        _ => files_schema(&args.files[0])?.into(),
    };
    let token = Set::begin(&args.set, schema, &SetOptions { mode, ..SetOptions::default() })?;
    let copied = (0..).zip(&args.files).try_for_each(|(number, file)| {
        session.monitor().check()?;
        Set::adopt(&token, number, file)?;
        anyhow::Ok(())
    });
    let set = match copied.and_then(|()| Ok(Set::commit(&token)?)) {
        Ok(set) => set,
        Err(error) => {
            // nothing was published; what cannot be removed now is cleaned later
            let _ = Set::abandon(&token);
            return Err(error);
        }
    };
    if session.json {
        return print_json(&document(&set, &args.set)?);
    }
    if !session.quiet {
        let copied = counted(args.files.len() as u64, "file");
        output::print(&format!("{}: {copied} copied, {} now", args.set.display(), shape(&set)))?;
    }
    Ok(())
}

/// The columns of an XDF file, without what only it has.
fn files_schema(path: &Path) -> anyhow::Result<Schema> {
    Ok(xdf::File::open(path)?.schema().as_ref().clone())
}

/// "3 files, 1,000 rows, 12 kB".
fn shape(set: &Set) -> String {
    let files = counted(set.num_parts() as u64, "file");
    format!("{files}, {}, {}", counted(set.num_rows(), "row"), bytes(set.size()))
}

fn list(args: &CompositeListArgs, session: &Session) -> anyhow::Result<()> {
    let sessions = Set::sessions(&args.set)?;
    let pending = !sessions.is_empty() && !Set::recognises(&args.set);
    let set = if pending { None } else { Some(Set::open(&args.set)?) };
    if session.json {
        return print_json(&match &set {
            Some(set) => document(set, &args.set)?,
            None => json!({ "fileName": args.set, "version": 0, "sessions": open_sessions(&sessions) }),
        });
    }
    let mut text = match &set {
        Some(set) => {
            let rows = if set.keys().is_empty() { parts_table(set) } else { partitions_table(set)? };
            format!("{}: version {}, {}\n{rows}", args.set.display(), set.version(), shape(set))
        }
        None => format!("{}: nothing is committed yet\n", args.set.display()),
    };
    for open in &sessions {
        let _ = writeln!(
            text,
            "being written, {} finished: {}",
            counted(open.parts as u64, "file"),
            open.token.display()
        );
    }
    output::print(&text)
}

/// The sessions as JSON objects.
fn open_sessions(sessions: &[Open]) -> Vec<Value> {
    sessions.iter().map(|open| json!({ "token": open.token, "finished": open.parts })).collect()
}

fn parts_table(set: &Set) -> String {
    let mut table = Table::new(["File", "Start row", "Rows", "Blocks", "Bytes"]);
    for (number, part) in set.parts().iter().enumerate() {
        // rows are counted from 1, as R does
        let start = set.part_rows(number).start + 1;
        let numbers = [start, part.rows, part.blocks as u64, part.size].map(|number| number.to_string());
        table.row(std::iter::once(part.file.clone()).chain(numbers));
    }
    table.text(|column| column > 0)
}

fn partitions_table(set: &Set) -> anyhow::Result<String> {
    let keys = engine::partition_keys(set)?;
    let names = set.keys();
    let mut table = Table::new(names.iter().map(String::as_str).chain(["Rows", "Files"]));
    let columns: Vec<Vec<String>> = keys.columns().iter().map(cell_texts).collect::<anyhow::Result<_>>()?;
    for (row, partition) in set.partitions().iter().enumerate() {
        let numbers = [partition.rows.to_string(), partition.parts.len().to_string()];
        table.row(columns.iter().map(|column| column[row].clone()).chain(numbers));
    }
    let types: Vec<bool> = keys.columns().iter().map(|column| is_right(column.data_type())).collect();
    Ok(table.text(|column| types.get(column).copied().unwrap_or(true)))
}

fn document(set: &Set, path: &Path) -> anyhow::Result<Value> {
    let parts = set.parts().iter().map(|part| {
        json!({ "fileName": part.file, "numRows": part.rows, "numBlocks": part.blocks, "bytes": part.size })
    });
    Ok(json!({
        "fileName": path,
        "version": set.version(),
        "numRows": set.num_rows(),
        "bytes": set.size(),
        "numCompositeFiles": set.num_parts(),
        "files": parts.collect::<Vec<_>>(),
        "keys": set.keys(),
        "partitions": partitions(set)?,
        "sessions": open_sessions(&Set::sessions(path)?),
    }))
}

/// The partitions as JSON objects: the values of the key, rows, files.
fn partitions(set: &Set) -> anyhow::Result<Vec<Value>> {
    let keys = engine::partition_keys(set)?;
    let names = set.keys();
    let partition = |(row, partition): (usize, &xdf::set::Partition)| {
        let values = names.iter().zip(keys.columns());
        let values = values.map(|(name, column)| Ok((name.clone(), cell_value(column, row)?)));
        let key: Ordered<Value> = Ordered(values.collect::<anyhow::Result<_>>()?);
        Ok(json!({ "key": key, "numRows": partition.rows, "files": partition.parts.len() }))
    };
    set.partitions().iter().enumerate().map(partition).collect()
}

fn clean(args: &CompositeCleanArgs, session: &Session) -> anyhow::Result<()> {
    let sessions = Set::sessions(&args.set)?;
    if args.sessions {
        for open in &sessions {
            Set::abandon(&open.token)?;
        }
    }
    let report = if args.sessions && !Set::recognises(&args.set) {
        xdf::set::CleanReport::default()
    } else {
        Set::clean(&args.set)?
    };
    let left = if args.sessions { 0 } else { sessions.len() };
    if session.json {
        return print_json(&json!({
            "fileName": args.set,
            "filesRemoved": report.files,
            "bytesRemoved": report.bytes,
            "sessions": left,
        }));
    }
    if session.quiet {
        return Ok(());
    }
    let removed = format!("{} removed ({})", counted(report.files, "file"), bytes(report.bytes));
    let left = match left {
        0 => String::new(),
        left => format!("; {} being written, see list", counted(left as u64, "version")),
    };
    output::print(&format!("{}: {removed}{left}", args.set.display()))
}
