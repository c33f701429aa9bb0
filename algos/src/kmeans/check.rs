//! Whether a model that came from bytes holds together; see [`crate::linear`]'s check.

use super::KMeansModel;

impl KMeansModel {
    /// Checks lengths and positions.
    pub(crate) fn check(&self) -> Result<(), String> {
        let columns = self.design.check(false)?;
        let p = self.names.len();
        if columns != p || p == 0 {
            return Err(format!("the terms have {columns} columns, but there are {p} names"));
        }
        let k = self.size.len();
        let lists = self.means.len() == p && k.checked_mul(p) == Some(self.centers.len());
        if k == 0 || !lists || self.withinss.len() != k {
            return Err("its lists of numbers have lengths that do not go together".into());
        }
        if self.centers.iter().chain(&self.means).any(|x| !x.is_finite()) {
            return Err("a center is no finite number".into());
        }
        Ok(())
    }
}
