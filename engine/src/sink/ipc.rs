//! Arrow IPC files and streams.
//!
//! Factors are written with the levels that their block has; a later block with more levels replaces the dictionary,
//! which streams may do and files may not, so for files the levels must be known before the first block.

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow_ipc::CompressionType;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, SchemaRef};

use super::stream::Stream;
use super::{AtomicFile, BlockSink, SinkOptions, Written};
use crate::{Block, Error, Result};

/// Writes an Arrow IPC file, or a stream into a file.
pub struct IpcSink {
    path: PathBuf,
    writer: Writer,
    written: Written,
}

enum Writer {
    File(FileWriter<AtomicFile>),
    Stream(StreamWriter<AtomicFile>),
    Foreign(StreamWriter<Stream>),
}

impl IpcSink {
    /// Starts the file, in the stream format if `stream`.
    ///
    /// # Errors
    /// As [`AtomicFile::create`].
    pub fn create(path: &Path, schema: &SchemaRef, options: &SinkOptions, stream: bool) -> Result<Self> {
        let file = AtomicFile::create(path, options.overwrite)?;
        let failed = |source| failed(path, source);
        let write = write_options(options).map_err(failed)?;
        let writer = if stream {
            Writer::Stream(StreamWriter::try_new_with_options(file, schema, write).map_err(failed)?)
        } else {
            Writer::File(FileWriter::try_new_with_options(file, schema, write).map_err(failed)?)
        };
        Ok(Self { path: path.to_path_buf(), writer, written: Written::default() })
    }

    /// Starts a stream on something that is no file, such as the standard output; `name` stands for it in errors.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn to_writer(
        writer: impl Write + Send + 'static,
        name: &str,
        schema: &SchemaRef,
        options: &SinkOptions,
    ) -> Result<Self> {
        let path = PathBuf::from(name);
        let writer = write_options(options)
            .and_then(|write| StreamWriter::try_new_with_options(Stream::new(writer), schema, write))
            .map_err(|source| failed(&path, source))?;
        Ok(Self { path, writer: Writer::Foreign(writer), written: Written::default() })
    }
}

fn write_options(options: &SinkOptions) -> Result<IpcWriteOptions, ArrowError> {
    let compression = (options.level > 0).then_some(CompressionType::ZSTD);
    let write = IpcWriteOptions::default().try_with_compression(compression)?;
    Ok(write.with_dictionary_handling(DictionaryHandling::Delta))
}

fn failed(path: &Path, error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) => Error::Io { path: path.to_path_buf(), source },
        source => Error::Ipc { path: path.to_path_buf(), source },
    }
}

impl BlockSink for IpcSink {
    fn write(&mut self, block: &Block) -> Result<()> {
        match &mut self.writer {
            Writer::File(writer) => writer.write(&block.batch),
            Writer::Stream(writer) => writer.write(&block.batch),
            Writer::Foreign(writer) => writer.write(&block.batch),
        }
        .map_err(|error| failed(&self.path, error))?;
        self.written.rows += block.num_rows() as u64;
        self.written.blocks += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written> {
        let file = match self.writer {
            Writer::File(mut writer) => writer.finish().and_then(|()| writer.into_inner()),
            Writer::Stream(mut writer) => writer.finish().and_then(|()| writer.into_inner()),
            Writer::Foreign(mut writer) => {
                let stream = writer.finish().and_then(|()| writer.into_inner());
                let mut stream = stream.map_err(|error| failed(&self.path, error))?;
                stream.flush().map_err(Error::io(&self.path))?;
                return Ok(Written { bytes: stream.bytes(), ..self.written });
            }
        }
        .map_err(|error| failed(&self.path, error))?;
        Ok(Written { bytes: file.persist()?, ..self.written })
    }
}
