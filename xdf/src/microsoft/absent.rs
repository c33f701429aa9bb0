//! Microsoft's containers without the feature `microsoft`: known by their first bytes, and refused by name.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::mmap::Source;
use crate::{Error, Extent, Generation, Result, SegmentInfo, VerifyReport};

/// The first four bytes of both containers.
pub(crate) const MAGIC: [u8; 4] = [0xf4, 0xd3, 0xd2, 0xd1];

/// A container that cannot be opened: there is no value of this type.
pub(crate) enum Microsoft {}

impl Microsoft {
    pub(crate) fn open(path: &Path, _source: Source, _size: u64) -> Result<(Self, Vec<u64>)> {
        Err(Error::FeatureOff { path: path.to_owned(), feature: "microsoft" })
    }

    pub(crate) fn generation(&self) -> Generation {
        match *self {}
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        match *self {}
    }

    pub(crate) fn compression(&self) -> &'static str {
        match *self {}
    }

    pub(crate) fn segments(&self, _block: usize) -> Vec<SegmentInfo> {
        match *self {}
    }

    pub(crate) fn extents(&self) -> Vec<Extent> {
        match *self {}
    }

    pub(crate) fn read_block(&self, _: usize, _: &[usize], _: SchemaRef) -> Result<RecordBatch> {
        match *self {}
    }

    pub(crate) fn verify(&self) -> Result<VerifyReport> {
        match *self {}
    }
}
