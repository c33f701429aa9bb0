//! From the bytes of a file to UTF-8: decompression and encodings.
//!
//! gzip (any number of members) and zstd are recognised by their first bytes and decompressed on a thread of their
//! own, so that parsing does not wait for it. A byte order mark decides the encoding, else the caller's label, else it
//! is UTF-8. UTF-8 is passed on unchecked: the parser checks the columns that it converts and can name the line.

use std::fs::File;
use std::io::{Cursor, Error, ErrorKind, Read, Result};
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use encoding_rs::{DecoderResult, Encoding, UTF_8};

use crate::Monitor;

/// A stream of UTF-8.
pub(crate) type Input = Box<dyn Read + Send>;

/// Bytes that travel from the decompressing thread at once.
const BLOCK: usize = 1 << 20;

/// Opens a file as UTF-8 without byte order mark; bytes of the file are counted in `monitor`.
pub(crate) fn open(
    path: &Path,
    encoding: Option<&'static Encoding>,
    monitor: Option<Arc<Monitor>>,
) -> Result<Input> {
    let file = Counted { file: File::open(path)?, monitor };
    let (head, file) = peek(file, 4)?;
    let plain: Input = if head.starts_with(&[0x1F, 0x8B]) {
        ahead(flate2::read::MultiGzDecoder::new(file))?
    } else if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        ahead(zstd::stream::read::Decoder::new(file)?)?
    } else {
        Box::new(file)
    };
    let (head, mut plain) = peek(plain, 3)?;
    let (encoding, mark) = match Encoding::for_bom(&head) {
        Some((encoding, length)) => (encoding, length),
        None => (encoding.unwrap_or(UTF_8), 0),
    };
    let mut skipped = [0; 4];
    if let Some(skipped) = skipped.get_mut(..mark) {
        plain.read_exact(skipped)?;
    }
    if encoding == UTF_8 {
        return Ok(Box::new(plain));
    }
    Ok(Box::new(Transcoded::new(plain, encoding)))
}

/// The first bytes (fewer at the end of input), and a reader that still has them.
fn peek<R: Read>(mut input: R, bytes: u64) -> Result<(Vec<u8>, impl Read + use<R>)> {
    let mut head = Vec::new();
    input.by_ref().take(bytes).read_to_end(&mut head)?;
    let chained = Cursor::new(head.clone()).chain(input);
    Ok((head, chained))
}

struct Counted {
    file: File,
    monitor: Option<Arc<Monitor>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.file.read(buffer)?;
        if let Some(monitor) = &self.monitor {
            monitor.add_bytes(read as u64);
        }
        Ok(read)
    }
}

/// Reads `input` on a thread, a few blocks ahead. The thread ends when the reader is dropped.
fn ahead(mut input: impl Read + Send + 'static) -> Result<Input> {
    let (sender, blocks) = bounded(4);
    std::thread::Builder::new().name("xdf-inflate".into()).spawn(move || {
        loop {
            let mut block = Vec::with_capacity(BLOCK);
            let read = input.by_ref().take(BLOCK as u64).read_to_end(&mut block);
            let ended = !matches!(read, Ok(1..));
            if !block.is_empty() && sender.send(Ok(block)).is_err() {
                return;
            }
            if let Err(error) = read {
                let _ = sender.send(Err(error));
            }
            if ended {
                return;
            }
        }
    })?;
    Ok(Box::new(Ahead { blocks, current: Cursor::default() }))
}

struct Ahead {
    blocks: Receiver<Result<Vec<u8>>>,
    current: Cursor<Vec<u8>>,
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let read = self.current.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.blocks.recv() {
                Ok(block) => self.current = Cursor::new(block?),
                Err(_) => return Ok(0),
            }
        }
    }
}

/// Another encoding, decoded to UTF-8 as it is read.
struct Transcoded<R> {
    input: R,
    encoding: &'static Encoding,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    text: Vec<u8>,
    text_at: usize,
    bytes: u64,
    ended: bool,
}

impl<R: Read> Transcoded<R> {
    fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input,
            encoding,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: Vec::new(),
            raw_at: 0,
            text: Vec::new(),
            text_at: 0,
            bytes: 0,
            ended: false,
        }
    }

    /// Decodes the next piece into `text`; leaves it empty at the end of input.
    fn refill(&mut self) -> Result<()> {
        self.text_at = 0;
        self.text.clear();
        while self.text.is_empty() && !self.ended {
            if self.raw_at == self.raw.len() {
                self.raw.clear();
                self.raw_at = 0;
                let read = self.input.by_ref().take(64 << 10).read_to_end(&mut self.raw)?;
                self.ended = read == 0;
            }
            self.text.resize(256 << 10, 0);
            let raw = self.raw.get(self.raw_at..).unwrap_or_default();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(raw, &mut self.text, self.ended);
            self.raw_at += read;
            self.bytes += read as u64;
            self.text.truncate(written);
            match result {
                DecoderResult::InputEmpty => {}
                // more comes out of the same input: not the end yet
                DecoderResult::OutputFull => self.ended = false,
                DecoderResult::Malformed(..) => {
                    let text = format!(
                        "not valid {} near byte {}; name the file's encoding (--encoding)",
                        self.encoding.name(),
                        self.bytes
                    );
                    return Err(Error::new(ErrorKind::InvalidData, text));
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.text_at == self.text.len() {
            self.refill()?;
        }
        let mut rest = self.text.get(self.text_at..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.text_at += read;
        Ok(read)
    }
}
