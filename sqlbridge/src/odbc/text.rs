//! Texts in buffers: UTF-8 where drivers are asked in it, UTF-16 on Windows, as odbc-api asks.

use std::borrow::Cow;

use odbc_api::BindParamDesc;
use odbc_api::buffers::{AnyColumnBufferSlice, BoxColumBufferRefMut, BufferDesc, TextColumnSlice};

/// What a length counts.
#[cfg(not(windows))]
pub(super) type Unit = u8;
/// What a length counts.
#[cfg(windows)]
pub(super) type Unit = u16;

/// Units that a character may take.
pub(super) const UNITS_OF_A_CHARACTER: usize = 4 / size_of::<Unit>();

/// A buffer for texts of so many units.
#[cfg(not(windows))]
pub(super) fn buffer(max_str_len: usize) -> BufferDesc {
    BufferDesc::Text { max_str_len }
}

/// A buffer for texts of so many units.
#[cfg(windows)]
pub(super) fn buffer(max_str_len: usize) -> BufferDesc {
    BufferDesc::WText { max_str_len }
}

/// The texts of a buffer that [`buffer`] described.
#[cfg(not(windows))]
pub(super) fn cells(values: AnyColumnBufferSlice<'_>) -> Option<TextColumnSlice<'_, Unit>> {
    values.as_text()
}

/// The texts of a buffer that [`buffer`] described.
#[cfg(windows)]
pub(super) fn cells(values: AnyColumnBufferSlice<'_>) -> Option<TextColumnSlice<'_, Unit>> {
    values.as_wide_text()
}

/// A text; `None` when it is not in its encoding.
#[cfg(not(windows))]
pub(super) fn decode(units: &[Unit]) -> Option<Cow<'_, str>> {
    std::str::from_utf8(units).ok().map(Cow::Borrowed)
}

/// A text; `None` when it is not in its encoding.
#[cfg(windows)]
pub(super) fn decode(units: &[Unit]) -> Option<Cow<'_, str>> {
    String::from_utf16(units).ok().map(Cow::Owned)
}

/// A parameter for texts of so many units.
#[cfg(not(windows))]
pub(super) fn parameter(units: usize) -> BindParamDesc {
    BindParamDesc::text(units)
}

/// A parameter for texts of so many units.
#[cfg(windows)]
pub(super) fn parameter(units: usize) -> BindParamDesc {
    BindParamDesc::wide_text(units)
}

/// The units of a text.
#[cfg(not(windows))]
pub(super) fn units(text: &str) -> usize {
    text.len()
}

/// The units of a text.
#[cfg(windows)]
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Fills a buffer of [`parameter`]s, which has room for each text. `None`: the buffer is another one.
pub(super) fn fill<'a>(
    buffer: BoxColumBufferRefMut<'_>,
    texts: impl Iterator<Item = Option<&'a str>>,
) -> Option<()> {
    #[cfg(not(windows))]
    {
        let mut cells = buffer.as_text()?;
        for (row, text) in texts.enumerate() {
            cells.set_cell(row, text.map(str::as_bytes));
        }
    }
    #[cfg(windows)]
    {
        let mut cells = buffer.as_wide_text()?;
        for (row, text) in texts.enumerate() {
            let units: Option<Vec<u16>> = text.map(|text| text.encode_utf16().collect());
            cells.set_cell(row, units.as_deref());
        }
    }
    Some(())
}
