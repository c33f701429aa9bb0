//! What one part of the rows adds up to, on its way back.

use serde::{Deserialize, Serialize};

use super::envelope::{self, Kind};
use crate::Result;

/// The partial result of a task over some of the rows.
///
/// Where rows come in chunks and nobody says which is the last, every chunk is answered with the sums of all rows up to
/// then. Of the answers of one part only that with the most chunks counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partial {
    /// The digest of the task that was run.
    pub(super) task: u64,
    /// Which part of the rows, from 0.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
    /// The chunks that were added.
    pub chunks: u64,
    /// The rows that were added.
    pub rows: u64,
    /// The sums.
    pub(super) sums: Vec<u8>,
}

impl Partial {
    /// The partial result as bytes.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        envelope::seal(Kind::Partial, self)
    }

    /// The partial result of bytes.
    ///
    /// # Errors
    /// [`Error::Task`](crate::Error::Task) when they are none, a damaged one, or of another release.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        envelope::open(Kind::Partial, bytes)
    }
}

/// The last answer of every part, in the order of the parts.
///
/// # Errors
/// When an answer is of another task, or a part has not answered that was to.
pub(super) fn last_of_each(answers: &[Vec<u8>], task: u64, silent: bool) -> Result<Vec<Partial>> {
    let wrong = |reason: String| Err(Kind::Partial.error(reason));
    let mut parts: Vec<Option<Partial>> = Vec::new();
    let mut expected = None;
    for answer in answers {
        let partial = Partial::from_bytes(answer)?;
        if partial.task != task {
            return wrong("it is of another task".into());
        }
        let count = *expected.get_or_insert(partial.parts);
        if partial.parts != count || partial.part >= count {
            return wrong(format!(
                "it is of part {} of {}, where another one is of {count} parts",
                partial.part, partial.parts
            ));
        }
        let place = partial.part as usize;
        if parts.len() <= place {
            parts.resize(place + 1, None);
        }
        let known = &mut parts[place];
        if known.as_ref().is_none_or(|known| known.chunks < partial.chunks) {
            *known = Some(partial);
        }
    }
    let missing = match expected {
        None => return wrong("there is none; the task was not run".into()),
        Some(count) => (0..count).find(|&part| parts.get(part as usize).is_none_or(Option::is_none)),
    };
    match missing {
        Some(part) if !silent => {
            wrong(format!("that of part {part} (from 0) is missing; the task did not end there"))
        }
        _ => Ok(parts.into_iter().flatten().collect()),
    }
}
