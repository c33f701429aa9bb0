//! Passes that SQL Server runs itself, by the language extension: tasks go out as scripts, partial results come back.

use std::sync::{Mutex, PoisonError};

use arrow_array::{Array, BinaryArray};
use arrow_schema::SchemaRef;
use engine::task::{Task, TaskRunner};

use crate::{Database, Error, ExternalScript, Result, Session};

/// Runs tasks on the rows of a query inside of SQL Server, where the extension is installed.
///
/// Use it with `algos::task::fit` and [`InServer::schema`]. What happens on the way is told by the server: the
/// messages of the extension are part of its errors.
pub struct InServer {
    session: Mutex<Box<dyn Session>>,
    schema: SchemaRef,
    query: String,
    language: String,
    is_parallel: bool,
    rows_per_read: Option<i32>,
}

impl InServer {
    /// The language's usual name.
    pub const LANGUAGE: &str = "rxdf";

    /// Connects, and learns the columns of the query. All rows are handed over at once, in parallel.
    ///
    /// # Errors
    /// When there is no connection, or the query is none that can be read.
    pub fn open(database: &dyn Database, query: &str) -> Result<Self> {
        let mut session = database.connect()?;
        let schema = session.describe(query)?;
        Ok(Self {
            session: Mutex::new(session),
            schema,
            query: query.to_owned(),
            language: Self::LANGUAGE.to_owned(),
            is_parallel: true,
            rows_per_read: None,
        })
    }

    /// The same by a language that was registered with another name.
    #[must_use]
    pub fn with_language(mut self, language: &str) -> Self {
        language.clone_into(&mut self.language);
        self
    }

    /// The same with so many rows at a time, for which the server needs less memory; each is answered.
    #[must_use]
    pub fn with_rows_per_read(mut self, rows: i32) -> Self {
        self.rows_per_read = Some(rows);
        self
    }

    /// The same in one process.
    #[must_use]
    pub fn sequential(mut self) -> Self {
        self.is_parallel = false;
        self
    }

    /// The columns of the query.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// The call for a task.
    ///
    /// # Errors
    /// When the task cannot be written as a script.
    pub fn call(&self, task: &Task) -> Result<ExternalScript> {
        let script = task.to_script()?;
        let mut call = ExternalScript::new(&self.language, &script)
            .with_input(&self.query)
            .with_results("partial varbinary(max)");
        if self.is_parallel {
            call = call.parallel();
        }
        Ok(match self.rows_per_read {
            Some(rows) => call.with_rows_per_read(rows),
            None => call,
        })
    }

    fn answers(&self, task: &Task) -> Result<Vec<Vec<u8>>> {
        let sql = self.call(task)?.to_sql()?;
        let batch = self.session.lock().unwrap_or_else(PoisonError::into_inner).query(&sql)?;
        let partials =
            batch.columns().first().and_then(|column| column.as_any().downcast_ref::<BinaryArray>());
        let Some(partials) = partials else {
            return Err(Error::Option {
                option: format!("language {}", self.language),
                reason: format!("it answers a task with {}, not with bytes", batch.schema()),
            });
        };
        Ok(partials.iter().flatten().map(<[u8]>::to_vec).collect())
    }
}

impl TaskRunner for InServer {
    fn run(&self, task: &Task) -> engine::Result<Vec<Vec<u8>>> {
        Ok(self.answers(task)?)
    }

    /// A process that gets no rows is not called, and one that fails fails the statement.
    fn silent_parts_are_empty(&self) -> bool {
        true
    }
}
