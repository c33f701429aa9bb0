//! `xdf info`: what a file is, as `rx_get_info` tells it.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use crate::args::InfoArgs;
use crate::input::{self, Source};
use crate::output::variables::Variable;
use crate::output::{self, Ordered, Table, print_json};
use crate::session::Session;

/// What there is to say of a source; the JSON keys are those of `rx_get_info`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Info {
    file_name: String,
    format: Option<String>,
    num_rows: Option<u64>,
    num_vars: usize,
    num_blocks: Option<usize>,
    /// Files of a set; 0 for one file.
    num_composite_files: usize,
    /// Key columns of a partitioned set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
    compression_type: Option<&'static str>,
    /// Bytes of the input.
    size: Option<u64>,
    #[serde(rename = "varInfo", skip_serializing_if = "Option::is_none")]
    variables: Option<Ordered<Variable>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_per_block: Option<Vec<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<Vec<StoredBlock>>,
}

/// One stored block.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredBlock {
    /// From 1, as R counts rows.
    start_row: u64,
    num_rows: u64,
    bytes: u64,
    segments: Vec<Segment>,
}

/// One column of a block.
#[derive(Debug, Serialize)]
struct Segment {
    name: String,
    /// Where it begins in the file.
    offset: u64,
    bytes: u64,
    encoding: String,
    missing: Option<u64>,
}

pub(super) fn run(args: &InfoArgs, session: &Session) -> anyhow::Result<()> {
    let source = input::open(std::slice::from_ref(&args.input), &args.reading)?;
    let stored = Stored::open(&args.input);
    let mut info = Info::new(&source, stored.as_ref(), args.vars, args.blocks);
    if args.count && info.num_rows.is_none() {
        info.num_rows = Some(count_rows(&source, session)?);
    }
    if session.json { print_json(&info) } else { output::print(&info.text()) }
}

/// Reads the whole source and counts.
fn count_rows(source: &Source, session: &Session) -> anyhow::Result<u64> {
    let monitor = session.monitor();
    monitor.start(None, source.info().bytes);
    let _progress = session.progress("counting", &monitor);
    let first = source.schema().fields().first().map(|field| field.name().clone());
    let scan = session.scan(&monitor).with_columns(first);
    let mut rows = 0;
    for block in source.open(&scan)? {
        rows += block?.num_rows() as u64;
    }
    Ok(rows)
}

impl Info {
    /// Collects what is known of a source, which is `stored` as XDF if it is.
    pub(super) fn new(source: &Source, stored: Option<&Stored>, vars: bool, blocks: bool) -> Self {
        let known = source.info();
        let schema = source.schema();
        let variables = || {
            let variable = |field: &arrow_schema::FieldRef| {
                (field.name().clone(), Variable::new(field, source.statistics(field.name()).as_ref()))
            };
            Ordered(schema.fields().iter().map(variable).collect())
        };
        let blocks = stored.filter(|_| blocks).map(Stored::blocks);
        Self {
            file_name: known.name,
            format: stored.map(Stored::format),
            num_rows: known.rows,
            num_vars: schema.fields().len(),
            num_blocks: stored.map(Stored::num_blocks),
            num_composite_files: stored
                .map_or(0, |stored| stored.set.as_ref().map_or(0, xdf::Set::num_parts)),
            keys: stored.and_then(|stored| stored.set.as_ref()).map(xdf::Set::keys).unwrap_or_default(),
            compression_type: stored.and_then(Stored::compression),
            size: known.bytes,
            variables: vars.then(variables),
            rows_per_block: blocks.as_ref().map(|blocks| blocks.iter().map(|block| block.num_rows).collect()),
            blocks,
        }
    }

