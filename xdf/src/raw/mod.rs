//! The bytes of the container, without Arrow arrays: header, frames, footer, directory.
//!
//! A file is a header page and then frames (schema, blocks, footer), each of which says how long it is. What a
//! frame says about itself are *fields*, tagged and with their length, so that a reader steps over what it does
//! not know. Everything is little-endian and begins at a multiple of 8 bytes.
//! The normative text is `docs/spec/xdf5.md`.

#![deny(clippy::cast_possible_truncation)]

pub(crate) mod directory;
pub(crate) mod footer;
pub(crate) mod frame;
pub(crate) mod header;
pub(crate) mod schema;
pub(crate) mod wire;

/// Major version that this crate writes, and the highest that it reads.
pub(crate) const MAJOR: u16 = 5;
/// Minor version that this crate writes.
pub(crate) const MINOR: u16 = 1;

/// The checksum of everything in the format: xxh3, 64 bits, seed 0.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(bytes)
}

/// `length` rounded up to a multiple of `to`, which is a power of two.
pub(crate) const fn round_up(length: usize, to: usize) -> usize {
    (length + to - 1) & !(to - 1)
}

#[cfg(test)]
mod tests {
    use super::{directory, footer, schema};

    /// The table of fields in the specification has the tags of the code, and no others.
    #[test]
    fn tags_are_those_of_the_specification() {
        let text = include_str!("../../../docs/spec/xdf5.md");
        let table = text.split("## 4.").nth(1).unwrap().split("## 5.").next().unwrap();
        let mut rows = Vec::new();
        for line in table.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            if let Some(number) = cells.get(1).and_then(|cell| cell.strip_prefix("0x")) {
                rows.push((u16::from_str_radix(number, 16).unwrap(), cells[2]));
            }
        }
        let (f, s, d) = (footer::tag::ALL, schema::tag::ALL, directory::tag::ALL);
        let expected: Vec<_> = f.iter().chain(s).chain(d).copied().collect();
        assert_eq!(rows, expected);
    }
}
