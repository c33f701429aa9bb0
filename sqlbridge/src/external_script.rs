//! Calls of `sp_execute_external_script`: code in R, Python or a language extension, on rows inside of SQL Server.
//!
//! What is called and with what are texts and values of the caller. Here they become literals, each in its own way, so
//! that no text can be read as SQL; the code and the query go in as variables, and names of parameters are checked.
//! Literals have two traps. A backslash before a line break is taken out of them together with the break, so texts are cut
//! there; and pieces are joined as `nvarchar(max)`, since shorter types cut at 4000 characters.
//!
//! ```
//! use sqlbridge::{ExternalScript, SqlValue};
//!
//! let call = ExternalScript::new("rxdf", "predict id")
//!     .with_input("SELECT id, x FROM dbo.flights")
//!     .with_param("model", SqlValue::Binary(Some(vec![1, 2])))?
//!     .with_results("id int, y_Pred float");
//! assert_eq!(
//!     call.to_sql()?,
//!     "DECLARE @rx_script nvarchar(max) = N'predict id';\n\
//!      DECLARE @rx_input nvarchar(max) = N'SELECT id, x FROM dbo.flights';\n\
//!      EXEC sp_execute_external_script @language = N'rxdf', @script = @rx_script, @input_data_1 = @rx_input, \
//!      @params = N'@model varbinary(max)', @model = 0x0102 WITH RESULT SETS ((id int, y_Pred float));"
//! );
//! # Ok::<(), sqlbridge::Error>(())
//! ```

use std::fmt::Write;

use crate::{Dialect, Error, Result};

/// A scalar of SQL Server; `None` is NULL.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// `bit`
    Bit(Option<bool>),
    /// `int`
    Int(Option<i32>),
    /// `bigint`
    BigInt(Option<i64>),
    /// `float`
    Float(Option<f64>),
    /// `nvarchar(max)`
    Text(Option<String>),
    /// `varbinary(max)`
    Binary(Option<Vec<u8>>),
}

impl SqlValue {
    /// The type that a parameter is declared with.
    pub fn sql_type(&self) -> &'static str {
        match self {
            Self::Bit(_) => "bit",
            Self::Int(_) => "int",
            Self::BigInt(_) => "bigint",
            Self::Float(_) => "float",
            Self::Text(_) => "nvarchar(max)",
            Self::Binary(_) => "varbinary(max)",
        }
    }

    /// The value as a literal, or as an expression where one literal cannot hold it.
    fn literal(&self) -> Option<String> {
        match self {
            Self::Bit(value) => value.map(|value| u8::from(value).to_string()),
            Self::Int(value) => value.map(|value| value.to_string()),
            Self::BigInt(value) => value.map(|value| value.to_string()),
            Self::Float(value) => value.map(|value| format!("{value:e}")),
            Self::Text(value) => value.as_deref().map(text),
            Self::Binary(value) => value.as_deref().map(binary),
        }
    }
}

/// A parameter of the script.
#[derive(Debug, Clone, PartialEq)]
struct Param {
    name: String,
    value: SqlValue,
    is_output: bool,
}

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalScript {
    language: String,
    script: String,
    input: Option<String>,
    partition_by: Vec<String>,
    is_parallel: bool,
    rows_per_read: Option<i32>,
    params: Vec<Param>,
    results: Option<String>,
}

impl ExternalScript {
    /// A call of code in a language: `Python`, `R`, or the name that an extension was registered with.
    pub fn new(language: &str, script: &str) -> Self {
        Self {
            language: language.to_owned(),
            script: script.to_owned(),
            input: None,
            partition_by: Vec::new(),
            is_parallel: false,
            rows_per_read: None,
            params: Vec::new(),
            results: None,
        }
    }

    /// The same on the rows of a query, one SELECT.
    #[must_use]
    pub fn with_input(mut self, query: &str) -> Self {
        self.input = Some(query.to_owned());
        self
    }

    /// The same once for every combination of values of these columns.
    #[must_use]
    pub fn partitioned_by(mut self, columns: &[&str]) -> Self {
        self.partition_by = columns.iter().map(|&column| column.to_owned()).collect();
        self
    }

    /// The same in several processes, each with a part of the rows, where the server plans the query in parallel.
    #[must_use]
    pub fn parallel(mut self) -> Self {
        self.is_parallel = true;
        self
    }

    /// The same with so many rows at a time; all at once by default.
    #[must_use]
    pub fn with_rows_per_read(mut self, rows: i32) -> Self {
        self.rows_per_read = Some(rows);
        self
    }

    /// The same with a value for the script. The name is without `@`.
    ///
    /// # Errors
    /// A name that is none, or is taken.
    pub fn with_param(self, name: &str, value: SqlValue) -> Result<Self> {
        self.param(name, value, false)
    }

    /// The same with a value that the script may change. The last rows of the answer are then one row with all of them.
    ///
    /// # Errors
    /// As [`ExternalScript::with_param`].
    pub fn with_output(self, name: &str, value: SqlValue) -> Result<Self> {
        self.param(name, value, true)
    }

    /// The same with these columns of results, as SQL declares them: `id int, y_Pred float`; `NONE` for no results.
    /// This is SQL and must not come from data.
    #[must_use]
    pub fn with_results(mut self, columns: &str) -> Self {
        self.results = Some(columns.to_owned());
        self
    }

