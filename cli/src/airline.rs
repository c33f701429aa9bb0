//! A simulated table of flights, of any size.
//!
//! It has the shape of the on-time data that airlines report: delays with a long tail that depend on carrier, airport,
//! month, day and hour, factors of 7 to 10 000 levels, missing values, and rows in an order that compresses as the real
//! ones do. Nothing is stored: row `i` is a function of the seed and `i`, so a table can be streamed at any size, by any
//! number of threads, and the first rows of a larger table are those of a smaller one.
//!
//! The table is made a month at a time (41 667 rows, twelve of them a year of 500 000); [`AirlineSource`] makes as many
//! months at once as there are threads.
//!
//! ```
//! use engine::{BlockSource, ScanOptions};
//!
//! let flights = rxdf::airline::AirlineSource::new(1_000);
//! let mut rows = 0;
//! for block in flights.open(&ScanOptions::default())? {
//!     rows += block?.num_rows();
//! }
//! assert_eq!(rows, 1_000);
//! # Ok::<(), engine::Error>(())
//! ```

mod calendar;
mod month;
mod random;
mod world;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow_array::cast::AsArray;
use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Int16Array, Int32Array, RecordBatch, RecordBatchOptions,
    RecordBatchReader,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use engine::source::{SourceInfo, indices, projected};
use engine::{BlockReader, BlockSource, Monitor, Result, ScanOptions, factor};
use rayon::prelude::*;

use month::Month;
use world::{Levels, World};

/// Rows of a year.
const YEAR: u64 = 500_000;
/// Months that are made for one hand-over at most, whatever the number of threads.
const MONTHS_AT_ONCE: usize = 16;

/// The simulated table as a source of blocks.
#[derive(Clone)]
pub struct AirlineSource {
    rows: u64,
    seed: u64,
    schema: SchemaRef,
}

impl AirlineSource {
    /// The table with `rows` rows.
    pub fn new(rows: u64) -> Self {
        Self { rows, seed: 7, schema: schema(&world().levels) }
    }

    /// Another sample of the same population; the default seed is 7.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl BlockSource for AirlineSource {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn info(&self) -> SourceInfo {
        SourceInfo { name: "airline".into(), rows: Some(self.rows), bytes: None, random_access: true }
    }

    fn open(&self, options: &ScanOptions) -> Result<BlockReader> {
        let rows = options.rows.clone().unwrap_or(0..self.rows);
        let rows = rows.start.min(self.rows)..rows.end.min(self.rows);
        let start = rows.start;
        let reader = Months {
            seed: self.seed,
            columns: indices(&self.schema, options.columns.as_deref())?,
            schema: projected(&self.schema, options.columns.as_deref())?,
            next: month_of(start),
            rows,
            ready: VecDeque::new(),
            monitor: Arc::clone(&options.monitor),
        };
        Ok(BlockReader::new(Box::new(reader), options, start))
    }
}

/// Carriers, airports and aircraft are made once.
fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(World::new)
}

fn schema(levels: &Levels) -> SchemaRef {
    let field = |name: &str, data_type: DataType, description: &str| {
        xdf::metadata::set_description(Field::new(name, data_type, true), description)
    };
    let factor = |name: &str, levels: &ArrayRef, description: &str| {
        let texts: Vec<&str> = levels.as_string::<i32>().iter().flatten().collect();
        xdf::metadata::set_levels(field(name, factor::factor_type(), description), &texts)
    };
    Arc::new(Schema::new(vec![
        field("Year", DataType::Int16, "year of the flight"),
        factor("Month", &levels.months, "month of the flight"),
        field("DayofMonth", DataType::Int32, "day of the month"),
        factor("DayOfWeek", &levels.days, "day of the week"),
        field("CRSDepTime", DataType::Float32, "scheduled departure, local time in hours"),
        factor("UniqueCarrier", &levels.carriers, "code of the carrier"),
        factor("Origin", &levels.airports, "airport of departure"),
        factor("Dest", &levels.airports, "airport of arrival"),
        field("Distance", DataType::Int32, "distance in miles"),
        field("DepDelay", DataType::Float32, "departure delay in minutes; missing when cancelled"),
        field("ArrDelay", DataType::Int32, "arrival delay in minutes; missing when cancelled or diverted"),
        field("Late", DataType::Boolean, "whether it arrived more than 15 minutes late"),
        factor("TailNum", &levels.aircraft, "registration of the aircraft"),
    ]))
}

/// The first row of month number `month` of the table.
fn first_row(month: u64) -> u64 {
    month / 12 * YEAR + month % 12 * YEAR / 12
}

/// The number of the month that row `row` is in.
fn month_of(row: u64) -> u64 {
    let guess = row / YEAR * 12 + row % YEAR * 12 / YEAR;
    if first_row(guess + 1) <= row { guess + 1 } else { guess }
}

/// Reads the table in batches of a month.
struct Months {
    seed: u64,
    columns: Vec<usize>,
    schema: SchemaRef,
    next: u64,
    rows: Range<u64>,
    ready: VecDeque<Result<RecordBatch, ArrowError>>,
    monitor: Arc<Monitor>,
}