    /// The print layout of `rx_get_info`.
    pub(super) fn text(&self) -> String {
        let unknown =
            |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), |number| number.to_string());
        let mut text = format!("File name: {}\n", self.file_name);
        if self.num_composite_files > 0 {
            let _ = writeln!(text, "Number of composite data files: {}", self.num_composite_files);
        }
        if !self.keys.is_empty() {
            let _ = writeln!(text, "Partitioned by: {}", self.keys.join(", "));
        }
        let _ = writeln!(
            text,
            "Number of observations: {}\nNumber of variables: {}",
            unknown(self.num_rows),
            self.num_vars
        );
        if let (Some(blocks), Some(compression)) = (self.num_blocks, self.compression_type) {
            let _ = writeln!(text, "Number of blocks: {blocks}\nCompression type: {compression}");
        }
        if let Some(format) = &self.format {
            let _ = writeln!(text, "Format: {format}");
        }
        if let Some(size) = self.size {
            let _ = writeln!(text, "Size: {}", output::bytes(size));
        }
        if let Some(variables) = &self.variables {
            text.push_str("Variable information:\n");
            for (index, (name, variable)) in variables.0.iter().enumerate() {
                text.push_str(&variable.text(index + 1, name));
            }
        }
        if let Some(blocks) = &self.blocks {
            text.push_str("Blocks:\n");
            text.push_str(&blocks_table(blocks));
        }
        text
    }
}

/// An XDF file or a set of them, as it is stored: sources know no blocks.
pub(super) struct Stored {
    /// The set, if it is one.
    set: Option<xdf::Set>,
    /// The file, or those of the set in order.
    files: Vec<xdf::File>,
}

impl Stored {
    /// What opens as XDF.
    pub(super) fn open(path: &Path) -> Option<Self> {
        if path.is_dir() {
            let set = xdf::Set::open(path).ok()?;
            return Some(Self { files: set.files().ok()?, set: Some(set) });
        }
        Some(Self { set: None, files: vec![xdf::File::open(path).ok()?] })
    }

    fn format(&self) -> String {
        let file = self.files.first().map(|file| file.generation().to_string());
        match &self.set {
            Some(set) => {
                format!("set of {} files, version {}", file.as_deref().unwrap_or("XDF"), set.version())
            }
            None => file.unwrap_or_default(),
        }
    }

    fn compression(&self) -> Option<&'static str> {
        self.files.first().map(xdf::File::compression)
    }

    fn num_blocks(&self) -> usize {
        self.files.iter().map(xdf::File::num_blocks).sum()
    }

    fn blocks(&self) -> Vec<StoredBlock> {
        let mut start = 0;
        let mut blocks = Vec::with_capacity(self.num_blocks());
        for file in &self.files {
            blocks.extend((0..file.num_blocks()).map(|block| StoredBlock::new(file, start, block)));
            start += file.num_rows();
        }
        blocks
    }
}

impl StoredBlock {
    /// A block of a file whose rows begin at `start`.
    fn new(file: &xdf::File, start: u64, block: usize) -> Self {
        let segments = file.segments(block).into_iter().map(|segment| Segment {
            name: file
                .schema()
                .fields()
                .get(segment.column)
                .map(|field| field.name().clone())
                .unwrap_or_default(),
            offset: segment.offset,
            bytes: segment.bytes,
            encoding: segment.encoding,
            missing: segment.missing,
        });
        let segments: Vec<Segment> = segments.collect();
        Self {
            start_row: start + file.block_start(block) + 1,
            num_rows: file.block_rows(block),
            bytes: segments.iter().map(|segment| segment.bytes).sum(),
            segments,
        }
    }
}

/// A line for each block, with a line for each of its columns below it.
fn blocks_table(blocks: &[StoredBlock]) -> String {
    let mut table = Table::new(["Block", "Start row", "Rows", "Variable", "Missing", "Bytes", "Encoding"]);
    for (number, block) in blocks.iter().enumerate() {
        table.row([
            (number + 1).to_string(),
            block.start_row.to_string(),
            block.num_rows.to_string(),
            "(all)".to_owned(),
            String::new(),
            block.bytes.to_string(),
            String::new(),
        ]);
        for segment in &block.segments {
            let missing = segment.missing.map(|missing| missing.to_string()).unwrap_or_default();
            let empty = String::new;
            let bytes = segment.bytes.to_string();
            table.row([
                empty(),
                empty(),
                empty(),
                segment.name.clone(),
                missing,
                bytes,
                segment.encoding.clone(),
            ]);
        }
    }
    table.text(|column| matches!(column, 0..=2 | 4 | 5))
}
