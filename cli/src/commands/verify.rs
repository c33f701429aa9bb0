//! `xdf verify`: all that a file needs read, every damaged place reported.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use xdf::set::PartReport;
use xdf::{Damage, Error, Set, VerifyReport};

use crate::args::VerifyArgs;
use crate::failure::{self, Found, Trouble};
use crate::output::{self, bytes, counted, print_json};
use crate::session::Session;

/// What was found of one file.
enum Finding {
    /// It was read to the end.
    Read(VerifyReport),
    /// It is damaged where it would say what it holds.
    Unreadable(Error),
    /// It was not read: it is not there, or of a kind that this program does not read.
    NotRead(Error),
}

pub(super) fn run(args: &VerifyArgs, session: &Session) -> anyhow::Result<()> {
    let mut reports = Vec::new();
    let (mut sound, mut not_read) = (true, 0);
    for path in &args.files {
        session.monitor().check()?;
        // a file that cannot be opened is no reason to leave the others unread
        for (path, finding) in findings(path) {
            sound &= finding.is_sound();
            not_read += usize::from(matches!(finding, Finding::NotRead(_)));
            if session.json {
                reports.push(finding.document(&path));
            } else {
                finding.print(&path, session)?;
            }
        }
    }
    if session.json {
        print_json(&reports)?;
    }
    match (sound, not_read) {
        (true, 0) => Ok(()),
        (_, 0) => Err(Found.into()),
        _ => Err(Trouble::told()),
    }
}

/// What was found of a file, or of each part of a set.
fn findings(path: &Path) -> Vec<(PathBuf, Finding)> {
    if !Set::recognises(path) {
        let report = xdf::File::open(path).and_then(|file| file.verify());
        return vec![(path.to_owned(), Finding::of(report))];
    }
    match Set::verify(path) {
        Ok(parts) => {
            let part = |part: PartReport| (path.join("parts").join(&part.file), Finding::of(part.report));
            parts.into_iter().map(part).collect()
        }
        Err(error) => vec![(path.to_owned(), Finding::of(Err(error)))],
    }
}

impl Finding {
    fn of(report: xdf::Result<VerifyReport>) -> Self {
        match report {
            Ok(report) => Self::Read(report),
            Err(error @ (Error::Io { .. } | Error::NewerVersion { .. } | Error::Unsupported { .. })) => {
                Self::NotRead(error)
            }
            Err(error) => Self::Unreadable(error),
        }
    }

    fn is_sound(&self) -> bool {
        matches!(self, Self::Read(report) if report.is_ok())
    }

    fn document(&self, path: &Path) -> Value {
        let name = path.display().to_string();
        match self {
            Self::Read(report) => json!({
                "fileName": name,
                "ok": report.is_ok(),
                "numBlocks": report.blocks,
                "numSegments": report.segments,
                "bytes": report.bytes,
                "deadBytes": report.dead,
                "tornSlot": report.torn_slot,
                "damaged": report.damaged.iter().map(|damage| json!({
                    "block": damage.block,
                    "column": damage.column,
                    "offset": damage.offset,
                    "problem": damage.problem,
                })).collect::<Vec<_>>(),
            }),
            Self::Unreadable(error) | Self::NotRead(error) => {
                json!({ "fileName": name, "ok": false, "error": error.to_string() })
            }
        }
    }

    /// One line for a sound file, one for each damaged place of another.
    fn print(self, path: &Path, session: &Session) -> anyhow::Result<()> {
        let name = path.display();
        match self {
            Self::Read(report) if report.is_ok() => {
                if session.quiet {
                    return Ok(());
                }
                let dead = match report.dead {
                    0 => String::new(),
                    dead => format!("; {} dead and not read", bytes(dead)),
                };
                output::print(&format!(
                    "{name}: sound ({}, {}, {}{dead})",
                    counted(report.blocks as u64, "block"),
                    counted(report.segments, "segment"),
                    bytes(report.bytes)
                ))?;
                say_torn(&name, report.torn_slot)
            }
            Self::Read(report) => {
                for damage in &report.damaged {
                    output::print(&format!("{name}: damaged: {}", place(damage)))?;
                }
                say_torn(&name, report.torn_slot)
            }
            Self::Unreadable(error) => {
                let (text, quoted) = (error.to_string(), format!("'{name}' "));
                let text = text.strip_prefix(&quoted).unwrap_or(&text);
                let text = text.strip_prefix("is damaged: ").unwrap_or(text);
                output::print(&format!("{name}: damaged: {text}"))
            }
            Self::NotRead(error) => {
                failure::say(&error.into());
                Ok(())
            }
        }
    }
}

/// Says that a commit is missing.
fn say_torn(name: &impl std::fmt::Display, torn: bool) -> anyhow::Result<()> {
    if !torn {
        return Ok(());
    }
    let note =
        "a commit slot is torn: the last change was interrupted or lost, and this is the state before it";
    output::print(&format!("{name}: {note}"))
}

/// Where the damage is and what it is.
pub(super) fn place(damage: &Damage) -> String {
    let column = damage.column.as_ref().map(|name| format!("column '{name}', ")).unwrap_or_default();
    let block = damage.block.map(|block| format!("block {block}, ")).unwrap_or_default();
    format!("{column}{block}byte {}: {}", damage.offset, damage.problem)
}
