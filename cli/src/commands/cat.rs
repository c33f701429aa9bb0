//! `xdf cat`: the rows of files on the standard output.

use std::io::IsTerminal;
use std::path::Path;

use engine::sink::SinkOptions;
use engine::sink::text::TextSinkOptions;
use engine::source::Format;

use super::moving;
use crate::args::{CatArgs, StreamFormat};
use crate::failure::Usage;
use crate::input;
use crate::session::Session;

pub(super) fn run(args: &CatArgs, session: &Session) -> anyhow::Result<()> {
    let format = if session.json { StreamFormat::Jsonl } else { args.format };
    if format == StreamFormat::Arrows && std::io::stdout().is_terminal() {
        let reason = "an Arrow stream is nothing for a terminal; send it to a program or a file";
        return Err(Usage(reason.into()).into());
    }
    let mut text = TextSinkOptions::default().with_header(!args.no_names);
    if format == StreamFormat::Tsv {
        text = text.with_delimiter(b'\t');
    }
    let options = SinkOptions {
        text,
        format: Some(match format {
            StreamFormat::Csv | StreamFormat::Tsv => Format::Text,
            StreamFormat::Jsonl => Format::JsonLines,
            StreamFormat::Arrows => Format::IpcStream,
        }),
        ..SinkOptions::default()
    };
    let source = input::open(&args.inputs, &args.reading)?;
    let source = input::keep(input::select(source, &args.selecting)?, &args.keeping)?;
    moving::transfer("writing", &source, Path::new("-"), &options, &args.selecting, session)?;
    Ok(())
}
