//! Model files.
//!
//! ```text
//! | offset      | bytes | content                                                        |
//! |-------------|-------|----------------------------------------------------------------|
//! | 0           | 8     | "XDFMODEL"                                                     |
//! | 8           | 4     | format version, little-endian: 1                               |
//! | 12          | 8     | length n of the payload, little-endian                         |
//! | 20          | n     | payload: a MessagePack map with "kind", "writer" and "model"   |
//! | 20 + n      | 8     | xxh3-64 of all bytes before, little-endian                     |
//! ```
//!
//! The payload is named maps all the way down, so fields can be added: readers skip names that they do not know and take
//! defaults for names that are missing. The format version changes only when that is not enough.
//!
//! Bytes are untrusted. Lengths are checked before anything is allocated, a wrong checksum ends the reading, and what a
//! model claims of itself is checked once more (`check`), so that predictions can rely on it.

use std::io::Write;
use std::path::Path;

use engine::sink::AtomicFile;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use super::Model;
use crate::glm::{GlmModel, KINDS as GLM};
use crate::kmeans::{KIND as KMEANS, KMeansModel};
use crate::linear::{KIND as LIN_MOD, LinModModel};
use crate::naive_bayes::{KIND as NAIVE_BAYES, NaiveBayesModel};
use crate::pca::{KIND as PCA, PcaModel};
use crate::{Error, Result};

/// The first bytes of a model file.
pub const MAGIC: [u8; 8] = *b"XDFMODEL";

/// The format version that is written, and the newest that is read.
pub const FORMAT_VERSION: u32 = 1;

const HEADER: usize = MAGIC.len() + 4 + 8;
const CHECKSUM: usize = 8;

/// The most bytes that are read as a model.
const MAX_BYTES: u64 = 4 << 30;

#[derive(Deserialize)]
struct Kind {
    kind: String,
    #[serde(rename = "model")]
    _model: IgnoredAny,
}

#[derive(Serialize)]
struct Payload<'a, M> {
    kind: &'a str,
    writer: &'a str,
    model: &'a M,
}

#[derive(Deserialize)]
struct Content<M> {
    model: M,
}

/// The payload of a model.
pub(crate) fn encode<M: Serialize>(kind: &str, model: &M) -> Result<Vec<u8>> {
    let writer = concat!("rxdf ", env!("CARGO_PKG_VERSION"));
    rmp_serde::to_vec_named(&Payload { kind, writer, model })
        .map_err(|error| Error::NotAModel { origin: "model in memory".into(), reason: error.to_string() })
}

/// A model as the bytes of a model file.
///
/// # Errors
/// As [`Model::encode`].
pub fn to_bytes(model: &dyn Model) -> Result<Vec<u8>> {
    let payload = model.encode()?;
    let mut bytes = Vec::with_capacity(HEADER + payload.len() + CHECKSUM);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&payload);
    let checksum = XxHash3_64::oneshot(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

/// The model in the bytes of a model file; `origin` names them in errors.
///
/// # Errors
/// [`Error::NotAModel`], [`Error::NewerModel`], [`Error::UnknownKind`].
pub fn from_bytes(bytes: &[u8], origin: &str) -> Result<Box<dyn Model>> {
    let broken = |reason: String| Error::NotAModel { origin: origin.to_owned(), reason };
    let Some((magic, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(broken(format!("it has {} bytes, less than a header", bytes.len())));
    };
    if *magic != MAGIC {
        return Err(broken("it does not begin with XDFMODEL".into()));
    }
    let Some((version, rest)) = rest.split_first_chunk::<4>() else {
        return Err(broken("it ends within the header".into()));
    };
    let version = u32::from_le_bytes(*version);
    if version > FORMAT_VERSION {
        return Err(Error::NewerModel {
            origin: origin.to_owned(),
            found: version,
            supported: FORMAT_VERSION,
        });
    }
    let (Some((length, rest)), true) = (rest.split_first_chunk::<8>(), version > 0) else {
        return Err(broken(format!("it ends within the header, or has format version {version}")));
    };
    let length = u64::from_le_bytes(*length);
    let Some((payload, checksum)) =
        rest.split_last_chunk::<CHECKSUM>().filter(|(p, _)| p.len() as u64 == length)
    else {
        return Err(broken(format!(
            "it should have {} bytes behind the header, but has {}; it is truncated or has something appended",
            length.saturating_add(CHECKSUM as u64),
            rest.len()
        )));
    };
    let (expected, found) =
        (u64::from_le_bytes(*checksum), XxHash3_64::oneshot(&bytes[..bytes.len() - CHECKSUM]));
    if expected != found {
        return Err(broken(format!(
            "its checksum is {found:016x}, but should be {expected:016x}; it is damaged"
        )));
    }
    let Kind { kind, .. } = decode(payload).map_err(broken)?;
    match kind.as_str() {
        LIN_MOD => content(payload, LinModModel::check),
        kind if GLM.contains(&kind) => content(payload, GlmModel::check),
        KMEANS => content(payload, KMeansModel::check),
        NAIVE_BAYES => content(payload, NaiveBayesModel::check),
        PCA => content(payload, PcaModel::check),
        _ => return Err(Error::UnknownKind { origin: origin.to_owned(), kind }),
    }
    .map_err(broken)
}

/// The model of a payload, which holds together.
fn content<M: DeserializeOwned + Model + 'static>(
    payload: &[u8],
    check: impl FnOnce(&M) -> Result<(), String>,
) -> Result<Box<dyn Model>, String> {
    let Content { model } = decode::<Content<M>>(payload)?;
    check(&model)?;
    Ok(Box::new(model))
}

fn decode<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, String> {
    rmp_serde::from_slice(payload).map_err(|error| format!("its content cannot be decoded: {error}"))
}

/// Writes a model file; returns its bytes. The file appears when it is complete.
///
/// # Errors
/// When the file exists and is not to be replaced, or cannot be written.
pub fn save(model: &dyn Model, path: impl AsRef<Path>, overwrite: bool) -> Result<u64> {
    let path = path.as_ref();
    let mut file = AtomicFile::create(path, overwrite)?;
    let bytes = to_bytes(model)?;
    file.write_all(&bytes).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
    Ok(file.persist()?)
}

/// Reads a model file.
///
/// # Errors
/// When it cannot be read, and as [`from_bytes`].
pub fn load(path: impl AsRef<Path>) -> Result<Box<dyn Model>> {
    let path = path.as_ref();
    let io = |source| Error::Io { path: path.to_path_buf(), source };
    let origin = path.display().to_string();
    let length = std::fs::metadata(path).map_err(io)?.len();
    if length > MAX_BYTES {
        return Err(Error::NotAModel {
            origin,
            reason: format!("it has {length} bytes, more than any model"),
        });
    }
    from_bytes(&std::fs::read(path).map_err(io)?, &origin)
}
