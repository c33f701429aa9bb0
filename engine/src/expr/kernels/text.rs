//! Functions of texts. Lengths and positions count characters, not bytes; positions begin at 1.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array, StringArray};
use arrow_schema::ArrowError;
use arrow_string::like;

use super::Kernel;
use crate::expr::eval::Operand;
use crate::expr::functions::Function;

pub(super) fn text(function: Function, args: &[Operand], rows: usize) -> Kernel {
    use Function as F;
    match (function, args) {
        (F::StartsWith, [text, part]) => Ok(Arc::new(like::starts_with(text, part)?)),
        (F::EndsWith, [text, part]) => Ok(Arc::new(like::ends_with(text, part)?)),
        (F::Contains, [text, part]) => Ok(Arc::new(like::contains(text, part)?)),
        (F::Length, [text]) => {
            let texts = Texts::of(text)?;
            let mut lengths = Int64Builder::with_capacity(rows);
            for row in 0..rows {
                lengths.append_option(texts.get(row).map(|text| text.chars().count() as i64));
            }
            Ok(Arc::new(lengths.finish()))
        }
        (F::Upper, [text]) => each(rows, &Texts::of(text)?, |text, out| out.push_str(&text.to_uppercase())),
        (F::Lower, [text]) => each(rows, &Texts::of(text)?, |text, out| out.push_str(&text.to_lowercase())),
        (F::Trim, [text]) => each(rows, &Texts::of(text)?, |text, out| out.push_str(text.trim())),
        (F::TrimLeft, [text]) => each(rows, &Texts::of(text)?, |text, out| out.push_str(text.trim_start())),
        (F::TrimRight, [text]) => each(rows, &Texts::of(text)?, |text, out| out.push_str(text.trim_end())),
        (F::Substring, [text, first, last]) => {
            let (texts, first, last) = (Texts::of(text)?, Ints::of(first)?, Ints::of(last)?);
            build(rows, |row, out| {
                let (text, first, last) = (texts.get(row)?, first.get(row)?, last.get(row)?);
                out.push_str(between(text, first, last));
                Some(())
            })
        }
        (F::Substring, [text, first]) => {
            let (texts, first) = (Texts::of(text)?, Ints::of(first)?);
            build(rows, |row, out| {
                out.push_str(between(texts.get(row)?, first.get(row)?, i64::MAX));
                Some(())
            })
        }
        (F::Left, [text, count]) => {
            let (texts, count) = (Texts::of(text)?, Ints::of(count)?);
            build(rows, |row, out| {
                out.push_str(between(texts.get(row)?, 1, count.get(row)?));
                Some(())
            })
        }
        (F::Right, [text, count]) => {
            let (texts, count) = (Texts::of(text)?, Ints::of(count)?);
            build(rows, |row, out| {
                let text = texts.get(row)?;
                let length = text.chars().count() as i64;
                out.push_str(between(text, length.saturating_sub(count.get(row)?).saturating_add(1), length));
                Some(())
            })
        }
        (F::Replace, [text, from, to]) => {
            let (texts, from, to) = (Texts::of(text)?, Texts::of(from)?, Texts::of(to)?);
            build(rows, |row, out| {
                let (text, from, to) = (texts.get(row)?, from.get(row)?, to.get(row)?);
                if from.is_empty() {
                    out.push_str(text);
                    return Some(());
                }
                for (i, part) in text.split(from).enumerate() {
                    if i > 0 {
                        out.push_str(to);
                    }
                    out.push_str(part);
                }
                Some(())
            })
        }
        (F::Concat, _) => {
            let all = args.iter().map(Texts::of).collect::<Kernel<Vec<_>>>()?;
            build(rows, |row, out| {
                all.iter().try_for_each(|texts| texts.get(row).map(|text| out.push_str(text)))
            })
        }
        (other, _) => {
            Err(ArrowError::InvalidArgumentError(format!("{} is not a function of texts", other.name())))
        }
    }
}

/// The characters from `first` to `last`, both included and counted from 1.
fn between(text: &str, first: i64, last: i64) -> &str {
    let skip = usize::try_from(first.saturating_sub(1)).unwrap_or(0);
    let start = text.char_indices().nth(skip).map_or(text.len(), |(at, _)| at);
    let count = usize::try_from(last.saturating_sub(skip as i64)).unwrap_or(0);
    let rest = &text[start..];
    &rest[..rest.char_indices().nth(count).map_or(rest.len(), |(at, _)| at)]
}

/// Texts of an argument, by row.
struct Texts<'a> {
    array: &'a StringArray,
    scalar: bool,
}

impl<'a> Texts<'a> {
    fn of(operand: &'a Operand) -> Kernel<Self> {
        let array = operand.array.as_string_opt::<i32>();
        let array = array.ok_or_else(|| ArrowError::InvalidArgumentError("not a text".into()))?;
        Ok(Self { array, scalar: operand.scalar })
    }

    fn get(&self, row: usize) -> Option<&'a str> {
        let row = if self.scalar { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }
}

/// Whole numbers of an argument, by row.
struct Ints<'a> {
    array: &'a Int64Array,
    scalar: bool,
}

impl<'a> Ints<'a> {
    fn of(operand: &'a Operand) -> Kernel<Self> {
        let array = operand.array.as_primitive_opt::<Int64Type>();
        let array = array.ok_or_else(|| ArrowError::InvalidArgumentError("not a whole number".into()))?;
        Ok(Self { array, scalar: operand.scalar })
    }

    fn get(&self, row: usize) -> Option<i64> {
        let row = if self.scalar { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }
}

/// The longest text that a function may make, in bytes.
const MAX_LENGTH: usize = 1 << 26;

/// The text of a row while it is made.
#[derive(Default)]
struct Buffer {
    text: String,
    full: bool,
}

impl Buffer {
    fn push_str(&mut self, part: &str) {
        self.full |= self.text.len() + part.len() > MAX_LENGTH;
        if !self.full {
            self.text.push_str(part);
        }
    }
}

/// A text per row; missing where `write` gives none. An array of texts holds less than 2 GiB.
fn build(rows: usize, mut write: impl FnMut(usize, &mut Buffer) -> Option<()>) -> Kernel {
    let mut out = StringBuilder::with_capacity(rows, rows * 8);
    let mut buffer = Buffer::default();
    let mut total = 0;
    for row in 0..rows {
        buffer.text.clear();
        if write(row, &mut buffer).is_none() {
            out.append_null();
            continue;
        }
        total += buffer.text.len();
        if buffer.full || total > i32::MAX as usize {
            return Err(ArrowError::OffsetOverflowError(total));
        }
        out.append_value(&buffer.text);
    }
    Ok(Arc::new(out.finish()))
}

fn each(rows: usize, texts: &Texts<'_>, write: impl Fn(&str, &mut Buffer)) -> Kernel {
    build(rows, |row, out| {
        write(texts.get(row)?, out);
        Some(())
    })
}
