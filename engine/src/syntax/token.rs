//! Tokens.

use super::Span;

/// Operators and punctuation. Spellings with one meaning everywhere share one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    Plus,
    Minus,
    Star,
    Slash,
    /// `//` and `%/%`; only the second binds tighter than `*`, as in R.
    FloorDivide,
    PercentDivide,
    Percent,
    PercentPercent,
    PercentIn,
    /// `^` and `**`.
    Caret,
    /// `=`: equality in an expression, a named argument in a call.
    Assign,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    Not,
    Tilde,
    Colon,
    Comma,
    Open,
    Close,
    OpenList,
    CloseList,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Integer(i64),
    Float(f64),
    Text(String),
    Name { name: String, quoted: bool },
    Symbol(Symbol),
    End,
}

/// A token and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

impl Token {
    /// Whether this is the unquoted word `word`, in any case.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Name { name, quoted: false } if name.eq_ignore_ascii_case(word))
    }

    /// Whether this is `symbol`.
    pub(crate) fn is(&self, symbol: Symbol) -> bool {
        self.kind == Kind::Symbol(symbol)
    }

    /// How a message names this token.
    pub(crate) fn describe(&self, text: &str) -> String {
        if self.kind == Kind::End {
            return "the end of the text".to_owned();
        }
        let source = self.span.of(text);
        match source.char_indices().nth(30) {
            Some((cut, _)) => format!("'{}...'", &source[..cut]),
            None => format!("'{source}'"),
        }
    }
}
