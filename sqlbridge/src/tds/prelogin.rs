//! The first exchange: versions, and whether there will be TLS ([MS-TDS] 2.2.6.5).
#![allow(clippy::big_endian_bytes)] // offsets and lengths of the option table

use super::options::Encrypt;

const VERSION: u8 = 0;
const ENCRYPTION: u8 = 1;
const INSTANCE: u8 = 2;
const THREAD: u8 = 3;
const MARS: u8 = 4;
const FEDAUTH_REQUIRED: u8 = 6;
const END: u8 = 0xFF;

/// What the server says to encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    LoginOnly,
    All,
    Absent,
}

/// The server's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub encryption: Encryption,
    /// Whether the login has to repeat that a token comes.
    pub fedauth: bool,
}

/// The client's message.
pub(super) fn message(encrypt: Encrypt, instance: Option<&str>, token: bool) -> Vec<u8> {
    let encryption = u8::from(encrypt != Encrypt::No);
    let mut name = instance.unwrap_or_default().as_bytes().to_vec();
    name.push(0);
    let mut options: Vec<(u8, Vec<u8>)> = vec![
        (VERSION, vec![0; 6]),
        (ENCRYPTION, vec![encryption]),
        (INSTANCE, name),
        (THREAD, vec![0; 4]),
        (MARS, vec![0]),
    ];
    if token {
        options.push((FEDAUTH_REQUIRED, vec![1]));
    }
    let mut table = Vec::new();
    let mut data = Vec::new();
    let start = options.len() * 5 + 1;
    for (kind, value) in options {
        let offset = u16::try_from(start + data.len()).unwrap_or(u16::MAX).to_be_bytes();
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
        table.extend_from_slice(&[kind, offset[0], offset[1], length[0], length[1]]);
        data.extend_from_slice(&value);
    }
    table.push(END);
    table.extend_from_slice(&data);
    table
}

/// Reads the server's message; `None` when it is none.
pub(super) fn answer(message: &[u8]) -> Option<Answer> {
    let mut answer = Answer { encryption: Encryption::Absent, fedauth: false };
    let mut table = message;
    while let Some((&kind, rest)) = table.split_first() {
        if kind == END {
            return Some(answer);
        }
        let (&[high, low, long, short], rest) = rest.split_first_chunk::<4>()?;
        let offset = usize::from(u16::from_be_bytes([high, low]));
        let length = usize::from(u16::from_be_bytes([long, short]));
        let value = message.get(offset..offset + length)?;
        match (kind, value.first()) {
            (ENCRYPTION, Some(0)) => answer.encryption = Encryption::LoginOnly,
            (ENCRYPTION, Some(1 | 3)) => answer.encryption = Encryption::All,
            (FEDAUTH_REQUIRED, Some(&required)) => answer.fedauth = required != 0,
            _ => {}
        }
        table = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_its_own_answer() {
        let message = message(Encrypt::Yes, Some("sales"), true);
        assert_eq!(answer(&message), Some(Answer { encryption: Encryption::All, fedauth: true }));
        for end in 0..message.len() {
            answer(&message[..end]);
        }
    }
}
