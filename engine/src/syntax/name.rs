//! Names and texts as they must be written to be read back.

use super::lexer::{continues_name, starts_name};

/// Words that mean something other than a column, in any case.
const KEYWORDS: &[&str] = &[
    "and", "or", "not", "in", "is", "if", "else", "between", "like", "ilike", "case", "when", "then", "end",
    "null", "true", "false", "none", "na", "nan", "inf", "pi",
];

/// Whether `word`, written without quotes, may mean something other than a column.
pub(crate) fn is_reserved(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// Writes a column name so that it is read back: as it is when it is a plain name, else in backticks.
pub fn quote_name(name: &str) -> String {
    let mut chars = name.chars();
    let plain = match (chars.next(), chars.next()) {
        (Some('.'), None) | (None, _) => false,
        (Some(first), second) => {
            starts_name(first, second) && name.chars().all(continues_name) && !is_reserved(name)
        }
    };
    if plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}

/// Writes a text in double quotes so that it is read back.
pub(crate) fn quote_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
