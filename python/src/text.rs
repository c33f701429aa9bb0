//! What a text source is told, from the JSON that the Python side makes of its arguments.

use std::collections::BTreeMap;

use engine::source::text::{TextOptions, parse_type};
use serde::Deserialize;

use crate::error::Failure;

/// The options as they come; the names are the Python side's own and never seen by a user.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    delimiter: Option<String>,
    combine_delimiters: bool,
    quote: String,
    header: Option<bool>,
    missing: Vec<String>,
    types: BTreeMap<String, String>,
    factors: BTreeMap<String, Vec<String>>,
    strings_as_factors: bool,
    default_decimal: String,
    default_missing: String,
    sniff_rows: usize,
    skip_rows: usize,
    decimal: String,
    thousands: Option<String>,
    encoding: Option<String>,
}

/// The engine's options.
///
/// # Errors
/// When a type has no name that is known, or a separator is not one character of ASCII.
pub(crate) fn options(json: &str) -> Result<TextOptions, Failure> {
    let text: Text = serde_json::from_str(json).map_err(|error| Failure::Value(error.to_string()))?;
    let mut options = TextOptions::default()
        .with_combine_delimiters(text.combine_delimiters)
        .with_missing(text.missing)
        .with_strings_as_factors(text.strings_as_factors)
        .with_default_decimal(data_type(&text.default_decimal)?)
        .with_default_missing(data_type(&text.default_missing)?)
        .with_sniff_rows(text.sniff_rows)
        .with_skip_rows(text.skip_rows)
        .with_quote(if text.quote.is_empty() { None } else { Some(byte("quote_mark", &text.quote)?) })
        .with_decimal(
            byte("decimal_point", &text.decimal)?,
            text.thousands.as_deref().map(|mark| byte("thousands_separator", mark)).transpose()?,
        );
    options.delimiter = text.delimiter.as_deref().map(|mark| byte("delimiter", mark)).transpose()?;
    options.header = text.header;
    options.encoding = text.encoding;
    for (column, name) in text.types {
        options = options.with_type(column, data_type(&name)?);
    }
    for (column, levels) in text.factors {
        options = options.with_factor(column, levels);
    }
    Ok(options)
}

fn data_type(name: &str) -> Result<arrow_schema::DataType, Failure> {
    Ok(parse_type(name).map_err(engine::Error::from)?)
}

fn byte(argument: &str, mark: &str) -> Result<u8, Failure> {
    match mark.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(Failure::Value(format!("{argument} must be one ASCII character, not '{mark}'"))),
    }
}
