//! An error that points at its place.
//!
//! The drawing shows only the line that holds the place, and of a very long line only a window around it, because
//! formulas with thousands of terms exist and a screen full of them helps nobody.

use std::fmt;

use super::Span;

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

#[cfg(test)]
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
