//! The levels of a factor while its file is written.
//!
//! Every batch brings its own dictionary. Most of the time it is the one of the batch before (the same `Arc`), or it
//! begins with the levels known so far; then the codes are taken over as they are. Otherwise each level is looked up
//! by its text, new ones are appended, and the codes are translated.

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrayRef, Int32Array, StringArray};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::error::Fault;

/// The code of a dictionary value that is itself missing.
const MISSING: i32 = -1;

/// Levels in level order, and how to find one.
#[derive(Default)]
pub(crate) struct Levels {
    texts: Vec<Box<str>>,
    table: HashTable<i32>,
    state: FixedState,
    last: Option<(ArrayRef, Translation)>,
}

/// What becomes of the keys of a dictionary.
#[derive(Clone)]
struct Translation {
    /// Our code of each of its values.
    codes: Arc<[i32]>,
    /// The codes are 0, 1, 2, ...
    identity: bool,
    /// Some values are missing.
    with_missing: bool,
}

impl Levels {
    /// Levels that are known from the start.
    pub(crate) fn new(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, Fault> {
        let mut levels = Self::default();
        for text in texts {
            levels.code(text.as_ref())?;
        }
        Ok(levels)
    }

    /// Number of levels.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The levels from number `first` on.
    pub(crate) fn since(&self, first: usize) -> impl Iterator<Item = &str> + Clone {
        self.texts.iter().skip(first).map(|text| &**text)
    }

    /// All levels as an array.
    pub(crate) fn to_array(&self) -> StringArray {
        StringArray::from_iter_values(&self.texts)
    }

    /// The code of a level, if there is such a level.
    pub(crate) fn find(&self, text: &str) -> Option<i32> {
        let known = |code: &i32| self.texts.get(code.as_usize()).map(|text| &**text).unwrap_or_default();
        self.table.find(self.state.hash_one(text), |code| known(code) == text).copied()
    }

    /// The code of a level, which is appended when it is new.
    pub(crate) fn code(&mut self, text: &str) -> Result<i32, Fault> {
        let Self { texts, table, state, .. } = self;
        let known = |code: &i32| texts.get(code.as_usize()).map(|text| &**text).unwrap_or_default();
        let hash = state.hash_one(text);
        if let Some(code) = table.find(hash, |code| known(code) == text) {
            return Ok(*code);
        }
        let code = i32::try_from(texts.len()).map_err(|_| Fault::new("at most 2147483647 levels", "more"))?;
        table.insert_unique(hash, code, |code| state.hash_one(known(code)));
        texts.push(text.into());
        Ok(code)
    }

    fn translate(&mut self, values: &ArrayRef) -> Result<Translation, Fault> {
        if let Some((last, translation)) = &self.last
            && Arc::ptr_eq(last, values)
        {
            return Ok(translation.clone());
        }
        let texts = values.as_string::<i32>();
        let mut codes = Vec::with_capacity(texts.len());
        for (row, text) in texts.iter().enumerate() {
            codes.push(match text {
                None => MISSING,
                Some(text) if self.texts.get(row).is_some_and(|known| **known == *text) => row as i32,
                Some(text) => self.code(text)?,
            });
        }
        let translation = Translation {
            identity: (0..).zip(&codes).all(|(row, code): (i32, _)| row == *code),
            with_missing: codes.contains(&MISSING),
            codes: codes.into(),
        };
        self.last = Some((Arc::clone(values), translation.clone()));
        Ok(translation)
    }

    /// The codes of a dictionary array in terms of these levels, which grow as needed.
    pub(crate) fn codes(&mut self, array: &dyn Array) -> Result<Int32Array, Fault> {
        let DataType::Dictionary(key, _) = array.data_type() else {
            return Err(Fault::new("a dictionary", array.data_type()));
        };
        match **key {
            DataType::Int8 => self.codes_of::<Int8Type>(array),
            DataType::Int16 => self.codes_of::<Int16Type>(array),
            DataType::Int32 => self.codes_of::<Int32Type>(array),
            DataType::Int64 => self.codes_of::<Int64Type>(array),
            DataType::UInt8 => self.codes_of::<UInt8Type>(array),
            DataType::UInt16 => self.codes_of::<UInt16Type>(array),
            DataType::UInt32 => self.codes_of::<UInt32Type>(array),
            DataType::UInt64 => self.codes_of::<UInt64Type>(array),
            ref other => Err(Fault::new("integer keys of a dictionary", other)),
        }
    }

    fn codes_of<K: ArrowDictionaryKeyType>(&mut self, array: &dyn Array) -> Result<Int32Array, Fault> {
        let array = array.as_dictionary::<K>();
        let translation = self.translate(array.values())?;
        let keys = array.keys();
        if translation.identity
            && let Some(keys) = (keys as &dyn Array).as_primitive_opt::<Int32Type>()
        {
            return Ok(keys.clone());
        }
        let code = |key: &K::Native| translation.codes.get(key.as_usize()).copied().unwrap_or(MISSING);
        let codes: Vec<i32> = keys.values().iter().map(code).collect();
        let nulls = if translation.with_missing {
            let there: BooleanBuffer = codes.iter().map(|code| *code != MISSING).collect();
            NullBuffer::union(keys.nulls(), Some(&NullBuffer::new(there)))
        } else {
            keys.nulls().cloned()
        };
        Int32Array::try_new(codes.into(), nulls).map_err(|e| Fault::new("codes", e))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{DictionaryArray, UInt8Array};

    use super::*;

    #[test]
    fn dictionaries_that_grow_are_taken_over_and_others_translated() {
        let mut levels = Levels::new(&["a".to_owned(), "b".to_owned()]).unwrap();
        let first: DictionaryArray<Int32Type> =
            vec![Some("a"), Some("b"), None, Some("c")].into_iter().collect();
        assert_eq!(levels.codes(&first).unwrap(), Int32Array::from(vec![Some(0), Some(1), None, Some(2)]));
        let values = StringArray::from(vec![Some("c"), None, Some("d"), Some("c")]);
        let keys = UInt8Array::from(vec![Some(0), Some(1), Some(2), Some(3), None]);
        let second = DictionaryArray::new(keys, Arc::new(values));
        let expected = Int32Array::from(vec![Some(2), None, Some(3), Some(2), None]);
        assert_eq!(levels.codes(&second).unwrap(), expected);
        assert_eq!(levels.codes(&second).unwrap(), expected);
        assert_eq!(levels.since(1).collect::<Vec<_>>(), ["b", "c", "d"]);
    }
}
