//! Client time per row of SQL Server's protocol, against a server in this process that answers from memory.
//!
//! ```text
//! sql [ROWS]        rows of each answer, 1 000 000 unless given
//! ```
//!
//! Two tables are read, and one is written:
//!
//! - `numbers`: int, float, float, bigint, int; 38 bytes a row on the wire.
//! - `mixed`: int, bigint, float, decimal(18, 4), datetime2(6), date, bit, uniqueidentifier, nvarchar, varchar, one value in
//!   twenty missing; about 100 bytes a row.
//! - `load`: int, float, nvarchar of some eleven characters.
//!
//! What is printed is the time that the reading thread was on a processor, by the kernel's own count, best of five.
#![allow(clippy::big_endian_bytes)] // the length in a packet's header

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use engine::{Block, BlockSink};
use sqlbridge::{ConnectionString, IfExists, ServerSink, Session, SqlServer};

/// As the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REPETITIONS: usize = 5;
const BATCH: usize = 65_536;
const PACKET: usize = 32_000;

fn main() {
    let rows = std::env::args().nth(1).map_or(1_000_000, |rows| rows.parse().expect("ROWS is a number"));
    let answers = Arc::new([numbers(rows), mixed(rows)]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let serving = Arc::clone(&answers);
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let answers = Arc::clone(&serving);
            std::thread::spawn(move || serve(socket, &answers));
        }
    });
    let string = format!("Server=127.0.0.1,{port};Uid=u;Pwd=p;Encrypt=no");
    let server = SqlServer::new(&ConnectionString::parse(&string).expect("a string")).expect("its options");
    println!(
        "{:<10} {:>10} {:>14} {:>14} {:>12}",
        "table", "rows", "CPU ns/row", "wall ns/row", "MB/s of CPU"
    );
    for (name, answer) in ["numbers", "mixed"].into_iter().zip(answers.iter()) {
        let measured = best(|| {
            let session: Box<dyn Session> = Box::new(server.open().expect("a connection"));
            let reader = session.stream(name, BATCH).expect("rows");
            let read: usize = reader.map(|batch| batch.expect("a batch").num_rows()).sum();
            assert_eq!(read, rows);
        });
        print(name, rows, measured, answer.len());
    }
    let batches = batches(rows);
    let measured = best(|| {
        let schema = batches[0].schema();
        let mut sink: Box<dyn BlockSink> =
            Box::new(ServerSink::create(&server, "t", &schema, IfExists::Fail).expect("a table"));
        for batch in &batches {
            sink.write(&Block { batch: batch.clone(), index: 0, start_row: 0 }).expect("loaded");
        }
        assert_eq!(sink.finish().expect("finished").rows, rows as u64);
    });
    print("load", rows, measured, rows * 50);
}

fn print(name: &str, rows: usize, (cpu, wall): (f64, f64), bytes: usize) {
    let each = 1e9 / rows as f64;
    println!(
        "{name:<10} {rows:>10} {:>14.1} {:>14.1} {:>12.0}",
        cpu * each,
        wall * each,
        bytes as f64 / 1e6 / cpu
    );
}

/// Least seconds on a processor and on the clock.
fn best(mut work: impl FnMut()) -> (f64, f64) {
    let mut best = (f64::INFINITY, f64::INFINITY);
    for _ in 0..REPETITIONS {
        let (cpu, wall) = (on_processor(), Instant::now());
        work();
        best.0 = best.0.min(on_processor() - cpu);
        best.1 = best.1.min(wall.elapsed().as_secs_f64());
    }
    best
}

/// Seconds that this thread was on a processor (Linux, proc(5), `schedstat`).
fn on_processor() -> f64 {
    let text =
        std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with scheduler statistics");
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).expect("a count") / 1e9
}

fn serve(mut socket: TcpStream, answers: &[Vec<u8>; 2]) {
    while let Some((kind, message)) = receive(&mut socket) {
        let done = packets(&[0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let small;
        let reply: &[u8] = match kind {
            18 => {
                small = packets(&[
                    0, 0, 16, 0, 6, 1, 0, 22, 0, 1, 4, 0, 23, 0, 1, 255, 12, 0, 7, 208, 0, 0, 2, 0,
                ]);
                &small
            }
            16 => {
                small = packets(&login());
                &small
            }
            7 => &done,
            _ => {
                let units = message[22..].chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
                let sql: String = char::decode_utf16(units).flatten().collect();
                match sql.as_str() {
                    "numbers" => &answers[0],
                    "mixed" => &answers[1],
                    _ if sql.starts_with("SELECT CASE") => {
                        small = packets(&exists());
                        &small
                    }
                    _ => &done,
                }
            }
        };
        if socket.write_all(reply).is_err() {
            return;
        }
    }
}

fn receive(socket: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    let mut payload = vec![0; 1 << 16];
    loop {
        let mut header = [0; 8];
        socket.read_exact(&mut header).ok()?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]])) - 8;
        socket.read_exact(&mut payload[..length]).ok()?;
        // loaded rows are thrown away
        if header[0] != 7 {
            message.extend_from_slice(&payload[..length]);
        }
        if header[1] & 1 == 1 {
            return Some((header[0], message));
        }
    }
}

