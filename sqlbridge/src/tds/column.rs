//! Values of rows, each appended to the array of its column.

use std::sync::Arc;

use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, UInt8Type,
};
use arrow_array::{ArrayRef, BinaryArray, BooleanArray, PrimitiveArray, StringArray};
use arrow_buffer::{Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};

use super::bytes::Bytes;
use super::collation::CodePage;
use super::kind::{Kind, Length, Page};
use super::{number, temporal, text};

/// Why a value was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It is not all here yet.
    More,
    /// Its bytes are none of its type.
    Malformed(&'static str),
    /// Texts of a batch have more bytes than an array can address.
    TooLong,
}

/// Numbers of one width.
struct Primitive<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
}

/// Texts or bytes one after the other.
struct Variable {
    offsets: Vec<i32>,
    data: Vec<u8>,
    nulls: NullBufferBuilder,
    /// Where chunks of one value are put together.
    scratch: Vec<u8>,
}

/// An array in the making.
enum Values {
    Bool(BooleanBufferBuilder, NullBufferBuilder),
    UInt8(Primitive<UInt8Type>),
    Int16(Primitive<Int16Type>),
    Int32(Primitive<Int32Type>),
    Int64(Primitive<Int64Type>),
    Float32(Primitive<Float32Type>),
    Float64(Primitive<Float64Type>),
    Date(Primitive<Date32Type>),
    Millisecond(Primitive<TimestampMillisecondType>),
    Microsecond(Primitive<TimestampMicrosecondType>, Option<Arc<str>>),
    Text(Variable),
    Binary(Variable),
}

/// A column of an answer.
pub(super) struct Column {
    kind: Kind,
    values: Values,
}

impl<T: ArrowPrimitiveType> Primitive<T> {
    fn new() -> Self {
        Self { values: Vec::new(), nulls: NullBufferBuilder::new(0) }
    }

    #[inline]
    fn push(&mut self, value: T::Native) {
        self.values.push(value);
        self.nulls.append_non_null();
    }

    #[inline]
    fn push_null(&mut self) {
        self.values.push(T::Native::default());
        self.nulls.append_null();
    }

    fn truncate(&mut self, rows: usize) {
        if self.values.len() > rows {
            self.values.truncate(rows);
            self.nulls.truncate(rows);
        }
    }

    fn finish(&mut self) -> PrimitiveArray<T> {
        // the next batch will be about as long
        let next = Vec::with_capacity(self.values.len());
        let values = std::mem::replace(&mut self.values, next);
        PrimitiveArray::new(values.into(), self.nulls.finish())
    }
}

impl Variable {
    fn new() -> Self {
        Self { offsets: vec![0], data: Vec::new(), nulls: NullBufferBuilder::new(0), scratch: Vec::new() }
    }

