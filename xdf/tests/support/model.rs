//! A small table in memory: what a file must hold after the same changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field, Schema};
use xdf::{File, QuantileSketch, ReadOptions, metadata};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Float,
    Text,
    Factor,
    Bool,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Int, Self::Float, Self::Text, Self::Factor, Self::Bool];

    fn data_type(self) -> DataType {
        match self {
            Self::Int => DataType::Int32,
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Factor => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::Bool => DataType::Boolean,
        }
    }
}

/// One value; floats as their bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Missing,
    Int(i32),
    Float(u64),
    Text(String),
    Bool(bool),
}

/// A column with everything that is said about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    pub(crate) levels: Vec<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) values: Vec<Value>,
}

/// Values for rows of a column, the same for the same seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    pub(crate) seed: u64,
    pub(crate) rows: usize,
    /// Whether some are missing.
    pub(crate) missing: bool,
}

fn mix(seed: u64, row: u64) -> u64 {
    let mut x =
        seed.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(row.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

impl Draw {
    pub(crate) fn values(self, kind: Kind) -> Vec<Value> {
        let value = |row: usize| {
            let x = mix(self.seed, row as u64);
            if self.missing && x.is_multiple_of(5) {
                return Value::Missing;
            }
            match kind {
                Kind::Int => Value::Int((x >> 8) as i32 % 1000),
                Kind::Float => {
                    let special = [0.0, -0.0, f64::NAN, f64::INFINITY, 0.1];
                    let plain = (x >> 40) as f64 / 8.0;
                    let number = special.get((x % 13) as usize).copied().unwrap_or(plain);
                    Value::Float(number.to_bits())
                }
                // Few texts, other ones for another seed: levels that are known and new ones.
                Kind::Text | Kind::Factor => Value::Text(format!("t{}", self.seed % 3 + (x >> 8) % 4)),
                Kind::Bool => Value::Bool(x & 256 == 0),
            }
        };
        (0..self.rows).map(value).collect()
    }
}

/// The array of values; the dictionary of a factor in order of appearance.
pub(crate) fn array(kind: Kind, values: &[Value]) -> ArrayRef {
    let texts =
        || values.iter().map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None });
    match kind {
        Kind::Int => Arc::new(
            values
                .iter()
                .map(|v| if let Value::Int(v) = v { Some(*v) } else { None })
                .collect::<Int32Array>(),
        ),
        Kind::Float => Arc::new(
            values
                .iter()
                .map(|v| if let Value::Float(v) = v { Some(f64::from_bits(*v)) } else { None })
                .collect::<Float64Array>(),
        ),
        Kind::Text => Arc::new(texts().collect::<StringArray>()),
        Kind::Factor => Arc::new(texts().collect::<DictionaryArray<Int32Type>>()),
        Kind::Bool => Arc::new(
            values
                .iter()
                .map(|v| if let Value::Bool(v) = v { Some(*v) } else { None })
                .collect::<BooleanArray>(),
        ),
    }
}

fn values(kind: Kind, array: &ArrayRef) -> Vec<Value> {
    let value = |row: usize| {
        if array.is_null(row) {
            return Value::Missing;
        }
        match kind {
            Kind::Int => Value::Int(array.as_primitive::<Int32Type>().value(row)),
            Kind::Float => Value::Float(array.as_primitive::<Float64Type>().value(row).to_bits()),
            Kind::Text => Value::Text(array.as_string::<i32>().value(row).to_owned()),
            Kind::Factor => {
                let factor = array.as_dictionary::<Int32Type>();
                let text = factor.values().as_string::<i32>().value(factor.keys().value(row) as usize);
                Value::Text(text.to_owned())
            }
            Kind::Bool => Value::Bool(array.as_boolean().value(row)),
        }
    };
    (0..array.len()).map(value).collect()
}

impl Column {
    /// A new column, as `put_columns` and a new file make it.
    pub(crate) fn new(name: String, kind: Kind, values: Vec<Value>) -> Self {
        let mut column = Self {
            name,
            kind,
            nullable: false,
            levels: Vec::new(),
            metadata: BTreeMap::new(),
            values: Vec::new(),
        };
        column.extend(values);
        column
    }

