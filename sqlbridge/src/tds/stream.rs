//! The bytes under the packets: TCP, or TLS on it.
//!
//! In TDS 7 the records of the TLS handshake travel inside packets of type 18, and those after it do not; the handshake
//! offers TLS 1.2 there, as Microsoft's own drivers do. Strict TDS 8 speaks TLS 1.2 or 1.3 from the first byte.
#![allow(clippy::big_endian_bytes)] // as in `packet`

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::packet::HEADER;

/// How often a silent server is looked after.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// A connection's bytes.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<ClientConnection>, TcpStream),
    /// What a server has said before.
    Recorded(io::Cursor<Vec<u8>>),
    /// Between two states, and after the end.
    Closed,
}

impl Stream {
    /// Connects to the first address of a host that answers.
    pub(super) fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<Self> {
        let deadline = Instant::now() + timeout;
        let mut failed = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for address in (host, port).to_socket_addrs()? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(socket) => {
                    socket.set_nodelay(true)?;
                    socket.set_read_timeout(Some(TICK))?;
                    return Ok(Self::Plain(socket));
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Puts TLS on the connection: from the first byte (`strict`), or with a handshake inside packets.
    pub(super) fn encrypt(
        &mut self,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        strict: bool,
        timeout: Duration,
    ) -> io::Result<()> {
        let Self::Plain(mut socket) = std::mem::replace(self, Self::Closed) else {
            return Err(ErrorKind::NotConnected.into());
        };
        let mut tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let deadline = Instant::now() + timeout;
        while tls.is_handshaking() || tls.wants_write() {
            let mut records = Vec::new();
            while tls.wants_write() {
                tls.write_tls(&mut records)?;
            }
            if !records.is_empty() {
                socket.write_all(&if strict { records } else { wrapped(&records) })?;
                continue;
            }
            let received =
                if strict { some(&mut socket, deadline)? } else { unwrapped(&mut socket, deadline)? };
            let mut rest = received.as_slice();
            while !rest.is_empty() {
                tls.read_tls(&mut rest)?;
                if let Err(error) = tls.process_new_packets() {
                    // the alert tells the server why
                    let mut alert = Vec::new();
                    while tls.wants_write() {
                        tls.write_tls(&mut alert)?;
                    }
                    let _ = socket.write_all(&if strict { alert } else { wrapped(&alert) });
                    return Err(io::Error::other(error));
                }
            }
        }
        *self = Self::Tls(Box::new(tls), socket);
        Ok(())
    }

    /// Goes on without TLS, where only the login was to be encrypted.
    pub(super) fn decrypt(&mut self) {
        *self = match std::mem::replace(self, Self::Closed) {
            Self::Tls(_, socket) => Self::Plain(socket),
            other => other,
        };
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(..))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Recorded(bytes) => bytes.read(buffer),
            Self::Tls(tls, socket) => rustls::Stream::new(tls.as_mut(), socket).read(buffer),
            Self::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            // nobody listens
            Self::Recorded(_) => Ok(bytes.len()),
            Self::Tls(tls, socket) => rustls::Stream::new(tls.as_mut(), socket).write(bytes),
            Self::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Recorded(_) => Ok(()),
            Self::Tls(tls, socket) => rustls::Stream::new(tls.as_mut(), socket).flush(),
            Self::Closed => Err(ErrorKind::NotConnected.into()),
        }
    }
}

/// Records of the handshake in packets of type 18.
fn wrapped(records: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.len() + HEADER);
    let mut pieces = records.chunks(4096 - HEADER).peekable();
    let mut number = 1_u8;
    while let Some(piece) = pieces.next() {
        let length = u16::try_from(piece.len() + HEADER).unwrap_or(u16::MAX).to_be_bytes();
        let last = u8::from(pieces.peek().is_none());
        bytes.extend_from_slice(&[18, last, length[0], length[1], 0, 0, number, 0]);
        bytes.extend_from_slice(piece);
        number = number.wrapping_add(1);
    }
    bytes
}

/// The payload of the next packet of the handshake.
fn unwrapped(socket: &mut TcpStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut header = [0; HEADER];
    exactly(socket, &mut header, deadline)?;
    let [kind, _, high, low, ..] = header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if !matches!(kind, 4 | 18) || length <= HEADER {
        return Err(io::Error::other(format!(
            "a packet of type {kind} and {length} bytes inside the TLS handshake"
        )));
    }
    let mut payload = vec![0; length - HEADER];
    exactly(socket, &mut payload, deadline)?;
    Ok(payload)
}

fn exactly(socket: &mut TcpStream, buffer: &mut [u8], deadline: Instant) -> io::Result<()> {
    let mut rest = buffer;
    while !rest.is_empty() {
        let bytes = one_read(socket, rest, deadline)?;
        rest = rest.get_mut(bytes..).unwrap_or_default();
    }
    Ok(())
}

fn some(socket: &mut TcpStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 16 << 10];
    let bytes = one_read(socket, &mut buffer, deadline)?;
    buffer.truncate(bytes);
    Ok(buffer)
}

fn one_read(socket: &mut TcpStream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    loop {
        match socket.read(buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
        if Instant::now() >= deadline {
            return Err(ErrorKind::TimedOut.into());
        }
    }
}
