//! `xdf partition`: a table split by the values of key columns.

use engine::BlockSink;
use engine::sink::{PartitionOptions, PartitionSink};

use super::moving;
use crate::args::PartitionArgs;
use crate::input;
use crate::session::Session;

pub(super) fn run(args: &PartitionArgs, session: &Session) -> anyhow::Result<()> {
    moving::check_composite(&args.output)?;
    let opened = input::open(std::slice::from_ref(&args.input), &args.reading)?;
    let source = input::keep(input::select(opened.clone(), &args.selecting)?, &args.keeping)?;
    let options = moving::sink_options(&args.writing);
    let keys = PartitionOptions { keys: args.by.clone(), memory: session.memory() };
    let create = || {
        let sink = PartitionSink::create(&args.output, &source.schema(), &options, &keys)?;
        Ok(Box::new(sink) as Box<dyn BlockSink>)
    };
    let moved =
        moving::pour("partitioning", &source, &args.output, create, &options, &args.selecting, session)?;
    moved.report(&opened, session)
}
