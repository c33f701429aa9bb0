//! `xdf export`: any source to a file of any format.

use super::moving;
use crate::args::ExportArgs;
use crate::input;
use crate::session::Session;

pub(super) fn run(args: &ExportArgs, session: &Session) -> anyhow::Result<()> {
    let opened = input::open(std::slice::from_ref(&args.input), &args.reading)?;
    let source = input::keep(input::select(opened.clone(), &args.selecting)?, &args.keeping)?;
    let options = moving::divided(&args.writing, &args.dividing, &args.output)?;
    let moved = moving::transfer("exporting", &source, &args.output, &options, &args.selecting, session)?;
    moved.report(&opened, session)
}
