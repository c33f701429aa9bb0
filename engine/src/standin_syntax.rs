//! Stand-in until the syntax lands: delete this file then.
#![allow(missing_docs)]
use std::fmt;

/// Characters of the line that are drawn at most.
const WINDOW: usize = 100;

/// A text that cannot be understood, or an expression that does not fit its columns: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The whole text.
    pub text: String,
    /// The place in the text.
    pub span: Span,
    /// One sentence.
    pub message: String,
    /// What to write instead, when that is known.
    pub hint: Option<String>,
}

impl SyntaxError {
    /// An error at `span` of `text`.
    pub fn new(text: &str, span: Span, message: impl Into<String>) -> Self {
        Self { text: text.to_owned(), span, message: message.into(), hint: None }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The line that is drawn, and the caret line below it.
    fn drawing(&self) -> (String, String) {
        let start = floor_boundary(&self.text, self.span.start);
        let end = floor_boundary(&self.text, self.span.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let line = &self.text[line_start..line_end];
        let before = self.text[line_start..start].chars().count();
        let length = line.chars().count();
        let wanted = self.text[start..end.min(line_end).max(start)].chars().count().max(1);
        let (first, last) = if length <= WINDOW {
            (0, length)
        } else {
            let first = before.saturating_sub(WINDOW / 2).min(length - WINDOW);
            (first, first + WINDOW)
        };
        let mut shown = String::new();
        let mut offset = before - first.min(before);
        if first > 0 {
            shown.push_str("...");
            offset += 3;
        }
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        shown.extend(line.chars().skip(first).take(last - first).map(visible));
        if last < length {
            shown.push_str("...");
        }
        let carets = wanted.min(last.saturating_sub(before).max(1));
        (shown, format!("{}{}", " ".repeat(offset), "^".repeat(carets)))
    }
}

/// The largest character boundary of `text` that is not after `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, carets) = self.drawing();
        write!(f, "{}\n  {}\n  {}", self.message, line.trim_end(), carets)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SyntaxError {}

#[cfg(any())]
mod tests {
    use super::*;

    #[test]
    fn draws_the_line_and_the_place() {
        let error =
            SyntaxError::new("a +\nb * * c\nd", Span::new(8, 9), "unexpected '*'").with_hint("remove it");
        assert_eq!(error.to_string(), "unexpected '*'\n  b * * c\n      ^\n  hint: remove it");
    }

    #[test]
    fn counts_characters_not_bytes() {
        let text = "größe > ~";
        let error = SyntaxError::new(text, Span::new(10, 11), "no");
        assert_eq!(error.to_string(), "no\n  größe > ~\n          ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let drawn = SyntaxError::new(&text, Span::new(500, 501), "no").to_string();
        let lines: Vec<&str> = drawn.lines().collect();
        let caret = lines[2].find('^').unwrap();
        assert_eq!(lines[1].as_bytes()[caret], b'!');
        assert!(lines[1].len() < 120, "{}", lines[1].len());
    }

    #[test]
    fn spans_outside_of_the_text_do_not_panic() {
        for span in [Span::new(0, 0), Span::new(9, 2), Span::new(1, 2), Span::new(50, 60)] {
            assert!(SyntaxError::new("é", span, "no").to_string().contains('^'));
        }
    }
}

/// A range of bytes of a text: `start` inclusive, `end` exclusive. An empty span is a place between characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The part of `text` under the span; empty when the span does not fit the text.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// Known names that are worth trying before giving up on a very wide table.
const MAX_CANDIDATES: usize = 20_000;

/// Longest name that is compared; a longer one is not a typing error.
const MAX_LENGTH: usize = 64;

/// Up to three of `known` that resemble `name`, closest first.
pub(crate) fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().take(MAX_LENGTH + 1).collect();
    if wanted.is_empty() || wanted.len() > MAX_LENGTH {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter(|candidate| candidate.len() <= 4 * MAX_LENGTH)
        .filter_map(|candidate| {
            let other: Vec<char> = candidate.to_lowercase().chars().collect();
            let longest = wanted.len().max(other.len());
            let allowed = (longest / 3).max(1);
            if wanted.len().abs_diff(other.len()) > allowed {
                return None;
            }
            let distance = distance(&wanted, &other);
            (distance <= allowed && distance < longest).then_some((distance, candidate))
        })
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.dedup_by_key(|(_, candidate)| *candidate);
    found.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// Optimal string alignment distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut table = vec![0usize; (a.len() + 1) * width];
    for j in 0..width {
        table[j] = j;
    }
    for i in 1..=a.len() {
        table[i * width] = i;
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (table[(i - 1) * width + j] + 1)
                .min(table[i * width + j - 1] + 1)
                .min(table[(i - 1) * width + j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(table[(i - 2) * width + j - 2] + 1);
            }
            table[i * width + j] = best;
        }
    }
    table[a.len() * width + b.len()]
}

#[cfg(any())]
mod tests {
    use super::*;

    #[test]
    fn finds_case_swaps_and_misses_strangers() {
        let known = ["ArrDelay", "CRSDepTime", "DayOfWeek"];
        assert_eq!(closest("arrdelay", known), ["ArrDelay"]);
        assert_eq!(closest("DayOfWeke", known), ["DayOfWeek"]);
        assert_eq!(closest("CRSDepTme", known), ["CRSDepTime"]);
        assert!(closest("weight", known).is_empty());
        assert!(closest("", known).is_empty());
        assert!(closest("x", ["y"]).is_empty());
    }
}