    fn end(&mut self) -> Result<(), Stop> {
        self.offsets.push(i32::try_from(self.data.len()).map_err(|_| Stop::TooLong)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_null(&mut self) {
        self.offsets.push(self.offsets.last().copied().unwrap_or_default());
        self.nulls.append_null();
    }

    fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        let end = self.offsets.last().copied().and_then(|end| usize::try_from(end).ok()).unwrap_or_default();
        self.data.truncate(end);
        if self.nulls.len() > rows {
            self.nulls.truncate(rows);
        }
    }

    fn finish(&mut self) -> (OffsetBuffer<i32>, Buffer, Option<arrow_buffer::NullBuffer>) {
        let mut next = Vec::with_capacity(self.offsets.len());
        next.push(0);
        let offsets = std::mem::replace(&mut self.offsets, next);
        let next = Vec::with_capacity(self.data.len());
        let data = std::mem::replace(&mut self.data, next);
        (OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from_vec(data), self.nulls.finish())
    }
}

impl Column {
    pub(super) fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Bit { .. } => Values::Bool(BooleanBufferBuilder::new(0), NullBufferBuilder::new(0)),
            Kind::Integer { bytes: 1, .. } => Values::UInt8(Primitive::new()),
            Kind::Integer { bytes: 2, .. } => Values::Int16(Primitive::new()),
            Kind::Null | Kind::Integer { bytes: 4, .. } => Values::Int32(Primitive::new()),
            Kind::Integer { .. } => Values::Int64(Primitive::new()),
            Kind::Float { bytes: 4, .. } => Values::Float32(Primitive::new()),
            Kind::Float { .. } | Kind::Money { .. } | Kind::Decimal { .. } | Kind::Time { .. } => {
                Values::Float64(Primitive::new())
            }
            Kind::DateTime { .. } => Values::Millisecond(Primitive::new()),
            Kind::Date => Values::Date(Primitive::new()),
            Kind::DateTime2 { .. } => Values::Microsecond(Primitive::new(), None),
            Kind::DateTimeOffset { .. } => Values::Microsecond(Primitive::new(), Some("UTC".into())),
            Kind::Guid | Kind::Text { .. } | Kind::Xml => Values::Text(Variable::new()),
            Kind::Binary { .. } | Kind::Variant | Kind::UserDefined => Values::Binary(Variable::new()),
        };
        Self { kind, values }
    }

    pub(super) fn push_null(&mut self) {
        match &mut self.values {
            Values::Bool(values, nulls) => {
                values.append(false);
                nulls.append_null();
            }
            Values::UInt8(column) => column.push_null(),
            Values::Int16(column) => column.push_null(),
            Values::Int32(column) => column.push_null(),
            Values::Int64(column) => column.push_null(),
            Values::Float32(column) => column.push_null(),
            Values::Float64(column) => column.push_null(),
            Values::Date(column) => column.push_null(),
            Values::Millisecond(column) => column.push_null(),
            Values::Microsecond(column, _) => column.push_null(),
            Values::Text(column) | Values::Binary(column) => column.push_null(),
        }
    }

    /// Reads the value at the front and appends it. After [`Stop`] the column may have one row too many.
    #[inline]
    pub(super) fn read(&mut self, bytes: &mut Bytes<'_>) -> Result<(), Stop> {
        match (self.kind, &mut self.values) {
            (Kind::Integer { sized, .. }, Values::Int32(column)) => {
                fixed(bytes, sized, column, i32::from_le_bytes)
            }
            (Kind::Float { sized, .. }, Values::Float64(column)) => {
                fixed(bytes, sized, column, f64::from_le_bytes)
            }
            (Kind::Integer { sized, .. }, Values::Int64(column)) => {
                fixed(bytes, sized, column, i64::from_le_bytes)
            }
            (Kind::Integer { sized, .. }, Values::Int16(column)) => {
                fixed(bytes, sized, column, i16::from_le_bytes)
            }
            (Kind::Integer { sized, .. }, Values::UInt8(column)) => {
                fixed(bytes, sized, column, u8::from_le_bytes)
            }
            (Kind::Float { sized, .. }, Values::Float32(column)) => {
                fixed(bytes, sized, column, f32::from_le_bytes)
            }
            (Kind::Bit { sized }, Values::Bool(values, nulls)) => {
                let value =
                    if sized { sized_array::<1>(bytes)? } else { Some(bytes.array().ok_or(Stop::More)?) };
                values.append(value.is_some_and(|[bit]| bit != 0));
                nulls.append(value.is_some());
                Ok(())
            }
            (Kind::Money { bytes: 4, sized }, Values::Float64(column)) => {
                fixed(bytes, sized, column, |money| number::money(i64::from(i32::from_le_bytes(money))))
            }
            (Kind::Money { sized, .. }, Values::Float64(column)) => {
                fixed(bytes, sized, column, |[a, b, c, d, e, f, g, h]| {
                    // the high half stands first
                    number::money(i64::from_le_bytes([e, f, g, h, a, b, c, d]))
                })
            }
            (Kind::DateTime { bytes: 4, sized }, Values::Millisecond(column)) => {
                fixed(bytes, sized, column, temporal::small_date_time)
            }
            (Kind::DateTime { sized, .. }, Values::Millisecond(column)) => {
                fixed(bytes, sized, column, temporal::date_time)
            }
            (Kind::Decimal { scale }, Values::Float64(column)) => {
                sized_with(bytes, column, |value| number::decimal(value, scale))
            }
            (Kind::Date, Values::Date(column)) => sized_with(bytes, column, temporal::date),
            (Kind::Time { scale }, Values::Float64(column)) => {
                sized_with(bytes, column, |value| temporal::seconds(value, scale))
            }
            (
                Kind::DateTime2 { scale } | Kind::DateTimeOffset { scale },
                Values::Microsecond(column, zone),
            ) => {
                let offset = zone.is_some();
                sized_with(bytes, column, |value| temporal::date_time_2(value, scale, offset))
            }
            (Kind::Guid, Values::Text(column)) => {
                let Some(guid) = sized_array::<16>(bytes)? else {
                    column.push_null();
                    return Ok(());
                };
                text::guid(guid, &mut column.data);
                column.end()
            }
            (Kind::Text { page, length }, Values::Text(column)) => texts(bytes, column, page, length),
            (Kind::Xml, Values::Text(column)) => texts(bytes, column, Page::Wide, Length::Chunks),
            (Kind::Binary { length }, Values::Binary(column)) => binaries(bytes, column, length),
            (Kind::UserDefined, Values::Binary(column)) => binaries(bytes, column, Length::Chunks),
            (Kind::Variant, Values::Binary(column)) => {
                let length = bytes.u32().ok_or(Stop::More)?;
                if length == 0 {
                    column.push_null();
                    return Ok(());
                }
                let length = usize::try_from(length).map_err(|_| Stop::TooLong)?;
                column.data.extend_from_slice(bytes.take(length).ok_or(Stop::More)?);
                column.end()
            }
            (Kind::Null, _) => {
                self.push_null();
                Ok(())
            }
            // `new` makes the array of each kind
            _ => Err(Stop::Malformed("a type without an array")),
        }
    }

    /// Takes back what is behind `rows`.
    pub(super) fn truncate(&mut self, rows: usize) {
        match &mut self.values {
            Values::Bool(values, nulls) => {
                if values.len() > rows {
                    values.truncate(rows);
                    nulls.truncate(rows);
                }
            }
            Values::UInt8(column) => column.truncate(rows),
            Values::Int16(column) => column.truncate(rows),
            Values::Int32(column) => column.truncate(rows),
            Values::Int64(column) => column.truncate(rows),
            Values::Float32(column) => column.truncate(rows),
            Values::Float64(column) => column.truncate(rows),
            Values::Date(column) => column.truncate(rows),
            Values::Millisecond(column) => column.truncate(rows),
            Values::Microsecond(column, _) => column.truncate(rows),
            Values::Text(column) | Values::Binary(column) => column.truncate(rows),
        }
    }

    /// Bytes of its texts so far.
    pub(super) fn text_bytes(&self) -> usize {
        match &self.values {
            Values::Text(column) | Values::Binary(column) => column.data.len(),
            _ => 0,
        }
    }

    /// The array of all rows so far; the column begins anew.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Bool(values, nulls) => Arc::new(BooleanArray::new(values.finish(), nulls.finish())),
            Values::UInt8(column) => Arc::new(column.finish()),
            Values::Int16(column) => Arc::new(column.finish()),
            Values::Int32(column) => Arc::new(column.finish()),
            Values::Int64(column) => Arc::new(column.finish()),
            Values::Float32(column) => Arc::new(column.finish()),
            Values::Float64(column) => Arc::new(column.finish()),
            Values::Date(column) => Arc::new(column.finish()),
            Values::Millisecond(column) => Arc::new(column.finish()),
            Values::Microsecond(column, zone) => Arc::new(column.finish().with_timezone_opt(zone.clone())),
            Values::Text(column) => {
                let (offsets, data, nulls) = column.finish();
                match StringArray::try_new(offsets.clone(), data.clone(), nulls.clone()) {
                    Ok(array) => Arc::new(array),
                    // not reached: every text is made of characters
                    Err(_) => lossy(&BinaryArray::new(offsets, data, nulls)),
                }
            }
            Values::Binary(column) => {
                let (offsets, data, nulls) = column.finish();
                Arc::new(BinaryArray::new(offsets, data, nulls))
            }
        }
    }
}

