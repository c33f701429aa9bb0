//! Text to tokens.

use super::token::{Kind, Symbol, Token};
use super::{MAX_TEXT, Span, SyntaxError};

/// Whether a name may begin with `first`, followed by `second`; `.5` is a number, `.x` and `.` are names.
pub(super) fn starts_name(first: char, second: Option<char>) -> bool {
    first.is_alphabetic() || first == '_' || (first == '.' && !second.is_some_and(|c| c.is_ascii_digit()))
}

/// Whether `c` may continue a name.
pub(super) fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// Spellings of symbols; of two that begin alike the longer one first.
const SYMBOLS: &[(&str, Symbol)] = &[
    ("%/%", Symbol::PercentDivide),
    ("%%", Symbol::PercentPercent),
    ("//", Symbol::FloorDivide),
    ("**", Symbol::Caret),
    ("==", Symbol::Equal),
    ("!=", Symbol::NotEqual),
    ("<>", Symbol::NotEqual),
    ("<=", Symbol::LessEqual),
    (">=", Symbol::GreaterEqual),
    ("&&", Symbol::And),
    ("||", Symbol::Or),
    ("+", Symbol::Plus),
    ("-", Symbol::Minus),
    ("*", Symbol::Star),
    ("/", Symbol::Slash),
    ("%", Symbol::Percent),
    ("^", Symbol::Caret),
    ("=", Symbol::Assign),
    ("<", Symbol::Less),
    (">", Symbol::Greater),
    ("&", Symbol::And),
    ("|", Symbol::Or),
    ("!", Symbol::Not),
    ("~", Symbol::Tilde),
    (":", Symbol::Colon),
    (",", Symbol::Comma),
    ("(", Symbol::Open),
    (")", Symbol::Close),
    ("[", Symbol::OpenList),
    ("]", Symbol::CloseList),
];

