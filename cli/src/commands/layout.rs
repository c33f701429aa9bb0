//! `xdf layout`: where the bytes of an XDF file are.

use std::fmt::Write;

use engine::source::text::type_name;
use serde::Serialize;
use xdf::{Extent, File, SegmentInfo, Usage};

use crate::args::LayoutArgs;
use crate::output::{self, Table, count, counted, print_json};
use crate::session::Session;

/// Encodings of a column that are named.
const NAMED: usize = 2;

/// The file, its columns, and what is no data.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    file_name: String,
    format: String,
    num_rows: u64,
    num_blocks: usize,
    size: u64,
    columns: Vec<Column>,
    other: Other,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<Vec<Place>>,
}

/// A column in all blocks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Column {
    name: String,
    #[serde(rename = "type")]
    data_type: &'static str,
    stored: u64,
    decoded: u64,
    bytes_per_row: f64,
    /// Decoded bytes for each stored one.
    ratio: f64,
    /// Part of the file, 0 to 1.
    share: f64,
    encodings: Vec<Encoding>,
}

/// How some of the rows of a column are stored.
#[derive(Debug, Serialize)]
struct Encoding {
    #[serde(rename = "encoding")]
    name: String,
    segments: usize,
    /// Part of the rows, 0 to 1.
    share: f64,
}

/// Bytes that are no data.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Other {
    header: u64,
    schema: u64,
    block_heads: u64,
    footer: u64,
    padding: u64,
    dead: u64,
}

/// One place of the file.
#[derive(Debug, Serialize)]
struct Place {
    offset: u64,
    bytes: u64,
    usage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
}

pub(super) fn run(args: &LayoutArgs, session: &Session) -> anyhow::Result<()> {
    let file = File::open(&args.file)?;
    let layout = Layout::new(&file, args.segments);
    if session.json { print_json(&layout) } else { output::print(&layout.text()) }
}

impl Layout {
    fn new(file: &File, places: bool) -> Self {
        let extents = file.layout();
        let segments: Vec<Vec<SegmentInfo>> =
            (0..file.num_blocks()).map(|block| file.segments(block)).collect();
        let columns = (0..file.schema().fields().len()).map(|column| Column::new(file, column, &segments));
        Self {
            file_name: file.path().display().to_string(),
            format: file.generation().to_string(),
            num_rows: file.num_rows(),
            num_blocks: file.num_blocks(),
            size: file.size(),
            columns: columns.collect(),
            other: Other::new(&extents),
            segments: places
                .then(|| extents.iter().map(|extent| Place::new(file, extent, &segments)).collect()),
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{}: {}, {} in {}, {} bytes\n\n",
            self.file_name,
            self.format,
            counted(self.num_rows, "row"),
            counted(self.num_blocks as u64, "block"),
            count(self.size)
        );
        text.push_str(&match &self.segments {
            Some(places) => places_table(places),
            None => self.columns_table(),
        });
        text
    }

    fn columns_table(&self) -> String {
        let mut table =
            Table::new(["Column", "Type", "Stored", "Share", "Decoded", "Ratio", "B/row", "Encoding"]);
        let share = |bytes: u64| format!("{:.1}%", 100.0 * part(bytes, self.size));
        for column in &self.columns {
            table.row([
                column.name.clone(),
                column.data_type.to_owned(),
                count(column.stored),
                share(column.stored),
                count(column.decoded),
                format!("{:.1}", column.ratio),
                format!("{:.3}", column.bytes_per_row),
                column.encodings_text(),
            ]);
        }
        let mut line = |name: &str, stored: u64, decoded: Option<u64>| {
            let empty = String::new;
            table.row([
                name.to_owned(),
                empty(),
                count(stored),
                share(stored),
                decoded.map(count).unwrap_or_default(),
                decoded.map(|decoded| format!("{:.1}", part(decoded, stored))).unwrap_or_default(),
                decoded.map(|_| format!("{:.3}", part(stored, self.num_rows))).unwrap_or_default(),
                empty(),
            ]);
        };
        for (name, bytes) in self.other.named() {
            if bytes > 0 {
                line(name, bytes, None);
            }
        }
        line("Total", self.size, Some(self.columns.iter().map(|column| column.decoded).sum()));
        table.text(|column| matches!(column, 2..=6))
    }
}

