//! A small writer of both containers, made from the layout, to test the reader with what no public file shows.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use libdeflater::{CompressionLvl, Compressor};

const MAGIC: [u8; 4] = [0xf4, 0xd3, 0xd2, 0xd1];
const OBJECT_MAGIC: [u8; 4] = [0xf4, 0xf3, 0xf2, 0xf1];

/// Which container.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Layout {
    Header,
    Trailer,
}

/// One column, all its rows.
#[derive(Clone)]
pub(crate) struct Column {
    pub(crate) name: Vec<u8>,
    pub(crate) description: Vec<u8>,
    pub(crate) type_id: i32,
    pub(crate) class: i32,
    pub(crate) flags: u32,
    /// Name and array of each attribute.
    pub(crate) attributes: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) low: Vec<u8>,
    pub(crate) high: Vec<u8>,
    pub(crate) tail: i32,
    pub(crate) cells: Cells,
}

#[derive(Clone)]
pub(crate) enum Cells {
    /// Values of one width in bytes, little-endian.
    Numbers(usize, Vec<u8>),
    Texts(Vec<Vec<u8>>),
    /// The bytes of the column's segment in every block.
    Stored(Vec<u8>),
}

impl Column {
    /// Numbers of any type; low and high in the same bytes as the values.
    pub(crate) fn numbers<const N: usize>(
        name: &str,
        ids: (i32, i32, u32),
        range: [[u8; N]; 2],
        values: &[[u8; N]],
    ) -> Self {
        Self {
            name: name.into(),
            description: Vec::new(),
            type_id: ids.0,
            class: ids.1,
            flags: ids.2,
            attributes: Vec::new(),
            low: range[0].to_vec(),
            high: range[1].to_vec(),
            tail: 0,
            cells: Cells::Numbers(N, values.concat()),
        }
    }

    pub(crate) fn int32(name: &str, low: i32, high: i32, values: &[i32]) -> Self {
        let values: Vec<_> = values.iter().map(|value| value.to_le_bytes()).collect();
        Self::numbers(name, (0, 11, 0x0040_0300), [low.to_le_bytes(), high.to_le_bytes()], &values)
    }

    pub(crate) fn float32(name: &str, low: f32, high: f32, values: &[f32]) -> Self {
        let values: Vec<_> = values.iter().map(|value| value.to_le_bytes()).collect();
        Self::numbers(name, (3, 17, 0x0040_0600), [low.to_le_bytes(), high.to_le_bytes()], &values)
    }

    pub(crate) fn float64(name: &str, low: f64, high: f64, values: &[f64]) -> Self {
        let values: Vec<_> = values.iter().map(|value| value.to_le_bytes()).collect();
        Self::numbers(name, (4, 18, 0x0040_0600), [low.to_le_bytes(), high.to_le_bytes()], &values)
    }

    pub(crate) fn factor(name: &str, levels: &[&str], codes: &[u32]) -> Self {
        let high = u32::try_from(levels.len()).unwrap().wrapping_sub(1);
        let values: Vec<_> = codes.iter().map(|value| value.to_le_bytes()).collect();
        let mut column =
            Self::numbers(name, (1, 12, 0x0042_0300), [0_u32.to_le_bytes(), high.to_le_bytes()], &values);
        let levels: Vec<Vec<u8>> = levels.iter().map(|level| level.as_bytes().to_vec()).collect();
        column.attributes.push((b"Labels".to_vec(), texts_array(&levels)));
        column
    }

    pub(crate) fn texts(name: &str, values: &[&[u8]]) -> Self {
        let values = values.iter().map(|value| value.to_vec()).collect();
        let mut column = Self::numbers::<0>(name, (5, 8, 0x0040_0100), [[], []], &[]);
        column.cells = Cells::Texts(values);
        column
    }
}

/// A whole file.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) layout: Layout,
    pub(crate) columns: Vec<Column>,
    pub(crate) block_rows: Vec<usize>,
    pub(crate) row_names: i64,
    pub(crate) second_index: i64,
    pub(crate) read_info: Option<[u64; 3]>,
    /// False: plain segments, as level 0 presumably writes them.
    pub(crate) compressed: bool,
    /// True: streams of stock zlib at level 1, as Microsoft's; else those of another program.
    pub(crate) stock: bool,
    pub(crate) free: Vec<(u64, u64)>,
}

