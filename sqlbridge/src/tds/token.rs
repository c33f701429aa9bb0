//! What stands in an answer beside its rows ([MS-TDS] 2.2.7).

use super::bytes::Bytes;
use super::kind::Kind;

pub(super) const ROW: u8 = 0xD1;
pub(super) const ROW_WITHOUT_NULLS: u8 = 0xD2;

/// A part of an answer.
#[derive(Debug)]
pub(super) enum Token {
    /// The columns of the rows that follow.
    Columns(Vec<WireColumn>),
    Message(Message),
    /// Something of the session has another value now.
    Changed {
        what: u8,
        new: Vec<u8>,
    },
    /// The login is accepted.
    LoggedIn,
    /// The server asks for a token by a message of its own, or for more of an integrated login.
    MoreLogin,
    Done(Done),
    /// An output parameter of a procedure; its value follows.
    Parameter(WireColumn),
    /// What has no meaning for rows.
    Other,
}

/// A column as the server describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WireColumn {
    pub name: String,
    pub kind: Kind,
}

/// An error or a remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub is_error: bool,
    pub number: u32,
    pub class: u8,
    pub text: String,
    pub procedure: String,
    pub line: u32,
}

/// The end of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    pub more: bool,
    pub error: bool,
    pub attention: bool,
    /// Rows that it delivered or changed, where it counts them.
    pub rows: Option<u64>,
}

/// What is wrong with a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    Token(u8),
    Type { column: usize, name: String, kind: u8 },
}

/// The token at the front; `None` when it is not all here.
pub(super) fn read(bytes: &mut Bytes<'_>) -> Option<Result<Token, Malformed>> {
    Some(Ok(match bytes.u8()? {
        0x81 => match columns(bytes)? {
            Ok(columns) => Token::Columns(columns),
            Err(malformed) => return Some(Err(malformed)),
        },
        0xAA => Token::Message(message(bytes, true)?),
        0xAB => Token::Message(message(bytes, false)?),
        0xE3 => {
            let length = bytes.u16()?;
            let mut value = Bytes(bytes.take(usize::from(length))?);
            changed(&mut value).unwrap_or(Token::Other)
        }
        0xAD => {
            skip_short(bytes)?;
            Token::LoggedIn
        }
        0xFD..=0xFF => {
            let status = bytes.u16()?;
            bytes.u16()?;
            let rows = bytes.u64()?;
            Token::Done(Done {
                more: status & 0x01 != 0,
                error: status & (0x02 | 0x100) != 0,
                attention: status & 0x20 != 0,
                rows: (status & 0x10 != 0).then_some(rows),
            })
        }
        // what a procedure returned
        0x79 => {
            bytes.u32()?;
            Token::Other
        }
        0xAC => {
            bytes.u16()?;
            let name = bytes.short_text()?;
            bytes.array::<7>()?;
            match Kind::read(bytes)? {
                Ok(kind) => Token::Parameter(WireColumn { name, kind }),
                Err(kind) => return Some(Err(Malformed::Type { column: 0, name, kind })),
            }
        }
        // order, column sources, tables
        0xA4 | 0xA5 | 0xA9 => {
            skip_short(bytes)?;
            Token::Other
        }
        0xAE => {
            while bytes.u8()? != 0xFF {
                let length = bytes.u32()?;
                bytes.take(usize::try_from(length).ok()?)?;
            }
            Token::Other
        }
        0xE4 => {
            let length = bytes.u32()?;
            bytes.take(usize::try_from(length).ok()?)?;
            Token::Other
        }
        0xED | 0xEE => Token::MoreLogin,
        other => return Some(Err(Malformed::Token(other))),
    }))
}

fn columns(bytes: &mut Bytes<'_>) -> Option<Result<Vec<WireColumn>, Malformed>> {
    let count = bytes.u16()?;
    if count == u16::MAX {
        return Some(Ok(Vec::new()));
    }
    let mut columns = Vec::with_capacity(usize::from(count));
    for column in 0..usize::from(count) {
        bytes.array::<6>()?;
        match Kind::read(bytes)? {
            Ok(kind) => columns.push(WireColumn { name: bytes.short_text()?, kind }),
            // the name stands behind what cannot be read
            Err(kind) => return Some(Err(Malformed::Type { column, name: String::new(), kind })),
        }
    }
    Some(Ok(columns))
}

fn message(bytes: &mut Bytes<'_>, is_error: bool) -> Option<Message> {
    let length = bytes.u16()?;
    let mut value = Bytes(bytes.take(usize::from(length))?);
    let number = value.u32().unwrap_or_default();
    let [_, class] = value.array().unwrap_or_default();
    let text = value.text().unwrap_or_default();
    let _server = value.short_text();
    let procedure = value.short_text().unwrap_or_default();
    let line = value.u32().unwrap_or_default();
    Some(Message { is_error, number, class, text, procedure, line })
}

/// The new value: characters for names, bytes for the rest.
fn changed(value: &mut Bytes<'_>) -> Option<Token> {
    let what = value.u8()?;
    let length = usize::from(value.u8()?);
    let bytes = if matches!(what, 1..=6 | 13 | 19) { length * 2 } else { length };
    if what == 20 {
        // routing: its length has two bytes
        return Some(Token::Changed { what, new: value.0.get(1..)?.to_vec() });
    }
    Some(Token::Changed { what, new: value.take(bytes)?.to_vec() })
}

fn skip_short(bytes: &mut Bytes<'_>) -> Option<()> {
    let length = bytes.u16()?;
    bytes.take(usize::from(length)).map(|_| ())
}
