//! Bytes to something that is no file, counted.

use std::io::Write;

/// A foreign writer, such as the standard output, that counts what went into it.
pub(super) struct Stream {
    writer: Box<dyn Write + Send>,
    bytes: u64,
}

impl Stream {
    pub(super) fn new(writer: impl Write + Send + 'static) -> Self {
        Self { writer: Box::new(writer), bytes: 0 }
    }

    /// Bytes that were written.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
}
