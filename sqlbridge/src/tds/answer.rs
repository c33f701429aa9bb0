//! The tokens of an answer in order, and what they mean for its rows.

use super::bytes::Bytes;
use super::packet::Packets;
use super::rows::{Progress, Rows};
use super::token::{self, Malformed, Message, Token, WireColumn};
use crate::{Error, Result};

/// What has been read of an answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The first error of the server. It may come after rows.
    error: Option<Message>,
    ended: bool,
    attention: bool,
    changed_rows: Option<u64>,
    /// Bytes that must be here before the next row is tried again.
    wanted: usize,
}

/// What is next in an answer.
pub(super) enum Event {
    /// Rows with these columns follow.
    Columns(Vec<WireColumn>),
    /// There are rows to take.
    Batch,
    /// Something of the session has another value.
    Changed(u8, Vec<u8>),
    /// All is read.
    End,
}

impl Answer {
    /// The next token that is no row; `None` after the last one.
    pub(super) fn token(&mut self, packets: &mut Packets) -> Result<Option<Token>> {
        loop {
            if packets.resident().is_empty() {
                if !packets.fill()? {
                    self.ended = true;
                    return Ok(None);
                }
                continue;
            }
            let resident = packets.resident();
            let mut bytes = Bytes(resident);
            match token::read(&mut bytes) {
                None => {
                    if !packets.fill()? {
                        return Err(packets.broken("it ends in the middle of a token"));
                    }
                }
                Some(Err(malformed)) => return Err(unreadable(packets, malformed)),
                Some(Ok(token)) => {
                    let used = resident.len() - bytes.0.len();
                    packets.consume(used);
                    self.note(&token);
                    return Ok(Some(token));
                }
            }
        }
    }

    fn note(&mut self, token: &Token) {
        match token {
            Token::Message(message) if message.is_error && self.error.is_none() => {
                self.error = Some(message.clone());
            }
            Token::Done(done) => {
                self.attention |= done.attention;
                self.changed_rows = done.rows.or(self.changed_rows);
            }
            _ => {}
        }
    }

    /// What comes next. Rows are decoded into `rows`, which has those columns, `limit` at most.
    ///
    /// # Errors
    /// What the server says, when all that came before is read; a broken answer.
    pub(super) fn next(
        &mut self,
        packets: &mut Packets,
        mut rows: Option<&mut Rows>,
        limit: usize,
    ) -> Result<Event> {
        loop {
            if let Some(rows) = rows.as_deref_mut()
                && let Some(event) = self.rows(packets, rows, limit)?
            {
                return Ok(event);
            }
            if packets
                .resident()
                .first()
                .is_some_and(|&token| matches!(token, token::ROW | token::ROW_WITHOUT_NULLS))
            {
                return Err(packets.broken("rows come before their columns"));
            }
            match self.token(packets)? {
                None => {
                    self.end(packets)?;
                    return Ok(Event::End);
                }
                Some(Token::Columns(columns)) if !columns.is_empty() => return Ok(Event::Columns(columns)),
                Some(Token::Changed { what, new }) => return Ok(Event::Changed(what, new)),
                Some(Token::Parameter(column)) => {
                    // its value is a row of one column
                    let mut value = super::column::Column::new(column.kind);
                    parameter(packets, &mut value)?;
                }
                Some(_) => {}
            }
        }
    }

    /// Decodes rows; an event when a batch is full or its last rows are here.
    fn rows(&mut self, packets: &mut Packets, rows: &mut Rows, limit: usize) -> Result<Option<Event>> {
        loop {
            if packets.resident().len() < self.wanted && packets.fill()? {
                continue;
            }
            self.wanted = 0;
            let (used, progress) =
                rows.decode(packets.resident(), limit).map_err(|reason| packets.broken(reason))?;
            packets.consume(used);
            match progress {
                Progress::Full => return Ok(Some(Event::Batch)),
                Progress::More if packets.ended() && packets.resident().is_empty() => {
                    return Ok((!rows.is_empty()).then_some(Event::Batch));
                }
                Progress::More if packets.ended() => {
                    return Err(packets.broken("it ends in the middle of a row"));
                }
                // a row that is longer than what is here is tried again when twice as much is
                Progress::More => self.wanted = (packets.resident().len() * 2).max(1),
                Progress::Token if rows.is_empty() => return Ok(None),
                // remarks between rows do not end a batch; the end of the statement does
                Progress::Token if matches!(packets.resident().first(), Some(0x81 | 0xAA | 0xFD..=0xFF)) => {
                    return Ok(Some(Event::Batch));
                }
                Progress::Token => return Ok(None),
            }
        }
    }

    /// The server's error, if there was one.
    pub(super) fn end(&mut self, packets: &Packets) -> Result<()> {
        match self.error.take() {
            Some(message) => Err(refused(packets, &message)),
            None => Ok(()),
        }
    }

    /// Reads over the rest, and has the server stop. What it says meanwhile is of no interest.
    pub(super) fn stop(&mut self, packets: &mut Packets) -> Result<()> {
        if self.ended || packets.ended() {
            // the server has said all that it had to say
            self.ended = true;
            return Ok(());
        }
        packets.attention()?;
        while !self.attention {
            // rows are not decoded: the bytes of the message are thrown away, its last token says whether it was stopped
            let mut tail = Vec::new();
            while packets.fill()? {
                tail.extend_from_slice(packets.resident());
                let resident = packets.resident().len();
                packets.consume(resident);
                let keep = tail.len().saturating_sub(13);
                tail.drain(..keep);
            }
            let mut bytes = Bytes(&tail);
            match token::read(&mut bytes) {
                Some(Ok(Token::Done(done))) if done.attention => self.attention = true,
                _ => packets.start_answer(),
            }
        }
        self.ended = true;
        Ok(())
    }

    /// Rows that the last statement changed.
    pub(super) fn changed_rows(&self) -> Option<u64> {
        self.changed_rows
    }
}

/// Reads over the value of an output parameter.
fn parameter(packets: &mut Packets, column: &mut super::column::Column) -> Result<()> {
    loop {
        let resident = packets.resident();
        let mut bytes = Bytes(resident);
        match column.read(&mut bytes) {
            Ok(()) => {
                let used = resident.len() - bytes.0.len();
                packets.consume(used);
                return Ok(());
            }
            Err(super::column::Stop::More) => {
                column.truncate(0);
                if !packets.fill()? {
                    return Err(packets.broken("it ends in the middle of a parameter"));
                }
            }
            Err(_) => return Err(packets.broken("an output parameter is none of its type")),
        }
    }
}

fn refused(packets: &Packets, message: &Message) -> Error {
    let place = match (message.procedure.as_str(), message.line) {
        ("", 0) => String::new(),
        ("", line) => format!(" (line {line})"),
        (procedure, line) => format!(" (procedure {procedure}, line {line})"),
    };
    Error::Server {
        server: packets.server().to_owned(),
        code: message.number.to_string(),
        message: format!("{}{place}", message.text.trim_end()),
    }
}

fn unreadable(packets: &Packets, malformed: Malformed) -> Error {
    match malformed {
        Malformed::Token(token) => packets.broken(format!("token {token:#04x} is none of TDS 7.4")),
        Malformed::Type { column, name, kind } => {
            let name = if name.is_empty() { String::new() } else { format!(" '{name}'") };
            packets.broken(format!(
                "column {}{name} has type {kind:#04x}, which is not known; CAST it in the query",
                column + 1
            ))
        }
    }
}