impl Table {
    pub(crate) fn new(layout: Layout, block_rows: &[usize], columns: Vec<Column>) -> Self {
        Self {
            layout,
            columns,
            block_rows: block_rows.to_vec(),
            row_names: -1,
            second_index: -1,
            read_info: Some([1, 1, block_rows.first().map_or(0, |&rows| rows as u64)]),
            compressed: true,
            stock: false,
            free: Vec::new(),
        }
    }

    fn traits(&self) -> [u8; 8] {
        [0, 0, u8::from(self.compressed), 0, 0, 0, 0, 0]
    }

    /// Flags as each generation writes them in its columns.
    fn flags(&self, flags: u32) -> u32 {
        match (self.layout, flags) {
            (Layout::Header, 0x0042_0300) => 0x0242_0b00,
            (Layout::Header, flags) => flags | 0x0200_0000,
            (Layout::Trailer, flags) => flags,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let rows = self.block_rows.iter().fold(0_usize, |sum, rows| sum.wrapping_add(*rows));
        let mut out = MAGIC.to_vec();
        out.resize(if self.layout == Layout::Header { 40 } else { 260 }, 0);
        let (mut offsets, mut lengths, mut start) = (Vec::new(), Vec::new(), 0);
        for &rows in &self.block_rows {
            for column in &self.columns {
                let segment = self.segment(column, start, rows);
                offsets.push(out.len() as u64);
                lengths.push(segment.len() as u64);
                out.extend(segment);
            }
            start = start.wrapping_add(rows);
        }
        let metadata = out.len();
        let facts: Vec<u8> = [metadata, self.columns.len(), rows]
            .iter()
            .flat_map(|&fact| (fact as u64).to_le_bytes())
            .collect();
        out.extend(self.metadata(&offsets, &lengths));
        match self.layout {
            Layout::Header => {
                out[4..8].copy_from_slice(&3.1_f32.to_le_bytes());
                out[8..32].copy_from_slice(&facts);
                out[32..40].copy_from_slice(&self.traits());
            }
            Layout::Trailer => {
                out.extend(4.2_f32.to_le_bytes());
                out.extend(1_i64.to_le_bytes());
                out.extend(facts);
                out.extend(self.traits());
                out.extend(60_u64.to_le_bytes());
                out.extend([MAGIC, MAGIC].concat());
            }
        }
        out
    }

    fn segment(&self, column: &Column, start: usize, rows: usize) -> Vec<u8> {
        match &column.cells {
            Cells::Numbers(width, values) => {
                let values = &values[start * width..(start + rows) * width];
                if self.compressed { self.zlib(values) } else { values.to_vec() }
            }
            Cells::Stored(segment) => segment.clone(),
            Cells::Texts(texts) => {
                let records: Vec<u8> =
                    texts[start..start + rows].iter().flat_map(|text| record(text)).collect();
                if !self.compressed {
                    return records;
                }
                let mut segment = self.zlib(&records);
                segment.extend((records.len() as u64).to_le_bytes());
                segment
            }
        }
    }

    fn zlib(&self, bytes: &[u8]) -> Vec<u8> {
        if self.stock {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(1));
            encoder.write_all(bytes).unwrap();
            return encoder.finish().unwrap();
        }
        let mut compressor = Compressor::new(CompressionLvl::new(1).unwrap());
        let mut out = vec![0; compressor.zlib_compress_bound(bytes.len())];
        let length = compressor.zlib_compress(bytes, &mut out).unwrap();
        out.truncate(length);
        out
    }

