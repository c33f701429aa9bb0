//! Codes and levels as an Arrow dictionary.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, PrimitiveArray, StringArray};

use crate::error::Fault;

/// The factor with these codes; a code that is not missing counts one of the levels.
pub(crate) fn factor(
    codes: PrimitiveArray<Int32Type>,
    levels: Option<&Arc<StringArray>>,
) -> Result<DictionaryArray<Int32Type>, Fault> {
    let levels = levels.ok_or_else(|| Fault::new("the levels of the factor", "none"))?;
    let values = Arc::clone(levels) as ArrayRef;
    let largest = codes.values().iter().fold(0, |most, &code| most.max(code as u32));
    if (largest as usize) < levels.len() {
        return Ok(checked(codes, values));
    }
    DictionaryArray::try_new(codes, values).map_err(|e| Fault::new("codes of levels", e))
}

/// Arrow's own check takes a value at a time, a sixth of the time of a crosstab.
#[expect(unsafe_code, reason = "Arrow has no other way around its slower check")]
fn checked(codes: PrimitiveArray<Int32Type>, values: ArrayRef) -> DictionaryArray<Int32Type> {
    // SAFETY: each code, also the missing ones', is at least 0 and below the number of levels (a negative code is above
    // every number of levels as u32, since Arrow's offsets of levels are i32), so `try_new` would not fail.
    unsafe { DictionaryArray::new_unchecked(codes, values) }
}
