//! Which storage stands behind a type id.
//!
//! An array carries three hints: a *type id*, a *class id* and *flags*. Five column types and two internal ones
//! are verified on real files, each with its fixed pair of type and class. The other types of the product
//! (logical, 8 and 16 bit integers, ...) have never been seen in a public file, so their type ids are unknown.
//! For those the class ids look like one enumeration of the C scalar types and the flags like a bit set of
//! *integer*, *float* and *unsigned*. The rule: flags decide the kind, the bytes that must follow decide the
//! width (see [`object`](super::object)), the class only says which width to try first, and what comes out is
//! the raw number, with the storage name in the field's metadata. When the flags name no kind, the type is
//! refused: a wrong guess would be a wrong number.

/// How values of a column are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    /// Signed 8 bits (inferred).
    Int8,
    /// Unsigned 8 bits, R's logical (inferred).
    UInt8,
    /// Signed 16 bits (inferred).
    Int16,
    /// Unsigned 16 bits (inferred).
    UInt16,
    /// Signed 32 bits, smallest value missing.
    Int32,
    /// Unsigned 32 bits that are not factor codes (inferred).
    UInt32,
    /// Signed 64 bits.
    Int64,
    /// Unsigned 64 bits.
    UInt64,
    /// Single precision, NaN missing.
    Float32,
    /// Double precision, NaN missing.
    Float64,
    /// Unsigned 32-bit codes from 0, all ones missing.
    Factor,
    /// Text records.
    Text,
}

impl Storage {
    /// Bytes of one value; 0 for text.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Int8 | Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 => 2,
            Self::Int32 | Self::UInt32 | Self::Float32 | Self::Factor => 4,
            Self::Int64 | Self::UInt64 | Self::Float64 => 8,
            Self::Text => 0,
        }
    }

    /// Least bytes of one value before compression: a text record has 8 bytes in front of its text.
    pub(super) fn least_width(self) -> usize {
        match self {
            Self::Text => 8,
            _ => self.width(),
        }
    }

    /// The greatest finite value, little-endian and filled up with zero bytes: what low and high hold when they were
    /// not computed (seen for 64-bit integers, inferred for the others).
    pub(super) fn greatest(self) -> [u8; 8] {
        let bytes: &[u8] = match self {
            Self::Int8 => &i8::MAX.to_le_bytes(),
            Self::UInt8 => &u8::MAX.to_le_bytes(),
            Self::Int16 => &i16::MAX.to_le_bytes(),
            Self::UInt16 => &u16::MAX.to_le_bytes(),
            Self::Int32 => &i32::MAX.to_le_bytes(),
            Self::UInt32 | Self::Factor => &u32::MAX.to_le_bytes(),
            Self::Int64 => &i64::MAX.to_le_bytes(),
            Self::UInt64 => &u64::MAX.to_le_bytes(),
            Self::Float32 => &f32::MAX.to_le_bytes(),
            Self::Float64 => &f64::MAX.to_le_bytes(),
            Self::Text => &[],
        };
        filled(bytes)
    }

    /// Whether no public file shows the storage in a column.
    pub(super) fn is_inferred(self) -> bool {
        !matches!(self, Self::Int32 | Self::Float32 | Self::Float64 | Self::Factor | Self::Text)
    }

    /// The name that Microsoft's tools print for the storage.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::UInt8 => "uchar",
            Self::Int16 => "int16",
            Self::UInt16 => "uint16",
            Self::Int32 => "int32",
            Self::UInt32 | Self::Factor => "uint32",
            Self::Int64 => "int64",
            Self::UInt64 => "uint64",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Text => "string",
        }
    }
}

/// At most eight bytes, filled up with zero bytes.
pub(super) fn filled(bytes: &[u8]) -> [u8; 8] {
    let mut filled = [0; 8];
    for (to, from) in filled.iter_mut().zip(bytes) {
        *to = *from;
    }
    filled
}

/// What a pair of type and class stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Values of a verified type.
    Known(Storage),
    /// A list of named arrays.
    List,
    /// A verified type id under a class that does not belong to it.
    Contradiction {
        /// The class that belongs to the type.
        class: i32,
    },
    /// A type id never seen.
    Unknown,
}

/// `(type id, class id, storage)` of the types seen in real files; list is type 6, class 3.
const VERIFIED: [(i32, i32, Storage); 7] = [
    (0, 11, Storage::Int32),
    (1, 12, Storage::Factor),
    (2, 15, Storage::Int64),
    (3, 17, Storage::Float32),
    (4, 18, Storage::Float64),
    (5, 8, Storage::Text),
    (21, 16, Storage::UInt64),
];

/// `(type id, class id, storage)` for storages that no public file shows. The class ids are those that the reader tries
/// first; the type ids are this project's choice among those that were never seen.
const CHOSEN: [(i32, i32, Storage); 5] = [
    (7, 6, Storage::Int8),
    (8, 7, Storage::UInt8),
    (9, 9, Storage::Int16),
    (10, 10, Storage::UInt16),
    (11, 12, Storage::UInt32),
];

