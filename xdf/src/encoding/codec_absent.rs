//! The codec without the feature `zstd`: nothing is compressed, and what is compressed is refused by name.

use crate::error::Fault;

const ABSENT: Fault = Fault::FeatureOff("zstd");

/// Nothing pays.
pub(crate) fn with_compressed<R>(_level: i32, _data: &[u8], use_it: impl FnOnce(Option<&[u8]>) -> R) -> R {
    use_it(None)
}

/// Length of the data as they are.
pub(crate) fn compressed_length(_level: i32, data: &[u8]) -> usize {
    data.len()
}

pub(crate) fn decompress_into(_data: &[u8], _out: &mut [u8]) -> Result<(), Fault> {
    Err(ABSENT)
}

pub(crate) fn expect_length(_data: &[u8], _expected: usize) -> Result<(), Fault> {
    Err(ABSENT)
}

pub(crate) fn decompress(_data: &[u8], _length: usize) -> Result<Vec<u8>, Fault> {
    Err(ABSENT)
}
