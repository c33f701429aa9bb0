//! `xdf repair`: a sound file of what is left of a damaged one.

use serde_json::json;

use super::verify::place;
use crate::args::RepairArgs;
use crate::failure::Found;
use crate::output::{self, bytes, counted, print_json};
use crate::session::Session;

pub(super) fn run(args: &RepairArgs, session: &Session) -> anyhow::Result<()> {
    let report = xdf::repair(&args.damaged, &args.output, args.overwrite)?;
    if session.json {
        print_json(&json!({
            "fileName": args.output.display().to_string(),
            "numRows": report.rows,
            "numBlocks": report.blocks,
            "numSegments": report.segments,
            "bytes": report.bytes,
            "complete": report.is_complete(),
            "lost": report.lost.iter().map(|lost| json!({
                "block": lost.block,
                "column": lost.column,
                "offset": lost.offset,
                "problem": lost.problem,
            })).collect::<Vec<_>>(),
            "unread": report.unread.iter().map(|range| json!({
                "offset": range.start,
                "bytes": range.end - range.start,
            })).collect::<Vec<_>>(),
        }))?;
    } else {
        for lost in &report.lost {
            output::print(&format!("{}: lost: {}", args.damaged.display(), place(lost)))?;
        }
        if !session.quiet {
            output::print(&format!(
                "{}: {}, {}, {}, {}",
                args.output.display(),
                counted(report.rows, "row"),
                counted(report.blocks as u64, "block"),
                bytes(report.bytes),
                match report.lost.len() as u64 {
                    0 => "nothing lost".to_owned(),
                    places => format!("{} lost", counted(places, "place")),
                }
            ))?;
        }
    }
    if report.is_complete() { Ok(()) } else { Err(Found.into()) }
}
