//! Reading all of a file and telling what is damaged.

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;

use serde_json::json;
use xdf::VerifyReport;

use crate::border::guarded;
use crate::error::{Failure, Status, c_text};
use crate::file::{FileHandle, given, place};

/// What xdf_verify read and found.
#[derive(Debug)]
pub struct Report {
    damaged: usize,
    json: CString,
}

impl Report {
    fn new(report: &VerifyReport) -> Self {
        let damaged = report.damaged.iter().map(|damage| {
            json!({
                "block": damage.block,
                "column": damage.column,
                "offset": damage.offset,
                "problem": damage.problem,
            })
        });
        let text = json!({
            "blocks": report.blocks,
            "segments": report.segments,
            "bytes": report.bytes,
            "dead": report.dead,
            "tornSlot": report.torn_slot,
            "damaged": damaged.collect::<Vec<_>>(),
        });
        Self { damaged: report.damaged.len(), json: c_text(&text.to_string()) }
    }
}

/// Reads all that the newest commit of a file needs, compares every checksum and decodes every value. A file that is
/// damaged is no failure of the call: the report, to be freed with xdf_report_free, says what is.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_verify(
    file: Option<&FileHandle>,
    report: Option<&mut MaybeUninit<*mut Report>>,
    error: Option<&mut *mut Failure>,
) -> Status {
    guarded(error, || {
        let out = place(report, std::ptr::null_mut())?;
        let found = given(file)?.file.verify()?;
        *out = Box::into_raw(Box::new(Report::new(&found)));
        Ok(())
    })
}

/// Number of damaged places; 0 when the file is sound, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_report_num_damaged(report: Option<&Report>) -> usize {
    report.map_or(0, |report| report.damaged)
}

/// The report as a JSON object: "blocks", "segments", "bytes" read, "dead" bytes that no one needs and that were not
/// read, "tornSlot" (true when a commit was interrupted or the newest one was lost), and "damaged", an array of objects
/// with "block" and "column" (null where they do not apply), "offset" and "problem". The report's. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_report_json(report: Option<&Report>) -> *const c_char {
    report.map_or(std::ptr::null(), |report| report.json.as_ptr())
}

/// Frees a report. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn xdf_report_free(report: Option<Box<Report>>) {
    drop(report);
}
