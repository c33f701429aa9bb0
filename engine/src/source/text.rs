//! Delimited text: read fast, and honestly.
//!
//! Text has no types, so they are inferred over the first rows (see [`sniff`](self)) or given by the caller, and then
//! hold for the whole source: a later cell that does not fit is an error that names file, line, column and text, or is
//! counted, never silently something else. Texts in quotes may have delimiters, doubled quotes and line ends in them.
//!
//! # How a pass works
//! One thread reads and cuts the bytes where records end (`split`); the threads of rayon index the fields of a chunk
//! (`scan`) and convert the wanted columns one at a time straight from the bytes (`column`, `number`, `date`,
//! `levels`); `reader` delivers the chunks in order and gives factors their codes. Nothing is kept of a field but its
//! value, and memory is bounded by the chunks on the way.
//!
//! # Factors
//! Levels come in the order in which they first appear in the file, whatever the threads and wherever the pass starts,
//! so a level has the same code in every pass; give the levels ([`TextOptions::factors`]) to know them beforehand.

mod column;
mod convert;
pub(crate) mod date;
mod decode;
mod error;
mod levels;
mod number;
mod options;
mod parse;
mod reader;
mod scan;
mod sniff;
mod spec;
mod split;
mod types;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use arrow_array::StringArray;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use encoding_rs::Encoding;

pub use date::{date_of_days, days_of_date};
pub use error::{BadCell, BadCells, TextError};
pub use options::{OnError, TextOptions};
pub use types::{parse_type, type_name};

use self::error::listed;
use self::levels::LevelTable;
use self::parse::Plan;
use self::reader::{SharedBadCells, TextReader, first_path};
use self::scan::Index;
use self::spec::{FixedLevels, Missing, Spec};
use self::split::{Dialect, Splitter};
use super::{BlockSource, SourceInfo, indices, projected};
use crate::factor::{factor_type, is_factor};
use crate::{BlockReader, Error, Monitor, Result, ScanOptions};

/// Bytes over which the delimiter is found out.
const HEAD: usize = 64 << 10;

/// The fields of one record, and whether each was quoted.
type Record = Vec<(Vec<u8>, bool)>;

/// Files of delimited text with the same columns, one after the other.
#[derive(Debug, Clone)]
pub struct TextSource {
    shape: Arc<Shape>,
    options: Arc<TextOptions>,
    specs: Arc<Vec<Spec>>,
    schema: SchemaRef,
    bytes: u64,
    bad: SharedBadCells,
}

/// What is needed to find the records of the files.
#[derive(Debug)]
struct Shape {
    files: Vec<Arc<Path>>,
    dialect: Dialect,
    encoding: Option<&'static Encoding>,
    skip_rows: usize,
    header: bool,
    names: Vec<String>,
}

