//! What the commands that change a file in place share: the editor, column names with suggestions, the closing line.

use std::path::Path;

use arrow_schema::SchemaRef;
use engine::BlockReader;
use engine::source::index_of;
use serde_json::{Value, json};
use xdf::{Editor, File, WriteOptions};

use crate::args::Storing;
use crate::failure::Usage;
use crate::output::{self, bytes, counted, print_json};
use crate::session::Session;

/// Locks a file to change it.
pub(super) fn open(path: &Path) -> anyhow::Result<Editor> {
    Ok(Editor::open(path)?)
}

/// Locks a file to change it; new blocks are stored as was asked for.
pub(super) fn open_storing(path: &Path, storing: &Storing) -> anyhow::Result<Editor> {
    if storing.level.is_none() && storing.rows_per_block.is_none() {
        return open(path);
    }
    let mut options = WriteOptions::default();
    if let Some(level) = storing.level {
        options = options.with_level(level);
    }
    if let Some(rows) = storing.rows_per_block {
        options = options.with_block_rows(rows.get());
    }
    Ok(Editor::open_with(path, &options)?)
}

/// Fails for a column that the file does not have, and names the nearest.
pub(super) fn check_column(editor: &Editor, name: &str) -> anyhow::Result<()> {
    index_of(editor.file().schema(), name)?;
    Ok(())
}

/// Puts whole columns into a file: those of the schema, whose values the blocks have.
pub(super) fn put_columns(
    editor: &mut Editor,
    schema: SchemaRef,
    blocks: BlockReader,
    replace: bool,
) -> anyhow::Result<()> {
    let file = editor.file().clone();
    let taken = schema.fields().iter().find(|field| file.schema().field_with_name(field.name()).is_ok());
    if let Some(taken) = taken.filter(|_| !replace) {
        let reason = format!(
            "'{}' has a column '{}' already; replace it with --replace",
            file.path().display(),
            taken.name()
        );
        return Err(Usage(reason).into());
    }
    let mut columns = editor.put_columns(schema)?;
    for block in blocks {
        columns.write(&block?.batch)?;
    }
    Ok(columns.finish()?)
}

/// One closing line, or the same as JSON.
pub(super) fn report(
    file: &File,
    done: &str,
    more: &[(&str, Value)],
    session: &Session,
) -> anyhow::Result<()> {
    let name = file.path().display().to_string();
    if session.json {
        let mut document = json!({
            "fileName": name,
            "numRows": file.num_rows(),
            "numVars": file.schema().fields().len(),
            "numBlocks": file.num_blocks(),
            "size": file.size(),
        });
        if let Some(fields) = document.as_object_mut() {
            fields.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        }
        return print_json(&document);
    }
    if session.quiet {
        return Ok(());
    }
    let columns = counted(file.schema().fields().len() as u64, "column");
    output::print(&format!("{name}: {done} ({columns}, {})", bytes(file.size())))
}
