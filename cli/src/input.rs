//! From what was typed about inputs to a source: files opened, columns computed, rows selected, columns kept.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_schema::{DataType, Schema};
use engine::expr::Expr;
use engine::source::text::{OnError, TextOptions, parse_type};
use engine::source::{self, Format, OpenOptions, SourceExt, Wanted, index_of, retype};
use engine::{BlockSource, Compute, Project, ScanOptions, SelectRows, factor};

use crate::args::{BadCells, InputFormat, Keeping, Reading, RowRange, Rows, Selecting};
use crate::database;
use crate::failure::Usage;

/// A source that is shared by the parts of a command.
pub(crate) type Source = Arc<dyn BlockSource>;

/// Opens files and patterns as one source.
pub(crate) fn open(paths: &[PathBuf], reading: &Reading) -> anyhow::Result<Source> {
    check_text_only(paths, reading)?;
    open_checked(paths, reading)
}

/// Opens two files or patterns that are read with the same options.
pub(crate) fn open_both(a: &PathBuf, b: &PathBuf, reading: &Reading) -> anyhow::Result<(Source, Source)> {
    check_text_only(&[a.clone(), b.clone()], reading)?;
    let open = |path| open_checked(std::slice::from_ref(path), reading);
    Ok((open(a)?, open(b)?))
}

/// Refuses options that say how text is read where there is no text.
fn check_text_only(paths: &[PathBuf], reading: &Reading) -> anyhow::Result<()> {
    if let (false, Some(option)) =
        (paths.iter().any(|path| database::is_database(path)), reading.database_only())
    {
        return Err(Usage(format!(
            "{option} says what is read of a database, and the input is a file; leave it out"
        ))
        .into());
    }
    let Some(option) = reading.text_only() else { return Ok(()) };
    if paths.iter().any(|path| database::is_database(path)) {
        return Err(Usage(format!(
            "{option} says how delimited text is read, and the input is a database; leave it out"
        ))
        .into());
    }
    let files = source::formats(paths, reading.input_format.map(format))?;
    let is_text = |(_, format): &(PathBuf, Format)| *format == Format::Text;
    match files.first() {
        Some((file, _)) if !files.iter().any(is_text) => Err(Usage(format!(
            "{option} says how delimited text is read, and '{}' is not text; leave the option out",
            file.display()
        ))
        .into()),
        _ => Ok(()),
    }
}

fn open_checked(paths: &[PathBuf], reading: &Reading) -> anyhow::Result<Source> {
    let options = OpenOptions { text: text_options(reading)?, format: reading.input_format.map(format) };
    let source = if paths.iter().any(|path| database::is_database(path)) {
        database::open(paths, reading)?
    } else {
        source::open_with(paths, &options)?
    };
    let schema = source.schema();
    for column in &reading.missing_in {
        index_of(&schema, &column.name)?;
    }
    // text comes in these types; other sources are converted
    let mut wanted: Vec<(String, Wanted)> = Vec::new();
    if reading.strings_as_factors {
        let texts = schema.fields().iter().filter(|field| *field.data_type() == DataType::Utf8);
        let fixed = |name: &String| reading.types.iter().any(|column| column.name == *name);
        let texts = texts.map(|field| field.name()).filter(|name| !fixed(name));
        wanted.extend(texts.map(|name| (name.clone(), Wanted::Factor)));
    }
    for (name, data_type) in options.text.types {
        let factor = factor::is_factor(&data_type);
        wanted.push((name, if factor { Wanted::Factor } else { Wanted::Type(data_type) }));
    }
    wanted.extend(options.text.factors.into_iter().map(|(name, levels)| (name, Wanted::Levels(levels))));
    Ok(retype(source, wanted)?)
}

/// Opens one file or pattern, with columns computed and rows selected.
pub(crate) fn open_selected(
    path: &PathBuf,
    reading: &Reading,
    selecting: &Selecting,
) -> anyhow::Result<Source> {
    select(open(std::slice::from_ref(path), reading)?, selecting)
}

/// The same of the rows that a statistic is of.
pub(crate) fn open_rows(path: &PathBuf, rows: &Rows) -> anyhow::Result<Source> {
    open_selected(path, &rows.reading, &rows.selecting)
}

