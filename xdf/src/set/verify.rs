//! All parts, read.

use std::path::Path;

use super::Set;
use super::manifest::Manifest;
use crate::{OpenOptions, Result, VerifyReport};

/// What [`Set::verify`] found in one part.
#[derive(Debug)]
#[non_exhaustive]
pub struct PartReport {
    /// Name of the file in the folder `parts`.
    pub file: String,
    /// What was read; an error where the part is missing, is not what was committed, or cannot be opened.
    pub report: Result<VerifyReport>,
}

impl PartReport {
    /// True when nothing is damaged.
    pub fn is_ok(&self) -> bool {
        self.report.as_ref().is_ok_and(VerifyReport::is_ok)
    }
}

impl Set {
    /// Reads all parts as [`File::verify`](crate::File::verify) does and reports what is damaged, part by part in order.
    ///
    /// # Errors
    /// When there is no set, or its manifest is damaged; damaged parts are in the reports.
    pub fn verify(path: impl AsRef<Path>) -> Result<Vec<PartReport>> {
        let path = path.as_ref();
        let Some(manifest) = Manifest::newest(path)? else {
            // the error of opening says what is there instead
            return Self::open(path).map(|_| Vec::new());
        };
        let set = Self::of(path, manifest, &OpenOptions::default());
        let report = |(number, part): (usize, &super::Part)| PartReport {
            file: part.file.clone(),
            report: set.open_part(number).and_then(|open| open.file.verify()),
        };
        Ok(set.parts().iter().enumerate().map(report).collect())
    }
}
