//! From a path to a source: by the first bytes, then by the name.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::text::{TextOptions, TextSource};
use super::{BlockSource, ConcatSource, IpcSource, ParquetSource, XdfSetSource, XdfSource};
use crate::{Error, Result};

/// The formats that files are read and written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// XDF 5, a set of such files, or one of Microsoft's containers.
    Xdf,
    /// Apache Parquet.
    Parquet,
    /// The Arrow IPC file format (Feather 2).
    Ipc,
    /// The Arrow IPC stream format.
    IpcStream,
    /// Delimited text, possibly compressed.
    Text,
    /// One JSON object a row, possibly compressed; written, not read.
    JsonLines,
}

/// How to open paths whose format leaves something to say.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// For delimited text: types, factors, missing values and the rest.
    pub text: TextOptions,
    /// The format, where neither bytes nor name should decide.
    pub format: Option<Format>,
}

impl Format {
    /// The format that a file name asks for by its extension (`.gz` and `.zst` looked through).
    pub fn from_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        Some(match name.rsplit_once('.')?.1 {
            "xdf" => Self::Xdf,
            "parquet" | "pq" => Self::Parquet,
            "arrow" | "feather" | "ipc" => Self::Ipc,
            "arrows" => Self::IpcStream,
            "csv" | "tsv" | "tab" | "txt" | "dat" | "psv" => Self::Text,
            "jsonl" | "ndjson" => Self::JsonLines,
            _ => return None,
        })
    }

    fn from_bytes(head: &[u8]) -> Option<Self> {
        if xdf::File::recognises(head) {
            Some(Self::Xdf)
        } else if head.starts_with(b"PAR1") {
            Some(Self::Parquet)
        } else if head.starts_with(b"ARROW1") {
            Some(Self::Ipc)
        } else if head.starts_with(&[0xFF, 0xFF, 0xFF, 0xFF]) {
            Some(Self::IpcStream)
        } else {
            None
        }
    }
}

/// Opens one file or set, or all that match a pattern such as `data/*.csv`, as one source.
///
/// # Errors
/// When nothing matches, a file cannot be read, or its format is not known.
pub fn open(path: impl AsRef<Path>) -> Result<Arc<dyn BlockSource>> {
    open_with(&[path.as_ref()], &OpenOptions::default())
}

/// Opens files and patterns as one source, in the order given (within a pattern, by name).
///
/// # Errors
/// As [`open`]; also when the files are of different formats or columns.
pub fn open_with(paths: &[impl AsRef<Path>], options: &OpenOptions) -> Result<Arc<dyn BlockSource>> {
    let files = formats(paths, options.format)?;
    if !files.is_empty() && files.iter().all(|(_, format)| *format == Format::Text) {
        let files = files.into_iter().map(|(file, _)| file).collect();
        return Ok(Arc::new(TextSource::open(files, options.text.clone())?));
    }
    let mut sources = files.iter().map(|(file, format)| one(file, *format, options));
    if files.len() == 1
        && let Some(source) = sources.next()
    {
        return source;
    }
    Ok(Arc::new(ConcatSource::try_new(sources.collect::<Result<_>>()?)?))
}

/// The files that paths and patterns stand for, each with its format: the given one, or else what bytes and name tell.
///
/// # Errors
/// As [`open`].
pub fn formats(paths: &[impl AsRef<Path>], format: Option<Format>) -> Result<Vec<(PathBuf, Format)>> {
    let mut files = Vec::new();
    for path in paths {
        expand(path.as_ref(), &mut files)?;
    }
    let detected = |file: PathBuf| {
        let format = format.map_or_else(|| detect(&file), Ok)?;
        Ok((file, format))
    };
    files.into_iter().map(detected).collect()
}

fn one(path: &Path, format: Format, options: &OpenOptions) -> Result<Arc<dyn BlockSource>> {
    Ok(match format {
        Format::Xdf if path.is_dir() => Arc::new(XdfSetSource::open(path)?),
        Format::Xdf => Arc::new(XdfSource::open(path)?),
        Format::Parquet => Arc::new(ParquetSource::open(path)?),
        Format::Ipc => Arc::new(IpcSource::open(path, false)?),
        Format::IpcStream => Arc::new(IpcSource::open(path, true)?),
        Format::Text => Arc::new(TextSource::open(vec![path.to_path_buf()], options.text.clone())?),
        Format::JsonLines => {
            let reason = "JSON lines are written, but not read; convert them to CSV or Parquet";
            return Err(Error::UnknownFormat { path: path.to_path_buf(), reason: reason.into() });
        }
    })
}

/// Adds the files that a path stands for. A name with `*?[` that exists as written is that file.
fn expand(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let pattern = path.to_string_lossy();
    if path.exists() || !pattern.contains(['*', '?', '[']) {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let invalid = |error: glob::PatternError| Error::InvalidOption {
        option: format!("pattern '{pattern}'"),
        reason: error.to_string(),
    };
    let before = files.len();
    for entry in glob::glob(&pattern).map_err(invalid)? {
        files.push(entry.map_err(|error| {
            let path = error.path().to_path_buf();
            Error::Io { path, source: error.into() }
        })?);
    }
    if files.len() == before { Err(Error::NoInput { pattern: pattern.into_owned() }) } else { Ok(()) }
}

fn detect(path: &Path) -> Result<Format> {
    let named = Format::from_name(path);
    let mut head = Vec::with_capacity(512);
    if std::fs::metadata(path).map_err(Error::io(path))?.is_dir() {
        if xdf::Set::recognises(path) {
            return Ok(Format::Xdf);
        }
        let reason =
            "is a folder without the manifest of a set; name its files, for example with a pattern such as \
                      FOLDER/*.csv, or make a set of its XDF files"
                .into();
        return Err(Error::UnknownFormat { path: path.to_path_buf(), reason });
    }
    let file = File::open(path).map_err(Error::io(path))?;
    file.take(512).read_to_end(&mut head).map_err(Error::io(path))?;
    if let Some(format) = Format::from_bytes(&head) {
        return Ok(format);
    }
    match named {
        Some(format) => Ok(format),
        None if head.is_empty() => {
            Err(Error::UnknownFormat { path: path.to_path_buf(), reason: "is empty".into() })
        }
        // text has no NUL bytes and few other control characters
        None if head.iter().all(|&byte| byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C)) => {
            Ok(Format::Text)
        }
        None => Err(Error::UnknownFormat {
            path: path.to_path_buf(),
            reason:
                "is not an XDF, Parquet, Arrow IPC or text file (its first bytes are those of none of them)"
                    .into(),
        }),
    }
}
