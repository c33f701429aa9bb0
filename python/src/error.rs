//! From the engine's errors to Python's exceptions.
//!
//! The message is always the engine's sentence; the class is the one that a Python program would expect to catch:
//! the `OSError` family for what the system refuses and for damaged files, `ValueError` for what the caller can change
//! (names, formulas, types, options), `MemoryError`, `KeyboardInterrupt`, and `RuntimeError` for the rest.

use std::io::ErrorKind;

use pyo3::exceptions::{
    PyConnectionError, PyFileExistsError, PyFileNotFoundError, PyIsADirectoryError, PyKeyboardInterrupt,
    PyMemoryError, PyNotADirectoryError, PyOSError, PyPermissionError, PyRuntimeError, PyValueError,
};
use pyo3::{PyErr, Python};

/// An error of any layer below, on its way to Python.
#[derive(Debug)]
pub(crate) enum Failure {
    Engine(engine::Error),
    Algos(algos::Error),
    /// A value that was given cannot be used; the sentence says why.
    Value(String),
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<algos::Error> for Failure {
    fn from(error: algos::Error) -> Self {
        Self::Algos(error)
    }
}

impl From<xdf::Error> for Failure {
    fn from(error: xdf::Error) -> Self {
        Self::Engine(engine::Error::Xdf(error))
    }
}

impl From<sqlbridge::Error> for Failure {
    fn from(error: sqlbridge::Error) -> Self {
        Self::Engine(error.into())
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Engine(error) => of_engine(&error),
            Failure::Algos(error) => of_algos(&error),
            Failure::Value(sentence) => PyValueError::new_err(sentence),
        }
    }
}

fn of_engine(error: &engine::Error) -> PyErr {
    use engine::Error;
    let message = error.to_string();
    match error {
        Error::Xdf(error) => of_xdf(error, message),
        Error::Io { source, .. } => of_io(source, message),
        Error::NoInput { .. } => PyFileNotFoundError::new_err(message),
        Error::OutputExists { .. } => PyFileExistsError::new_err(message),
        Error::Parquet { .. } | Error::Ipc { .. } => PyOSError::new_err(message),
        Error::MemoryBudget { .. } => PyMemoryError::new_err(message),
        Error::Cancelled => PyKeyboardInterrupt::new_err(message),
        Error::ColumnNotFound { .. }
        | Error::ColumnType { .. }
        | Error::SchemaChanged { .. }
        | Error::UnknownFormat { .. }
        | Error::InvalidOption { .. }
        | Error::Syntax(_)
        | Error::Expr(_)
        | Error::Text(_) => PyValueError::new_err(message),
        Error::Upper(upper) => {
            if let Some(error) = upper.downcast_ref::<algos::Error>() {
                of_algos(error)
            } else if let Some(exception) = upper.downcast_ref::<PyErr>() {
                // of the caller's own function
                Python::attach(|py| exception.clone_ref(py))
            } else if let Some(error) = upper.downcast_ref::<sqlbridge::Error>() {
                of_database(error, message)
            } else {
                PyRuntimeError::new_err(message)
            }
        }
        _ => PyRuntimeError::new_err(message),
    }
}

fn of_database(error: &sqlbridge::Error, message: String) -> PyErr {
    use sqlbridge::Error;
    match error {
        Error::Connection { .. } => PyConnectionError::new_err(message),
        Error::Option { .. } | Error::ColumnType { .. } => PyValueError::new_err(message),
        _ => PyRuntimeError::new_err(message),
    }
}

fn of_algos(error: &algos::Error) -> PyErr {
    match error {
        algos::Error::Engine(error) => of_engine(error),
        algos::Error::Io { source, .. } => of_io(source, error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

fn of_xdf(error: &xdf::Error, message: String) -> PyErr {
    use xdf::Error;
    match error {
        Error::Io { source, .. } => of_io(source, message),
        Error::Exists { .. } => PyFileExistsError::new_err(message),
        Error::UnsupportedType { .. }
        | Error::MicrosoftColumn { .. }
        | Error::MicrosoftValue { .. }
        | Error::SchemaMismatch { .. }
        | Error::DuplicateColumn { .. }
        | Error::KeyColumns { .. }
        | Error::NoSuchPartition { .. }
        | Error::RowCount { .. }
        | Error::InvalidEdit { .. }
        | Error::InvalidOption { .. } => PyValueError::new_err(message),
        _ => PyOSError::new_err(message),
    }
}

fn of_io(source: &std::io::Error, message: String) -> PyErr {
    match source.kind() {
        ErrorKind::NotFound => PyFileNotFoundError::new_err(message),
        ErrorKind::AlreadyExists => PyFileExistsError::new_err(message),
        ErrorKind::PermissionDenied => PyPermissionError::new_err(message),
        ErrorKind::IsADirectory => PyIsADirectoryError::new_err(message),
        ErrorKind::NotADirectory => PyNotADirectoryError::new_err(message),
        _ => PyOSError::new_err(message),
    }
}
