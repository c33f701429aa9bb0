//! `xdf export`: any source to a file of any format.

use std::path::PathBuf;

use engine::sink::SinkOptions;
use engine::source::Format;
use sqlbridge::IfExists;

use super::moving;
use crate::args::{ExportArgs, OutputFormat};
use crate::database;
use crate::failure::Usage;
use crate::input::{self, Source};
use crate::session::Session;

pub(super) fn run(args: &ExportArgs, session: &Session) -> anyhow::Result<()> {
    let opened = input::open(std::slice::from_ref(&args.input), &args.reading)?;
    let source = input::keep(input::select(opened.clone(), &args.selecting)?, &args.keeping)?;
    if let (Some(url), Some(table)) = (&args.to, &args.to_table) {
        return to_database(args, url, table, &opened, &source, session);
    }
    let Some(output) = &args.output else { return Err(Usage("name the output by -o".into()).into()) };
    let mut options = moving::divided(&args.writing, &args.dividing, output)?;
    if let Some(wanted) = args.format {
        if args.dividing.composite && wanted != OutputFormat::Xdf {
            return Err(Usage("a composite set is made of XDF 5 files; leave --format out".into()).into());
        }
        options.format = Some(format(wanted));
        options.microsoft = (wanted == OutputFormat::Microsoft)
            .then(|| moving::microsoft_options(&args.writing, args.allow_inferred));
    }
    let moved = moving::transfer("exporting", &source, output, &options, &args.selecting, session)?;
    moved.report(&opened, session)
}

/// Loads a table of a database.
fn to_database(
    args: &ExportArgs,
    url: &str,
    table: &str,
    opened: &Source,
    source: &Source,
    session: &Session,
) -> anyhow::Result<()> {
    if args.dividing.composite {
        return Err(Usage("a table of a database is no composite set; leave --composite out".into()).into());
    }
    let database = database::named(url)?;
    let if_exists = match (args.writing.overwrite, args.to_append) {
        (true, _) => IfExists::Replace,
        (_, true) => IfExists::Append,
        _ => IfExists::Fail,
    };
    let options = SinkOptions::default();
    let create = || Ok(database.sink(table, &source.schema(), if_exists)?);
    let name = PathBuf::from(format!("{} ({table})", database.name()));
    let moved = moving::pour("exporting", source, &name, create, &options, &args.selecting, session)?;
    moved.report(opened, session)
}

fn format(format: OutputFormat) -> Format {
    match format {
        OutputFormat::Xdf | OutputFormat::Microsoft => Format::Xdf,
        OutputFormat::Parquet => Format::Parquet,
        OutputFormat::Arrow => Format::Ipc,
        OutputFormat::Arrows => Format::IpcStream,
        OutputFormat::Text => Format::Text,
        OutputFormat::Jsonl => Format::JsonLines,
    }
}
