//! `xdf verify`: every byte read, every damaged place reported.

use serde_json::json;

use crate::args::VerifyArgs;
use crate::failure::{self, Found};
use crate::output::{self, bytes, counted, print_json};
use crate::session::Session;

pub(super) fn run(args: &VerifyArgs, session: &Session) -> anyhow::Result<()> {
    let mut reports = Vec::new();
    let mut sound = true;
    for path in &args.files {
        // a file that cannot even be opened is damage too, and no reason to leave the others unread
        let report = xdf::File::open(path).and_then(|file| file.verify());
        sound &= report.as_ref().is_ok_and(xdf::VerifyReport::is_ok);
        let name = path.display();
        if session.json {
            reports.push(match report {
                Ok(report) => json!({
                    "fileName": name.to_string(),
                    "ok": report.is_ok(),
                    "numBlocks": report.blocks,
                    "numSegments": report.segments,
                    "bytes": report.bytes,
                    "damaged": report.damaged.iter().map(|damage| json!({
                        "block": damage.block,
                        "column": damage.column,
                        "offset": damage.offset,
                        "problem": damage.problem,
                    })).collect::<Vec<_>>(),
                }),
                Err(error) => {
                    json!({ "fileName": name.to_string(), "ok": false, "error": error.to_string() })
                }
            });
            continue;
        }
        match report {
            Ok(report) if report.is_ok() => {
                if !session.quiet {
                    output::print(&format!(
                        "{name}: sound ({}, {}, {})",
                        counted(report.blocks as u64, "block"),
                        counted(report.segments, "segment"),
                        bytes(report.bytes)
                    ))?;
                }
            }
            Ok(report) => {
                for damage in &report.damaged {
                    let column =
                        damage.column.as_ref().map(|name| format!("column '{name}', ")).unwrap_or_default();
                    let block = damage.block.map(|block| format!("block {block}, ")).unwrap_or_default();
                    let place = format!("{column}{block}byte {}", damage.offset);
                    output::print(&format!("{name}: damaged: {place}: {}", damage.problem))?;
                }
            }
            Err(error) => failure::say(&error.into()),
        }
    }
    if session.json {
        print_json(&reports)?;
    }
    if sound { Ok(()) } else { Err(Found.into()) }
}
