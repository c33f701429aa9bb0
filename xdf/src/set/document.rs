//! Checksummed JSON documents: what a set writes beside its parts.
//!
//! A document is one JSON object that begins with the version and the checksum, so that both are found before
//! anything else is believed. It appears under its name complete, or not at all.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic::AtomicFile;
use crate::error::Fault;
use crate::raw::checksum;
use crate::{Error, Result};

/// Major version of sets that this crate writes, and the highest that it reads.
const MAJOR: u64 = 1;
/// Minor version that this crate writes.
const MINOR: u64 = 0;

const START: &[u8] = b"{\"xdf_set\":\"";
const BEFORE_CHECKSUM: &[u8] = b"\",\"checksum\":\"";
/// Digits of a checksum.
const DIGITS: usize = 16;
/// Longest document that is read: a million parts need a fifth of it.
const MAX_BYTES: u64 = 1 << 30;

/// The document of a value that becomes a JSON object with at least one entry.
pub(super) fn seal<T: Serialize>(value: &T) -> Result<Vec<u8>, Fault> {
    let body = serde_json::to_vec(value).map_err(|e| Fault::new("a value that JSON has", e))?;
    let body = body.strip_prefix(b"{").ok_or_else(|| Fault::new("an object", "another value"))?;
    let mut bytes = [START, format!("{MAJOR}.{MINOR}").as_bytes(), BEFORE_CHECKSUM].concat();
    let place = bytes.len()..bytes.len() + DIGITS;
    bytes.extend_from_slice(&[b'0'; DIGITS]);
    bytes.extend_from_slice(b"\",");
    bytes.extend_from_slice(body);
    bytes.push(b'\n');
    let digits = hex(checksum(&bytes));
    if let Some(zeros) = bytes.get_mut(place) {
        zeros.copy_from_slice(digits.as_bytes());
    }
    Ok(bytes)
}

/// Reads a document; `what` it is stands in errors.
pub(super) fn read<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T> {
    let io = |e| Error::io(path, "read", e);
    let file = fs::File::open(path).map_err(|e| Error::io(path, "open", e))?;
    let length = file.metadata().map_err(io)?.len();
    if length > MAX_BYTES {
        let fault = Fault::new(format_args!("at most {MAX_BYTES} bytes"), format_args!("{length} bytes"));
        return Err(fault.in_file(path, what, 0));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(io)?;
    parse(bytes).map_err(|fault| fault.in_file(path, what, 0))
}

fn parse<T: DeserializeOwned>(mut bytes: Vec<u8>) -> Result<T, Fault> {
    let foreign = || Fault::new("a document of an XDF set", "something else");
    let rest = bytes.strip_prefix(START).ok_or_else(foreign)?;
    let version = rest.split(|byte| *byte == b'"').next().and_then(|text| std::str::from_utf8(text).ok());
    let version = version.filter(|text| text.len() < 32).ok_or_else(foreign)?;
    let major =
        version.split_once('.').and_then(|(major, _)| major.parse::<u64>().ok()).ok_or_else(foreign)?;
    if major > MAJOR {
        return Err(Fault::unsupported(format!("belongs to a set of version {version}")));
    }
    let rest = rest.get(version.len()..).and_then(|rest| rest.strip_prefix(BEFORE_CHECKSUM));
    let stated = rest.and_then(|rest| rest.get(..DIGITS)).and_then(parse_hex).ok_or_else(foreign)?;
    let from = START.len() + version.len() + BEFORE_CHECKSUM.len();
    if let Some(digits) = bytes.get_mut(from..from + DIGITS) {
        digits.fill(b'0');
    }
    let sum = checksum(&bytes);
    if sum != stated {
        return Err(Fault::new(
            format_args!("checksum {}", hex(stated)),
            format_args!("checksum {}", hex(sum)),
        ));
    }
    serde_json::from_slice(&bytes).map_err(|e| Fault::new("the entries of the specification", e))
}

/// Puts a document under its name; without `replace`, [`Error::Exists`] where there is one.
pub(super) fn publish(path: &Path, bytes: &[u8], replace: bool) -> Result<()> {
    let mut file = AtomicFile::create(path, replace)?;
    file.write_all(bytes).map_err(|e| Error::io(path, "write", e))?;
    file.persist().map(drop)
}

/// A checksum as text: 16 digits, as JSON has no exact numbers of 64 bits.
pub(super) fn hex(sum: u64) -> String {
    format!("{sum:016x}")
}

/// Reads what [`hex`] wrote.
pub(super) fn parse_hex(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let ours = text.len() == DIGITS && text.bytes().all(is_digit);
    ours.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}