/// The login is accepted, and packets may be as long as they can.
fn login() -> Vec<u8> {
    let text = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut tokens = vec![0xAD, 12, 0, 1, 0x74, 0, 0, 4, 1];
    tokens.extend(text("r"));
    tokens.extend([16, 0, 0, 0]);
    tokens.extend([0xE3, 21, 0, 4, 5]);
    tokens.extend(text("32767"));
    tokens.push(4);
    tokens.extend(text("4096"));
    tokens.extend([0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    tokens
}

fn exists() -> Vec<u8> {
    let mut tokens = columns(&[&[0x38]]);
    tokens.extend([0xD1, 0, 0, 0, 0, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    tokens
}

fn columns(types: &[&[u8]]) -> Vec<u8> {
    let mut tokens = vec![0x81];
    tokens.extend((types.len() as u16).to_le_bytes());
    for (index, kind) in types.iter().enumerate() {
        tokens.extend([0, 0, 0, 0, 9, 0]);
        tokens.extend_from_slice(kind);
        tokens.extend([1, b'a' + index as u8, 0]);
    }
    tokens
}

fn numbers(rows: usize) -> Vec<u8> {
    let mut tokens = columns(&[&[0x26, 4], &[0x6D, 8], &[0x6D, 8], &[0x26, 8], &[0x26, 4]]);
    for row in 0..rows {
        tokens.extend([0xD1, 4]);
        tokens.extend((row as i32).to_le_bytes());
        for factor in [0.5, 0.25] {
            tokens.push(8);
            tokens.extend((row as f64 * factor).to_le_bytes());
        }
        tokens.push(8);
        tokens.extend((row as i64 * 7).to_le_bytes());
        tokens.push(4);
        tokens.extend((row as i32 % 100).to_le_bytes());
    }
    tokens.extend([0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    packets(&tokens)
}

fn mixed(rows: usize) -> Vec<u8> {
    let mut tokens = columns(&[
        &[0x26, 4],
        &[0x26, 8],
        &[0x6D, 8],
        &[0x6C, 17, 18, 4],
        &[0x2A, 6],
        &[0x28],
        &[0x68, 1],
        &[0x24, 16],
        &[0xE7, 100, 0, 9, 4, 0xD0, 0, 52],
        &[0xA7, 50, 0, 9, 4, 0xD0, 0, 52],
    ]);
    for row in 0..rows {
        let number = row as u64;
        let present = |column: usize| !((row * 10 + column) * 7).is_multiple_of(20);
        let day = (735_000 + number % 9000).to_le_bytes();
        let mut decimal = vec![1];
        decimal.extend((number * 12_345).to_le_bytes());
        let mut moment = (number * 1_000_003 % 86_400_000_000).to_le_bytes()[..5].to_vec();
        moment.extend(&day[..3]);
        let fixed: [&[u8]; 8] = [
            &(row as i32).to_le_bytes(),
            &number.to_le_bytes(),
            &(row as f64 * 0.1).to_le_bytes(),
            &decimal,
            &moment,
            &day[..3],
            &[(row % 2) as u8],
            &u128::from(number * 0x9E37_79B9).to_le_bytes(),
        ];
        tokens.push(0xD1);
        for (column, value) in fixed.into_iter().enumerate() {
            let value = if present(column) { value } else { &[] };
            tokens.push(value.len() as u8);
            tokens.extend_from_slice(value);
        }
        let text = format!("name of row {row}");
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (column, value) in [(8, wide), (9, text.into_bytes())] {
            if present(column) {
                tokens.extend((value.len() as u16).to_le_bytes());
                tokens.extend(value);
            } else {
                tokens.extend(u16::MAX.to_le_bytes());
            }
        }
    }
    tokens.extend([0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    packets(&tokens)
}

fn packets(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + payload.len() / 1000 + 8);
    let mut pieces = payload.chunks(PACKET).peekable();
    while let Some(piece) = pieces.next() {
        let length = (piece.len() as u16 + 8).to_be_bytes();
        bytes.extend_from_slice(&[4, u8::from(pieces.peek().is_none()), length[0], length[1], 0, 0, 1, 0]);
        bytes.extend_from_slice(piece);
    }
    bytes
}

fn batches(rows: usize) -> Vec<RecordBatch> {
    let batch = |start: usize| {
        let range = start..rows.min(start + BATCH);
        let columns: [(&str, ArrayRef); 3] = [
            ("id", Arc::new(range.clone().map(|row| row as i32).collect::<Int32Array>())),
            ("v", Arc::new(range.clone().map(|row| row as f64 * 0.5).collect::<Float64Array>())),
            ("s", Arc::new(range.map(|row| Some(format!("name-{row}"))).collect::<StringArray>())),
        ];
        RecordBatch::try_from_iter(columns).expect("columns of one length")
    };
    (0..rows).step_by(BATCH).map(batch).collect()
}
