//! Arrow IPC files (`ARROW1`, also called Feather 2) and streams.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};

use super::conform::{Conformed, conform_schema};
use super::row_range::RowRange;
use super::{BlockSource, SourceInfo, indices};
use crate::{BlockReader, Error, Result, ScanOptions};

/// An Arrow IPC file or a stream in a file.
#[derive(Debug, Clone)]
pub struct IpcSource {
    path: PathBuf,
    stream: bool,
    foreign: SchemaRef,
    schema: SchemaRef,
    bytes: u64,
}

impl IpcSource {
    /// Opens a file in the random-access file format (`stream` false) or in the stream format.
    ///
    /// # Errors
    /// When the file cannot be read or is not in that format.
    pub fn open(path: impl AsRef<Path>, stream: bool) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let bytes = std::fs::metadata(&path).map_err(Error::io(&path))?.len();
        let foreign = reader(&path, stream, None)?.schema();
        let schema = conform_schema(&foreign)?;
        Ok(Self { path, stream, foreign, schema, bytes })
    }
}

fn reader(
    path: &Path,
    stream: bool,
    columns: Option<Vec<usize>>,
) -> Result<Box<dyn RecordBatchReader + Send>> {
    let file = BufReader::new(File::open(path).map_err(Error::io(path))?);
    let failed = |source| Error::Ipc { path: path.to_path_buf(), source };
    Ok(if stream {
        Box::new(StreamReader::try_new(file, columns).map_err(failed)?)
    } else {
        Box::new(FileReader::try_new(file, columns).map_err(failed)?)
    })
}

impl BlockSource for IpcSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.path.display().to_string(),
            rows: None,
            bytes: Some(self.bytes),
            random_access: false,
        }
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let columns = indices(&self.schema, options.columns.as_deref())?;
        // a file's reader states all columns, whatever it delivers
        let schema = self.foreign.project(&columns).map_err(Error::arrow("reading the schema"))?;
        let inner = reader(&self.path, self.stream, Some(columns))?;
        let rows = RowRange::new(options.rows.as_ref());
        let start = rows.skip;
        let sliced = Sliced { inner, schema: Arc::new(schema), path: self.path.clone(), rows };
        Ok(BlockReader::new(Box::new(Conformed::try_new(sliced)?), options, start))
    }
}

/// A row range of a sequential reader, whose errors name the file.
struct Sliced {
    inner: Box<dyn RecordBatchReader + Send>,
    schema: SchemaRef,
    path: PathBuf,
    rows: RowRange,
}

impl Iterator for Sliced {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.rows.take > 0 {
            let batch = match self.inner.next()? {
                Ok(batch) => batch,
                Err(source) => {
                    self.rows.take = 0;
                    return Some(Err(Error::Ipc { path: self.path.clone(), source }.into()));
                }
            };
            if let Some(batch) = self.rows.cut(&batch) {
                return Some(Ok(batch));
            }
        }
        None
    }
}

impl RecordBatchReader for Sliced {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