    fn param(mut self, name: &str, value: SqlValue, is_output: bool) -> Result<Self> {
        let refuse = |reason: &str| {
            let name: String = name.chars().take(40).collect();
            Err(Error::Option { option: format!("parameter '{name}'"), reason: reason.to_owned() })
        };
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !starts || !name.chars().all(letters) || name.len() > 100 {
            return refuse("a name is a letter, then letters, digits and underscores, at most 100");
        }
        let own = ["language", "script", "params", "parallel", "r_rowsPerRead"];
        let is_own = own.iter().any(|own| own.eq_ignore_ascii_case(name))
            || ["input_data_1", "output_data_1", "rx_"].iter().any(|own| starts_with(name, own));
        if is_own || self.params.iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
            return refuse("the name is taken");
        }
        if let SqlValue::Float(Some(value)) = value
            && !value.is_finite()
        {
            return refuse(&format!("SQL has no float {value}"));
        }
        self.params.push(Param { name: name.to_owned(), value, is_output });
        Ok(self)
    }

    /// The statements of the call.
    ///
    /// # Errors
    /// Partitions or chunks of rows without a query.
    pub fn to_sql(&self) -> Result<String> {
        if self.input.is_none() && (!self.partition_by.is_empty() || self.rows_per_read.is_some()) {
            return Err(Error::Option {
                option: "input".into(),
                reason: "partitions and chunks of rows need a query that the rows come from".into(),
            });
        }
        let mut head = declared("rx_script", "nvarchar(max)", Some(&text(&self.script)));
        let mut call = format!(
            "EXEC sp_execute_external_script @language = {}, @script = @rx_script",
            Dialect::SqlServer.text(&self.language)
        );
        if let Some(input) = &self.input {
            head += &declared("rx_input", "nvarchar(max)", Some(&text(input)));
            call += ", @input_data_1 = @rx_input";
        }
        if !self.partition_by.is_empty() {
            let names: Vec<String> =
                self.partition_by.iter().map(|name| Dialect::SqlServer.quoted(name)).collect();
            let names = Dialect::SqlServer.text(&names.join(", "));
            let _ = write!(call, ", @input_data_1_partition_by_columns = {names}");
        }
        if self.is_parallel {
            call += ", @parallel = 1";
        }
        let (mut declarations, mut values, mut outputs) = (Vec::new(), String::new(), Vec::new());
        if let Some(rows) = self.rows_per_read {
            declarations.push("@r_rowsPerRead int".to_owned());
            let _ = write!(values, ", @r_rowsPerRead = {rows}");
        }
        for Param { name, value, is_output } in &self.params {
            let sql_type = value.sql_type();
            let literal = value.literal();
            // arguments are literals or variables; what changes, and a text that may take several literals, is a variable
            if *is_output || matches!(value, SqlValue::Text(Some(_))) {
                head += &declared(&format!("rx_{name}"), sql_type, literal.as_deref());
                let output = if *is_output { " OUTPUT" } else { "" };
                declarations.push(format!("@{name} {sql_type}{output}"));
                let _ = write!(values, ", @{name} = @rx_{name}{output}");
                if *is_output {
                    outputs.push(format!("@rx_{name} AS {}", Dialect::SqlServer.quoted(name)));
                }
            } else {
                declarations.push(format!("@{name} {sql_type}"));
                let _ = write!(values, ", @{name} = {}", literal.as_deref().unwrap_or("NULL"));
            }
        }
        if !declarations.is_empty() {
            let _ = write!(call, ", @params = N'{}'{values}", declarations.join(", "));
        }
        match self.results.as_deref() {
            None => {}
            Some("NONE") => call += " WITH RESULT SETS NONE",
            Some(columns) => {
                let _ = write!(call, " WITH RESULT SETS (({columns}))");
            }
        }
        let tail =
            if outputs.is_empty() { String::new() } else { format!("\nSELECT {};", outputs.join(", ")) };
        Ok(format!("{head}{call};{tail}"))
    }
}

fn starts_with(name: &str, start: &str) -> bool {
    name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn declared(name: &str, sql_type: &str, value: Option<&str>) -> String {
    let value = value.unwrap_or("NULL");
    format!("DECLARE @{name} {sql_type} = {value};\n")
}

/// A text as a literal, or as several that are joined where a backslash stands before a line break.
fn text(text: &str) -> String {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices('\\') {
        let after = at + 1;
        if text.get(after..).is_some_and(|rest| rest.starts_with(['\n', '\r'])) {
            pieces.extend(text.get(start..after));
            start = after;
        }
    }
    pieces.extend(text.get(start..));
    match pieces.as_slice() {
        [one] => Dialect::SqlServer.text(one),
        pieces => {
            let literals: Vec<String> = pieces.iter().map(|piece| Dialect::SqlServer.text(piece)).collect();
            format!("CAST(N'' AS nvarchar(max)) + {}", literals.join(" + "))
        }
    }
}

fn binary(bytes: &[u8]) -> String {
    let mut literal = String::with_capacity(2 + 2 * bytes.len());
    literal.push_str("0x");
    for byte in bytes {
        let _ = write!(literal, "{byte:02X}");
    }
    literal
}
