//! `xdf set`: what is said of a file and its columns.

use xdf::{Editor, metadata};

use super::editing;
use crate::args::{Said, SetArgs};
use crate::failure::Usage;
use crate::session::Session;

pub(super) fn run(args: &SetArgs, session: &Session) -> anyhow::Result<()> {
    let mut editor = editing::open(&args.file)?;
    say(&mut editor, &args.said)?;
    editing::report(&editor.commit()?, "described", &[], session)
}

fn say(editor: &mut Editor, said: &Said) -> anyhow::Result<()> {
    let keys = [
        (metadata::DESCRIPTION, &said.description),
        (metadata::UNITS, &said.units),
        (metadata::VALUE_LABELS, &said.labels),
        (metadata::LOW, &said.low),
        (metadata::HIGH, &said.high),
    ];
    for (key, entries) in keys {
        for entry in entries {
            editing::check_column(editor, &entry.name)?;
            editor.set_column_metadata(&entry.name, key, text(&entry.value))?;
        }
    }
    for factor in &said.levels {
        editing::check_column(editor, &factor.name)?;
        let Some(levels) = &factor.levels else {
            let reason =
                format!("--levels {}: the new names are missing; expected NAME=L1,L2,...", factor.name);
            return Err(Usage(reason).into());
        };
        editor.set_levels(&factor.name, levels)?;
    }
    for entry in &said.metadata {
        editor.set_file_metadata(&entry.name, text(&entry.value))?;
    }
    Ok(())
}

/// An empty text removes what was said.
fn text(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.is_empty())
}
