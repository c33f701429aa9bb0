//! A task of a call from its first to its last function. What the host does in another order is refused.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};

use crate::error::{Error, Result};
use crate::input::Values;
use crate::output::Results;
use crate::params::{Param, Params};
use crate::program::Program;
use crate::script::Script;
use crate::types::CType;

/// A column of the input.
#[derive(Debug, Clone)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type of its values.
    pub ctype: CType,
    /// Whether the server partitions the rows by it, and as the how manieth.
    pub partition_by: Option<u16>,
}

/// A session and task.
pub struct Session {
    script: Script,
    part: (u32, u32),
    columns: Vec<Option<Column>>,
    params: Vec<Option<Param>>,
    running: Option<Running>,
    results: Option<Results>,
    has_failed: bool,
}

/// What there is once rows have come.
struct Running {
    program: Program,
    params: Params,
    /// The input columns that are read.
    read: Vec<usize>,
    streamed: bool,
    chunks: u64,
}

fn order(call: &'static str, reason: impl Into<String>) -> Error {
    Error::Call { call, reason: reason.into() }
}

impl Session {
    /// A session with this script, of task `task` of `tasks`.
    ///
    /// # Errors
    /// When the script is none, or there is no such task.
    pub fn new(script: &str, (task, tasks): (u16, u16), columns: u16, params: u16) -> Result<Self> {
        let part = (u32::from(task), u32::from(tasks.max(1)));
        if part.0 >= part.1 {
            return Err(order("InitSession", format!("task {task} (from 0) of {tasks} does not exist")));
        }
        Ok(Self {
            script: Script::parse(script)?,
            part,
            columns: vec![None; usize::from(columns)],
            params: (0..params).map(|_| None).collect(),
            running: None,
            results: None,
            has_failed: false,
        })
    }

