//! Levels of parts in terms of the set's.
//!
//! Parts are written by processes that know nothing of each other, so each has found its own levels. The commit
//! merges them by text, in the order of the parts, new ones behind; a reader then translates the codes of a part,
//! unless its levels are the first of the set's, where nothing is to be done.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow_schema::{Field, Schema};

use crate::error::Fault;
use crate::factor::Levels;
use crate::metadata;
use crate::raw::schema::StoredSchema;

/// The columns of a set while parts are added to it.
pub(super) struct Merged {
    fields: Vec<Field>,
    metadata: HashMap<String, String>,
    levels: Vec<Option<Levels>>,
}

impl Merged {
    /// Begins with what is known.
    pub(super) fn new(stored: &StoredSchema) -> Result<Self, Fault> {
        let levels = |levels: &Option<Arc<StringArray>>| {
            levels.as_ref().map(|texts| Levels::new(texts.iter().flatten())).transpose()
        };
        Ok(Self {
            fields: stored.schema.fields().iter().map(|field| field.as_ref().clone()).collect(),
            metadata: stored.schema.metadata().clone(),
            levels: stored.levels.iter().map(levels).collect::<Result<_, Fault>>()?,
        })
    }

    /// Adds what a part with the same columns has more: levels, and missing values where there were none.
    ///
    /// # Errors
    /// Too many levels; for an ordered factor, levels that the part has in another order.
    pub(super) fn add<'a>(
        &mut self,
        schema: &Schema,
        levels: impl Fn(usize) -> Option<&'a Arc<StringArray>>,
    ) -> Result<(), Fault> {
        for (index, (field, theirs)) in self.fields.iter_mut().zip(schema.fields()).enumerate() {
            if theirs.is_nullable() && !field.is_nullable() {
                *field = field.clone().with_nullable(true);
            }
            if let (Some(Some(all)), Some(part)) = (self.levels.get_mut(index), levels(index)) {
                merge(all, part, metadata::is_ordered(field))?;
            }
        }
        Ok(())
    }

    /// All columns, with the levels of all parts.
    pub(super) fn into_stored(self) -> StoredSchema {
        let with_levels = self.fields.into_iter().zip(&self.levels).map(|(field, levels)| match levels {
            Some(levels) => metadata::set_levels(field, &levels.since(0).collect::<Vec<_>>()),
            None => field,
        });
        let fields: Vec<Field> = with_levels.collect();
        let levels = self.levels.iter().map(|levels| levels.as_ref().map(|all| Arc::new(all.to_array())));
        let levels = levels.collect();
        StoredSchema::new(Schema::new_with_metadata(fields, self.metadata), levels)
    }
}

/// Adds the levels of a part behind those that are there.
fn merge(all: &mut Levels, part: &StringArray, ordered: bool) -> Result<(), Fault> {
    if begins_with(all, part) {
        return Ok(());
    }
    let mut last = None;
    for text in part.iter().flatten() {
        let code = all.code(text)?;
        if ordered && last.is_some_and(|last| last >= code) {
            return Err(Fault::new(
                "the levels of an ordered factor in the order of the parts before",
                format_args!("'{text}' at another place"),
            ));
        }
        last = Some(code);
    }
    Ok(())
}

/// Whether the levels of a part are the first of all.
fn begins_with(all: &Levels, part: &StringArray) -> bool {
    part.len() <= all.len() && all.since(0).zip(part.iter()).all(|(ours, theirs)| theirs == Some(ours))
}

/// Our code of each level of a part; nothing where the codes are the same.
///
/// # Errors
/// A level that is not among all.
pub(super) fn translation(all: &Levels, part: &StringArray) -> Result<Option<Arc<[i32]>>, Fault> {
    if begins_with(all, part) {
        return Ok(None);
    }
    let code = |text: Option<&str>| {
        let text = text.unwrap_or_default();
        all.find(text).ok_or_else(|| Fault::new("levels that the set lists", format_args!("'{text}'")))
    };
    part.iter().map(code).collect::<Result<Arc<[i32]>, Fault>>().map(Some)
}

/// A factor column of a part with the levels of the set.
pub(super) fn translate(
    array: &ArrayRef,
    codes: Option<&[i32]>,
    levels: &Arc<StringArray>,
) -> Result<ArrayRef, Fault> {
    let Some(part) = array.as_dictionary_opt::<Int32Type>() else {
        return Err(Fault::new("a factor", array.data_type()));
    };
    let Some(codes) = codes else {
        if part.values().len() > levels.len() {
            return Err(Fault::new(format_args!("at most {} levels", levels.len()), part.values().len()));
        }
        return Ok(Arc::new(part.with_values(Arc::clone(levels) as ArrayRef)));
    };
    let code = |key: &i32| usize::try_from(*key).ok().and_then(|key| codes.get(key)).copied().unwrap_or(0);
    let keys: Vec<i32> = part.keys().values().iter().map(code).collect();
    let keys = Int32Array::try_new(keys.into(), part.keys().nulls().cloned());
    let values = Arc::clone(levels) as ArrayRef;
    let factor = keys.and_then(|keys| DictionaryArray::<Int32Type>::try_new(keys, values));
    Ok(Arc::new(factor.map_err(|e| Fault::new("codes of levels", e))?))
}
