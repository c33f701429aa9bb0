//! Packets: messages cut into pieces with headers of eight bytes ([MS-TDS] 2.2.3).
#![allow(clippy::big_endian_bytes)] // the length in the header is the one number that TDS writes that way round

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::Monitor;

use super::stream::{Stream, TICK};
use crate::{Error, Result};

pub(super) const HEADER: usize = 8;
const LAST: u8 = 0x01;
const IGNORE: u8 = 0x02;
/// What one read may bring, and one write of a load takes.
const READ: usize = 256 << 10;
/// A value, and so a row, may have 2 GiB; more is no answer of a server.
const LONGEST: usize = 5 << 30;

/// Kinds of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Batch = 1,
    Attention = 6,
    Bulk = 7,
    Login = 16,
    PreLogin = 18,
}

/// A stream of packets: messages out, the bytes of answers in.
pub(super) struct Packets {
    pub(super) stream: Stream,
    /// The server, for errors.
    server: String,
    /// Bytes of a packet, header and all.
    size: usize,
    /// Packets of a load that are not sent yet.
    outgoing: Vec<u8>,
    raw: Vec<u8>,
    raw_at: usize,
    raw_end: usize,
    /// What is left of the packet at hand, and whether it is its message's last.
    left: usize,
    last: bool,
    ended: bool,
    /// Bytes of the answer without headers; those before `at` are done with.
    payload: Vec<u8>,
    at: usize,
    timeout: Option<Duration>,
    monitor: Option<Arc<Monitor>>,
}