fn lossy(bytes: &BinaryArray) -> ArrayRef {
    let texts: StringArray =
        bytes.iter().map(|value| value.map(|value| String::from_utf8_lossy(value).into_owned())).collect();
    Arc::new(texts)
}

#[inline]
fn fixed<T: ArrowPrimitiveType, const N: usize>(
    bytes: &mut Bytes<'_>,
    sized: bool,
    column: &mut Primitive<T>,
    value: impl Fn([u8; N]) -> T::Native,
) -> Result<(), Stop> {
    if !sized {
        column.push(value(bytes.array().ok_or(Stop::More)?));
        return Ok(());
    }
    match sized_array(bytes)? {
        Some(array) => column.push(value(array)),
        None => column.push_null(),
    }
    Ok(())
}

/// A value behind its length, which is `N`, or 0 for a missing one.
#[inline]
fn sized_array<const N: usize>(bytes: &mut Bytes<'_>) -> Result<Option<[u8; N]>, Stop> {
    match usize::from(bytes.u8().ok_or(Stop::More)?) {
        0 => Ok(None),
        length if length == N => bytes.array().ok_or(Stop::More).map(Some),
        _ => Err(Stop::Malformed("its length is not that of its type")),
    }
}

/// A value behind its length, of more than one possible length.
#[inline]
fn sized_with<T: ArrowPrimitiveType>(
    bytes: &mut Bytes<'_>,
    column: &mut Primitive<T>,
    value: impl Fn(&[u8]) -> Option<T::Native>,
) -> Result<(), Stop> {
    let length = usize::from(bytes.u8().ok_or(Stop::More)?);
    if length == 0 {
        column.push_null();
        return Ok(());
    }
    let taken = bytes.take(length).ok_or(Stop::More)?;
    column.push(value(taken).ok_or(Stop::Malformed("its length or value is not one of its type"))?);
    Ok(())
}