/// All tokens of `text`, the last of which is [`Kind::End`].
///
/// # Errors
/// A character that begins no token, a quote that is not closed, a number that runs into a name, a text too long.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, SyntaxError> {
    if text.len() > MAX_TEXT {
        let end = text.char_indices().nth(60).map_or(text.len(), |(at, _)| at);
        let message = format!("the text is too long: {} bytes, at most {MAX_TEXT} are parsed", text.len());
        return Err(SyntaxError::new(&text[..end], Span::new(0, 1), message));
    }
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new() };
    loop {
        let token = lexer.next()?;
        let done = token.kind == Kind::End;
        lexer.tokens.push(token);
        if done {
            return Ok(lexer.tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text[self.at..].chars().nth(ahead)
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip_while(&mut self, keep: impl Fn(char) -> bool) {
        while self.peek(0).is_some_and(&keep) {
            self.bump();
        }
    }

    fn error(&self, start: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.text, Span::new(start, self.at), message)
    }

    fn next(&mut self) -> Result<Token, SyntaxError> {
        self.skip_while(char::is_whitespace);
        let start = self.at;
        let kind = match self.peek(0) {
            None => Kind::End,
            Some(c)
                if c.is_ascii_digit() || (c == '.' && self.peek(1).is_some_and(|d| d.is_ascii_digit())) =>
            {
                self.number()?
            }
            Some(c) if starts_name(c, self.peek(1)) => {
                self.skip_while(continues_name);
                Kind::Name { name: self.text[start..self.at].to_owned(), quoted: false }
            }
            Some(c @ ('\'' | '"')) => Kind::Text(self.quoted(c, true)?),
            Some('`') => self.quoted_name('`')?,
            Some('[') if !self.opens_list() => self.quoted_name(']')?,
            Some(c) => Kind::Symbol(self.symbol(c)?),
        };
        Ok(Token { kind, span: Span::new(start, self.at) })
    }

    /// A bracket opens a list only directly after `in` or `%in%`; elsewhere it quotes a name.
    fn opens_list(&self) -> bool {
        self.tokens.last().is_some_and(|last| last.is_word("in") || last.is(Symbol::PercentIn))
    }

    fn number(&mut self) -> Result<Kind, SyntaxError> {
        let start = self.at;
        self.skip_while(|c| c.is_ascii_digit());
        let mut float = false;
        if self.peek(0) == Some('.')
            && !self.peek(1).is_some_and(|c| c.is_alphabetic() || c == '_' || c == '.')
        {
            float = true;
            self.bump();
            self.skip_while(|c| c.is_ascii_digit());
        }
        if matches!(self.peek(0), Some('e' | 'E')) {
            let signed = matches!(self.peek(1), Some('+' | '-'));
            if self.peek(1 + usize::from(signed)).is_some_and(|c| c.is_ascii_digit()) {
                float = true;
                self.bump();
                if signed {
                    self.bump();
                }
                self.skip_while(|c| c.is_ascii_digit());
            }
        }
        let digits = &self.text[start..self.at];
        let value = match digits.parse::<i64>() {
            Ok(integer) if !float => Kind::Integer(integer),
            _ => match digits.parse::<f64>() {
                Ok(number) if number.is_finite() => Kind::Float(number),
                _ => return Err(self.error(start, "the number is too large")),
            },
        };
        // R writes integers as 5L.
        if self.peek(0) == Some('L') && !float && !self.peek(1).is_some_and(continues_name) {
            self.bump();
            return Ok(value);
        }
        if self.peek(0).is_some_and(continues_name) {
            self.skip_while(continues_name);
            let word = &self.text[start..self.at];
            let hint = format!("write `{word}` in backticks if it is a column, or put an operator between");
            return Err(self.error(start, "a number runs into a name").with_hint(hint));
        }
        Ok(value)
    }

    fn quoted_name(&mut self, close: char) -> Result<Kind, SyntaxError> {
        let start = self.at;
        let name = self.quoted(close, false)?;
        if name.is_empty() {
            return Err(self.error(start, "the quoted name is empty"));
        }
        Ok(Kind::Name { name, quoted: true })
    }

    /// Reads up to the closing character, which stands for itself when it is doubled.
    fn quoted(&mut self, close: char, escapes: bool) -> Result<String, SyntaxError> {
        let start = self.at;
        self.bump();
        let mut out = String::new();
        loop {
            match self.bump() {
                None => {
                    self.at = start + 1;
                    let what = if escapes { "text" } else { "name" };
                    let message = format!("the quoted {what} is not closed");
                    return Err(self.error(start, message).with_hint(format!("add the closing {close}")));
                }
                Some(c) if c == close => {
                    if self.peek(0) != Some(close) {
                        return Ok(out);
                    }
                    self.bump();
                    out.push(close);
                }
                Some('\\') if escapes => self.escape(&mut out)?,
                Some(c) => out.push(c),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), SyntaxError> {
        let start = self.at - 1;
        match self.bump() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(c @ ('\\' | '\'' | '"' | '`')) => out.push(c),
            Some('u') => {
                let braces = self.peek(0) == Some('{');
                if braces {
                    self.bump();
                }
                let digits = self.at;
                while self.at - digits < if braces { 6 } else { 4 }
                    && self.peek(0).is_some_and(|c| c.is_ascii_hexdigit())
                {
                    self.bump();
                }
                let code = u32::from_str_radix(&self.text[digits..self.at], 16).ok().and_then(char::from_u32);
                if braces && self.peek(0) == Some('}') {
                    self.bump();
                }
                match code {
                    Some(c) => out.push(c),
                    None => return Err(self.error(start, "the escape names no character")),
                }
            }
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
            None => out.push('\\'),
        }
        Ok(())
    }

    fn symbol(&mut self, first: char) -> Result<Symbol, SyntaxError> {
        let rest = &self.text[self.at..];
        if rest.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("%in%")) {
            self.at += 4;
            return Ok(Symbol::PercentIn);
        }
        if let Some((spelling, symbol)) = SYMBOLS.iter().find(|(spelling, _)| rest.starts_with(spelling)) {
            self.at += spelling.len();
            return Ok(*symbol);
        }
        let start = self.at;
        self.bump();
        let hint = match first {
            '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' => {
                "use straight quotes, ' or \""
            }
            '\u{2212}' | '\u{2013}' | '\u{2014}' => "use the plain minus sign -",
            '\u{2264}' => "write <=",
            '\u{2265}' => "write >=",
            '\u{2260}' => "write !=",
            '\u{d7}' => "write *",
            '$' => "write the name of the column alone, without the data set",
            '@' => "write the name of the column alone",
            ';' => "write one expression only",
            '{' | '}' => "use parentheses",
            '?' => "write ifelse(condition, yes, no)",
            '\\' | '#' => "write the name in backticks if it belongs to a column",
            _ => {
                return Err(self
                    .error(start, format!("the character '{}' has no meaning here", first.escape_debug())));
            }
        };
        Err(self.error(start, format!("the character '{first}' has no meaning here")).with_hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = tokenize(text).unwrap().into_iter().map(|token| token.kind).collect();
        assert_eq!(kinds.pop(), Some(Kind::End));
        kinds
    }

    fn name(name: &str, quoted: bool) -> Kind {
        Kind::Name { name: name.into(), quoted }
    }

    #[test]
    fn numbers() {
        assert_eq!(
            kinds("1 1.5 .5 1e-3 2E+4 7. 5L 9223372036854775808"),
            [
                Kind::Integer(1),
                Kind::Float(1.5),
                Kind::Float(0.5),
                Kind::Float(1e-3),
                Kind::Float(2e4),
                Kind::Float(7.0),
                Kind::Integer(5),
                Kind::Float(9_223_372_036_854_775_808.0),
            ]
        );
        assert!(tokenize("2x").unwrap_err().message.contains("runs into"));
        assert!(tokenize("1e999").unwrap_err().message.contains("too large"));
    }

    #[test]
    fn texts() {
        assert_eq!(
            kinds(r#"'it''s' "say ""hi""" 'a\'b' "tab\t" '50\%' "\u00e9""#),
            [
                Kind::Text("it's".into()),
                Kind::Text("say \"hi\"".into()),
                Kind::Text("a'b".into()),
                Kind::Text("tab\t".into()),
                Kind::Text("50\\%".into()),
                Kind::Text("\u{e9}".into()),
            ]
        );
        let error = tokenize("x == 'open").unwrap_err();
        assert_eq!((error.span, error.hint.as_deref()), (Span::new(5, 6), Some("add the closing '")));
    }

    #[test]
    fn names() {
        assert_eq!(
            kinds("a .rxRowNames is.na größe `sepal length (cm)` [sepal width] `a``b` ."),
            [
                name("a", false),
                name(".rxRowNames", false),
                name("is.na", false),
                name("größe", false),
                name("sepal length (cm)", true),
                name("sepal width", true),
                name("a`b", true),
                name(".", false),
            ]
        );
        assert_eq!(
            kinds("[a] in [1]"),
            [
                name("a", true),
                name("in", false),
                Kind::Symbol(Symbol::OpenList),
                Kind::Integer(1),
                Kind::Symbol(Symbol::CloseList),
            ]
        );
    }

    #[test]
    fn symbols() {
        use Symbol::*;
        let expected =
            [PercentIn, PercentIn, PercentDivide, PercentPercent, Percent, FloorDivide, Slash, Caret, Star];
        assert_eq!(kinds("%in% %IN% %/% %% % // / ** *"), expected.map(Kind::Symbol));
    }
}
