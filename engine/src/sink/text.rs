//! Delimited text.
//!
//! What is written can be read back: numbers have the shortest digits that give the same value again, texts are quoted
//! where they need it, and an empty text (`""`) is not a missing value (nothing between the delimiters). Where nothing
//! cannot be seen, in files of one column or delimited by blanks, missing is written as `NA`, and the text `NA` is
//! quoted everywhere.
//!
//! The same values can be written as JSON lines, one object a row; dates are texts there, and infinities are `null`.

mod format;

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};
use flate2::write::GzEncoder;
use rayon::prelude::*;
use zstd::stream::write::Encoder as ZstdEncoder;

use self::format::{Layout, Row};
use super::stream::Stream;
use super::{AtomicFile, BlockSink, SinkOptions, Written};
use crate::{Block, Error, Result};

/// Rows that one thread formats at a time.
const SLICE_ROWS: usize = 8_192;

/// How text is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSinkOptions {
    /// Delimiter; default by the file name: tab for `.tsv` and `.tab`, `|` for `.psv`, else comma.
    pub delimiter: Option<u8>,
    /// What stands for a missing value; default nothing.
    pub missing: String,
    /// Whether the first line names the columns; default `true`.
    pub header: bool,
    /// Significant digits of decimal numbers; default as many as give the same number again.
    pub float_digits: Option<usize>,
    /// Whether each row is a JSON object, without a header, whatever is said of delimiter and missing values; default
    /// `false`.
    pub json_lines: bool,
}

impl Default for TextSinkOptions {
    fn default() -> Self {
        Self { delimiter: None, missing: String::new(), header: true, float_digits: None, json_lines: false }
    }
}

impl TextSinkOptions {
    /// Sets the delimiter.
    #[must_use]
    pub fn with_delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Sets what stands for a missing value.
    #[must_use]
    pub fn with_missing(mut self, missing: impl Into<String>) -> Self {
        self.missing = missing.into();
        self
    }

    /// Writes column names, or not.
    #[must_use]
    pub fn with_header(mut self, header: bool) -> Self {
        self.header = header;
        self
    }

    /// Writes JSON lines, or not.
    #[must_use]
    pub fn with_json_lines(mut self, json_lines: bool) -> Self {
        self.json_lines = json_lines;
        self
    }

    /// Rounds decimal numbers to so many significant digits.
    #[must_use]
    pub fn with_float_digits(mut self, digits: usize) -> Self {
        self.float_digits = Some(digits);
        self
    }
}

/// Writes a text file, compressed if its name ends in `.gz` or `.zst`.
pub struct TextSink {
    path: PathBuf,
    schema: SchemaRef,
    layout: Layout,
    output: Output,
    written: Written,
}

enum Output {
    Plain(AtomicFile),
    Gzip(GzEncoder<AtomicFile>),
    Zstd(ZstdEncoder<'static, AtomicFile>),
    Stream(Stream),
}

impl TextSink {
    /// Starts the file and writes the header.
    ///
    /// # Errors
    /// As [`AtomicFile::create`]; also when a column has a type that is not written as text, or the delimiter is none.
    pub fn create(path: &Path, schema: &SchemaRef, options: &SinkOptions) -> Result<Self> {
        let name =
            path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let (bare, compression) = match name.rsplit_once('.') {
            Some((bare, compression @ ("gz" | "zst"))) => (bare, Some(compression)),
            _ => (name.as_str(), None),
        };
        let delimiter = options.text.delimiter.unwrap_or(match bare.rsplit_once('.') {
            Some((_, "tsv" | "tab")) => b'\t',
            Some((_, "psv")) => b'|',
            _ => b',',
        });
        let layout = layout(delimiter, schema, options)?;
        let file = AtomicFile::create(path, options.overwrite)?;
        let output = match compression {
            None => Output::Plain(file),
            Some("gz") => Output::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Some(_) => {
                let level = zstd::DEFAULT_COMPRESSION_LEVEL;
                Output::Zstd(ZstdEncoder::new(file, level).map_err(Error::io(path))?)
            }
        };
        Self { path: path.to_path_buf(), schema: schema.clone(), layout, output, written: Written::default() }
            .begin(delimiter, options.text.header && !options.text.json_lines)
    }

