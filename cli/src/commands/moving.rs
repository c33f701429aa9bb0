//! What importing, exporting and generating share: blocks moved from a source to a file, measured and reported.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow_schema::SchemaRef;
use engine::sink::{self, DEFAULT_BLOCKS_PER_PART, SinkOptions};
use engine::source::Format;
use engine::source::text::BadCells;
use engine::{BlockSink, Written};
use serde_json::json;
use xdf::microsoft::MicrosoftWriteOptions;

use crate::args::{Dividing, Selecting, Writing};
use crate::failure::Usage;
use crate::input::{self, Source};
use crate::output::{self, bytes, count, counted, print_json, rates, seconds};
use crate::session::Session;

/// What was moved, and how long it took.
pub(super) struct Moved {
    /// The output, `None` for the standard output.
    pub(super) output: Option<PathBuf>,
    pub(super) columns: usize,
    pub(super) rows_read: u64,
    pub(super) bytes_read: Option<u64>,
    pub(super) written: Written,
    pub(super) seconds: f64,
}

/// The options of a sink from what was typed.
pub(super) fn sink_options(writing: &Writing) -> SinkOptions {
    let default = SinkOptions::default();
    SinkOptions {
        level: writing.level.map_or(default.level, |level| level as i32),
        block_rows: writing.rows_per_block.map_or(default.block_rows, NonZeroUsize::get),
        overwrite: writing.overwrite,
        ..default
    }
}

/// The options of a sink that may be a set.
pub(super) fn divided(writing: &Writing, dividing: &Dividing, output: &Path) -> anyhow::Result<SinkOptions> {
    let mut options = sink_options(writing);
    if dividing.composite {
        check_composite(output)?;
        options.format = Some(Format::Xdf);
        options.blocks_per_part = Some(dividing.blocks_per_part.unwrap_or(DEFAULT_BLOCKS_PER_PART));
    }
    Ok(options)
}

/// Refuses outputs that cannot be the folder of a set.
pub(super) fn check_composite(output: &Path) -> anyhow::Result<()> {
    let problem = match Format::from_name(output) {
        _ if is_standard_output(output) => {
            "a set is a folder and cannot be written to the standard output".into()
        }
        Some(format) if format != Format::Xdf => format!(
            "a set is a folder of XDF files, and '{}' is named like another format; choose another name",
            output.display()
        ),
        _ => return Ok(()),
    };
    Err(Usage(problem).into())
}

/// The options of Microsoft's container from what was typed.
pub(super) fn microsoft_options(writing: &Writing, allow_inferred: bool) -> MicrosoftWriteOptions {
    let mut options = MicrosoftWriteOptions::default().with_allow_inferred(allow_inferred);
    options.level = writing.level;
    options.block_rows = writing.rows_per_block.map(NonZeroUsize::get);
    options
}

/// Whether an output is the standard output.
pub(super) fn is_standard_output(output: &Path) -> bool {
    output == Path::new("-")
}

/// A sink for a file, or on the standard output when `output` is `-`: CSV unless the options say another format.
pub(super) fn create(
    output: &Path,
    schema: &SchemaRef,
    options: &SinkOptions,
) -> engine::Result<Box<dyn BlockSink>> {
    if is_standard_output(output) {
        sink::to_writer(std::io::stdout(), "standard output", schema, options)
    } else {
        sink::create(output, schema, options)
    }
}

/// Moves a source to a file, or to the standard output when `output` is `-`.
pub(super) fn transfer(
    doing: &'static str,
    source: &Source,
    output: &Path,
    options: &SinkOptions,
    selecting: &Selecting,
    session: &Session,
) -> anyhow::Result<Moved> {
    let create = || Ok(create(output, &source.schema(), options)?);
    pour(doing, source, output, create, options, selecting, session)
}

/// Moves a source into the sink that `create` makes for `output`.
pub(super) fn pour(
    doing: &'static str,
    source: &Source,
    output: &Path,
    create: impl FnOnce() -> anyhow::Result<Box<dyn BlockSink>>,
    options: &SinkOptions,
    selecting: &Selecting,
    session: &Session,
) -> anyhow::Result<Moved> {
    let started = Instant::now();
    let sink = create()?;
    let monitor = session.monitor();
    let scan = input::limit(session.scan(&monitor), selecting).with_block_rows(options.block_rows);
    let info = source.info();
    let wanted = input::rows(selecting);
    monitor.start(info.rows.map(|rows| rows.min(wanted.end).saturating_sub(wanted.start)), info.bytes);
    let progress = session.progress(doing, &monitor);
    let written = engine::transfer(source.open(&scan)?, sink)?;
    drop(progress);
    Ok(Moved {
        output: (!is_standard_output(output)).then(|| output.to_path_buf()),
        columns: source.schema().fields().len(),
        rows_read: monitor.progress().rows,
        bytes_read: info.bytes,
        written,
        seconds: started.elapsed().as_secs_f64(),
    })
}

impl Moved {
    /// One line: rows, columns, bytes in and out, time and rates; then the cells that became missing.
    pub(super) fn report(&self, opened: &Source, session: &Session) -> anyhow::Result<()> {
        // the rows themselves are on the standard output
        let Some(path) = &self.output else { return Ok(()) };
        let name = path.display().to_string();
        let bad_cells = opened.bad_cells();
        if session.json {
            return print_json(&json!({
                "fileName": name,
                "numRows": self.written.rows,
                "numVars": self.columns,
                "rowsRead": self.rows_read,
                "bytesRead": self.bytes_read,
                "bytesWritten": self.written.bytes,
                "seconds": self.seconds,
                "badCells": bad_cells.iter().map(|cells| json!({
                    "column": cells.column,
                    "count": cells.count,
                    "fileName": cells.path.display().to_string(),
                    "line": cells.line,
                    "text": cells.text,
                })).collect::<Vec<_>>(),
            }));
        }
        if !session.quiet {
            output::print(&format!("{name}: {}", self.line()))?;
            report_bad_cells(&bad_cells)?;
        }
        Ok(())
    }

    /// The measures of the move.
    pub(super) fn line(&self) -> String {
        let rows = if self.rows_read == self.written.rows {
            counted(self.written.rows, "row")
        } else {
            format!("{} of {}", count(self.written.rows), counted(self.rows_read, "row"))
        };
        // a database does not say how many bytes a table has
        let size = match (self.bytes_read, self.written.bytes) {
            (Some(read), 0) => format!(", {}", bytes(read)),
            (None, 0) => String::new(),
            (Some(read), written) => format!(", {} -> {}", bytes(read), bytes(written)),
            (None, written) => format!(", {}", bytes(written)),
        };
        let throughput = rates(self.rows_read, self.bytes_read.or(Some(self.written.bytes)), self.seconds);
        let columns = counted(self.columns as u64, "column");
        format!("{rows}, {columns}{size} in {} ({throughput})", seconds(self.seconds))
    }
}

/// One line for each column whose cells became missing.
pub(super) fn report_bad_cells(bad_cells: &[BadCells]) -> anyhow::Result<()> {
    for cells in bad_cells {
        output::print(&format!(
            "  {}: {} {} missing, the first '{}' in {}, line {}",
            cells.column,
            count(cells.count),
            if cells.count == 1 { "cell that does not fit became" } else { "cells that do not fit became" },
            cells.text,
            cells.path.display(),
            cells.line
        ))?;
    }
    Ok(())
}