impl TextSource {
    /// Opens files as one source: finds out what `options` leave open from the first, and that the others agree.
    ///
    /// # Errors
    /// When a file cannot be read, is empty, or has other columns than the first; when a column that `options` name does
    /// not exist; when the sample has a row with a wrong number of fields.
    pub fn open(files: Vec<PathBuf>, options: TextOptions) -> Result<Self> {
        let files: Vec<Arc<Path>> = files.into_iter().map(Arc::from).collect();
        let Some(first) = files.first().cloned() else {
            return Err(Error::NoInput { pattern: String::new() });
        };
        check(&options)?;
        let encoding = match &options.encoding {
            None => None,
            Some(label) => Some(
                Encoding::for_label(label.as_bytes())
                    .ok_or_else(|| TextError::UnknownEncoding { label: label.clone() })?,
            ),
        };
        let mut bytes = 0;
        for file in &files {
            bytes += std::fs::metadata(file).map_err(Error::io(file))?.len();
        }

        let mut shape = Shape {
            files,
            dialect: Dialect {
                delimiter: options.delimiter.unwrap_or(b','),
                combine: options.combine_delimiters || options.delimiter == Some(b' '),
                quote: options.quote,
                terminator: b'\n',
            },
            encoding,
            skip_rows: options.skip_rows,
            header: false,
            names: Vec::new(),
        };
        if options.delimiter.is_none() {
            let mut splitter = shape.begin(&first, None)?;
            let terminator = splitter.dialect().terminator;
            let head = splitter.peek(HEAD)?;
            let delimiter = sniff::delimiter(head, head.len() < HEAD, &options, terminator);
            shape.dialect.delimiter = delimiter;
            shape.dialect.combine |= delimiter == b' ';
        }
        let mut splitter = shape.begin(&first, None)?;
        let record =
            first_record(&mut splitter)?.ok_or_else(|| TextError::Empty { path: first.to_path_buf() })?;
        shape.header = options.header.unwrap_or_else(|| sniff::is_header(&record));
        shape.names = if shape.header {
            names(&first, &record)?
        } else {
            (1..=record.len()).map(|number| format!("V{number}")).collect()
        };
        for file in shape.files.iter().skip(1) {
            let mut splitter = shape.start(file, None)?;
            if !shape.header {
                let fields = first_record(&mut splitter)?.map_or(0, |record| record.len());
                if fields != shape.names.len() {
                    return Err(shape.other_columns(file, format!("{fields} without names")).into());
                }
            }
        }

        let mut specs = given(&shape.names, &options)?;
        infer(&shape, &mut specs, &options)?;
        let fields = specs.iter().map(|spec| {
            let field = Field::new(&spec.name, spec.data_type.clone(), true);
            match options.factors.get(&spec.name) {
                Some(levels) => xdf::metadata::set_levels(field, levels),
                None => field,
            }
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(Self {
            shape: Arc::new(shape),
            options: Arc::new(options),
            specs: Arc::new(specs),
            schema,
            bytes,
            bad: SharedBadCells::default(),
        })
    }

    /// The cells that became missing in the last pass although they are not: by column, in the order in which they were
    /// first found. Empty unless [`OnError::Missing`] allows them or a text is not among the levels of a factor.
    pub fn bad_cells(&self) -> Vec<BadCells> {
        self.bad.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The delimiter, given or found.
    pub fn delimiter(&self) -> u8 {
        self.shape.dialect.delimiter
    }

    /// Whether the first record names the columns.
    pub fn has_header(&self) -> bool {
        self.shape.header
    }
}

impl BlockSource for TextSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        let first = first_path(&self.shape.files).display();
        let more = self.shape.files.len() - 1;
        SourceInfo {
            name: if more > 0 { format!("{first} and {more} more") } else { first.to_string() },
            rows: None,
            bytes: Some(self.bytes),
            random_access: false,
        }
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let wanted = indices(&self.schema, options.columns.as_deref())?;
        let schema = projected(&self.schema, options.columns.as_deref())?;
        let plan = Plan {
            columns: wanted.iter().filter_map(|&place| self.specs.get(place).cloned()).collect(),
            fields: self.specs.len(),
            tolerant: matches!(self.options.on_error, OnError::Missing { .. }),
        };
        self.bad.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let start = options.rows.as_ref().map_or(0, |rows| rows.start);
        let reader = TextReader::new(self, schema, plan, options);
        Ok(BlockReader::new(Box::new(reader), options, start))
    }

    fn bad_cells(&self) -> Vec<BadCells> {
        Self::bad_cells(self)
    }
}

impl Shape {
    /// A file at its first record.
    fn begin(&self, path: &Arc<Path>, monitor: Option<Arc<Monitor>>) -> Result<Splitter> {
        let input = decode::open(path, self.encoding, monitor).map_err(Error::io(path))?;
        let mut splitter = Splitter::open(input, Arc::clone(path), self.dialect)?;
        splitter.skip_lines(self.skip_rows)?;
        Ok(splitter)
    }

    /// A file at its first record of data; its header has been compared.
    fn start(&self, path: &Arc<Path>, monitor: Option<Arc<Monitor>>) -> Result<Splitter> {
        let mut splitter = self.begin(path, monitor)?;
        if self.header {
            let record =
                first_record(&mut splitter)?.ok_or_else(|| TextError::Empty { path: path.to_path_buf() })?;
            let found = names(path, &record)?;
            if found != self.names {
                return Err(self.other_columns(path, listed(&found)).into());
            }
        }
        Ok(splitter)
    }

