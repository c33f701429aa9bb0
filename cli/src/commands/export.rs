//! `xdf export`: any source to a file of any format.

use engine::source::Format;

use super::moving;
use crate::args::{ExportArgs, OutputFormat};
use crate::failure::Usage;
use crate::input;
use crate::session::Session;

pub(super) fn run(args: &ExportArgs, session: &Session) -> anyhow::Result<()> {
    let opened = input::open(std::slice::from_ref(&args.input), &args.reading)?;
    let source = input::keep(input::select(opened.clone(), &args.selecting)?, &args.keeping)?;
    let mut options = moving::divided(&args.writing, &args.dividing, &args.output)?;
    if let Some(wanted) = args.format {
        if args.dividing.composite && wanted != OutputFormat::Xdf {
            return Err(Usage("a composite set is made of XDF 5 files; leave --format out".into()).into());
        }
        options.format = Some(format(wanted));
        options.microsoft = (wanted == OutputFormat::Microsoft)
            .then(|| moving::microsoft_options(&args.writing, args.allow_inferred));
    }
    let moved = moving::transfer("exporting", &source, &args.output, &options, &args.selecting, session)?;
    moved.report(&opened, session)
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
