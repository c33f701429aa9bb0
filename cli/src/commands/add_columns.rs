//! `xdf add-columns`: columns of another file beside those that a file has.

use super::editing;
use crate::args::AddColumnsArgs;
use crate::input;
use crate::output::counted;
use crate::session::Session;

pub(super) fn run(args: &AddColumnsArgs, session: &Session) -> anyhow::Result<()> {
    let mut editor = editing::open(&args.file)?;
    let source = input::keep(input::open(std::slice::from_ref(&args.input), &args.reading)?, &args.keeping)?;
    let monitor = session.monitor();
    monitor.start(source.info().rows, source.info().bytes);
    let progress = session.progress("adding", &monitor);
    let schema = source.schema();
    let blocks = source.open(&session.scan(&monitor))?;
    editing::put_columns(&mut editor, schema.clone(), blocks, args.replace)?;
    let file = editor.commit()?;
    drop(progress);
    let number = schema.fields().len();
    let text = format!("{} put", counted(number as u64, "column"));
    editing::report(&file, &text, &[("columnsPut", number.into())], session)
}
