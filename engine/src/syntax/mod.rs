//! What the two small languages, formulas and expressions, have in common.
//!
//! Both are typed by people, often in a shell, and both arrive from elsewhere (a model file, a remote task), so
//! the shared ground is: a lexer that knows where every token came from, errors that draw the place, and limits
//! that keep a hostile text from costing more than its own length.
//!
//! * [`Span`] is a range of bytes of the text.
//! * [`SyntaxError`] is one sentence, the line of the text, carets under the place, and a hint:
//!
//! ```text
//! expected a term after '+', found the end of the text
//!   ArrDelay ~ DayOfWeek +
//!                         ^
//! ```
//!
//! * `Cursor` walks over the tokens. It counts the nesting ([`MAX_DEPTH`]), so that recursive descent cannot
//!   exhaust the stack.
//!
//! Lexical rules. Names begin with a letter, `_` or `.`, and continue with letters, digits, `_` and `.`, as in R;
//! any other name is written in backticks or brackets: `` `sepal length (cm)` ``, `[sepal length (cm)]`. A
//! bracket opens a list rather than a name directly after `in`. Texts stand in single or double quotes, with
//! backslash escapes and doubled quotes; an unknown escape keeps its backslash, as in Python.

mod cursor;
mod error;
mod lexer;
mod name;
mod span;
mod suggest;
mod token;

pub use error::SyntaxError;
pub use name::quote_name;
pub use span::Span;

pub(crate) use cursor::Cursor;
pub(crate) use name::quote_text;
pub(crate) use suggest::closest;
pub(crate) use token::{Kind, Symbol, Token};

/// How deep parentheses, calls and operators may nest in a text.
pub const MAX_DEPTH: usize = 200;

/// The longest text that is parsed, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