/// Computes columns, then selects rows, as the data step of `RevoScaleR` does.
pub(crate) fn select(mut source: Source, selecting: &Selecting) -> anyhow::Result<Source> {
    if !selecting.compute.is_empty() {
        let columns = selecting.compute.iter().map(|column| {
            Ok((column.name.clone(), Expr::parse(&column.value).map_err(engine::Error::from)?))
        });
        source = source.with(Compute::new(columns.collect::<engine::Result<_>>()?))?;
    }
    if let Some(filter) = &selecting.filter {
        source = source.with(SelectRows::new(Expr::parse(filter).map_err(engine::Error::from)?))?;
    }
    Ok(source)
}

/// Converts columns to the types of a schema; texts become factors with the levels that they have.
pub(crate) fn with_types(source: Source, schema: &Schema) -> anyhow::Result<Source> {
    let wanted = schema.fields().iter().map(|field| {
        let factor = factor::is_factor(field.data_type());
        (field.name().clone(), if factor { Wanted::Factor } else { Wanted::Type(field.data_type().clone()) })
    });
    Ok(retype(source, wanted.collect())?)
}

/// Keeps the wanted columns.
pub(crate) fn keep(source: Source, keeping: &Keeping) -> anyhow::Result<Source> {
    let schema = source.schema();
    if !keeping.keep.is_empty() {
        return Ok(source.with(Project::new(keeping.keep.clone()))?);
    }
    for name in &keeping.drop {
        index_of(&schema, name)?;
    }
    if keeping.drop.is_empty() {
        return Ok(source);
    }
    let names = schema.fields().iter().map(|field| field.name().clone());
    Ok(source.with(Project::new(names.filter(|name| !keeping.drop.contains(name)).collect()))?)
}

/// A scan of the rows of the input that are wanted.
pub(crate) fn limit(scan: ScanOptions, selecting: &Selecting) -> ScanOptions {
    let all = selecting.rows.is_none() && selecting.max_rows.is_none();
    if all { scan } else { scan.with_rows(rows(selecting)) }
}

/// The rows of the input that are wanted, counted from 0, without the end.
pub(crate) fn rows(selecting: &Selecting) -> Range<u64> {
    let range = selecting.rows.map_or(0..u64::MAX, RowRange::range);
    let most = selecting.max_rows.unwrap_or(u64::MAX);
    range.start..range.end.min(range.start.saturating_add(most))
}

fn format(format: InputFormat) -> Format {
    match format {
        InputFormat::Xdf => Format::Xdf,
        InputFormat::Parquet => Format::Parquet,
        InputFormat::Arrow => Format::Ipc,
        InputFormat::Arrows => Format::IpcStream,
        InputFormat::Text => Format::Text,
    }
}

fn text_options(reading: &Reading) -> anyhow::Result<TextOptions> {
    let mut options = TextOptions::default().with_strings_as_factors(reading.strings_as_factors);
    options.delimiter = reading.delimiter;
    options.encoding.clone_from(&reading.encoding);
    if !reading.missing.is_empty() {
        options.missing.clone_from(&reading.missing);
    }
    for column in &reading.missing_in {
        options.missing_by_column.entry(column.name.clone()).or_default().push(column.value.clone());
    }
    for column in &reading.types {
        let data_type = parse_type(&column.value).map_err(engine::Error::from)?;
        options.types.insert(column.name.clone(), data_type);
    }
    for column in &reading.factor {
        match &column.levels {
            Some(levels) => options.factors.insert(column.name.clone(), levels.clone()).is_some(),
            None => options.types.insert(column.name.clone(), factor::factor_type()).is_some(),
        };
    }
    if let Some(quote) = reading.quote {
        options.quote = quote.0;
    }
    if let Some(decimal) = reading.decimal {
        options.decimal = decimal;
    }
    if reading.float32 {
        options.default_decimal = DataType::Float32;
    }
    if reading.header || reading.no_header {
        options.header = Some(reading.header);
    }
    if let Some(lines) = reading.skip_lines {
        options.skip_rows = lines;
    }
    if let Some(rows) = reading.sniff_rows {
        options = options.with_sniff_rows(rows);
    }
    if reading.bad_cells == BadCells::Missing {
        options.on_error = OnError::Missing { max: None };
    }
    Ok(options)
}
