//! What is known of a source and its columns, in the words of the documentation.
//!
//! Microsoft's storage has two names for a column: what it is (`integer`, `numeric`, `factor`, ...) and how it is
//! stored (`int32`, `float32`, ...). Types without a Microsoft counterpart are named like their neighbours.

use arrow_schema::{DataType, Field};
use engine::BlockSource;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::Failure;
use crate::source::Stored;

/// Name, rows, bytes, and the blocks of XDF files.
pub(crate) fn source<'py>(
    py: Python<'py>,
    source: &dyn BlockSource,
    stored: Option<&Stored>,
) -> PyResult<Bound<'py, PyDict>> {
    let info = source.info();
    let dict = PyDict::new(py);
    dict.set_item("name", info.name)?;
    dict.set_item("rows", info.rows)?;
    dict.set_item("bytes", info.bytes)?;
    let files = match stored {
        None => return Ok(dict),
        Some(Stored::File(file)) => vec![file.clone()],
        Some(Stored::Set(set)) => {
            let files = set.files().map_err(Failure::from)?;
            dict.set_item("composite_files", files.len())?;
            files
        }
    };
    if let Some(file) = files.first() {
        dict.set_item("format", file.generation().to_string())?;
        dict.set_item("compression", file.compression())?;
    }
    let blocks = files.iter().flat_map(|file| (0..file.num_blocks()).map(|block| file.block_rows(block)));
    dict.set_item("rows_per_block", blocks.collect::<Vec<u64>>())?;
    Ok(dict)
}

/// One dictionary a column, in order.
pub(crate) fn variables<'py>(py: Python<'py>, source: &dyn BlockSource) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let schema = source.schema();
    schema
        .fields()
        .iter()
        .map(|field| {
            let dict = PyDict::new(py);
            let (kind, storage) = names(field);
            dict.set_item("name", field.name())?;
            dict.set_item("varType", kind)?;
            dict.set_item(
                "storage",
                field.metadata().get(xdf::metadata::STORAGE).map_or(storage, String::as_str),
            )?;
            dict.set_item("description", xdf::metadata::description(field))?;
            let (low, high) = low_high(source, field);
            dict.set_item("low", low)?;
            dict.set_item("high", high)?;
            dict.set_item("levels", xdf::metadata::levels(field))?;
            dict.set_item("valueLabels", field.metadata().get(xdf::metadata::VALUE_LABELS))?;
            Ok(dict)
        })
        .collect()
}

/// The stored low and high, else the extremes that the file's statistics give; only of numbers.
fn low_high(source: &dyn BlockSource, field: &Field) -> (Option<f64>, Option<f64>) {
    if let Some((low, high)) = xdf::metadata::low_high(field) {
        return (Some(low), Some(high));
    }
    if !field.data_type().is_numeric() {
        return (None, None);
    }
    let statistics = source.statistics(field.name());
    let extreme = |of: fn(&xdf::ColumnStatistics) -> Option<&xdf::Scalar>| {
        statistics.as_ref().and_then(of).and_then(xdf::Scalar::as_f64)
    };
    (extreme(|s| s.min.as_ref()), extreme(|s| s.max.as_ref()))
}

/// The variable type and the storage type of a column.
fn names(field: &Field) -> (&'static str, &'static str) {
    match field.data_type() {
        DataType::Boolean => ("logical", "uchar"),
        DataType::Int8 => ("integer", "int8"),
        DataType::Int16 => ("integer", "int16"),
        DataType::Int32 => ("integer", "int32"),
        DataType::Int64 => ("integer", "int64"),
        DataType::UInt8 => ("integer", "uint8"),
        DataType::UInt16 => ("integer", "uint16"),
        DataType::UInt32 => ("integer", "uint32"),
        DataType::UInt64 => ("integer", "uint64"),
        DataType::Float32 => ("numeric", "float32"),
        DataType::Float64 => ("numeric", "float64"),
        DataType::Dictionary(..) if xdf::metadata::is_ordered(field) => ("ordered", "int32"),
        DataType::Dictionary(..) => ("factor", "int32"),
        DataType::Date32 => ("Date", "int32"),
        DataType::Timestamp(..) => ("POSIXct", "int64"),
        _ => ("character", "string"),
    }
}