    fn metadata(&self, offsets: &[u64], lengths: &[u64]) -> Vec<u8> {
        let header = self.layout == Layout::Header;
        let mut out = if header { 3.0_f32 } else { 3.1 }.to_le_bytes().to_vec();
        if header {
            out.extend(1_i64.to_le_bytes());
        }
        out.extend(self.row_names.to_le_bytes());
        out.extend(self.second_index.to_le_bytes());
        let block_rows: Vec<u64> = self.block_rows.iter().map(|&rows| rows as u64).collect();
        let (columns, blocks) = (self.columns.len(), self.block_rows.len());
        let free: (Vec<u64>, Vec<u64>) = self.free.iter().copied().unzip();
        out.extend(named(b"", b"", &words(21, 1, blocks, &block_rows)));
        out.extend(named(b"", b"", &words(2, columns, blocks, offsets)));
        out.extend(named(b"", b"", &words(21, columns, blocks, lengths)));
        out.extend(named(b"", b"", &words(2, self.free.len(), 1, &free.0)));
        out.extend(named(b"", b"", &words(21, self.free.len(), 1, &free.1)));
        let items: Vec<u8> = self.columns.iter().flat_map(|column| self.definition(column)).collect();
        let mut attributes = Vec::new();
        if let Some(numbers) = self.read_info {
            attributes.push((b"ReadInfo".to_vec(), words(21, 3, 1, &numbers)));
        }
        let mut list = array((6, 3, 0), 1, columns, &attributes);
        list.extend(list_head());
        list.extend(items);
        out.extend(named(b"", b"", &list));
        out.extend(1_i32.to_le_bytes());
        if header {
            out.extend(1_i32.to_le_bytes());
        }
        out
    }

    pub(crate) fn definition(&self, column: &Column) -> Vec<u8> {
        let ids = (column.type_id, column.class, self.flags(column.flags));
        let mut out = array(ids, 0, 1, &column.attributes);
        if column.type_id != 5 {
            out.extend(1.0_f32.to_le_bytes());
            out.extend(&column.low);
            out.extend(&column.high);
            out.extend(column.tail.to_le_bytes());
        }
        named(&column.name, &column.description, &out)
    }
}

/// A text record.
pub(crate) fn record(text: &[u8]) -> Vec<u8> {
    let length = i32::try_from(text.len()).unwrap();
    [&1_i32.to_le_bytes()[..], &length.to_le_bytes(), text].concat()
}

/// A named array.
pub(crate) fn named(name: &[u8], description: &[u8], array: &[u8]) -> Vec<u8> {
    let head = [1_i32.to_le_bytes(), 1.0_f32.to_le_bytes()].concat();
    [head, record(name), record(description), 1_i32.to_le_bytes().to_vec(), array.to_vec()].concat()
}

/// An array of texts.
pub(crate) fn texts_array(texts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = array((5, 8, 0x0040_0100), texts.len(), 1, &[]);
    out.extend(texts.iter().flat_map(|text| record(text)));
    out
}

/// An array of 64-bit integers, signed (type 2) or unsigned (type 21), with low and high not computed.
pub(crate) fn words(type_id: i32, rows: usize, columns: usize, values: &[u64]) -> Vec<u8> {
    let (class, flags, unset) =
        if type_id == 2 { (15, 0x0040_0300, i64::MAX.cast_unsigned()) } else { (16, 0x0042_0300, u64::MAX) };
    let mut out = array((type_id, class, flags), rows, columns, &[]);
    out.extend(1.0_f32.to_le_bytes());
    out.extend(unset.to_le_bytes());
    out.extend(unset.to_le_bytes());
    out.extend(0_i32.to_le_bytes());
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    out
}

/// Everything of an array up to its attributes.
fn array(ids: (i32, i32, u32), rows: usize, columns: usize, attributes: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = OBJECT_MAGIC.to_vec();
    out.extend(2.0_f32.to_le_bytes());
    out.extend(ids.0.to_le_bytes());
    out.extend([0, 0, 1, 0, 0, 0, 0, 0]);
    out.extend((rows as u64).to_le_bytes());
    out.extend((columns as u64).to_le_bytes());
    out.extend(ids.1.to_le_bytes());
    out.extend(ids.2.to_le_bytes());
    out.extend(0_i32.to_le_bytes());
    out.extend(1.0_f32.to_le_bytes());
    out.extend(i32::from(!attributes.is_empty()).to_le_bytes());
    if !attributes.is_empty() {
        out.extend(array((6, 3, 0), 1, attributes.len(), &[]));
        out.extend(list_head());
        out.extend(attributes.iter().flat_map(|(name, array)| named(name, b"", array)));
    }
    out
}

fn list_head() -> Vec<u8> {
    [1.1_f32.to_le_bytes(), 3_i32.to_le_bytes(), [0; 4], [0; 4]].concat()
}
