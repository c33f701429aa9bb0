//! The bytes around tasks and partial results: what they are, of which release, and whether they are whole.

use serde::Serialize;
use serde::de::DeserializeOwned;
use twox_hash::XxHash3_64;

use super::{TASK_FORMAT, decode, encode};
use crate::Result;

/// The release, which must be the same on both sides.
const RELEASE: &str = env!("CARGO_PKG_VERSION");

const CHECKSUM: usize = 8;

/// What bytes can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Task,
    Partial,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Partial => "partial result",
        }
    }

    fn magic(self) -> [u8; 8] {
        match self {
            Self::Task => *b"RXDFTASK",
            Self::Partial => *b"RXDFPART",
        }
    }
}

/// What tells one task from another.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The bytes of a content.
pub(super) fn seal<T: Serialize>(kind: Kind, content: &T) -> Result<Vec<u8>> {
    let payload = encode(content)?;
    let release = RELEASE.as_bytes();
    let mut bytes = Vec::with_capacity(32 + release.len() + payload.len());
    bytes.extend_from_slice(&kind.magic());
    bytes.extend_from_slice(&TASK_FORMAT.to_le_bytes());
    bytes.extend_from_slice(&(release.len() as u32).to_le_bytes());
    bytes.extend_from_slice(release);
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&payload);
    let checksum = digest(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

/// The content of bytes.
pub(super) fn open<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T> {
    let wrong = |reason: String| kind.error(reason);
    let cut = || wrong(format!("it has {} bytes and ends within its header", bytes.len()));
    let (magic, rest) = bytes.split_first_chunk::<8>().ok_or_else(cut)?;
    if *magic != kind.magic() {
        return Err(wrong(format!("it does not begin with {}", kind.magic().escape_ascii())));
    }
    let (format, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let format = u32::from_le_bytes(*format);
    if format != TASK_FORMAT {
        return Err(wrong(format!(
            "it has format {format}, but this release has {TASK_FORMAT}; install the same release on both sides"
        )));
    }
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let (release, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(cut)?;
    if release != RELEASE.as_bytes() {
        let release: String = String::from_utf8_lossy(release).chars().take(24).collect();
        return Err(wrong(format!(
            "it was made by release {release}, but this is {RELEASE}; install the same release on both sides"
        )));
    }
    let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
    let length = u64::from_le_bytes(*length);
    let whole = rest.split_last_chunk::<CHECKSUM>().filter(|(payload, _)| payload.len() as u64 == length);
    let Some((payload, checksum)) = whole else {
        return Err(wrong(format!(
            "it should have {} bytes behind its header, but has {}; it was cut off or something was appended",
            length.saturating_add(CHECKSUM as u64),
            rest.len()
        )));
    };
    let found = digest(&bytes[..bytes.len() - CHECKSUM]);
    if found != u64::from_le_bytes(*checksum) {
        return Err(wrong("its checksum is wrong; it was damaged on the way".into()));
    }
    decode(payload)
}
