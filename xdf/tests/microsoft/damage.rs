//! Broken and hostile files: an error each, never a panic, a hang or a large allocation.

use std::io::Read;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use xdf::{Error, File};

use crate::encoder::{Cells, Column, Layout, Table};
use crate::memory::largest_allocation;
use crate::writer::peculiar;
use crate::{Stored, read_all, shared};

/// Far above what any file of these tests holds (the largest has 244 kB), far below what a wrong length asks for.
const LARGEST_ALLOWED: usize = 16 << 20;

/// A file with every known type and two blocks.
fn sample(layout: Layout) -> Vec<u8> {
    let columns = vec![
        Column::int32("i", 1, 9, &[1, 2, i32::MIN, 9, 5]),
        Column::float64("d", -1.0, 2.5, &[-1.0, f64::NAN, 2.5, 0.0, 1.0]),
        Column::factor("f", &["a", "b", "c"], &[0, 1, 2, u32::MAX, 0]),
        Column::texts("t", &[b"one", b"", b"three", b"Z\xfcrich", b"five"]),
    ];
    let mut table = Table::new(layout, &[3, 2], columns);
    table.row_names = 3;
    table.encode()
}

/// A file with attributes, an unknown type, uneven and empty blocks, and free space.
fn rich() -> Vec<u8> {
    Table { free: vec![(260, 0), (1 << 40, 8)], ..peculiar() }.encode()
}

fn mtcars() -> Option<Vec<u8>> {
    Some(std::fs::read(shared("mtcars.xdf")?).unwrap())
}

fn samples() -> Vec<Vec<u8>> {
    let generated = [sample(Layout::Header), sample(Layout::Trailer), rich()];
    mtcars().into_iter().chain(generated).collect()
}

/// One file that takes every damaged version in turn.
struct Patient(Stored);

impl Patient {
    fn new() -> Self {
        Self(Stored::new(&[]))
    }

    /// Opens, reads and verifies; says whether all went well. Errors must print.
    fn survives(&self, bytes: &[u8]) -> bool {
        self.0.rewrite(bytes);
        let file = match self.0.open() {
            Ok(file) => file,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return false;
            }
        };
        let verified = file.verify().unwrap();
        let read = read_all(&file);
        assert_eq!(verified.is_ok(), read.is_ok());
        if let Ok(batches) = &read {
            assert_eq!(batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>(), file.num_rows());
        }
        read.is_ok()
    }
}

#[test]
fn no_flipped_bit_goes_unnoticed_in_the_data() {
    for bytes in samples() {
        let stored = Stored::new(&bytes);
        let file = stored.open().unwrap();
        let whole = read_all(&file).unwrap();
        let blocks = 0..file.num_blocks();
        let segments: Vec<_> =
            blocks.flat_map(|block| file.segments(block).into_iter().map(move |s| (block, s))).collect();
        drop(file);
        let mut unnoticed = 0;
        for (block, segment) in &segments {
            for place in segment.offset..segment.offset + segment.bytes {
                let mut broken = bytes.clone();
                broken[usize::try_from(place).unwrap()] ^= 1 << (place % 8);
                stored.rewrite(&broken);
                let file = stored.open().unwrap();
                let report = file.verify().unwrap();
                let damaged: Vec<_> =
                    report.damaged.iter().map(|damage| (damage.block, damage.offset)).collect();
                if damaged.is_empty() {
                    // Deflate has bits that change nothing: the padding at its end, another distance to the same
                    // bytes. The values have to be the same then.
                    assert_eq!(read_all(&file).unwrap(), whole, "byte {place}");
                    unnoticed += 1;
                    continue;
                }
                assert_eq!(damaged, [(Some(*block), segment.offset)], "byte {place}");
                let error = file.read_block(*block, &[segment.column]).unwrap_err();
                assert!(matches!(&error, Error::DamagedSegment { .. }), "byte {place}: {error}");
            }
        }
        let total: u64 = segments.iter().map(|(_, segment)| segment.bytes).sum();
        assert!(unnoticed * 20 < total, "{unnoticed} of {total} flipped bits went unnoticed");
    }
}

#[test]
fn every_other_flipped_byte_is_read_or_refused() {
    let patient = Patient::new();
    for bytes in samples() {
        for place in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[place] ^= if place % 3 == 0 { 0xff } else { 1 << (place % 8) };
            patient.survives(&broken);
        }
    }
    assert!(largest_allocation() < LARGEST_ALLOWED);
}

#[test]
fn hostile_numbers_are_refused_before_anything_is_allocated() {
    let patient = Patient::new();
    let hostile = [u64::MAX, i64::MAX.cast_unsigned(), 1 << 40, 1 << 31, 1 << 24];
    for bytes in [sample(Layout::Header), sample(Layout::Trailer), rich()] {
        for place in 0..bytes.len() - 8 {
            // Every byte meets two of the numbers, every field several of them.
            for number in [hostile[place % 5], hostile[(place + 2) % 5]] {
                let mut broken = bytes.clone();
                broken[place..place + 8].copy_from_slice(&number.to_le_bytes());
                patient.survives(&broken);
            }
        }
    }
    assert!(largest_allocation() < LARGEST_ALLOWED);
}

