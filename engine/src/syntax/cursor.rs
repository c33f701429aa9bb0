//! A walk over the tokens of a text, shared by the two parsers.

use super::lexer::tokenize;
use super::token::{Kind, Symbol, Token};
use super::{MAX_DEPTH, Span, SyntaxError};

/// The tokens of a text and the place reached.
#[derive(Debug)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Result<Self, SyntaxError> {
        Ok(Self { text, tokens: tokenize(text)?, at: 0, depth: 0 })
    }

    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(crate) fn peek(&self) -> &Token {
        self.peek_ahead(0)
    }

    /// The token `ahead` places further; the end of the text never ends.
    pub(crate) fn peek_ahead(&self, ahead: usize) -> &Token {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + ahead).min(last)]
    }

    pub(crate) fn previous(&self) -> Option<&Token> {
        self.tokens.get(self.at.checked_sub(1)?)
    }

    pub(crate) fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub(crate) fn accept(&mut self, symbol: Symbol) -> bool {
        let found = self.peek().is(symbol);
        if found {
            self.advance();
        }
        found
    }

    pub(crate) fn accept_word(&mut self, word: &str) -> bool {
        let found = self.peek().is_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// Expects the parenthesis or bracket that closes the one at `open`.
    pub(crate) fn close(&mut self, open: Span, symbol: Symbol) -> Result<Span, SyntaxError> {
        if self.peek().is(symbol) {
            return Ok(self.advance().span);
        }
        let (opened, closing) = if symbol == Symbol::Close { ('(', ')') } else { ('[', ']') };
        if self.peek().kind == Kind::End {
            return Err(self
                .error(open, format!("this '{opened}' is never closed"))
                .with_hint(format!("add the missing '{closing}'")));
        }
        Err(self.unexpected(&format!("an operator or '{closing}'")))
    }

    /// Expects the end of the text.
    pub(crate) fn end(&self) -> Result<(), SyntaxError> {
        match &self.peek().kind {
            Kind::End => Ok(()),
            Kind::Symbol(Symbol::Close) => Err(self
                .error(self.peek().span, "this ')' closes nothing")
                .with_hint("remove it, or open it before")),
            _ => Err(self.unexpected("an operator or the end of the text")),
        }
    }

    /// Runs `parse` one level deeper.
    pub(crate) fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.too_deep(self.peek().span));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    pub(crate) fn too_deep(&self, span: Span) -> SyntaxError {
        self.error(span, format!("nested more than {MAX_DEPTH} levels deep"))
    }

    pub(crate) fn error(&self, span: Span, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.text, span, message)
    }

    /// "expected WHAT after X, found Y" at the present token.
    pub(crate) fn unexpected(&self, what: &str) -> SyntaxError {
        let found = self.peek().describe(self.text);
        let message = match self.previous() {
            Some(before) => format!("expected {what} after {}, found {found}", before.describe(self.text)),
            None => format!("expected {what}, found {found}"),
        };
        self.error(self.peek().span, message)
    }
}
