//! Rows with everything that models meet: missing values, factors, weights, large means.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray, UInt32Array,
};
use arrow_schema::DataType;
use sqlbridge::{Dialect, Session};

/// Numbers between 0 and 1, always the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

pub(crate) const DAYS: [&str; 4] = ["Tuesday", "Mon'day", "späte \\ Woche", "Any"];
pub(crate) const SIZES: [&str; 3] = ["small", "large", "Large"];

/// So many rows; every 17th lacks something.
pub(crate) fn rows(count: usize) -> RecordBatch {
    let mut random = Random(42);
    let mut x = Vec::new();
    let mut far = Vec::new();
    let mut n = Vec::new();
    let mut day = Vec::new();
    let mut size = Vec::new();
    let mut flag = Vec::new();
    let mut y = Vec::new();
    let mut event = Vec::new();
    let mut weight = Vec::new();
    let mut times = Vec::new();
    for row in 0..count {
        let (a, b) = (random.next() * 3.0 - 1.0, random.next());
        let whole = (random.next() * 9.0) as i32 - 3;
        let d = (random.next() * 4.0) as usize;
        let s = (random.next() * 3.0) as usize;
        let f = random.next() < 0.4;
        let lacks = |which: usize| row % 17 == 5 && row % 7 == which;
        x.push((!lacks(0)).then_some(if lacks(1) { f64::NAN } else { a }));
        far.push(Some(1e9 + b));
        n.push((!lacks(2)).then_some(whole));
        day.push((!lacks(3)).then_some(d as i32));
        size.push((!lacks(4)).then_some(SIZES[s]));
        flag.push((!lacks(5)).then_some(i32::from(f)));
        let mean = 2.0 - a + 0.3 * f64::from(whole) + d as f64 * 0.5 - 4.0 * b;
        y.push((!lacks(6)).then_some(mean + random.next() * 2.0 - 1.0));
        event.push(Some(i32::from(random.next() < 1.0 / (1.0 + (-mean).exp()))));
        weight.push(Some(if row % 29 == 0 { 0.0 } else { 0.5 + random.next() }));
        times.push(Some((random.next() * 4.0) as i32));
    }
    let days: ArrayRef = Arc::new(StringArray::from(DAYS.to_vec()));
    let day = DictionaryArray::<Int32Type>::try_new(Int32Array::from(day), days).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("x", Arc::new(Float64Array::from(x))),
        ("far", Arc::new(Float64Array::from(far))),
        ("n", Arc::new(Int32Array::from(n))),
        ("day", Arc::new(day)),
        ("size", Arc::new(StringArray::from(size))),
        ("flag", Arc::new(Int32Array::from(flag))),
        ("y", Arc::new(Float64Array::from(y))),
        ("event", Arc::new(Int32Array::from(event))),
        ("weight", Arc::new(Float64Array::from(weight))),
        ("times", Arc::new(Int32Array::from(times))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .unwrap()
}

/// The rows so that the texts of a column first appear in the order of their bytes, in which a database gives them.
pub(crate) fn sorted(rows: &RecordBatch, column: &str) -> RecordBatch {
    let mut order: Vec<u32> = (0..rows.num_rows() as u32).collect();
    let texts = rows.column_by_name(column).unwrap().as_string::<i32>();
    order.sort_by_key(|&row| texts.is_valid(row as usize).then(|| texts.value(row as usize)));
    let order = UInt32Array::from(order);
    let columns = rows.columns().iter().map(|column| arrow_select::take::take(column, &order, None).unwrap());
    RecordBatch::try_new(rows.schema(), columns.collect()).unwrap()
}

/// Creates a table of a batch's rows.
pub(crate) fn create(session: &mut dyn Session, table: &str, batch: &RecordBatch) {
    let dialect = session.dialect();
    let table = dialect.quoted(table);
    let kind = |ty: &DataType| match ty {
        DataType::Float64 => "DOUBLE PRECISION",
        DataType::Int32 => "INTEGER",
        _ => "VARCHAR(40)",
    };
    let schema = batch.schema();
    let column = |field: &Arc<arrow_schema::Field>| {
        format!("{} {}", dialect.quoted(field.name()), kind(field.data_type()))
    };
    let columns: Vec<String> = schema.fields().iter().map(column).collect();
    session.execute(&format!("DROP TABLE IF EXISTS {table}")).unwrap();
    session.execute(&format!("CREATE TABLE {table} ({})", columns.join(", "))).unwrap();
    let rows: Vec<String> = (0..batch.num_rows()).map(|row| literals(dialect, batch, row)).collect();
    for rows in rows.chunks(200) {
        session.execute(&format!("INSERT INTO {table} VALUES {}", rows.join(", "))).unwrap();
    }
}

fn literals(dialect: Dialect, batch: &RecordBatch, row: usize) -> String {
    let cell = |column: &ArrayRef| -> String {
        if column.is_null(row) {
            return "NULL".into();
        }
        match column.data_type() {
            DataType::Float64 => match column.as_primitive::<Float64Type>().value(row) {
                x if x.is_nan() && dialect == Dialect::PostgreSql => "'NaN'".into(),
                x if x.is_nan() => "NULL".into(),
                x => format!("{x:e}"),
            },
            DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
            DataType::Utf8 => dialect.text(column.as_string::<i32>().value(row)),
            _ => {
                let (codes, levels) = engine::factor::codes_and_levels(column.as_ref()).unwrap();
                dialect.text(levels.value(codes.value(row) as usize))
            }
        }
    };
    format!("({})", batch.columns().iter().map(cell).collect::<Vec<_>>().join(", "))
}
