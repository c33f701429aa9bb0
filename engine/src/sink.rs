//! Where rows go.
//!
//! A sink takes blocks in order. Files appear under their name only when [`BlockSink::finish`] has succeeded; a sink
//! that is dropped before leaves nothing behind, and what was there before stays.

mod file;
mod ipc;
mod memory;
mod parquet;
mod partition;
mod stream;
pub mod text;
mod xdf_file;
mod xdf_set;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;

use arrow_schema::SchemaRef;
use xdf::microsoft::MicrosoftWriteOptions;

pub use file::AtomicFile;
pub use ipc::IpcSink;
pub use memory::MemorySink;
pub use parquet::ParquetSink;
pub use partition::{PartitionOptions, PartitionSink};
pub use text::TextSink;
pub use xdf_file::XdfSink;
pub use xdf_set::{DEFAULT_BLOCKS_PER_PART, XdfSetSink};

use crate::source::Format;
use crate::{Block, BlockReader, Error, Result};

/// Takes blocks and makes a file or a table of them.
pub trait BlockSink: Send {
    /// Adds the next block.
    ///
    /// # Errors
    /// When it cannot be written, or its columns are not those that the sink was made for.
    fn write(&mut self, block: &Block) -> Result<()>;

    /// Completes the output and makes it visible.
    ///
    /// # Errors
    /// When it cannot be completed; then nothing is visible.
    fn finish(self: Box<Self>) -> Result<Written>;
}

/// What a sink wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Blocks that were handed over.
    pub blocks: u64,
    /// Bytes of the output, 0 for memory.
    pub bytes: u64,
}

/// How a file is to be written.
#[derive(Debug, Clone)]
pub struct SinkOptions {
    /// Compression level, 0 (none) to 9; default 1. Text ignores it.
    pub level: i32,
    /// Rows of a stored block; default [`DEFAULT_BLOCK_ROWS`](crate::DEFAULT_BLOCK_ROWS).
    pub block_rows: usize,
    /// Whether an existing file is replaced; default `false`, an error.
    pub overwrite: bool,
    /// For XDF: write a set of files instead of one, with so many blocks in each ([`DEFAULT_BLOCKS_PER_PART`] is usual);
    /// default `None`, one file.
    pub blocks_per_part: Option<NonZeroUsize>,
    /// For a set that exists: add parts to it; default `false`.
    pub append: bool,
    /// For text: delimiter, missing value string and the rest.
    pub text: text::TextSinkOptions,
    /// The format; default by the file name.
    pub format: Option<Format>,
    /// Write XDF files as Microsoft's container 4.2, with these level and rows of a block instead of those above;
    /// default `None`, XDF 5.
    pub microsoft: Option<MicrosoftWriteOptions>,
}

impl Default for SinkOptions {
    fn default() -> Self {
        Self {
            level: 1,
            block_rows: crate::DEFAULT_BLOCK_ROWS,
            overwrite: false,
            blocks_per_part: None,
            append: false,
            text: text::TextSinkOptions::default(),
            format: None,
            microsoft: None,
        }
    }
}

/// A sink for a file, in the format that its name asks for.
///
/// # Errors
/// When the name tells no format, the file exists and is not to be replaced, or the folder cannot be written.
pub fn create(
    path: impl AsRef<Path>,
    schema: &SchemaRef,
    options: &SinkOptions,
) -> Result<Box<dyn BlockSink>> {
    let path = path.as_ref();
    let Some(format) = options.format.or_else(|| Format::from_name(path)) else {
        let reason = "the name tells no format to write; end it in .xdf, .parquet, .arrow, .arrows, .csv, .tsv or .jsonl";
        return Err(Error::UnknownFormat { path: path.to_path_buf(), reason: reason.into() });
    };
    Ok(match format {
        Format::Xdf => match &options.microsoft {
            Some(microsoft) => Box::new(XdfSink::create_microsoft(path, schema, options, microsoft)?),
            None if options.blocks_per_part.is_some() => Box::new(XdfSetSink::create(path, schema, options)?),
            None => Box::new(XdfSink::create(path, schema, options)?),
        },
        Format::Parquet => Box::new(ParquetSink::create(path, schema, options)?),
        Format::Ipc => Box::new(IpcSink::create(path, schema, options, false)?),
        Format::IpcStream => Box::new(IpcSink::create(path, schema, options, true)?),
        Format::Text => Box::new(TextSink::create(path, schema, options)?),
        Format::JsonLines => Box::new(TextSink::create(path, schema, &json_lines(options))?),
    })
}

/// A sink on something that is no file, such as the standard output; `name` stands for it in errors. It is delimited
/// text unless `options.format` asks for JSON lines or an Arrow IPC stream.
///
/// # Errors
/// When the format is one that only files can have, or a column has a type that it does not store.
pub fn to_writer(
    writer: impl Write + Send + 'static,
    name: &str,
    schema: &SchemaRef,
    options: &SinkOptions,
) -> Result<Box<dyn BlockSink>> {
    Ok(match options.format.unwrap_or(Format::Text) {
        Format::Text => Box::new(TextSink::to_writer(writer, name, schema, options)?),
        Format::JsonLines => Box::new(TextSink::to_writer(writer, name, schema, &json_lines(options))?),
        Format::IpcStream => Box::new(IpcSink::to_writer(writer, name, schema, options)?),
        Format::Xdf | Format::Parquet | Format::Ipc => {
            let reason = format!(
                "the {name} takes text, JSON lines and Arrow IPC streams; write a file for other formats"
            );
            return Err(Error::InvalidOption { option: "format".into(), reason });
        }
    })
}

fn json_lines(options: &SinkOptions) -> SinkOptions {
    SinkOptions { text: options.text.clone().with_json_lines(true), ..options.clone() }
}

/// Moves all blocks of a reader into a sink and completes it.
///
/// # Errors
/// The reader's and the sink's; the sink then leaves nothing behind.
pub fn transfer(reader: BlockReader, mut sink: Box<dyn BlockSink>) -> Result<Written> {
    for block in reader {
        sink.write(&block?)?;
    }
    sink.finish()
}