#[test]
fn a_cut_file_is_refused() {
    let patient = Patient::new();
    for bytes in samples() {
        for length in 0..bytes.len() {
            assert!(!patient.survives(&bytes[..length]), "{length} bytes of {}", bytes.len());
        }
        assert!(!patient.survives(&[bytes.as_slice(), &[0]].concat()));
    }
}

#[test]
fn a_large_real_file_survives_damage() {
    let Some(path) = shared("airports.xdf") else { return };
    let bytes = std::fs::read(path).unwrap();
    let patient = Patient::new();
    for place in (0..bytes.len()).step_by(1499) {
        let mut broken = bytes.clone();
        broken[place] ^= 0x40;
        patient.survives(&broken);
        assert!(!patient.survives(&bytes[..place]));
    }
    assert!(largest_allocation() < LARGEST_ALLOWED);
}

/// The message of a file that must not open.
fn refusal(bytes: &[u8]) -> String {
    Stored::new(bytes).open().unwrap_err().to_string()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let place = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let mut changed = bytes.to_vec();
    changed[place..place + to.len()].copy_from_slice(to);
    changed
}

#[test]
fn refusals_say_what_and_where() {
    let bytes = sample(Layout::Trailer);
    let cut = refusal(&bytes[..bytes.len() - 1]);
    assert!(cut.contains("cut short"), "{cut}");

    let mut version = sample(Layout::Header);
    version[4..8].copy_from_slice(&3.5_f32.to_le_bytes());
    let version = refusal(&version);
    assert!(version.contains("has 3.5 at byte 4 where container version 3.1 or 4.2 is known"), "{version}");

    let rows = bytes.len() - 32;
    let mut rows_changed = bytes.clone();
    rows_changed[rows] = 6;
    let rows_changed = refusal(&rows_changed);
    assert!(rows_changed.contains("rows per block that add up to 6, got 5"), "{rows_changed}");

    // A column type that nobody has seen and whose flags name no kind of number.
    let unknown = Column::numbers("odd", (9, 99, 0x0040_0000), [[0], [1]], &[[0], [1]]);
    let unknown = refusal(&Table::new(Layout::Trailer, &[2], vec![unknown]).encode());
    assert!(unknown.contains("column type") && unknown.contains("type id 9 (class id 99"), "{unknown}");
    assert!(unknown.contains("column 'odd'"), "{unknown}");

    let contradiction = replaced(&bytes, &[11, 0, 0, 0, 0, 3, 0x40, 0], &[9, 0, 0, 0]);
    let contradiction = refusal(&contradiction);
    assert!(
        contradiction.contains("class id 9") && contradiction.contains("class id 11 for type id 0"),
        "{contradiction}"
    );
}

#[test]
fn codes_without_a_level_are_damage() {
    for code in [3_u32, 0x8000_0000, 0xffff_fffe] {
        let column = Column::factor("f", &["a", "b", "c"], &[0, code]);
        let stored = Stored::new(&Table::new(Layout::Trailer, &[2], vec![column]).encode());
        let file = stored.open().unwrap();
        let message = file.read_block(0, &[0]).unwrap_err().to_string();
        assert!(message.contains(&format!("code {code} in row 1")), "{message}");
        assert!(message.contains("column 'f', block 0"), "{message}");
    }
}

#[test]
fn a_segment_of_another_length_is_damage() {
    // Two rows are promised, the segment holds three.
    let mut table = Table::new(Layout::Trailer, &[2], vec![Column::int32("i", 1, 3, &[1, 2, 3])]);
    let two = table.encode();
    table.block_rows = vec![3];
    let three = table.encode();
    let wrong = replaced(&three, &3_u64.to_le_bytes(), &2_u64.to_le_bytes());
    let rows = wrong.len() - 32;
    let mut wrong = wrong;
    wrong[rows] = 2;
    let patient = Patient::new();
    assert!(patient.survives(&two) && patient.survives(&three));
    // The first match of "3" may be another field; what counts is that two rows never come out of three.
    let stored = Stored::new(&wrong);
    assert!(stored.open().and_then(|file| read_all(&file)).is_err());
}

