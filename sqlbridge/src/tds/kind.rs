//! The types of columns as they stand in an answer ([MS-TDS] 2.2.5.4 to 2.2.5.6).

use super::bytes::Bytes;
use super::collation::CodePage;
use crate::SqlType;

/// How a column's values are written. `sized`: behind their length, which is 0 for a missing one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Null,
    Bit { sized: bool },
    Integer { bytes: u8, sized: bool },
    Float { bytes: u8, sized: bool },
    Money { bytes: u8, sized: bool },
    DateTime { bytes: u8, sized: bool },
    Decimal { scale: u8 },
    Date,
    Time { scale: u8 },
    DateTime2 { scale: u8 },
    DateTimeOffset { scale: u8 },
    Guid,
    Text { page: Page, length: Length },
    Binary { length: Length },
    Xml,
    Variant,
    UserDefined,
}

/// Which characters the bytes of a text are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Page {
    /// UTF-16, little-endian
    Wide,
    /// One of the code pages
    Narrow(CodePage),
}

/// How long values say how long they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// In two bytes
    Short,
    /// In chunks ([MS-TDS] 2.2.5.2.3)
    Chunks,
    /// Behind a pointer, in four bytes: `text`, `ntext`, `image`
    Pointer,
}

impl Kind {
    /// Reads a `TYPE_INFO`; the inner error is the byte of a type that is not known.
    pub(super) fn read(bytes: &mut Bytes<'_>) -> Option<Result<Self, u8>> {
        let fixed = |bytes| Self::Integer { bytes, sized: false };
        Some(Ok(match bytes.u8()? {
            0x1F => Self::Null,
            0x30 => fixed(1),
            0x34 => fixed(2),
            0x38 => fixed(4),
            0x7F => fixed(8),
            0x32 => Self::Bit { sized: false },
            0x3B => Self::Float { bytes: 4, sized: false },
            0x3E => Self::Float { bytes: 8, sized: false },
            0x7A => Self::Money { bytes: 4, sized: false },
            0x3C => Self::Money { bytes: 8, sized: false },
            0x3A => Self::DateTime { bytes: 4, sized: false },
            0x3D => Self::DateTime { bytes: 8, sized: false },
            kind @ (0x24 | 0x26 | 0x68 | 0x6D | 0x6E | 0x6F) => {
                let size = bytes.u8()?;
                match (kind, size) {
                    (0x24, 16) => Self::Guid,
                    (0x26, 1 | 2 | 4 | 8) => Self::Integer { bytes: size, sized: true },
                    (0x68, 1) => Self::Bit { sized: true },
                    (0x6D, 4 | 8) => Self::Float { bytes: size, sized: true },
                    (0x6E, 4 | 8) => Self::Money { bytes: size, sized: true },
                    (0x6F, 4 | 8) => Self::DateTime { bytes: size, sized: true },
                    _ => return Some(Err(kind)),
                }
            }
            kind @ (0x37 | 0x3F | 0x6A | 0x6C) => {
                let [_, precision, scale] = bytes.array()?;
                if precision > 38 || scale > precision {
                    return Some(Err(kind));
                }
                Self::Decimal { scale }
            }
            0x28 => Self::Date,
            kind @ 0x29..=0x2B => {
                let scale = bytes.u8()?;
                match kind {
                    _ if scale > 7 => return Some(Err(kind)),
                    0x29 => Self::Time { scale },
                    0x2A => Self::DateTime2 { scale },
                    _ => Self::DateTimeOffset { scale },
                }
            }
            kind @ (0xA7 | 0xAF | 0xE7 | 0xEF) => {
                let length = length(bytes.u16()?);
                let page = page(kind >= 0xE0, bytes.array()?);
                Self::Text { page, length }
            }
            0xA5 | 0xAD => Self::Binary { length: length(bytes.u16()?) },
            kind @ (0x23 | 0x63) => {
                bytes.u32()?;
                let page = page(kind == 0x63, bytes.array()?);
                table_name(bytes)?;
                Self::Text { page, length: Length::Pointer }
            }
            0x22 => {
                bytes.u32()?;
                table_name(bytes)?;
                Self::Binary { length: Length::Pointer }
            }
            0xF1 => {
                if bytes.u8()? != 0 {
                    bytes.short_text()?;
                    bytes.short_text()?;
                    bytes.text()?;
                }
                Self::Xml
            }
            0xF0 => {
                bytes.u16()?;
                for _ in 0..3 {
                    bytes.short_text()?;
                }
                bytes.text()?;
                Self::UserDefined
            }
            0xF4 => Self::Text { page: Page::Narrow(CodePage::UTF8), length: Length::Chunks },
            0x62 => {
                bytes.u32()?;
                Self::Variant
            }
            kind => return Some(Err(kind)),
        }))
    }

    /// The SQL type.
    pub(super) fn sql_type(self) -> SqlType {
        match self {
            Self::Bit { .. } => SqlType::Bit,
            Self::Integer { bytes: 1, .. } => SqlType::TinyInt,
            Self::Integer { bytes: 2, .. } => SqlType::SmallInt,
            Self::Null | Self::Integer { bytes: 4, .. } => SqlType::Int,
            Self::Integer { .. } => SqlType::BigInt,
            Self::Float { bytes: 4, .. } => SqlType::Real,
            Self::Float { .. } => SqlType::Float,
            Self::Money { .. } | Self::Decimal { .. } => SqlType::Decimal,
            Self::DateTime { .. } => SqlType::DateTime,
            Self::Date => SqlType::Date,
            Self::Time { .. } => SqlType::Time,
            Self::DateTime2 { .. } => SqlType::DateTime2,
            Self::DateTimeOffset { .. } => SqlType::DateTimeOffset,
            Self::Guid | Self::Text { .. } | Self::Xml => SqlType::Text,
            Self::Binary { .. } => SqlType::Binary,
            Self::Variant => SqlType::Variant,
            Self::UserDefined => SqlType::UserDefined,
        }
    }
}

fn length(longest: u16) -> Length {
    if longest == u16::MAX { Length::Chunks } else { Length::Short }
}

fn page(wide: bool, collation: [u8; 5]) -> Page {
    if wide { Page::Wide } else { Page::Narrow(CodePage::of(collation)) }
}

/// The name of the table that a `text` column comes from, in parts.
fn table_name(bytes: &mut Bytes<'_>) -> Option<()> {
    for _ in 0..bytes.u8()? {
        bytes.text()?;
    }
    Some(())
}
