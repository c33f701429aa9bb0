//! A segment that is asked, and which way of answering its outermost encoding allows.

use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, StringArray, UInt32Array, new_null_array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;

use crate::encoded::codes::Codes;
use crate::encoded::distances::Limits;
use crate::encoded::predicate::Unfit;
use crate::encoded::{GroupCodes, Place, Predicate, Shortcut, Sum, decoded};
use crate::encoding::{Node, bits, decode, put_node, tag};
use crate::error::Fault;
use crate::mmap::Bytes;
use crate::raw::wire::Cursor;
use crate::{Error, Result, Scalar};

/// One column of one block, as it is stored. Made by [`File::read_encoded`](crate::File::read_encoded).
pub struct EncodedColumn {
    place: Place,
    segment: Bytes,
    pub(super) data_type: DataType,
    pub(super) rows: usize,
    pub(super) levels: Option<Arc<StringArray>>,
    pub(super) validity: Option<NullBuffer>,
    /// Where the node of the values begins in the segment.
    values: usize,
    form: Form,
    runs: bool,
}

/// The outermost encoding of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    AllMissing,
    Constant,
    /// Value: base + code.
    Offset(i128),
    /// Value: distinct[code].
    Dictionary,
    Other,
}

impl EncodedColumn {
    /// Reads the validity and the outermost node of the values.
    pub(crate) fn parse(
        place: Place,
        segment: Bytes,
        data_type: &DataType,
        rows: usize,
        levels: Option<Arc<StringArray>>,
    ) -> Result<Self> {
        let data_type = data_type.clone();
        let mut column = Self {
            place,
            segment,
            data_type,
            rows,
            levels,
            validity: None,
            values: 0,
            form: Form::AllMissing,
            runs: false,
        };
        column.read_form().map_err(|fault| column.damaged(fault))?;
        Ok(column)
    }