impl Packets {
    pub(super) fn new(stream: Stream, server: String) -> Self {
        Self {
            stream,
            server,
            size: 4096,
            outgoing: Vec::new(),
            raw: vec![0; READ],
            raw_at: 0,
            raw_end: 0,
            left: 0,
            last: false,
            ended: true,
            payload: Vec::new(),
            at: 0,
            timeout: None,
            monitor: None,
        }
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Takes the granted size of packets.
    pub(super) fn set_size(&mut self, size: usize) -> Result<()> {
        if !(512..=32_767).contains(&size) {
            return Err(
                self.broken(format!("the server grants packets of {size} bytes, which TDS does not allow"))
            );
        }
        self.size = size;
        Ok(())
    }

    /// How long the server may be silent; `None` for ever.
    pub(super) fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Who may cancel a pass while the server is silent.
    pub(super) fn watch(&mut self, monitor: Arc<Monitor>) {
        self.monitor = Some(monitor);
    }

    /// An answer that is not one.
    pub(super) fn broken(&self, reason: impl Into<String>) -> Error {
        Error::Connection { server: self.server.clone(), doing: "reading the answer", reason: reason.into() }
    }

    fn failed(&self, doing: &'static str, error: &std::io::Error) -> Error {
        let reason = match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                "the server closed the connection".to_owned()
            }
            _ => error.to_string(),
        };
        Error::Connection { server: self.server.clone(), doing, reason }
    }

    /// Sends a whole message.
    pub(super) fn send(&mut self, kind: Kind, message: &[u8]) -> Result<()> {
        let room = self.size - HEADER;
        let pieces = message.len().div_ceil(room).max(1);
        let mut bytes = Vec::with_capacity(message.len() + pieces * HEADER);
        let mut number = 1_u8;
        for piece in 0..pieces {
            let payload =
                message.get(piece * room..message.len().min((piece + 1) * room)).unwrap_or_default();
            put(&mut bytes, kind, if piece + 1 == pieces { LAST } else { 0 }, number, payload);
            number = number.wrapping_add(1);
        }
        self.start_answer();
        self.write(&bytes)
    }

    /// Sends one packet of a message that goes on, for bulk loads; the last one has `last`. Packets leave together.
    pub(super) fn send_piece(&mut self, kind: Kind, number: u8, payload: &[u8], last: bool) -> Result<()> {
        put(&mut self.outgoing, kind, if last { LAST } else { 0 }, number, payload);
        if last {
            self.start_answer();
        }
        if last || self.outgoing.len() >= READ {
            let bytes = std::mem::take(&mut self.outgoing);
            self.write(&bytes)?;
            self.outgoing = bytes;
            self.outgoing.clear();
        }
        Ok(())
    }

    /// Takes back a message that was sent in part.
    pub(super) fn abandon(&mut self, kind: Kind, number: u8) -> Result<()> {
        let mut bytes = std::mem::take(&mut self.outgoing);
        put(&mut bytes, kind, LAST | IGNORE, number, &[]);
        self.start_answer();
        self.write(&bytes)
    }

    /// Asks the server to stop. Its answer goes on until it has said that it did.
    pub(super) fn attention(&mut self) -> Result<()> {
        let mut bytes = Vec::with_capacity(HEADER);
        put(&mut bytes, Kind::Attention, LAST, 1, &[]);
        self.write(&bytes)
    }

    /// The next message of an answer that has several, as after an attention.
    pub(super) fn start_answer(&mut self) {
        self.ended = false;
        self.last = false;
        self.payload.clear();
        self.at = 0;
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
        sent.map_err(|error| self.failed("sending", &error))
    }

    /// The bytes of the answer that are here and not consumed.
    pub(super) fn resident(&self) -> &[u8] {
        self.payload.get(self.at..).unwrap_or_default()
    }

    /// Is done with the first `bytes` of [`resident`](Self::resident).
    pub(super) fn consume(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.payload.len());
    }

    /// Whether the last byte of the answer is here.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Reads more of the answer; `false` when there is no more.
    pub(super) fn fill(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.at > 0 {
            self.payload.drain(..self.at);
            self.at = 0;
        }
        if self.payload.len() > LONGEST {
            return Err(self.broken("a row is longer than any that SQL Server has"));
        }
        if self.raw_at == self.raw_end {
            self.raw_at = 0;
            self.raw_end = 0;
            self.read()?;
        }
        while self.raw_at < self.raw_end && !self.ended {
            if self.left == 0 {
                self.header()?;
            }
            let here = self.left.min(self.raw_end - self.raw_at);
            let bytes = self.raw.get(self.raw_at..self.raw_at + here).unwrap_or_default();
            self.payload.extend_from_slice(bytes);
            self.raw_at += here;
            self.left -= here;
            self.ended = self.left == 0 && self.last;
        }
        Ok(true)
    }

    fn header(&mut self) -> Result<()> {
        if self.raw_end - self.raw_at < HEADER {
            self.raw.copy_within(self.raw_at..self.raw_end, 0);
            self.raw_end -= self.raw_at;
            self.raw_at = 0;
            while self.raw_end < HEADER {
                self.read()?;
            }
        }
        let header = self.raw.get(self.raw_at..).and_then(|raw| raw.first_chunk::<HEADER>());
        let Some(&[kind, status, high, low, ..]) = header else {
            return Err(self.broken("a packet has no header"));
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        // some servers answer a prelogin with a packet of its own kind
        if !matches!(kind, 4 | 18) || length < HEADER {
            return Err(self.broken(format!(
                "a packet has type {kind} and {length} bytes, expected an answer of type 4; is this a SQL Server?"
            )));
        }
        self.left = length - HEADER;
        self.last = status & LAST != 0;
        self.raw_at += HEADER;
        Ok(())
    }

    /// One read, behind the bytes that are in `raw`.
    fn read(&mut self) -> Result<()> {
        let since = Instant::now();
        loop {
            let Some(room) = self.raw.get_mut(self.raw_end..) else { return Err(self.broken("no room")) };
            match self.stream.read(room) {
                Ok(0) => return Err(self.failed("reading the answer", &ErrorKind::UnexpectedEof.into())),
                Ok(bytes) => {
                    self.raw_end += bytes;
                    if let Some(monitor) = &self.monitor {
                        monitor.add_bytes(bytes as u64);
                    }
                    return Ok(());
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed("reading the answer", &error)),
            }
            if let Some(monitor) = &self.monitor {
                monitor.check()?;
            }
            if let Some(timeout) = self.timeout.filter(|&timeout| since.elapsed() + TICK / 2 >= timeout) {
                return Err(self.broken(format!("nothing came for {} seconds", timeout.as_secs_f64())));
            }
        }
    }
}

fn put(bytes: &mut Vec<u8>, kind: Kind, status: u8, number: u8, payload: &[u8]) {
    let length = u16::try_from(payload.len() + HEADER).unwrap_or(u16::MAX).to_be_bytes();
    bytes.extend_from_slice(&[kind as u8, status, length[0], length[1], 0, 0, number, 0]);
    bytes.extend_from_slice(payload);
}
