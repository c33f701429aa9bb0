//! Whatever a server says to a query is rows or an error; rows that are read twice, in other batches, are the same rows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sqlbridge::{Connection, Session};

/// The packets of an answer: the bytes in pieces of a length that their first byte tells.
fn packets(bytes: &[u8]) -> Vec<u8> {
    let Some((&first, rest)) = bytes.split_first() else { return Vec::new() };
    let mut packets = Vec::new();
    let mut pieces = rest.chunks(usize::from(first).max(1)).peekable();
    while let Some(piece) = pieces.next() {
        // no piece is longer than 255 bytes
        let [low, high] = (piece.len() as u16 + 8).to_le_bytes();
        packets.extend_from_slice(&[4, u8::from(pieces.peek().is_none()), high, low, 0, 0, 1, 0]);
        packets.extend_from_slice(piece);
    }
    packets
}

fn rows(bytes: Vec<u8>, batch_rows: usize) -> (usize, bool) {
    let Ok(reader) = Box::new(Connection::replay(bytes)).stream("", batch_rows) else { return (0, true) };
    let mut rows = 0;
    for batch in reader {
        match batch {
            Ok(batch) => rows += batch.num_rows(),
            Err(_) => return (rows, true),
        }
    }
    (rows, false)
}

fuzz_target!(|bytes: &[u8]| {
    let answer = packets(bytes);
    let (some, failed) = rows(answer.clone(), 3);
    let (all, failed_too) = rows(answer.clone(), 1 << 20);
    assert_eq!(failed, failed_too);
    assert!(failed || some == all);
    let _ = Connection::replay(answer).execute("");
    // and raw, without packets that make sense
    let _ = Connection::replay(bytes.to_vec()).query("");
});
