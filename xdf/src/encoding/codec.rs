//! zstd, with one context for each thread.
//!
//! Making a context costs as much as compressing a small block, so every thread keeps its own. Decompression is
//! told the exact number of bytes it may produce: a frame that wants to produce more, or less, is damaged.

#![deny(clippy::cast_possible_truncation)]

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use crate::error::Fault;

/// zstd level of each compression level 1 to 9.
const ZSTD_LEVELS: [i32; 10] = [0, 1, 2, 3, 5, 7, 9, 12, 15, 19];
/// Data shorter than this are not worth a zstd frame.
const WORTH_FROM: usize = 64;

struct Packer {
    level: i32,
    compressor: Compressor<'static>,
    output: Vec<u8>,
}

thread_local! {
    static PACKER: RefCell<Option<Packer>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Compresses the data and gives `use_it` the result when it saves more than 3 percent, otherwise nothing.
pub(crate) fn with_compressed<R>(level: i32, data: &[u8], use_it: impl FnOnce(Option<&[u8]>) -> R) -> R {
    if level <= 0 || data.len() < WORTH_FROM {
        return use_it(None);
    }
    PACKER.with_borrow_mut(|slot| {
        let packed = match pack(slot, level, data) {
            // Out of memory in zstd is no reason to fail: the data are stored as they are.
            Some(packer) => packer.output.as_slice(),
            None => data,
        };
        let pays = packed.len() < data.len() - data.len() / 32;
        use_it(pays.then_some(packed))
    })
}

/// Length of the data when compressed.
pub(crate) fn compressed_length(level: i32, data: &[u8]) -> usize {
    with_compressed(level, data, |compressed| compressed.map_or(data.len(), <[u8]>::len))
}

fn pack<'a>(slot: &'a mut Option<Packer>, level: i32, data: &[u8]) -> Option<&'a Packer> {
    let zstd_level = *ZSTD_LEVELS.get(usize::try_from(level).ok()?)?;
    if slot.is_none() {
        *slot = Some(Packer { level, compressor: Compressor::new(zstd_level).ok()?, output: Vec::new() });
    }
    let packer = slot.as_mut()?;
    if packer.level != level {
        packer.compressor.set_compression_level(zstd_level).ok()?;
        packer.level = level;
    }
    packer.output.clear();
    packer.output.reserve(zstd::zstd_safe::compress_bound(data.len()));
    packer.compressor.compress_to_buffer(data, &mut packer.output).ok()?;
    Some(packer)
}

/// Decompresses a zstd frame that must fill `out` exactly.
pub(crate) fn decompress_into(data: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    let expected = out.len();
    let fault = |got: &dyn std::fmt::Display| Fault::new(format_args!("zstd data of {expected} bytes"), got);
    UNPACKER.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Some(Decompressor::new().map_err(|e| fault(&e))?);
        }
        let Some(unpacker) = slot.as_mut() else {
            return Err(fault(&"no decompressor"));
        };
        let got = unpacker.decompress_to_buffer(data, out).map_err(|e| fault(&e))?;
        if got == expected { Ok(()) } else { Err(fault(&format_args!("{got} bytes"))) }
    })
}

/// Demands that a zstd frame says it holds this many bytes, before memory is reserved for them.
pub(crate) fn expect_length(data: &[u8], expected: usize) -> Result<(), Fault> {
    let content = zstd::zstd_safe::get_frame_content_size(data).ok().flatten();
    if content == Some(expected as u64) {
        return Ok(());
    }
    let got = content.map_or_else(|| "data of unknown length".to_owned(), |n| format!("{n} bytes"));
    Err(Fault::new(format_args!("zstd data of {expected} bytes"), got))
}

/// Decompresses a zstd frame of exactly `length` bytes.
pub(crate) fn decompress(data: &[u8], length: usize) -> Result<Vec<u8>, Fault> {
    expect_length(data, length)?;
    let mut out = vec![0; length];
    decompress_into(data, &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_pays_is_compressed() {
        let noise: Vec<u8> = (0_u32..4000).flat_map(|i| i.wrapping_mul(0x9E37_79B1).to_le_bytes()).collect();
        let noise = &noise[..1000];
        with_compressed(1, noise, |compressed| assert!(compressed.is_none()));
        with_compressed(0, &[0; 1000], |compressed| assert!(compressed.is_none()));
        for level in 1..=9 {
            let data = [7; 1000];
            let packed = with_compressed(level, &data, |compressed| compressed.unwrap().to_vec());
            assert_eq!(decompress(&packed, 1000).unwrap(), data);
            assert!(decompress(&packed, 999).is_err());
            assert!(decompress(&packed, 1001).is_err());
            assert!(decompress_into(&packed, &mut [0; 10]).is_err());
            assert!(decompress(&packed[..packed.len() - 1], 1000).is_err());
        }
    }
}