    /// Rows behind the others: levels merge, missing values make the column nullable, low and high widen.
    pub(crate) fn extend(&mut self, values: Vec<Value>) {
        self.nullable |= values.contains(&Value::Missing);
        if self.kind == Kind::Factor {
            for value in &values {
                if let Value::Text(text) = value
                    && !self.levels.contains(text)
                {
                    self.levels.push(text.clone());
                }
            }
        }
        self.values.extend(values);
    }

    /// The field that a batch for this column has.
    pub(crate) fn field(&self) -> Field {
        Field::new(&self.name, self.kind.data_type(), true)
    }
}

/// A table, and what is said about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    pub(crate) columns: Vec<Column>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Model {
    pub(crate) fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    /// Rows for all columns.
    pub(crate) fn batch(&self, draw: Draw) -> (RecordBatch, Vec<Vec<Value>>) {
        let column = |(index, column): (usize, &Column)| {
            Draw { seed: draw.seed.wrapping_add(index as u64), ..draw }.values(column.kind)
        };
        let values: Vec<Vec<Value>> = self.columns.iter().enumerate().map(column).collect();
        let arrays =
            self.columns.iter().zip(&values).map(|(column, values)| array(column.kind, values)).collect();
        let fields: Vec<Field> = self.columns.iter().map(Column::field).collect();
        (RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap(), values)
    }

    /// What a file holds, in the same terms.
    pub(crate) fn of(file: &File) -> Self {
        let schema = file.schema();
        let columns = schema.fields().iter().map(|field| {
            let kind = Kind::ALL.into_iter().find(|kind| kind.data_type() == *field.data_type()).unwrap();
            let mut metadata: BTreeMap<_, _> = field.metadata().clone().into_iter().collect();
            metadata.remove(metadata::LEVELS);
            Column {
                name: field.name().clone(),
                kind,
                nullable: field.is_nullable(),
                levels: metadata::levels(field).unwrap_or_default(),
                metadata,
                values: Vec::new(),
            }
        });
        let mut model =
            Self { columns: columns.collect(), metadata: schema.metadata().clone().into_iter().collect() };
        for batch in file.reader(&ReadOptions::default()).unwrap() {
            let batch = batch.unwrap();
            for (column, array) in model.columns.iter_mut().zip(batch.columns()) {
                column.values.extend(values(column.kind, array));
            }
        }
        model
    }

    /// Panics unless the file is sound and holds this table, statistics included.
    pub(crate) fn assert_is(&self, file: &File) {
        assert_eq!(Self::of(file), *self);
        assert_eq!(file.num_rows(), self.rows() as u64);
        assert_eq!(file.verify().unwrap().damaged, []);
        for (index, column) in self.columns.iter().enumerate() {
            let statistics = file.column_statistics(index).unwrap();
            let missing = |value: &&Value| match value {
                Value::Missing => true,
                Value::Float(bits) => f64::from_bits(*bits).is_nan(),
                _ => false,
            };
            assert_eq!(statistics.rows, self.rows() as u64, "rows of '{}'", column.name);
            let expected = column.values.iter().filter(missing).count() as u64;
            assert_eq!(statistics.missing, expected, "missing of '{}'", column.name);
            if column.kind == Kind::Int {
                let values =
                    column.values.iter().filter_map(|v| if let Value::Int(v) = v { Some(*v) } else { None });
                let smallest = values.clone().min().map(|v| xdf::Scalar::Int(v.into()));
                let largest = values.max().map(|v| xdf::Scalar::Int(v.into()));
                assert_eq!(statistics.min, smallest, "smallest of '{}'", column.name);
                assert_eq!(statistics.max, largest, "largest of '{}'", column.name);
            }
            let array = array(column.kind, &column.values);
            let sketch = QuantileSketch::new(array.data_type()).map(|mut sketch| {
                sketch.insert(&array);
                sketch
            });
            assert_eq!(statistics.sketch, sketch, "quantiles of '{}'", column.name);
            if column.kind == Kind::Factor {
                let count = |level: &String| {
                    column.values.iter().filter(|v| matches!(v, Value::Text(text) if text == level)).count()
                        as u64
                };
                let counts: Vec<u64> = column.levels.iter().map(count).collect();
                assert_eq!(statistics.level_counts, Some(counts), "levels of '{}'", column.name);
            }
        }
    }
}
