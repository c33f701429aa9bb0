//! A server on loopback that answers from memory: it takes any login, and says what it is told to.
#![allow(clippy::big_endian_bytes)] // the length in a packet's header

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use sqlbridge::{ConnectionString, SqlServer};

/// What to do with a message of a client.
pub(crate) enum Reply {
    /// Bytes of whole packets, or what pretends to be.
    Bytes(Vec<u8>),
    /// Bytes, then the connection is closed.
    Close(Vec<u8>),
    /// Bytes, then nothing until the client goes or stops the query.
    Stall(Vec<u8>),
}

/// A server for one connection, or for several one after the other.
pub(crate) struct Server {
    port: u16,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers `connections` connections, each message after the login by `answer(kind, payload)`.
    pub(crate) fn start(
        connections: usize,
        mut answer: impl FnMut(u8, &[u8]) -> Reply + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            for _ in 0..connections {
                let Ok((socket, _)) = listener.accept() else { return };
                socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                serve(socket, &mut answer);
            }
        });
        Self { port, thread: Some(thread) }
    }

    /// The server as a client names it.
    pub(crate) fn database(&self) -> SqlServer {
        self.with("")
    }

    /// The same, with more in the connection string.
    pub(crate) fn with(&self, more: &str) -> SqlServer {
        let string = format!("Server=127.0.0.1,{};Database=d;Uid=u;Pwd=p;Encrypt=no;{more}", self.port);
        SqlServer::with_environment(&ConnectionString::parse(&string).unwrap(), |_| None).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // a server that still waits for a client gets one that leaves
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server failed");
        }
    }
}

fn serve(mut socket: TcpStream, answer: &mut impl FnMut(u8, &[u8]) -> Reply) {
    while let Some((kind, message)) = receive(&mut socket) {
        let reply = match kind {
            // no encryption, version 12
            18 => Reply::Bytes(packet(&[
                0, 0, 16, 0, 6, 1, 0, 22, 0, 1, 4, 0, 23, 0, 1, 255, 12, 0, 7, 208, 0, 0, 2, 0,
            ])),
            16 => Reply::Bytes(packet(&login())),
            _ => answer(kind, &message),
        };
        match reply {
            Reply::Bytes(bytes) => {
                if socket.write_all(&bytes).is_err() {
                    return;
                }
            }
            Reply::Close(bytes) => {
                let _ = socket.write_all(&bytes);
                return;
            }
            Reply::Stall(bytes) => {
                if socket.write_all(&bytes).is_err() {
                    return;
                }
                // whatever comes next is the client giving up
                if receive(&mut socket).is_none() {
                    return;
                }
                let stopped = packet(&done(0x20, 0));
                if socket.write_all(&stopped).is_err() {
                    return;
                }
            }
        }
    }
}

fn receive(socket: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    loop {
        let mut header = [0; 8];
        socket.read_exact(&mut header).ok()?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]])) - 8;
        let mut payload = vec![0; length];
        socket.read_exact(&mut payload).ok()?;
        message.extend_from_slice(&payload);
        if header[1] & 1 == 1 {
            return Some((header[0], message));
        }
    }
}

/// The text of a batch.
pub(crate) fn sql(message: &[u8]) -> String {
    let units: Vec<u16> =
        message[22..].chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    String::from_utf16(&units).unwrap()
}

fn login() -> Vec<u8> {
    let mut tokens = Vec::new();
    // the database is d
    tokens.extend_from_slice(&[0xE3, 5, 0, 1, 1, b'd', 0, 0]);
    let program = "replay";
    let length = 10 + 2 * program.len();
    tokens.extend_from_slice(&[0xAD, u8::try_from(length).unwrap(), 0, 1, 0x74, 0, 0, 4]);
    tokens.push(u8::try_from(program.len()).unwrap());
    tokens.extend(program.encode_utf16().flat_map(u16::to_le_bytes));
    tokens.extend_from_slice(&[16, 0, 0, 0]);
    tokens.extend(done(0, 0));
    tokens
}

/// The token that ends a statement.
pub(crate) fn done(status: u8, rows: u64) -> Vec<u8> {
    let mut token = vec![0xFD, status, 0, 0, 0];
    token.extend(rows.to_le_bytes());
    token
}

/// The token of an error, class 16.
pub(crate) fn error(number: u32, text: &str) -> Vec<u8> {
    let mut value = number.to_le_bytes().to_vec();
    value.extend_from_slice(&[1, 16]);
    value.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    value.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    value.extend_from_slice(&[0, 0, 7, 0, 0, 0]);
    let mut token = vec![0xAA];
    token.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
    token.extend(value);
    token
}

/// Columns, each with its `TYPE_INFO`.
pub(crate) fn columns(columns: &[(&str, &[u8])]) -> Vec<u8> {
    let mut token = vec![0x81];
    token.extend(u16::try_from(columns.len()).unwrap().to_le_bytes());
    for (name, type_info) in columns {
        token.extend_from_slice(&[0, 0, 0, 0, 9, 0]);
        token.extend_from_slice(type_info);
        token.push(u8::try_from(name.encode_utf16().count()).unwrap());
        token.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
    }
    token
}

/// A message of one packet.
pub(crate) fn packet(payload: &[u8]) -> Vec<u8> {
    packets(payload, 32_000)
}

/// A message in packets of so many bytes.
pub(crate) fn packets(payload: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut pieces = payload.chunks(size).peekable();
    while let Some(piece) = pieces.next() {
        let length = u16::try_from(piece.len() + 8).unwrap().to_be_bytes();
        bytes.extend_from_slice(&[4, u8::from(pieces.peek().is_none()), length[0], length[1], 0, 0, 1, 0]);
        bytes.extend_from_slice(piece);
    }
    bytes
}

/// The payload of packets.
pub(crate) fn payload(packets: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut rest = packets;
    while !rest.is_empty() {
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        payload.extend_from_slice(&rest[8..length]);
        rest = &rest[length..];
    }
    payload
}
