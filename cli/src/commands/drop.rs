//! `xdf drop`: columns removed.

use super::editing;
use crate::args::DropArgs;
use crate::output::counted;
use crate::session::Session;

pub(super) fn run(args: &DropArgs, session: &Session) -> anyhow::Result<()> {
    let mut editor = editing::open(&args.file)?;
    let before = editor.file().schema().fields().len();
    for name in &args.columns {
        editing::check_column(&editor, name)?;
    }
    editor.drop_columns(&args.columns.iter().map(String::as_str).collect::<Vec<_>>())?;
    let file = editor.commit()?;
    let dropped = before - file.schema().fields().len();
    let text = format!("{} dropped", counted(dropped as u64, "column"));
    editing::report(&file, &text, &[("columnsDropped", dropped.into())], session)
}
