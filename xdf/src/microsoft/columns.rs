//! Which column of a 4.2 container an Arrow field becomes.
//!
//! | Arrow | storage | |
//! |---|---|---|
//! | `Int32`, `Float32`, `Float64`, texts, dictionary of texts | int32, float32, float64, string, factor | verified |
//! | `Int8`, `UInt8`, `Int16`, `UInt16`, `UInt32`, `Int64`, `UInt64` | the same | inferred |
//! | `Boolean` | uchar, 0 and 1 | inferred |
//! | `Date32`, `Date64` | float64, days since 1970, attribute `class` | inferred |
//! | `Timestamp` | float64, seconds since 1970, attributes `class` and `tzone` | inferred |
//! | ordered factor | factor, attribute `class` | inferred |
//!
//! The product documents which types it has and how wide they are, but no public file shows the bytes of the second
//! half, so another program may not understand them. They are refused unless they are allowed by name, or the column
//! comes from a Microsoft file that had the type. Everything else has no place in the container.

use arrow_schema::{DataType, Field, TimeUnit};

use super::object::{Array, Content, Named};
use super::types::Storage;
use crate::{Error, Result, metadata as keys};

/// What a field becomes.
#[derive(Debug)]
pub(super) struct Target {
    /// How its values are stored.
    pub(super) storage: Storage,
    /// How they get there.
    pub(super) conversion: Conversion,
    /// Attributes that say what the numbers mean.
    pub(super) attributes: Vec<Named>,
}

/// From Arrow's values to stored ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Conversion {
    /// Nothing to do.
    None,
    /// False and true become 0 and 1.
    Bits,
    /// Days become floats.
    Days,
    /// Counts of a unit become seconds; how many of them make a second (milliseconds of a date: a day).
    Time(f64),
    /// Keys become codes of the file's levels.
    Codes,
}

/// Chooses the column for a field; `allowed` when inferred types may be written, `seen` says whether the column had a
/// storage in the Microsoft file that it comes from.
///
/// # Errors
/// [`Error::MicrosoftColumn`].
pub(super) fn target(field: &Field, allowed: bool, seen: impl Fn(Storage) -> bool) -> Result<Target> {
    let refuse = |problem: String| Err(Error::MicrosoftColumn { column: field.name().clone(), problem });
    let Some((target, cast)) = choose(field) else {
        let problem = format!(
            "it has no place for {}; cast the column to int32, float64 or text, or leave it out",
            field.data_type()
        );
        return refuse(problem);
    };
    match cast {
        Some(cast) if !allowed && !seen(target.storage) => refuse(format!(
            "no public file of Microsoft's shows how {} is stored; {cast}, or allow inferred types",
            if keys::is_ordered(field) {
                "an ordered factor".to_owned()
            } else {
                field.data_type().to_string()
            },
        )),
        _ => Ok(target),
    }
}

/// The target, and what to do instead when it is inferred.
fn choose(field: &Field) -> Option<(Target, Option<&'static str>)> {
    let plain = |storage| Target { storage, conversion: Conversion::None, attributes: Vec::new() };
    let number = |storage, conversion, attributes| Target { storage, conversion, attributes };
    let (int32, float64) = (Some("cast it to int32"), Some("cast it to float64"));
    Some(match field.data_type() {
        DataType::Int32 => (plain(Storage::Int32), None),
        DataType::Float32 => (plain(Storage::Float32), None),
        DataType::Float64 => (plain(Storage::Float64), None),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => (plain(Storage::Text), None),
        DataType::Dictionary(key, value) if key.is_integer() && **value == DataType::Utf8 => {
            let ordered = keys::is_ordered(field);
            let attributes = if ordered { vec![texts("class", &["ordered", "factor"])] } else { Vec::new() };
            let target = number(Storage::Factor, Conversion::Codes, attributes);
            (target, ordered.then_some("make it a plain factor"))
        }
        DataType::Int8 => (plain(Storage::Int8), int32),
        DataType::Int16 => (plain(Storage::Int16), int32),
        DataType::UInt8 => (plain(Storage::UInt8), int32),
        DataType::UInt16 => (plain(Storage::UInt16), int32),
        DataType::UInt32 => (plain(Storage::UInt32), float64),
        DataType::Int64 => (plain(Storage::Int64), Some("cast it to int32 or float64")),
        DataType::UInt64 => (plain(Storage::UInt64), float64),
        DataType::Boolean => (number(Storage::UInt8, Conversion::Bits, Vec::new()), int32),
        DataType::Date32 => {
            (number(Storage::Float64, Conversion::Days, vec![texts("class", &["Date"])]), float64)
        }
        DataType::Date64 => (
            number(Storage::Float64, Conversion::Time(86_400_000.0), vec![texts("class", &["Date"])]),
            float64,
        ),
        DataType::Timestamp(unit, zone) => {
            let mut attributes = vec![texts("class", &["POSIXct", "POSIXt"])];
            attributes.extend(zone.as_deref().map(|zone| texts("tzone", &[zone])));
            (number(Storage::Float64, Conversion::Time(per_second(*unit)), attributes), float64)
        }
        _ => return None,
    })
}

fn per_second(unit: TimeUnit) -> f64 {
    match unit {
        TimeUnit::Second => 1.0,
        TimeUnit::Millisecond => 1e3,
        TimeUnit::Microsecond => 1e6,
        TimeUnit::Nanosecond => 1e9,
    }
}

/// A named array of texts.
pub(super) fn texts<S: AsRef<[u8]>>(name: &str, texts: &[S]) -> Named {
    let content = Content::Texts(texts.iter().map(|text| text.as_ref().into()).collect());
    Named {
        name: name.as_bytes().into(),
        description: [].into(),
        array: Array::new(Storage::Text, texts.len(), content),
    }
}