    /// Starts text on something that is no file, such as the standard output; `name` stands for it in errors.
    ///
    /// # Errors
    /// As [`TextSink::create`].
    pub fn to_writer(
        writer: impl Write + Send + 'static,
        name: &str,
        schema: &SchemaRef,
        options: &SinkOptions,
    ) -> Result<Self> {
        let delimiter = options.text.delimiter.unwrap_or(b',');
        let layout = layout(delimiter, schema, options)?;
        let output = Output::Stream(Stream::new(writer));
        Self { path: name.into(), schema: schema.clone(), layout, output, written: Written::default() }
            .begin(delimiter, options.text.header && !options.text.json_lines)
    }

    /// Writes the header.
    fn begin(mut self, delimiter: u8, header: bool) -> Result<Self> {
        if header {
            let mut line = Vec::new();
            for (index, field) in self.schema.fields().iter().enumerate() {
                if index > 0 {
                    line.push(delimiter);
                }
                self.layout.text(field.name().as_bytes(), &mut line);
            }
            line.push(b'\n');
            self.output.write_all(&line).map_err(Error::io(&self.path))?;
        }
        Ok(self)
    }

    fn same_columns(&self, batch: &RecordBatch) -> Result<()> {
        let shape = |schema: &SchemaRef| -> Vec<DataType> {
            schema.fields().iter().map(|field| field.data_type().clone()).collect()
        };
        let (expected, found) = (shape(&self.schema), shape(&batch.schema()));
        if expected == found {
            return Ok(());
        }
        let text = |shape: &[DataType]| shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Err(Error::SchemaChanged {
            context: self.path.display().to_string(),
            expected: text(&expected),
            found: text(&found),
        })
    }
}

/// How values look, after checking that everything can be written.
fn layout(delimiter: u8, schema: &SchemaRef, options: &SinkOptions) -> Result<Layout> {
    if delimiter >= 0x80 || matches!(delimiter, 0 | b'"' | b'\n' | b'\r') || delimiter.is_ascii_alphanumeric()
    {
        return Err(Error::InvalidOption {
            option: "delimiter".into(),
            reason: "must be one ASCII character that is no letter, digit, quote or line end".into(),
        });
    }
    for field in schema.fields() {
        format::check(field)?;
    }
    if options.text.json_lines {
        return Ok(Layout::json_lines(schema, options.text.float_digits));
    }
    let invisible = schema.fields().len() == 1 || delimiter == b' ';
    let missing = match options.text.missing.as_str() {
        "" if invisible => "NA",
        missing => missing,
    };
    Ok(Layout::new(delimiter, missing, options.text.float_digits))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Gzip(file) => file.write(bytes),
            Self::Zstd(file) => file.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(file) => file.flush(),
            Self::Zstd(file) => file.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

impl BlockSink for TextSink {
    fn write(&mut self, block: &Block) -> Result<()> {
        self.same_columns(&block.batch)?;
        let row = Row::new(&block.batch, &self.layout)?;
        let rows = block.num_rows();
        let starts: Vec<usize> = (0..rows).step_by(SLICE_ROWS).collect();
        // a few slices a thread at a time, so that the text of a large block is never in memory as a whole
        for starts in starts.chunks(4 * rayon::current_num_threads()) {
            let texts: Vec<Vec<u8>> = starts
                .par_iter()
                .map(|&start| {
                    let mut text = Vec::with_capacity(SLICE_ROWS * 8 * self.schema.fields().len().max(1));
                    for index in start..(start + SLICE_ROWS).min(rows) {
                        row.write(index, &mut text);
                    }
                    text
                })
                .collect();
            for text in texts {
                self.output.write_all(&text).map_err(Error::io(&self.path))?;
            }
        }
        self.written.rows += rows as u64;
        self.written.blocks += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written> {
        let file = match self.output {
            Output::Plain(file) => file,
            Output::Gzip(file) => file.finish().map_err(Error::io(&self.path))?,
            Output::Zstd(file) => file.finish().map_err(Error::io(&self.path))?,
            Output::Stream(mut stream) => {
                stream.flush().map_err(Error::io(&self.path))?;
                return Ok(Written { bytes: stream.bytes(), ..self.written });
            }
        };
        Ok(Written { bytes: file.persist()?, ..self.written })
    }
}
