//! A pass as bytes: for the places of execution that share neither memory nor files with the one who wants the model.
//!
//! An algorithm is a loop of passes, and what a pass starts from follows from the columns and from the sums of the
//! passes before it. So a [`Task`] is what was asked for, the columns, and those sums. Who gets it runs the same algorithm
//! ([`Worker`]): the passes before are answered from the task, and at the first one that is not, the algorithm is left and
//! its empty partial result takes the rows. What comes back ([`Partial`]) is merged with those of the other parts of the
//! rows by [`Remote`], which then takes the algorithm's next step and asks for the next task.
//!
//! Nothing here knows an algorithm: the names and the `match` on them are one layer above. Both sides must be of one
//! release, which the bytes say and the readers check. `docs/spec/task.md` has the bytes.

mod envelope;
mod partial;
mod remote;
mod schema;
mod worker;

use arrow_schema::SchemaRef;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use partial::Partial;
pub use remote::{Remote, TaskRunner};
pub use schema::ColumnsSource;
pub use worker::Worker;

use crate::{Error, Result};
use envelope::Kind;
use schema::Column;

/// The format number of tasks and partial results.
pub const TASK_FORMAT: u32 = 1;

/// What a script starts with that carries a task.
const SCRIPT: &str = "rxdf task";

/// A pass of an algorithm, for whoever has the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The name of the algorithm.
    pub algorithm: String,
    /// What was asked of it, in its own bytes.
    pub arguments: Vec<u8>,
    columns: Vec<Column>,
    /// The sums of the passes before, all parts merged.
    passes: Vec<Vec<u8>>,
}

impl Task {
    /// The first pass of an algorithm over columns of this schema.
    ///
    /// # Errors
    /// When a column has a type that blocks do not have.
    pub fn new(algorithm: &str, arguments: Vec<u8>, schema: &SchemaRef) -> Result<Self> {
        let columns = schema.fields().iter().map(|field| Column::new(field)).collect::<Result<_>>()?;
        Ok(Self { algorithm: algorithm.to_owned(), arguments, columns, passes: Vec::new() })
    }

    /// The columns that the rows must have, with the levels of factors where they are known.
    pub fn schema(&self) -> SchemaRef {
        schema::schema(&self.columns)
    }

    /// How many passes went before.
    pub fn pass(&self) -> usize {
        self.passes.len()
    }

    /// The task as bytes.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        envelope::seal(Kind::Task, self)
    }

    /// The task of bytes.
    ///
    /// # Errors
    /// [`Error::Task`] when they are no task, a damaged one, or of another release.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        envelope::open(Kind::Task, bytes)
    }

    /// The task as one line of text: `rxdf task 1` and the bytes in base64.
    ///
    /// # Errors
    /// As [`Task::to_bytes`].
    pub fn to_script(&self) -> Result<String> {
        Ok(format!("{SCRIPT} {TASK_FORMAT} {}", STANDARD.encode(self.to_bytes()?)))
    }

    /// Whether a text is a script that carries a task, rather than another one.
    pub fn is_script(script: &str) -> bool {
        script.trim_start().strip_prefix(SCRIPT).is_some_and(|rest| rest.starts_with(char::is_whitespace))
    }

    /// The task of a script. White space within the base64 does not count.
    ///
    /// # Errors
    /// [`Error::Task`] when it carries none, or as [`Task::from_bytes`].
    pub fn from_script(script: &str) -> Result<Self> {
        let wrong = |reason: String| Kind::Task.error(reason);
        let Some(rest) = script.trim_start().strip_prefix(SCRIPT) else {
            return Err(wrong(format!("the script does not start with '{SCRIPT}'")));
        };
        let rest = rest.trim_start();
        let (format, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        if format != TASK_FORMAT.to_string() {
            let format: String = format.chars().take(12).collect();
            return Err(wrong(format!(
                "the script has format '{format}', but this release has {TASK_FORMAT}; install the same release on both sides"
            )));
        }
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = STANDARD.decode(&text).map_err(|e| wrong(format!("its base64 is broken: {e}")))?;
        Self::from_bytes(&bytes)
    }
}

/// Anything as bytes of a task; both sides have the same types.
///
/// # Errors
/// When the value has a list whose length is not known beforehand.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    postcard::to_stdvec(value).map_err(|e| Kind::Task.error(format!("it cannot be encoded: {e}")))
}

/// What [`encode`] made bytes of.
///
/// # Errors
/// [`Error::Task`] when the bytes are of something else.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(Kind::Task.error(format!("{} bytes are left behind its content", rest.len()))),
        Err(e) => Err(Kind::Task.error(format!("its content cannot be decoded: {e}"))),
    }
}

impl Kind {
    fn error(self, reason: String) -> Error {
        Error::Task { what: self.name(), reason }
    }
}
