//! `xdf compute`: columns computed from those that a file has.

use std::sync::Arc;

use engine::Project;
use engine::source::{SourceExt, XdfSource};

use super::editing;
use crate::args::{ComputeArgs, Selecting};
use crate::input::{self, Source};
use crate::output::counted;
use crate::session::Session;

pub(super) fn run(args: &ComputeArgs, session: &Session) -> anyhow::Result<()> {
    let mut editor = editing::open(&args.file)?;
    let source: Source = Arc::new(XdfSource::from(editor.file().clone()));
    let selecting = Selecting { compute: args.columns.clone(), ..Selecting::default() };
    let mut names: Vec<String> = Vec::new();
    for column in &args.columns {
        if !names.contains(&column.name) {
            names.push(column.name.clone());
        }
    }
    let source = input::select(source, &selecting)?.with(Project::new(names.clone()))?;
    let monitor = session.monitor();
    monitor.start(source.info().rows, None);
    let progress = session.progress("computing", &monitor);
    let blocks = source.open(&session.scan(&monitor))?;
    editing::put_columns(&mut editor, source.schema(), blocks, args.replace)?;
    let file = editor.commit()?;
    drop(progress);
    let text = format!("{} computed", counted(names.len() as u64, "column"));
    editing::report(&file, &text, &[("columnsPut", names.len().into())], session)
}