impl Months {
    /// Makes the next months, one a thread.
    fn fill(&mut self) {
        let after = if self.rows.is_empty() { self.next } else { month_of(self.rows.end - 1) + 1 };
        let at_once = rayon::current_num_threads().clamp(1, MONTHS_AT_ONCE) as u64;
        let months = self.next..after.min(self.next + at_once);
        self.next = months.end;
        let made: Vec<_> = months.into_par_iter().map(|month| self.month(month)).collect();
        self.ready.extend(made);
    }

    fn month(&self, number: u64) -> Result<RecordBatch, ArrowError> {
        self.monitor.check()?;
        let rows = first_row(number)..first_row(number + 1);
        let made = Month::new(
            world(),
            self.seed,
            number / 12,
            (number % 12) as u8,
            (rows.end - rows.start) as usize,
        );
        let columns: Vec<ArrayRef> =
            self.columns.iter().map(|&index| column(&made, index)).collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(made.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        let from = self.rows.start.max(rows.start);
        let to = self.rows.end.min(rows.end);
        Ok(batch.slice((from - rows.start) as usize, to.saturating_sub(from) as usize))
    }
}

impl Iterator for Months {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty() {
            self.fill();
        }
        self.ready.pop_front()
    }
}

impl RecordBatchReader for Months {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// Column number `index` of the table's schema.
fn column(month: &Month, index: usize) -> Result<ArrayRef> {
    let levels = &world().levels;
    let small = |codes: &[u8], levels: &ArrayRef| {
        factor::factor(
            Int32Array::from_iter_values(codes.iter().map(|&code| i32::from(code))),
            Arc::clone(levels),
        )
    };
    let large = |codes: &[u16], levels: &ArrayRef| {
        factor::factor(
            Int32Array::from_iter_values(codes.iter().map(|&code| i32::from(code))),
            Arc::clone(levels),
        )
    };
    let arrived = |row: usize| month.arrived[row];
    let rows = 0..month.len();
    Ok(match index {
        0 => Arc::new(Int16Array::from_value(month.year, month.len())),
        1 => small(&vec![month.number; month.len()], &levels.months)?,
        2 => Arc::new(Int32Array::from_iter_values(month.day.iter().map(|&day| i32::from(day)))),
        3 => small(&month.weekday, &levels.days)?,
        4 => Arc::new(Float32Array::from_iter_values(month.departure.iter().copied())),
        5 => small(&month.carrier, &levels.carriers)?,
        6 => large(&month.origin, &levels.airports)?,
        7 => large(&month.dest, &levels.airports)?,
        8 => Arc::new(Int32Array::from_iter_values(month.distance.iter().copied())),
        9 => Arc::new(
            rows.map(|row| month.departed[row].then(|| month.dep_delay[row])).collect::<Float32Array>(),
        ),
        10 => Arc::new(rows.map(|row| arrived(row).then(|| month.arr_delay[row])).collect::<Int32Array>()),
        11 => Arc::new(
            rows.map(|row| arrived(row).then(|| month.arr_delay[row] > 15)).collect::<BooleanArray>(),
        ),
        _ => large(&month.aircraft, &levels.aircraft)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &AirlineSource, options: &ScanOptions) -> Vec<RecordBatch> {
        let blocks: Result<Vec<_>> = source.open(options).unwrap().collect();
        blocks.unwrap().into_iter().map(|block| block.batch).collect()
    }

    #[test]
    fn months_cover_the_rows_without_gaps() {
        for month in 0..30 {
            assert_eq!(month_of(first_row(month)), month);
            assert_eq!(month_of(first_row(month + 1) - 1), month);
        }
        assert_eq!(first_row(12), YEAR);
    }

    #[test]
    fn the_first_rows_do_not_depend_on_size_threads_or_where_reading_starts() {
        let large = AirlineSource::new(200_000);
        let small = AirlineSource::new(90_000);
        let options = ScanOptions::default().with_block_rows(10_000);
        let all = read(&large, &options);
        assert_eq!(read(&small, &options), all[..9]);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(pool.install(|| read(&large, &options.clone().with_prefetch(false))), all);
        assert_eq!(read(&large, &options.clone().with_rows(50_000..70_000)), all[5..7]);
        assert_ne!(read(&large.clone().with_seed(8), &options)[0], all[0]);
    }

    #[test]
    fn columns_come_in_the_order_asked_for_and_no_rows_are_no_blocks() {
        let source = AirlineSource::new(100);
        let batches = read(&source, &ScanOptions::default().with_columns(["TailNum", "Year"]));
        assert_eq!(batches[0].schema().field(0).name(), "TailNum");
        assert_eq!(batches[0].num_columns(), 2);
        assert!(read(&AirlineSource::new(0), &ScanOptions::default()).is_empty());
        assert!(source.open(&ScanOptions::default().with_columns(["Delay"])).is_err());
    }
}