impl Column {
    fn new(file: &File, column: usize, blocks: &[Vec<SegmentInfo>]) -> Self {
        let field = file.schema().field(column);
        let (mut stored, mut decoded) = (0, 0);
        let mut encodings: Vec<(String, usize, u64)> = Vec::new();
        for segments in blocks {
            let Some(segment) = segments.iter().find(|segment| segment.column == column) else { continue };
            stored += segment.bytes;
            decoded += segment.decoded_bytes;
            match encodings.iter_mut().find(|(name, ..)| *name == segment.encoding) {
                Some((_, count, rows)) => {
                    *count += 1;
                    *rows += segment.rows;
                }
                None => encodings.push((segment.encoding.clone(), 1, segment.rows)),
            }
        }
        encodings.sort_by_key(|(_, _, rows)| std::cmp::Reverse(*rows));
        let encodings = encodings.into_iter().map(|(name, segments, rows)| {
            let share = part(rows, file.num_rows());
            Encoding { name, segments, share }
        });
        Self {
            name: field.name().clone(),
            data_type: type_name(field.data_type()),
            stored,
            decoded,
            bytes_per_row: part(stored, file.num_rows()),
            ratio: part(decoded, stored),
            share: part(stored, file.size()),
            encodings: encodings.collect(),
        }
    }

    /// The encodings with the most rows, with their shares when there are several.
    fn encodings_text(&self) -> String {
        if let [only] = self.encodings.as_slice() {
            return only.name.clone();
        }
        let mut text = String::new();
        for encoding in self.encodings.iter().take(NAMED) {
            let separator = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{separator}{} {:.0}%", encoding.name, 100.0 * encoding.share);
        }
        if self.encodings.len() > NAMED {
            let _ = write!(text, ", {} more", self.encodings.len() - NAMED);
        }
        text
    }
}

impl Other {
    fn new(extents: &[Extent]) -> Self {
        let mut other = Self::default();
        for extent in extents {
            let bytes = match extent.usage {
                Usage::Header => &mut other.header,
                Usage::Schema => &mut other.schema,
                Usage::BlockHead { .. } => &mut other.block_heads,
                Usage::Footer => &mut other.footer,
                Usage::Padding => &mut other.padding,
                Usage::Segment { .. } => continue,
                _ => &mut other.dead,
            };
            *bytes += extent.bytes;
        }
        other
    }

    fn named(&self) -> [(&'static str, u64); 6] {
        [
            ("(header)", self.header),
            ("(schema)", self.schema),
            ("(block heads)", self.block_heads),
            ("(footer)", self.footer),
            ("(padding)", self.padding),
            ("(dead)", self.dead),
        ]
    }
}

impl Place {
    fn new(file: &File, extent: &Extent, blocks: &[Vec<SegmentInfo>]) -> Self {
        let mut place = Self {
            offset: extent.offset,
            bytes: extent.bytes,
            usage: "dead",
            block: None,
            name: None,
            rows: None,
            missing: None,
            encoding: None,
        };
        match extent.usage {
            Usage::Header => place.usage = "header",
            Usage::Schema => place.usage = "schema",
            Usage::Footer => place.usage = "footer",
            Usage::Padding => place.usage = "padding",
            Usage::BlockHead { block } => {
                place.usage = "block head";
                place.block = Some(block);
                place.rows = Some(file.block_rows(block));
            }
            Usage::Segment { block, column } => {
                place.usage = "segment";
                place.block = Some(block);
                place.name = file.schema().fields().get(column).map(|field| field.name().clone());
                let segments = blocks.get(block).map(Vec::as_slice).unwrap_or_default();
                if let Some(segment) = segments.iter().find(|segment| segment.column == column) {
                    place.rows = Some(segment.rows);
                    place.missing = segment.missing;
                    place.encoding = Some(segment.encoding.clone());
                }
            }
            _ => {}
        }
        place
    }
}

/// The file from its first byte to its last.
fn places_table(places: &[Place]) -> String {
    let mut table = Table::new(["Offset", "Bytes", "Block", "Column", "Rows", "Missing", "Encoding"]);
    for place in places {
        let number = |number: Option<u64>| number.map(count).unwrap_or_default();
        table.row([
            place.offset.to_string(),
            place.bytes.to_string(),
            place.block.map(|block| block.to_string()).unwrap_or_default(),
            place.name.clone().unwrap_or_else(|| format!("({})", place.usage)),
            number(place.rows),
            number(place.missing),
            place.encoding.clone().unwrap_or_default(),
        ]);
    }
    table.text(|column| matches!(column, 0..=2 | 4 | 5))
}

/// One number by another; 0 when that is 0.
fn part(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
