//! Partitions: the rows of a set that share the values of its key columns.

use std::ops::Range;
use std::sync::Arc;

use super::{Key, Set};
use crate::{Error, Result};

/// One partition of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// The values of the key columns, in the order of [`Set::keys`].
    pub key: Key,
    /// Number of rows.
    pub rows: u64,
    /// The parts of the set that hold them.
    pub parts: Range<usize>,
}

impl Set {
    /// Names of the key columns; none where the set is not partitioned.
    pub fn keys(&self) -> Vec<String> {
        self.shared.manifest.key_names()
    }

    /// The partitions in the order of their keys: column after column; factors in level order, texts by their bytes,
    /// missing last. None where the set is not partitioned.
    pub fn partitions(&self) -> Vec<Partition> {
        let mut partitions: Vec<Partition> = Vec::new();
        if self.shared.manifest.keys.is_empty() {
            return partitions;
        }
        for (number, part) in self.parts().iter().enumerate() {
            match partitions.last_mut() {
                Some(last) if last.key == part.key => {
                    last.rows = last.rows.saturating_add(part.rows);
                    last.parts.end = number + 1;
                }
                _ => partitions.push(Partition {
                    key: part.key.clone(),
                    rows: part.rows,
                    parts: number..number + 1,
                }),
            }
        }
        partitions
    }

    /// The rows with these values of the key columns, as a set of their own with the same columns and levels.
    ///
    /// # Errors
    /// [`Error::NoSuchPartition`].
    pub fn partition(&self, key: &Key) -> Result<Self> {
        let partition = self.partitions().into_iter().find(|partition| partition.key == *key);
        let Some(partition) = partition else {
            return Err(Error::NoSuchPartition { path: self.path().to_owned(), key: key.to_string() });
        };
        let first = self.parts.start;
        let parts = first + partition.parts.start..first + partition.parts.end;
        Ok(Self::view(Arc::clone(&self.shared), parts))
    }
}
