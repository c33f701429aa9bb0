//! XDF files changed in place: rows and columns added, columns described.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::Project;
use engine::factor::is_factor;
use engine::source::{SourceExt, Wanted, index_of, retype};
use pyo3::prelude::*;
use xdf::{Editor, WriteOptions};

use crate::error::Failure;
use crate::run::Pass;
use crate::source::Source;

/// Adds the rows of a source, in the columns and types of the file, behind those that it has.
///
/// # Errors
/// When the file is none of XDF 5, somebody else changes it, a column is missing, or a value does not fit its type.
pub(crate) fn append_rows(
    py: Python<'_>,
    source: &Source,
    path: &Path,
    level: i32,
    block_rows: Option<usize>,
    pass: &Pass,
) -> PyResult<u64> {
    let mut options = WriteOptions::default().with_level(level);
    if let Some(rows) = block_rows {
        options = options.with_block_rows(rows);
    }
    pass.run(py, |pass, monitor| {
        // locked before the input is read, so that nobody comes between
        let mut editor = Editor::open_with(path, &options)?;
        let schema = Arc::clone(editor.file().schema());
        let names = schema.fields().iter().map(|field| field.name().clone()).collect();
        let wanted = schema.fields().iter().map(|field| {
            let kind = field.data_type();
            (field.name().clone(), if is_factor(kind) { Wanted::Factor } else { Wanted::Type(kind.clone()) })
        });
        let rows = retype(Arc::clone(&source.inner).with(Project::new(names))?, wanted.collect())?;
        let before = editor.file().num_rows();
        let info = rows.info();
        monitor.start(info.rows, info.bytes);
        for block in rows.open(&pass.scan(monitor))? {
            editor.append(&block?.batch)?;
        }
        Ok(editor.commit()?.num_rows() - before)
    })
}

/// Puts the columns of a source, which has as many rows, beside those of the file or in the place of their namesakes.
///
/// # Errors
/// As [`append_rows`]; also when a column is there already and not to be replaced.
pub(crate) fn put_columns(
    py: Python<'_>,
    source: &Source,
    path: &Path,
    replace: bool,
    pass: &Pass,
) -> PyResult<u64> {
    pass.run(py, |pass, monitor| {
        let mut editor = Editor::open(path)?;
        let schema = source.inner.schema();
        let file = editor.file().schema();
        let taken = schema.fields().iter().find(|field| file.index_of(field.name()).is_ok());
        if let Some(taken) = taken.filter(|_| !replace) {
            return Err(Failure::Value(format!(
                "'{}' has a column '{}' already; set overwrite=True to replace it",
                path.display(),
                taken.name()
            )));
        }
        let mut columns = editor.put_columns(Arc::clone(&schema))?;
        for block in source.inner.open(&pass.scan(monitor))? {
            columns.write(&block?.batch)?;
        }
        columns.finish()?;
        Ok(editor.commit()?.num_rows())
    })
}

/// What is to be changed about one column.
#[derive(FromPyObject)]
pub(crate) struct Change {
    #[pyo3(item)]
    column: String,
    /// Another name.
    #[pyo3(item)]
    name: Option<String>,
    /// Keys of the metadata to set, or to remove.
    #[pyo3(item)]
    metadata: HashMap<String, Option<String>>,
    /// Other names for all levels of a factor, in order.
    #[pyo3(item)]
    levels: Option<Vec<String>>,
}

/// Changes names, levels and metadata of columns, all or nothing.
#[pyfunction]
pub(crate) fn describe_columns(
    py: Python<'_>,
    path: PathBuf,
    changes: Vec<Change>,
    pass: Pass,
) -> PyResult<()> {
    pass.run(py, move |_, _| {
        let mut editor = Editor::open(&path)?;
        for change in &changes {
            index_of(editor.file().schema(), &change.column)?;
            if let Some(levels) = &change.levels {
                editor.set_levels(&change.column, levels)?;
            }
            for (key, value) in &change.metadata {
                editor.set_column_metadata(&change.column, key, value.as_deref())?;
            }
        }
        // a name may go from one column to another, so all old ones are given up first
        let renamed = changes.iter().filter_map(|change| Some((&change.column, change.name.as_ref()?)));
        let renamed: Vec<(String, &String, &String)> =
            renamed.enumerate().map(|(i, (old, new))| (format!("\u{1}{i}"), old, new)).collect();
        for (between, old, _) in &renamed {
            editor.rename(old, between)?;
        }
        for (between, _, new) in &renamed {
            editor.rename(between, new)?;
        }
        editor.commit()?;
        Ok(())
    })
}
