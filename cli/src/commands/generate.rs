//! `xdf generate`: simulated data.

use std::sync::Arc;

use rxdf::airline::AirlineSource;

use super::moving;
use crate::args::{AirlineArgs, Selecting};
use crate::input::Source;
use crate::session::Session;

pub(super) fn airline(args: &AirlineArgs, session: &Session) -> anyhow::Result<()> {
    let source: Source = Arc::new(AirlineSource::new(args.rows).with_seed(args.seed));
    let options = moving::divided(&args.writing, &args.dividing, &args.output)?;
    let moved =
        moving::transfer("generating", &source, &args.output, &options, &Selecting::default(), session)?;
    moved.report(&source, session)
}
