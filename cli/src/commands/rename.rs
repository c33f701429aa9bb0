//! `xdf rename`: other names for columns.

use super::editing;
use crate::args::RenameArgs;
use crate::output::counted;
use crate::session::Session;

pub(super) fn run(args: &RenameArgs, session: &Session) -> anyhow::Result<()> {
    let mut editor = editing::open(&args.file)?;
    for name in &args.names {
        editing::check_column(&editor, &name.name)?;
    }
    for name in &args.names {
        editor.rename(&name.name, &name.value)?;
    }
    let file = editor.commit()?;
    let number = args.names.len();
    let text = format!("{} renamed", counted(number as u64, "column"));
    editing::report(&file, &text, &[("columnsRenamed", number.into())], session)
}
