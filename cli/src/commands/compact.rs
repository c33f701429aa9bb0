//! `xdf compact`: files without what changes have left behind.

use serde_json::json;
use xdf::CompactOptions;

use crate::args::CompactArgs;
use crate::output::{self, bytes, counted, print_json};
use crate::session::Session;

pub(super) fn run(args: &CompactArgs, session: &Session) -> anyhow::Result<()> {
    let mut options = CompactOptions::default();
    options.level = args.storing.level;
    options.block_rows = args.storing.rows_per_block.map(Into::into);
    options.merge_up_to = args.merge.map(Into::into);
    let mut documents = Vec::new();
    for path in &args.files {
        session.monitor().check()?;
        let report = xdf::compact(path, &options)?;
        let name = path.display().to_string();
        if session.json {
            documents.push(json!({
                "fileName": name,
                "bytesBefore": report.bytes_before,
                "bytesAfter": report.bytes_after,
                "blocksBefore": report.blocks_before,
                "blocksAfter": report.blocks_after,
                "segmentsCopied": report.segments_copied,
                "segmentsEncoded": report.segments_encoded,
            }));
        } else if !session.quiet {
            output::print(&format!(
                "{name}: {} -> {}, {}",
                bytes(report.bytes_before),
                bytes(report.bytes_after),
                counted(report.blocks_after as u64, "block")
            ))?;
        }
    }
    if session.json { print_json(&documents) } else { Ok(()) }
}