    fn read_form(&mut self) -> Result<(), Fault> {
        let segment = self.segment.clone();
        let mut cursor = Cursor::new(&segment);
        let first = Node::next(&mut cursor.clone())?;
        first.expect_count(self.rows)?;
        if first.tag == tag::ALL_MISSING {
            self.validity = Some(NullBuffer::new_null(self.rows));
            return Ok(());
        }
        if first.tag == tag::MASKED {
            Node::next(&mut cursor)?;
            self.validity = Some(NullBuffer::new(bits::read(&mut cursor, &segment, self.rows)?));
        }
        self.values = cursor.position();
        let node = Node::next(&mut cursor)?;
        node.expect_count(self.rows)?;
        let base = || Cursor::new(node.payload).u64();
        self.form = match (node.tag, &self.data_type) {
            (tag::CONSTANT, _) => Form::Constant,
            (tag::DICTIONARY, _) => Form::Dictionary,
            (tag::OFFSET, other) => match Limits::of(other) {
                Some(limits) => Form::Offset(limits.value(base()?)),
                None => Form::Other,
            },
            (tag::INTEGER_FLOAT, DataType::Float32 | DataType::Float64) => {
                let base = base()?.cast_signed();
                let base = i32::try_from(base).map_err(|_| Fault::new("a base of 32 bits", base))?;
                Form::Offset(base.into())
            }
            _ => Form::Other,
        };
        if matches!(self.form, Form::Offset(_) | Form::Dictionary) {
            self.runs = Node::next(&mut cursor)?.tag == tag::RUN_LENGTH;
        }
        Ok(())
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Type of the values.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// What the column is stored as.
    pub fn shortcut(&self) -> Shortcut {
        match self.form {
            Form::AllMissing => Shortcut::AllMissing,
            Form::Constant => Shortcut::Constant,
            _ if self.runs => Shortcut::Runs,
            Form::Offset(_) => Shortcut::Offset,
            Form::Dictionary => Shortcut::Dictionary,
            Form::Other => Shortcut::Decode,
        }
    }

    /// The values.
    ///
    /// # Errors
    /// When the bytes are damaged.
    pub fn to_array(&self) -> Result<ArrayRef> {
        self.decode().map_err(|fault| self.damaged(fault))
    }

    /// Number of missing values: nulls, and NaN in floats.
    ///
    /// # Errors
    /// As [`Self::to_array`].
    pub fn missing(&self) -> Result<usize> {
        let count = || {
            let nulls = self.validity.as_ref().map_or(0, NullBuffer::null_count);
            if !self.data_type.is_floating() || matches!(self.form, Form::AllMissing | Form::Offset(_)) {
                return Ok(nulls);
            }
            let Some((codes, distinct)) = self.dictionary()? else {
                return Ok(decoded::missing(&self.decode()?).count_set_bits());
            };
            let counts = codes.tally(self.validity.as_ref(), distinct.len())?;
            let nan = decoded::missing(&distinct);
            let nan = counts.iter().zip(&nan).filter(|(_, nan)| *nan).map(|(count, _)| *count);
            Ok(nulls + usize::try_from(nan.sum::<u64>()).unwrap_or(usize::MAX))
        };
        count().map_err(|fault| self.damaged(fault))
    }

    /// The sum of what is not missing; nothing for types that have none (texts, factors, dates, timestamps, binary
    /// values, decimals).
    ///
    /// # Errors
    /// As [`Self::to_array`].
    pub fn sum(&self) -> Result<Option<Sum>> {
        self.sum_of().map_err(|fault| self.damaged(fault))
    }

    fn sum_of(&self) -> Result<Option<Sum>, Fault> {
        let number = self.data_type.is_integer() || self.data_type.is_floating();
        if !number {
            return match self.data_type {
                DataType::Boolean => Ok(decoded::sum(&self.decode()?)),
                _ => Ok(None),
            };
        }
        if let Form::Offset(base) = self.form
            && let Some(totals) = self.totals(base)?
        {
            let sum = base * totals.present as i128 + totals.sum.cast_signed();
            let float = self.data_type.is_floating();
            return Ok(Some(if float { Sum::Float(sum as f64) } else { Sum::Integer(sum) }));
        }
        if let Some((codes, distinct)) = self.dictionary()? {
            let counts = codes.tally(self.validity.as_ref(), distinct.len())?;
            return Ok(decoded::weighted_sum(&distinct, &counts));
        }
        Ok(decoded::sum(&self.decode()?))
    }

    /// Smallest and largest of what is not missing; nothing when all is missing, and for factors and binary values.
    ///
    /// # Errors
    /// As [`Self::to_array`].
    pub fn min_max(&self) -> Result<Option<(Scalar, Scalar)>> {
        self.extremes().map_err(|fault| self.damaged(fault))
    }

    fn extremes(&self) -> Result<Option<(Scalar, Scalar)>, Fault> {
        if matches!(self.data_type, DataType::Dictionary(..) | DataType::Binary) {
            return Ok(None);
        }
        if let Form::Offset(base) = self.form
            && let Some(totals) = self.totals(base)?
        {
            let scalar = |code: u64| self.scalar(base + i128::from(code));
            return Ok((totals.present > 0).then(|| (scalar(totals.min), scalar(totals.max))));
        }
        if let Some((codes, distinct)) = self.dictionary()? {
            let counts = codes.tally(self.validity.as_ref(), distinct.len())?;
            return Ok(decoded::min_max(&decoded::occurring(&distinct, &counts)?));
        }
        Ok(decoded::min_max(&self.decode()?))
    }

    /// Number of rows that fulfil a predicate.
    ///
    /// # Errors
    /// As [`Self::filter`].
    pub fn count(&self, predicate: &Predicate) -> Result<usize> {
        match (predicate, &self.form) {
            (Predicate::Missing, _) => self.missing(),
            _ => Ok(self.filter(predicate)?.count_set_bits()),
        }
    }

    /// The rows that fulfil a predicate: a set bit for each.
    ///
    /// # Errors
    /// When a scalar cannot be compared with the values of the column, or the bytes are damaged.
    pub fn filter(&self, predicate: &Predicate) -> Result<BooleanBuffer> {
        let unfit = |Unfit(scalar): Unfit| Error::InvalidOption {
            option: "a value of a predicate",
            expected: "of the kind of its column: a number, or a text",
            got: format!("{scalar:?} for '{}', which is {}", self.place.column, self.data_type),
        };
        self.filtered(predicate).map_err(|fault| self.damaged(fault))?.map_err(unfit)
    }

    fn filtered(&self, predicate: &Predicate) -> Result<Result<BooleanBuffer, Unfit>, Fault> {
        let there = |chosen: BooleanBuffer| match &self.validity {
            Some(validity) => &chosen & validity.inner(),
            None => chosen,
        };
        if *predicate != Predicate::Missing {
            if let Form::Offset(base) = self.form {
                match self.distances_that(base, predicate)? {
                    Ok(Some(chosen)) => return Ok(Ok(there(chosen))),
                    Ok(None) => {}
                    Err(unfit) => return Ok(Err(unfit)),
                }
            }
            if let Some((codes, distinct)) = self.dictionary()? {
                let matching = match decoded::filter(&distinct, predicate) {
                    Ok(matching) => matching.iter().collect::<Vec<bool>>(),
                    Err(unfit) => return Ok(Err(unfit)),
                };
                return Ok(Ok(there(codes.chosen(&matching)?)));
            }
        } else if !self.data_type.is_floating() {
            let nulls = self.validity.as_ref().map(|validity| !validity.inner());
            return Ok(Ok(nulls.unwrap_or_else(|| BooleanBuffer::new_unset(self.rows))));
        }
        Ok(decoded::filter(&self.decode()?, predicate))
    }

    /// The number of the distinct value, or level, of each row without gathering the values; nothing when the column
    /// is not stored so.
    ///
    /// # Errors
    /// As [`Self::to_array`].
    pub fn group_codes(&self) -> Result<Option<GroupCodes>> {
        self.groups().map_err(|fault| self.damaged(fault))
    }

    fn groups(&self) -> Result<Option<GroupCodes>, Fault> {
        let (codes, values) = if matches!(self.data_type, DataType::Dictionary(..)) {
            let array = self.decode()?;
            let factor = array.as_dictionary::<Int32Type>();
            // Codes of rows that are there were compared with the levels; the others may be anything.
            let known =
                |code: &i32| u32::try_from(*code).ok().filter(|c| (*c as usize) < factor.values().len());
            let codes = factor.keys().values().iter().map(|code| known(code).unwrap_or_default());
            (codes.collect(), Arc::clone(factor.values()))
        } else {
            let Some((codes, values)) = self.dictionary()? else { return Ok(None) };
            (codes.to_vec(values.len())?, values)
        };
        let codes = UInt32Array::try_new(codes.into(), self.validity.clone());
        Ok(Some(GroupCodes { codes: codes.map_err(|e| Fault::new("codes", e))?, values }))
    }

    fn damaged(&self, fault: Fault) -> Error {
        fault.in_segment(&self.place.path, &self.place.column, self.place.block, self.place.offset)
    }

    pub(super) fn decode(&self) -> Result<ArrayRef, Fault> {
        decode::decode(&self.segment, &self.data_type, self.rows, self.levels.as_ref())
    }

    /// Where the nodes of the values begin.
    pub(super) fn cursor(&self) -> Result<Cursor<'_>, Fault> {
        let mut cursor = Cursor::new(&self.segment);
        cursor.take(self.values)?;
        Ok(cursor)
    }