    /// Does `work`; after a failure nothing else is done.
    pub(crate) fn attempt<T>(
        &mut self,
        call: &'static str,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.has_failed {
            return Err(order(call, "an earlier call of the session failed"));
        }
        // a panic leaves it as failed
        self.has_failed = true;
        let result = work(self);
        self.has_failed = result.is_err();
        result
    }

    /// Announces a column of the input.
    ///
    /// # Errors
    /// A number that is out of range or was given, or rows have come.
    pub fn add_column(&mut self, number: u16, column: Column) -> Result<()> {
        let call = "InitColumn";
        if self.running.is_some() {
            return Err(order(call, "rows have come already"));
        }
        if self.columns.iter().flatten().any(|known| known.name == column.name) {
            return Err(Error::Column {
                column: column.name,
                reason: "two columns have this name; give them different ones with AS".into(),
            });
        }
        let count = self.columns.len();
        match self.columns.get_mut(usize::from(number)) {
            Some(place @ None) => *place = Some(column),
            Some(Some(_)) => return Err(order(call, format!("column {number} was announced before"))),
            None => {
                return Err(order(call, format!("there are {count} columns, but this is {number} (from 0)")));
            }
        }
        Ok(())
    }

    /// Announces a parameter.
    ///
    /// # Errors
    /// As [`Session::add_column`].
    pub fn add_param(&mut self, number: u16, param: Param) -> Result<()> {
        let call = "InitParam";
        if self.running.is_some() {
            return Err(order(call, "rows have come already"));
        }
        let count = self.params.len();
        match self.params.get_mut(usize::from(number)) {
            Some(place @ None) => *place = Some(param),
            Some(Some(_)) => return Err(order(call, format!("parameter {number} was announced before"))),
            None => {
                return Err(order(
                    call,
                    format!("there are {count} parameters, but this is {number} (from 0)"),
                ));
            }
        }
        Ok(())
    }

    /// The types of the input columns.
    ///
    /// # Errors
    /// When not all were announced.
    pub fn input_types(&self) -> Result<Vec<CType>> {
        let types = self.columns.iter().enumerate().map(|(number, column)| {
            let missing = || order("Execute", format!("column {number} was not announced by InitColumn"));
            column.as_ref().map(|column| column.ctype).ok_or_else(missing)
        });
        types.collect()
    }

    fn start(&mut self) -> Result<&mut Running> {
        if self.running.is_none() {
            self.input_types()?;
            if let Some(number) = self.params.iter().position(Option::is_none) {
                return Err(order("Execute", format!("parameter {number} was not announced by InitParam")));
            }
            let params = Params(std::mem::take(&mut self.params).into_iter().flatten().collect());
            let mut partition: Vec<(u16, &Column)> = self
                .columns
                .iter()
                .flatten()
                .filter_map(|column| Some((column.partition_by?, column)))
                .collect();
            partition.sort_by_key(|(place, _)| *place);
            let partition: Vec<String> = partition.iter().map(|(_, column)| column.name.clone()).collect();
            let streamed = params.streams() || !partition.is_empty();
            let program = Program::new(&self.script, &params, self.part, partition)?;
            let read = self.columns_read(&program)?;
            self.running = Some(Running { program, params, read, streamed, chunks: 0 });
        }
        self.running.as_mut().ok_or_else(|| order("Execute", "the session did not start"))
    }

    /// The input columns that a program reads. That one is missing is left to the program to say.
    fn columns_read(&self, program: &Program) -> Result<Vec<usize>> {
        let wanted = program.columns();
        let mut read = Vec::new();
        for (place, column) in self.columns.iter().flatten().enumerate() {
            let is_named = wanted.as_ref().is_some_and(|wanted| wanted.contains(&column.name));
            if is_named && column.ctype == CType::Binary {
                return Err(Error::Column {
                    column: column.name.clone(),
                    reason: "binary values cannot be used; CAST it to a number or a text, or leave it out"
                        .into(),
                });
            }
            if column.ctype != CType::Binary && (is_named || wanted.is_none()) {
                read.push(place);
            }
        }
        Ok(read)
    }

    /// Takes a chunk of rows and computes the results for it; returns how many columns these have.
    ///
    /// # Errors
    /// Calls in a wrong order, values that are none, and those of the program.
    pub fn execute(&mut self, rows: usize, values: &[Values]) -> Result<usize> {
        self.results = None;
        let running = self.start()?;
        let read = running.read.clone();
        let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for place in read {
            let (Some(Some(column)), Some(values)) = (self.columns.get(place), values.get(place)) else {
                return Err(order("Execute", format!("column {place} is missing")));
            };
            let refused = |reason| Error::Column { column: column.name.clone(), reason };
            columns.push(values.array().map_err(refused)?);
            fields.push(Field::new(
                &column.name,
                column.ctype.arrow().unwrap_or(arrow_schema::DataType::Null),
                true,
            ));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let chunk = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
            .map_err(|error| Error::Panic(error.to_string()))?;
        let running = self.start()?;
        let answer = running.program.execute(&chunk, running.chunks == 0, &mut running.params)?;
        running.chunks += 1;
        let results = Results::new(&answer, running.streamed)?;
        let count = results.columns.len();
        self.results = Some(results);
        Ok(count)
    }

    /// The results of the last chunk.
    ///
    /// # Errors
    /// When no rows have come.
    pub fn results(&self, call: &'static str) -> Result<&Results> {
        self.results.as_ref().ok_or_else(|| order(call, "Execute has not been called"))
    }

    /// What goes out by a parameter, `None` for NULL.
    ///
    /// # Errors
    /// A number that is out of range, or a parameter that only goes in.
    pub fn output_param(&self, number: u16) -> Result<Option<&[u8]>> {
        let call = "GetOutputParam";
        let running = self.running.as_ref().ok_or_else(|| order(call, "Execute has not been called"))?;
        let count = running.params.0.len();
        match running.params.0.get(usize::from(number)) {
            Some(param) => param.output(),
            None => Err(order(call, format!("there are {count} parameters, but this is {number} (from 0)"))),
        }
    }
}