/// A zlib stream of zeros: the most that deflate can hold.
fn bomb(length: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    std::io::copy(&mut std::io::repeat(0).take(length as u64), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_stream_that_holds_more_than_its_rows_stops_at_them() {
    let patient = Patient::new();
    let zeros = bomb(64 << 20);
    let text = [zeros.as_slice(), &8_u64.to_le_bytes()].concat();
    let stated = [zeros.as_slice(), &u64::MAX.to_le_bytes()].concat();
    let reachable = [zeros.as_slice(), &(1_u64 << 23).to_le_bytes()].concat();
    for (mut column, segment) in [
        (Column::int32("x", 0, 0, &[0]), &zeros),
        (Column::factor("x", &["a"], &[0]), &zeros),
        (Column::float64("x", 0.0, 0.0, &[0.0]), &zeros),
        (Column::texts("x", &[b""]), &text),
        (Column::texts("x", &[b""]), &stated),
        (Column::texts("x", &[b""]), &reachable),
    ] {
        column.cells = Cells::Stored(segment.clone());
        for layout in [Layout::Header, Layout::Trailer] {
            assert!(!patient.survives(&Table::new(layout, &[1], vec![column.clone()]).encode()));
        }
    }
    assert!(largest_allocation() < LARGEST_ALLOWED);
}

#[test]
fn more_rows_than_a_stream_can_hold_are_refused_before_they_are_counted() {
    let zeros = bomb(1 << 20);
    for rows in [1_usize << 19, 1 << 28, (1 << 28) + 1, 1 << 40, isize::MAX.cast_unsigned()] {
        let mut column = Column::int32("x", 0, 0, &[]);
        column.cells = Cells::Stored(zeros.clone());
        let message = refusal(&Table::new(Layout::Trailer, &[rows], vec![column]).encode());
        let expected = if rows > 1 << 28 { "at most 268435456 rows in a block" } else { "bytes for" };
        assert!(message.contains(expected), "{rows}: {message}");
    }
    assert!(largest_allocation() < LARGEST_ALLOWED);
}

#[test]
fn text_records_that_do_not_fill_the_segment_are_damage() {
    for cells in [vec![b"a".to_vec()], vec![b"a".to_vec(), b"b".to_vec(), b"c".to_vec()]] {
        let mut column = Column::texts("t", &[]);
        let rows = cells.len();
        column.cells = Cells::Texts(cells);
        let table = Table::new(Layout::Header, &[rows], vec![column]);
        let bytes = table.encode();
        // The header's and the block's number of rows become 2.
        let mut wrong = bytes.clone();
        wrong[24] = 2;
        let blocks = bytes.windows(8).rposition(|window| window == u64::MAX.to_le_bytes());
        assert!(blocks.is_some());
        let metadata = usize::try_from(u64::from_le_bytes(bytes[8..16].try_into().unwrap())).unwrap();
        // Metadata: version, constant, two indices (28 bytes), then NAMED (28) and ARRAY (56) up to version, low, high, tail.
        let value = metadata + 28 + 28 + 56 + 4 + 8 + 8 + 4;
        assert_eq!(bytes[value], u8::try_from(rows).unwrap());
        wrong[value] = 2;
        let stored = Stored::new(&wrong);
        let file = stored.open().unwrap();
        let message = file.read_block(0, &[0]).unwrap_err().to_string();
        assert!(message.contains("text record"), "{message}");
    }
}

#[test]
fn segments_may_not_share_bytes() {
    let columns = vec![Column::int32("a", 1, 2, &[1, 2]), Column::int32("b", 3, 4, &[3, 4])];
    let bytes = Table::new(Layout::Trailer, &[2], columns).encode();
    let stored = Stored::new(&bytes);
    let segments = stored.open().unwrap().segments(0);
    let shared = replaced(&bytes, &segments[1].offset.to_le_bytes(), &segments[0].offset.to_le_bytes());
    let message = refusal(&shared);
    assert!(message.contains("do not overlap"), "{message}");
}

#[test]
fn rows_without_columns_are_refused() {
    let mut bytes = Table::new(Layout::Trailer, &[], Vec::new()).encode();
    assert_eq!(Stored::new(&bytes).open().unwrap().num_rows(), 0);
    bytes = Table::new(Layout::Trailer, &[1 << 40], Vec::new()).encode();
    let message = refusal(&bytes);
    assert!(message.contains("no rows in a file without columns, got 1099511627776 rows"), "{message}");
}

#[test]
fn deep_nesting_is_refused() {
    let mut array = crate::encoder::words(21, 0, 1, &[]);
    for _ in 0..5000 {
        let column = Column { attributes: vec![(b"x".to_vec(), array)], ..Column::int32("i", 0, 0, &[]) };
        array = nested(&column);
    }
    let mut column = Column::int32("i", 0, 0, &[]);
    column.attributes.push((b"deep".to_vec(), array));
    let message = refusal(&Table::new(Layout::Trailer, &[], vec![column]).encode());
    assert!(message.contains("levels of nested arrays"), "{message}");
}

/// The array of a definition: what follows its name, description and tag.
fn nested(column: &Column) -> Vec<u8> {
    let table = Table { read_info: None, ..Table::new(Layout::Trailer, &[], vec![column.clone()]) };
    table.definition(column).split_off(28 + column.name.len())
}

#[test]
fn not_this_format_at_all() {
    assert!(matches!(Stored::new(b"").open(), Err(Error::Empty { .. })));
    assert!(Stored::new(&[0xf4, 0xd3, 0xd2, 0xd1]).open().is_err());
    assert!(File::open("/no/such/file.xdf").is_err());
}