    fn other_columns(&self, path: &Path, found: String) -> TextError {
        TextError::OtherColumns {
            path: path.to_path_buf(),
            first: first_path(&self.files).to_path_buf(),
            found,
            expected: if self.header {
                listed(&self.names)
            } else {
                format!("{} without names", self.names.len())
            },
        }
    }
}

/// The fields of the next record that is not blank.
fn first_record(splitter: &mut Splitter) -> Result<Option<Record>> {
    while let Some(chunk) = splitter.next_chunk(1, split::LONGEST_RECORD, Vec::new())? {
        let fields = sniff::fields_of(&chunk);
        if !fields.is_empty() {
            return Ok(Some(fields));
        }
    }
    Ok(None)
}

/// The names of columns in a header; those without one are named by their number, as in `V3`.
fn names(path: &Path, record: &[(Vec<u8>, bool)]) -> Result<Vec<String>, TextError> {
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    let mut numbers = foldhash::HashMap::default();
    for (index, (text, quoted)) in record.iter().enumerate() {
        let text = if *quoted { text.as_slice() } else { text.trim_ascii() };
        let number = index + 1;
        let name = match std::str::from_utf8(text) {
            Ok("") => format!("V{number}"),
            Ok(name) => name.to_owned(),
            Err(_) => {
                let column = format!("number {number} of the header");
                return Err(TextError::InvalidUtf8 { path: path.to_path_buf(), line: 1, column });
            }
        };
        if let Some(first) = numbers.insert(name.clone(), number) {
            return Err(TextError::DuplicateColumn {
                path: path.to_path_buf(),
                column: name,
                first,
                second: number,
            });
        }
        names.push(name);
    }
    Ok(names)
}

/// Refuses options that contradict each other.
fn check(options: &TextOptions) -> Result<()> {
    let invalid =
        |option: &str, reason: &str| Error::InvalidOption { option: option.into(), reason: reason.into() };
    let special = |byte: u8| matches!(byte, 0 | b'\n' | b'\r') || byte >= 0x80;
    if options.delimiter.is_some_and(special) {
        return Err(invalid("delimiter", "must be one ASCII character, not a line end"));
    }
    if options.quote.is_some_and(special) || options.quote.is_some() && options.quote == options.delimiter {
        return Err(invalid("quote", "must be one ASCII character other than the delimiter"));
    }
    if Some(options.decimal) == options.thousands || options.decimal.is_ascii_digit() {
        return Err(invalid("decimal", "must be a character other than the one between thousands"));
    }
    if !matches!(options.default_decimal, DataType::Float32 | DataType::Float64) {
        return Err(invalid("default decimal type", "must be float32 or float64"));
    }
    for data_type in options.types.values().chain([&options.default_missing]) {
        types::readable(data_type)?;
    }
    Ok(())
}

/// Columns with the types that the caller gave; the others have `Null`.
fn given(names: &[String], options: &TextOptions) -> Result<Vec<Spec>> {
    let named = options.types.keys().chain(options.factors.keys()).chain(options.missing_by_column.keys());
    for name in named {
        if !names.contains(name) {
            return Err(Error::column_not_found(name, names.iter().map(String::as_str)));
        }
    }
    let mut specs = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        let missing = options.missing_by_column.get(name).unwrap_or(&options.missing);
        let mut data_type = options.types.get(name).cloned().unwrap_or(DataType::Null);
        let levels = match options.factors.get(name) {
            None => None,
            Some(_) if data_type != DataType::Null && !is_factor(&data_type) => {
                return Err(Error::InvalidOption {
                    option: format!("type of '{name}'"),
                    reason: format!(
                        "is {}, but levels are given for it, so it is a factor",
                        type_name(&data_type)
                    ),
                });
            }
            Some(levels) => {
                data_type = factor_type();
                let mut sorted: Vec<&String> = levels.iter().collect();
                sorted.sort_unstable();
                if let Some(pair) = sorted.windows(2).find(|pair| pair.first() == pair.last()) {
                    return Err(Error::InvalidOption {
                        option: format!("levels of '{name}'"),
                        reason: format!(
                            "'{}' is given twice",
                            pair.first().map_or("", |level| level.as_str())
                        ),
                    });
                }
                let values = Arc::new(StringArray::from_iter_values(levels));
                Some(FixedLevels { table: LevelTable::fixed(levels), values })
            }
        };
        specs.push(Spec {
            name: name.clone(),
            place,
            data_type,
            inferred_rows: None,
            missing: Missing::new(missing),
            decimal: options.decimal,
            thousands: options.thousands,
            levels,
        });
    }
    Ok(specs)
}

/// Infers the types that are `Null` over the first rows of the files.
fn infer(shape: &Shape, specs: &mut [Spec], options: &TextOptions) -> Result<()> {
    let mut seen = vec![sniff::Seen::default(); specs.len()];
    let fill = matches!(options.on_error, OnError::Missing { .. });
    let mut rows = 0;
    let mut spare = Vec::new();
    let wanted = options.sniff_rows.max(1);
    'files: for file in &shape.files {
        let mut splitter = shape.start(file, None)?;
        while let Some(chunk) = splitter.next_chunk(wanted - rows, 16 << 20, std::mem::take(&mut spare))? {
            let mut position = 0;
            let mut index = Index::new(specs.len(), chunk.records.clamp(1, 4096).min(wanted - rows), fill);
            while position < chunk.len && rows < wanted {
                position = index.fill(&chunk, position);
                for (spec, seen) in
                    specs.iter().zip(&mut seen).filter(|(spec, _)| spec.data_type == DataType::Null)
                {
                    seen.look(&chunk, &index, spec.place, &spec.missing, options);
                }
                if let Some(ragged) = index.ragged() {
                    let (path, line) = (file.to_path_buf(), chunk.line_of(ragged.start));
                    let expected = specs.len();
                    return Err(TextError::FieldCount { path, line, found: ragged.fields, expected }.into());
                }
                rows += index.rows();
            }
            if rows >= wanted {
                break 'files;
            }
            spare = chunk.bytes;
        }
    }
    for (spec, seen) in specs.iter_mut().zip(seen).filter(|(spec, _)| spec.data_type == DataType::Null) {
        spec.data_type = seen.data_type(options);
        spec.inferred_rows = Some(rows as u64);
    }
    Ok(())
}