    /// Codes and distinct values; a constant is a list of one. Nothing for other forms.
    fn dictionary(&self) -> Result<Option<(Codes<'_>, ArrayRef)>, Fault> {
        let levels = self.levels.as_ref();
        let distinct = match self.form {
            Form::AllMissing => new_null_array(&self.data_type, 1),
            Form::Constant => {
                let node = Node::next(&mut self.cursor()?)?;
                let mut one = Vec::new();
                put_node(&mut one, tag::CONSTANT, node.width, 1, node.codec, node.payload);
                decode::decode(&Bytes::from(one), &self.data_type, 1, levels)?
            }
            Form::Dictionary => {
                let mut cursor = self.cursor()?;
                Node::next(&mut cursor)?;
                let codes = Codes::read(&mut cursor, self.rows, 4)?;
                let count = Node::next(&mut cursor.clone())?.count;
                if count > self.rows {
                    return Err(Fault::new(format_args!("at most {} distinct values", self.rows), count));
                }
                let distinct =
                    decode::values(&mut cursor, &self.segment, &self.data_type, count, None, levels)?;
                return Ok(Some((codes, distinct)));
            }
            Form::Offset(_) | Form::Other => return Ok(None),
        };
        Ok(Some((Codes::same(self.rows), distinct)))
    }
}

impl fmt::Debug for EncodedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedColumn")
            .field("column", &self.place.column)
            .field("block", &self.place.block)
            .field("rows", &self.rows)
            .field("shortcut", &self.shortcut())
            .finish_non_exhaustive()
    }
}
