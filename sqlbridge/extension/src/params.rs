//! Parameters of a call.
//!
//! | program | parameter | |
//! |---|---|---|
//! | all | `@r_rowsPerRead` | the server's own: rows come in chunks |
//! | predict | `@model` | the bytes of a model file; varbinary(max) |
//! | algorithms | `@model` OUTPUT | takes the bytes of the model; varbinary(max) |
//! | algorithms | `@pweights`, `@fweights` | the name of the column that weighs the rows |
//! | glm | `@family`, `@link` | their names |
//! | kmeans | `@clusters`, `@seed` | whole numbers |

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;

use crate::error::{Error, Result};
use crate::input::Values;
use crate::types::CType;

/// The parameter with which the server streams.
pub const ROWS_PER_READ: &str = "r_rowsPerRead";

/// Which way a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `SQL_PARAM_INPUT`
    In,
    /// `SQL_PARAM_INPUT_OUTPUT`
    InOut,
    /// `SQL_PARAM_OUTPUT`
    Out,
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// The name without its `@`.
    pub name: String,
    /// The type.
    pub ctype: CType,
    /// The most bytes; those above 65534 stand for `max`.
    pub size: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// What came in.
    value: Option<Vec<u8>>,
    /// What goes out.
    output: Option<Vec<u8>>,
}

impl Param {
    /// A parameter of one value.
    pub fn new(name: &str, size: u64, direction: Direction, value: &Values) -> Self {
        let name = name.strip_prefix('@').unwrap_or(name).to_owned();
        let (ctype, value) = (value.ctype, value.single().map(<[u8]>::to_vec));
        Self { name, ctype, size, direction, value, output: None }
    }

    fn wrong(&self, reason: &str) -> Error {
        Error::Param { name: self.name.clone(), reason: reason.to_owned() }
    }

    fn goes_out(&self) -> bool {
        self.direction != Direction::In
    }

    /// What goes out: what was set, or else what came in; `None` is NULL.
    ///
    /// # Errors
    /// When it only goes in.
    pub fn output(&self) -> Result<Option<&[u8]>> {
        if !self.goes_out() {
            return Err(self.wrong("it is not OUTPUT"));
        }
        Ok(self.output.as_deref().or(self.value.as_deref()))
    }

    fn array(&self, value: &[u8]) -> Result<arrow_array::ArrayRef> {
        let length = [i32::try_from(value.len()).unwrap_or(i32::MAX)];
        let values = Values { ctype: self.ctype, rows: 1, bytes: value, lengths: Some(&length) };
        values.array().map_err(|reason| self.wrong(&reason))
    }
}

/// The parameters of a session.
#[derive(Debug, Default)]
pub struct Params(pub Vec<Param>);

impl Params {
    fn find(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|param| param.name.eq_ignore_ascii_case(name))
    }

    /// Whether rows come in chunks.
    pub fn streams(&self) -> bool {
        self.find(ROWS_PER_READ).is_some()
    }

    /// Refuses parameters that a program does not have.
    ///
    /// # Errors
    /// The first of them.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        let is_known =
            |name: &str| name == ROWS_PER_READ || known.iter().any(|known| known.eq_ignore_ascii_case(name));
        match self.0.iter().find(|param| !is_known(&param.name)) {
            None => Ok(()),
            Some(param) if known.is_empty() => Err(param.wrong("the script takes no parameters")),
            Some(param) => {
                Err(param.wrong(&format!("the program does not have it; it has @{}", known.join(", @"))))
            }
        }
    }

    /// A text that came in; `None` where there is none or it is NULL.
    ///
    /// # Errors
    /// When it is not a text.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        let Some((param, value)) = self.find(name).and_then(|param| Some((param, param.value.as_deref()?)))
        else {
            return Ok(None);
        };
        if !matches!(param.ctype, CType::Char | CType::WChar) {
            return Err(param.wrong("it must be nvarchar"));
        }
        Ok(Some(param.array(value)?.as_string::<i32>().value(0).to_owned()))
    }

    /// A whole number that came in, 0 or more; `None` where there is none or it is NULL.
    ///
    /// # Errors
    /// When it is not one.
    pub fn count(&self, name: &str) -> Result<Option<u64>> {
        let Some((param, value)) = self.find(name).and_then(|param| Some((param, param.value.as_deref()?)))
        else {
            return Ok(None);
        };
        if !matches!(param.ctype, CType::TinyInt | CType::Short | CType::Long | CType::BigInt) {
            return Err(param.wrong("it must be int"));
        }
        let array = arrow_cast::cast(&param.array(value)?, &arrow_schema::DataType::Int64)
            .map_err(|error| param.wrong(&error.to_string()))?;
        let number = array.as_primitive::<Int64Type>().value(0);
        u64::try_from(number)
            .map(Some)
            .map_err(|_| param.wrong(&format!("it is {number}, but must be 0 or more")))
    }

    /// Bytes that came in.
    ///
    /// # Errors
    /// When there are none, or they are not binary.
    pub fn bytes(&self, name: &str) -> Result<&[u8]> {
        let missing = || Error::Param {
            name: name.to_owned(),
            reason: "it is missing or NULL; the program needs it as varbinary(max)".into(),
        };
        let param = self.find(name).ok_or_else(missing)?;
        if param.ctype != CType::Binary {
            return Err(param.wrong("it must be varbinary(max)"));
        }
        param.value.as_deref().ok_or_else(missing)
    }

    /// The place of a parameter for bytes that go out, if there is one.
    ///
    /// # Errors
    /// When it is not OUTPUT, or not binary.
    pub fn place_of_bytes(&self, name: &str) -> Result<Option<usize>> {
        let Some(param) = self.find(name) else { return Ok(None) };
        if !param.goes_out() || param.ctype != CType::Binary {
            return Err(param.wrong("it must be varbinary(max) OUTPUT"));
        }
        Ok(self.0.iter().position(|known| std::ptr::eq(known, param)))
    }

    /// Sets what goes out.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn set(&mut self, place: usize, bytes: Vec<u8>) -> Result<()> {
        let Some(param) = self.0.get_mut(place) else { return Ok(()) };
        if param.size < 65535 && bytes.len() as u64 > param.size {
            let reason = format!(
                "it has room for {} bytes of {}; declare it as varbinary(max)",
                param.size,
                bytes.len()
            );
            return Err(param.wrong(&reason));
        }
        param.output = Some(bytes);
        Ok(())
    }
}
