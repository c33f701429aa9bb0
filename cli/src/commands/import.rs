//! `xdf import`: any source to an XDF file.

use std::time::Instant;

use engine::source::Format;
use engine::sink::{self, SinkOptions};
use engine::{SourceInfo, Written, transfer};
use serde::Serialize;

use crate::args::{ImportArgs, Writing};
use crate::input::{self, Source};
use crate::output::{self, bytes, count, print_json, rates, seconds};
use crate::session::Session;

pub(super) fn run(args: &ImportArgs, session: &Session) -> anyhow::Result<()> {
    let source = input::open(&args.inputs, &args.reading)?;
    let opened = Arc::clone(&source);
    let source = input::keep(input::select(source, &args.selecting)?, &args.keeping)?;
    let source = describe(source, &args.description)?;
    let options = SinkOptions { format: Some(Format::Xdf), ..sink_options(&args.writing) };
    let moved = Moved::run("importing", &source, &args.output, &options, &args.selecting, session)?;
    report(&moved, &opened, &args.output, session)
}
