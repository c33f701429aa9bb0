//! `xdf append`: rows behind those that a file has.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use arrow_schema::Schema;
use engine::factor::is_factor;
use engine::sink::{DEFAULT_BLOCKS_PER_PART, PartitionOptions, PartitionSink, SinkOptions, XdfSetSink};
use engine::source::SourceExt;
use engine::source::text::type_name;
use engine::{BlockSink, Project};
use serde_json::json;
use xdf::{Set, metadata};

use super::{editing, moving};
use crate::args::{AppendArgs, Assignment, Factor, Reading};
use crate::input::{self, Source};
use crate::output::{self, bytes, count, counted, print_json};
use crate::session::Session;

pub(super) fn run(args: &AppendArgs, session: &Session) -> anyhow::Result<()> {
    if Set::recognises(&args.file) {
        return to_set(args, session);
    }
    // locked before the input is read, so that nobody comes between
    let mut editor = editing::open_storing(&args.file, &args.storing)?;
    let schema = editor.file().schema().clone();
    let inputs = args.inputs.iter().map(|input| Input::open(input, &schema, args));
    let inputs = inputs.collect::<anyhow::Result<Vec<_>>>()?;
    let before = editor.file().num_rows();
    let monitor = session.monitor();
    let infos: Vec<engine::SourceInfo> = inputs.iter().map(|input| input.opened.info()).collect();
    monitor.start(infos.iter().map(|info| info.rows).sum(), infos.iter().map(|info| info.bytes).sum());
    let progress = session.progress("appending", &monitor);
    for input in &inputs {
        for block in input.rows.open(&input::limit(session.scan(&monitor), &args.selecting))? {
            editor.append(&block?.batch)?;
        }
    }
    let file = editor.commit()?;
    drop(progress);
    let appended = file.num_rows() - before;
    let text = format!("{} appended, {} now", counted(appended, "row"), count(file.num_rows()));
    editing::report(&file, &text, &[("rowsAppended", appended.into())], session)?;
    if session.quiet || session.json {
        return Ok(());
    }
    inputs.iter().try_for_each(|input| moving::report_bad_cells(&input.opened.bad_cells()))
}

/// Adds the rows to a set, as further files; to a partitioned one, to the partitions of their keys.
fn to_set(args: &AppendArgs, session: &Session) -> anyhow::Result<()> {
    let set = Set::open(&args.file)?;
    let schema = set.schema();
    let inputs = args.inputs.iter().map(|input| Input::open(input, schema, args));
    let inputs = inputs.collect::<anyhow::Result<Vec<_>>>()?;
    let mut options = SinkOptions {
        append: true,
        blocks_per_part: Some(DEFAULT_BLOCKS_PER_PART),
        ..SinkOptions::default()
    };
    options.level = args.storing.level.unwrap_or(options.level);
    options.block_rows = args.storing.rows_per_block.map_or(options.block_rows, NonZeroUsize::get);
    let keys = PartitionOptions { keys: set.keys(), memory: session.memory() };
    let mut sink: Box<dyn BlockSink> = if keys.keys.is_empty() {
        Box::new(XdfSetSink::create(&args.file, schema, &options)?)
    } else {
        Box::new(PartitionSink::create(&args.file, schema, &options, &keys)?)
    };
    let monitor = session.monitor();
    let infos: Vec<engine::SourceInfo> = inputs.iter().map(|input| input.opened.info()).collect();
    monitor.start(infos.iter().map(|info| info.rows).sum(), infos.iter().map(|info| info.bytes).sum());
    let progress = session.progress("appending", &monitor);
    let scan = || input::limit(session.scan(&monitor), &args.selecting).with_block_rows(options.block_rows);
    for input in &inputs {
        for block in input.rows.open(&scan())? {
            sink.write(&block?)?;
        }
    }
    let written = sink.finish()?;
    drop(progress);
    let set = Set::open(&args.file)?;
    if session.json {
        return print_json(&json!({
            "fileName": args.file,
            "numRows": set.num_rows(),
            "numVars": schema.fields().len(),
            "rowsAppended": written.rows,
            "bytes": set.size(),
        }));
    }
    if session.quiet {
        return Ok(());
    }
    let text = format!("{} appended, {} now", counted(written.rows, "row"), count(set.num_rows()));
    let files = counted(set.num_parts() as u64, "file");
    output::print(&format!("{}: {text} in {files} ({})", args.file.display(), bytes(set.size())))?;
    inputs.iter().try_for_each(|input| moving::report_bad_cells(&input.opened.bad_cells()))
}

/// Something whose rows are appended.
struct Input {
    /// As it was opened.
    opened: Source,
    /// Its rows in the columns and types of the file.
    rows: Source,
}

impl Input {
    fn open(path: &PathBuf, schema: &Schema, args: &AppendArgs) -> anyhow::Result<Self> {
        let paths = std::slice::from_ref(path);
        let given = input::open(paths, &args.reading)?.schema();
        let opened = input::open(paths, &like(schema, &given, &args.reading))?;
        let rows = input::keep(input::select(opened.clone(), &args.selecting)?, &args.keeping)?;
        let rows = fitting(rows, schema, &args.file.display().to_string())?;
        // what was computed on the way
        let rows = input::with_types(rows, schema)?;
        Ok(Self { opened, rows })
    }
}

/// The options with the types of the file, where nothing else was asked for.
fn like(schema: &Schema, given: &Schema, reading: &Reading) -> Reading {
    let mut reading = reading.clone();
    for field in schema.fields() {
        let name = field.name();
        let asked = reading.types.iter().any(|column| column.name == *name)
            || reading.factor.iter().any(|column| column.name == *name);
        let Ok(found) = given.field_with_name(name) else { continue };
        if asked || found.data_type() == field.data_type() {
            continue;
        }
        if is_factor(field.data_type()) {
            // the order of an ordered factor is not guessed: texts must be levels that it has
            let levels = metadata::levels(field).filter(|_| metadata::is_ordered(field));
            reading.factor.push(Factor { name: name.clone(), levels });
        } else {
            let value = type_name(field.data_type()).to_owned();
            reading.types.push(Assignment { name: name.clone(), value });
        }
    }
    reading
}

/// The source with the columns of the file; refused when it has others.
fn fitting(source: Source, schema: &Schema, file: &str) -> anyhow::Result<Source> {
    let given = source.schema();
    let names = |of: &Schema, other: &Schema| -> Vec<String> {
        let names = of.fields().iter().map(|field| field.name());
        names.filter(|name| other.field_with_name(name).is_err()).map(|name| format!("'{name}'")).collect()
    };
    let columns = |names: &[String]| {
        let what = if names.len() == 1 { "column" } else { "columns" };
        format!("{what} {}", names.join(", "))
    };
    let (missing, more) = (names(schema, &given), names(&given, schema));
    let input = source.info().name;
    anyhow::ensure!(
        missing.is_empty(),
        "{input} has no {}, which {file} has; rename or compute what is missing (--compute)",
        columns(&missing)
    );
    anyhow::ensure!(
        more.is_empty(),
        "{file} has no {}, which {input} has; leave out what is too much (--drop), or add it first (xdf add-columns)",
        columns(&more)
    );
    let names = schema.fields().iter().map(|field| field.name().clone());
    Ok(source.with(Project::new(names.collect()))?)
}
