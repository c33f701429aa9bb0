//! Bytes of a file: mapped, or read. But for one line of `encoding::factor` the only module with `unsafe`.
//!
//! [`Bytes`] is a cheap-to-clone view of a range of either a memory map or an owned vector; it derefs to `&[u8]`
//! and turns into an Arrow buffer without copying ([`Bytes::buffer`]).
//! [`Source`] hands out such ranges, from the map, or by positioned reads when mapping is not wanted.
//!
//! Two promises make the unsafe code sound, and both rest on the rules of the format rather than on the compiler:
//!
//! * Committed bytes of an XDF file never change; writers create a new file and rename it, or append behind the
//!   committed end. Only commit slots do, and those are read into memory of their own, never from the map. A program that overwrites the file in place breaks this, as it does for every mapped format.
//! * The length is taken once when the file is opened, and nothing beyond it is touched. A file that is truncated
//!   *after* it was opened makes the kernel raise `SIGBUS`; open with `mmap: false` where files are not trusted
//!   to stay (network shares, other people's folders).

use std::fmt;
use std::fs;
use std::io;
use std::ops::{Deref, Range};
use std::ptr::NonNull;
use std::sync::Arc;

use arrow_buffer::{Buffer, MutableBuffer};

/// What keeps the bytes alive.
enum Owner {
    Map(memmap2::Mmap),
    Vec(Vec<u8>),
}

impl Deref for Owner {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::Map(map) => map,
            Self::Vec(vec) => vec,
        }
    }
}

/// A range of a file, mapped or owned. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Bytes {
    owner: Arc<Owner>,
    range: Range<usize>,
}

impl Bytes {
    /// Maps a whole file of `len` bytes.
    #[expect(unsafe_code, reason = "memory maps cannot be made safely")]
    pub(crate) fn map(file: &fs::File, len: usize) -> io::Result<Self> {
        if len == 0 {
            return Ok(Self::from(Vec::new()));
        }
        // SAFETY: the map is private to this value and read-only; that its bytes stay as they are while it lives
        // is the rule of the format (see the module text), the same that every mapped file format relies on.
        let map = unsafe { memmap2::MmapOptions::new().len(len).map(file)? };
        Ok(Self { owner: Arc::new(Owner::Map(map)), range: 0..len })
    }

    /// The part `offset..offset + len`, or nothing when it is not all there.
    pub(crate) fn slice(&self, offset: u64, len: u64) -> Option<Self> {
        let start = self.range.start.checked_add(usize::try_from(offset).ok()?)?;
        let end = start.checked_add(usize::try_from(len).ok()?)?;
        (end <= self.range.end).then(|| Self { owner: Arc::clone(&self.owner), range: start..end })
    }

    /// The bytes as an Arrow buffer that shares their memory.
    #[expect(unsafe_code, reason = "arrow takes foreign memory only by pointer")]
    pub(crate) fn buffer(&self) -> Buffer {
        let bytes: &[u8] = self;
        if bytes.is_empty() {
            // aligned for every type, which an empty vector of bytes is not
            return MutableBuffer::new(0).into();
        }
        // SAFETY: the pointer and the length come from one live slice, and the owner given along keeps that slice
        // in place (a map or a vector behind an `Arc` that nobody can change) until the buffer is dropped.
        unsafe {
            Buffer::from_custom_allocation(
                NonNull::from(bytes).cast::<u8>(),
                bytes.len(),
                Arc::clone(&self.owner) as Arc<dyn arrow_buffer::alloc::Allocation>,
            )
        }
    }

    /// Tells the kernel that these bytes are wanted soon. Nothing happens for owned bytes.
    pub(crate) fn will_need(&self) {
        #[cfg(unix)]
        if let Owner::Map(map) = &*self.owner {
            // Advice that is refused changes nothing but the speed.
            let _ = map.advise_range(memmap2::Advice::WillNeed, self.range.start, self.range.len());
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(vec: Vec<u8>) -> Self {
        let range = 0..vec.len();
        Self { owner: Arc::new(Owner::Vec(vec)), range }
    }
}

impl Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.owner.get(self.range.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.len())
    }
}

/// Where ranges of a file come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The whole file, mapped (or, for the small containers that need it at once, read).
    Memory(Bytes),
    /// Positioned reads.
    File(fs::File),
}

impl Source {
    /// The same bytes from a map of the first `size` of them.
    pub(crate) fn mapped(self, size: u64) -> io::Result<Self> {
        let Self::File(file) = &self else { return Ok(self) };
        let len = usize::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Bytes::map(file, len).map(Self::Memory)
    }

    /// The bytes `offset..offset + len`. The caller has compared them with the length of the file.
    pub(crate) fn read(&self, offset: u64, len: u64) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => {
                bytes.slice(offset, len).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
            Self::File(file) => {
                let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
                let mut buffer = Vec::new();
                buffer.try_reserve_exact(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
                buffer.resize(len, 0);
                read_exact_at(file, &mut buffer, offset)?;
                Ok(Bytes::from(buffer))
            }
        }
    }
}

#[cfg(unix)]
fn read_exact_at(file: &fs::File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &fs::File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        let n = file.seek_read(buffer, offset)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = buffer.get_mut(n..).unwrap_or_default();
        offset += n as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_slice_beyond_the_end_is_refused() {
        let bytes = Bytes::from(vec![1, 2, 3, 4]);
        assert_eq!(&*bytes.slice(1, 2).unwrap(), &[2, 3]);
        assert!(bytes.slice(1, 4).is_none());
        assert!(bytes.slice(u64::MAX, 1).is_none());
        assert!(bytes.slice(1, 2).unwrap().slice(1, 2).is_none());
    }

    #[test]
    fn an_empty_buffer_is_aligned_for_every_type() {
        let bytes = Bytes::from(vec![1, 2, 3]).slice(1, 0).unwrap();
        assert_eq!(arrow_buffer::ScalarBuffer::<u64>::from(bytes.buffer()).len(), 0);
    }

    /// A buffer of a part, which is where the part was, and good after the whole is gone.
    fn share_and_outlive(bytes: Bytes) {
        let place = bytes.as_ptr();
        let buffer = bytes.slice(10, 20).unwrap().buffer();
        drop(bytes);
        assert_eq!(buffer.as_ptr(), place.wrapping_add(10));
        assert_eq!(buffer.slice_with_length(5, 5).as_slice(), &[7; 5]);
        let vec = buffer.into_vec::<u8>().unwrap_err();
        assert_eq!(vec.as_slice(), &[7; 20]);
    }

    #[test]
    fn buffers_of_owned_bytes_share_their_memory() {
        share_and_outlive(Bytes::from(vec![7; 100]));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri maps no files")]
    fn buffers_of_a_map_share_its_memory() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 100]).unwrap();
        share_and_outlive(Bytes::map(&file, 100).unwrap());
    }
}