fn texts(bytes: &mut Bytes<'_>, column: &mut Variable, page: Page, length: Length) -> Result<(), Stop> {
    variable(bytes, column, length, |value, data| append(value, page, data))
}

fn binaries(bytes: &mut Bytes<'_>, column: &mut Variable, length: Length) -> Result<(), Stop> {
    variable(bytes, column, length, |value, data| data.extend_from_slice(value))
}

/// Reads a value of any length, and appends it.
#[inline]
fn variable(
    bytes: &mut Bytes<'_>,
    column: &mut Variable,
    length: Length,
    append: impl Fn(&[u8], &mut Vec<u8>),
) -> Result<(), Stop> {
    let mut scratch = std::mem::take(&mut column.scratch);
    let taken = value(bytes, length, &mut scratch);
    let read = taken.and_then(|taken| match taken {
        None => {
            column.push_null();
            Ok(())
        }
        Some(value) => {
            append(value, &mut column.data);
            column.end()
        }
    });
    column.scratch = scratch;
    read
}

fn append(value: &[u8], page: Page, data: &mut Vec<u8>) {
    match page {
        Page::Wide => text::utf16(value, data),
        Page::Narrow(_) if value.is_ascii() => data.extend_from_slice(value),
        Page::Narrow(page) => data.extend_from_slice(CodePage::decode(page, value).as_bytes()),
    }
}

/// The bytes of a value, put together in `scratch` where they come in chunks; `None` for a missing one.
#[inline]
fn value<'s, 'a: 's>(
    bytes: &mut Bytes<'a>,
    length: Length,
    scratch: &'s mut Vec<u8>,
) -> Result<Option<&'s [u8]>, Stop> {
    match length {
        Length::Short => match bytes.u16().ok_or(Stop::More)? {
            u16::MAX => Ok(None),
            length => bytes.take(usize::from(length)).ok_or(Stop::More).map(Some),
        },
        Length::Pointer => {
            let pointer = usize::from(bytes.u8().ok_or(Stop::More)?);
            if pointer == 0 {
                return Ok(None);
            }
            bytes.take(pointer + 8).ok_or(Stop::More)?;
            let length = usize::try_from(bytes.u32().ok_or(Stop::More)?).map_err(|_| Stop::TooLong)?;
            bytes.take(length).ok_or(Stop::More).map(Some)
        }
        Length::Chunks => {
            let total = bytes.u64().ok_or(Stop::More)?;
            if total == u64::MAX {
                return Ok(None);
            }
            scratch.clear();
            loop {
                let length = usize::try_from(bytes.u32().ok_or(Stop::More)?).map_err(|_| Stop::TooLong)?;
                if length == 0 {
                    break;
                }
                scratch.extend_from_slice(bytes.take(length).ok_or(Stop::More)?);
            }
            if total != u64::MAX - 1 && total != scratch.len() as u64 {
                return Err(Stop::Malformed("its chunks do not add up to its length"));
            }
            Ok(Some(scratch))
        }
    }
}