/// Type id of a list.
pub(super) const LIST: i32 = 6;
/// Class id of a list.
pub(super) const LIST_CLASS: i32 = 3;

/// Looks a type up.
pub(super) fn meaning(type_id: i32, class: i32) -> Meaning {
    if type_id == LIST {
        return if class == LIST_CLASS {
            Meaning::List
        } else {
            Meaning::Contradiction { class: LIST_CLASS }
        };
    }
    match VERIFIED.iter().find(|&&(known, _, _)| known == type_id) {
        Some(&(_, its_class, storage)) if its_class == class => Meaning::Known(storage),
        Some(&(_, its_class, _)) => Meaning::Contradiction { class: its_class },
        None => Meaning::Unknown,
    }
}

/// Type id, class id and flags that a 4.2 container has for a storage; chosen by us where no public file shows it.
pub(super) fn ids(storage: Storage) -> (i32, i32, u32) {
    let known = VERIFIED.iter().chain(&CHOSEN).find(|(_, _, known)| *known == storage);
    // Every storage stands in one of the tables.
    let &(type_id, class, _) = known.unwrap_or(&(0, 0, Storage::Int32));
    let flags = match storage {
        Storage::Text => TEXT,
        Storage::Float32 | Storage::Float64 => FLOAT,
        Storage::Int8 | Storage::Int16 | Storage::Int32 | Storage::Int64 => INTEGER,
        Storage::UInt8 | Storage::UInt16 | Storage::UInt32 | Storage::UInt64 | Storage::Factor => {
            INTEGER | UNSIGNED
        }
    };
    (type_id, class, ATOMIC | flags)
}

/// Set in every array but lists.
const ATOMIC: u32 = 0x0040_0000;
const TEXT: u32 = 0x0100;
const INTEGER: u32 = 0x0300;
const FLOAT: u32 = 0x0600;
/// The older container sets one more bit, 0x0800, in unsigned columns.
const KINDS: u32 = 0x0700;
const UNSIGNED: u32 = 0x0002_0000;

/// Storages to try for an unknown type, the likeliest first; empty when the flags name no kind of number.
pub(super) fn candidates(class: i32, flags: u32) -> Vec<Storage> {
    let mut found: Vec<Storage> = match (flags & KINDS, flags & UNSIGNED != 0) {
        (INTEGER, false) => vec![Storage::Int8, Storage::Int16, Storage::Int32, Storage::Int64],
        (INTEGER, true) => vec![Storage::UInt8, Storage::UInt16, Storage::UInt32, Storage::UInt64],
        (FLOAT, _) => vec![Storage::Float32, Storage::Float64],
        _ => return Vec::new(),
    };
    let width = match class {
        6 | 7 => 1,
        9 | 10 => 2,
        11..=14 | 17 => 4,
        15 | 16 | 18 => 8,
        _ => return found,
    };
    found.sort_by_key(|storage| storage.width() != width);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_lists_the_same_types() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/spec/xdf-microsoft.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (_, table) = text.split_once("| type id | class id |").unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let listed: Vec<(i32, i32)> = rows
            .map(|line| {
                let mut cells = line.split('|').skip(1).map(str::trim);
                let mut next = || cells.next().unwrap().parse().unwrap();
                (next(), next())
            })
            .collect();
        let mut known: Vec<(i32, i32)> =
            VERIFIED.iter().map(|&(type_id, class, _)| (type_id, class)).collect();
        known.push((LIST, LIST_CLASS));
        known.sort_unstable();
        assert_eq!(listed, known);
        for (type_id, class) in listed {
            assert!(matches!(meaning(type_id, class), Meaning::Known(_) | Meaning::List));
            assert!(matches!(meaning(type_id, class + 1), Meaning::Contradiction { .. }));
        }
    }

    #[test]
    fn what_is_written_for_a_storage_is_read_as_it() {
        for &(type_id, class, storage) in VERIFIED.iter().chain(&CHOSEN) {
            let (found_type, found_class, flags) = ids(storage);
            assert_eq!((found_type, found_class), (type_id, class));
            match meaning(type_id, class) {
                Meaning::Known(known) => assert_eq!(known, storage),
                Meaning::Unknown => assert_eq!(candidates(class, flags).first(), Some(&storage)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(ids(Storage::Factor), (1, 12, 0x0042_0300));
        assert_eq!(ids(Storage::Float64), (4, 18, 0x0040_0600));
    }

    #[test]
    fn flags_decide_the_kind_and_the_class_only_the_order() {
        assert_eq!(candidates(9, 0x0040_0300).first(), Some(&Storage::Int16));
        assert_eq!(candidates(7, 0x0042_0300).first(), Some(&Storage::UInt8));
        // The older container's flags of an unsigned column.
        assert_eq!(candidates(10, 0x0242_0b00).first(), Some(&Storage::UInt16));
        assert_eq!(candidates(18, 0x0040_0600), [Storage::Float64, Storage::Float32]);
        assert_eq!(candidates(18, 0x0040_0300).first(), Some(&Storage::Int64));
        assert!(candidates(11, 0x0040_0100).is_empty());
        assert!(candidates(11, 0).is_empty());
    }
}
