//! What does not change from row to row: carriers, airports, aircraft and how late they tend to be.
//!
//! It is the same for every seed, so that tables of different seeds are samples of one population and a model that is
//! fitted on one can be judged on another.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};

use super::random::{Choice, Stream};

/// Names of the months.
pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Names of the days of the week.
pub(super) const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Codes of the carriers, the most frequent first.
const CARRIERS: [&str; 20] = [
    "DL", "AA", "UA", "WN", "US", "NW", "CO", "MQ", "OO", "TW", "HP", "XE", "EV", "AS", "OH", "FL", "B6",
    "YV", "9E", "HA",
];
const AIRPORTS: usize = 300;
const AIRCRAFT: usize = 10_000;
/// Mean radius of the earth in miles.
const RADIUS: f64 = 3959.0;
/// Minutes of delay that a month adds.
pub(super) const MONTH_EFFECT: [f64; 12] = [3.0, 1.0, 0.0, -1.5, -1.0, 4.0, 3.5, 2.5, -3.0, -2.0, -1.0, 5.0];
/// Minutes of delay that a day of the week adds.
pub(super) const DAY_EFFECT: [f64; 7] = [0.0, -1.2, 0.0, 2.0, 3.2, -2.5, 0.5];
/// How many departures an hour of the day sees.
const HOURS: [f64; 24] = [
    0.2, 0.1, 0.05, 0.05, 0.1, 0.8, 5.0, 7.0, 7.0, 6.5, 6.0, 6.2, 6.3, 6.4, 6.0, 6.0, 6.0, 6.8, 6.5, 5.5,
    4.5, 3.2, 2.0, 0.8,
];

/// Carriers, airports and aircraft.
pub(super) struct World {
    pub(super) carriers: Choice,
    pub(super) airports: Choice,
    pub(super) hours: Choice,
    pub(super) carrier_effect: Vec<f64>,
    pub(super) origin_effect: Vec<f64>,
    pub(super) dest_effect: Vec<f64>,
    pub(super) levels: Levels,
    places: Vec<(f64, f64)>,
}

/// The levels of the factors.
pub(super) struct Levels {
    pub(super) months: ArrayRef,
    pub(super) days: ArrayRef,
    pub(super) carriers: ArrayRef,
    pub(super) airports: ArrayRef,
    pub(super) aircraft: ArrayRef,
}

impl World {
    pub(super) fn new() -> Self {
        let stream = |number: u64| Stream::new(&[0x00A1_4C1F, number]);
        let effects = |number: u64, n: usize, spread: f64| {
            (0..n as u64).map(|i| stream(number).normals(2 * i).0 * spread).collect::<Vec<f64>>()
        };
        let places = (0..AIRPORTS as u64)
            .map(|i| (stream(1).between(2 * i, 26.0, 48.0), stream(1).between(2 * i + 1, -122.0, -71.0)))
            .map(|(latitude, longitude)| (latitude.to_radians(), longitude.to_radians()));
        let letters = |bits: u64, n: u32| {
            (0..n).map(move |i| char::from(b'A' + ((bits >> (8 * i)) % 26) as u8)).collect::<String>()
        };
        let airports = distinct(AIRPORTS, |i| letters(stream(2).bits(i), 3));
        let aircraft = distinct(AIRCRAFT, |i| {
            let bits = stream(3).bits(i);
            format!("N{}{}", 100 + (bits >> 40) % 900, letters(bits, 2))
        });
        Self {
            carriers: Choice::new((1..=CARRIERS.len()).map(|rank| (rank as f64).powf(-0.75))),
            airports: Choice::new((1..=AIRPORTS).map(|rank| (rank as f64 + 3.0).powf(-1.15))),
            hours: Choice::new(HOURS),
            carrier_effect: effects(4, CARRIERS.len(), 2.0),
            origin_effect: effects(5, AIRPORTS, 2.5),
            dest_effect: effects(6, AIRPORTS, 1.5),
            levels: Levels {
                months: texts(&MONTHS),
                days: texts(&DAYS),
                carriers: texts(&CARRIERS),
                airports: texts(&airports),
                aircraft: texts(&aircraft),
            },
            places: places.collect(),
        }
    }

    /// Miles between two airports along the great circle, at least 30.
    pub(super) fn distance(&self, from: usize, to: usize) -> i32 {
        let ((south, west), (north, east)) = (self.places[from], self.places[to]);
        let half = |angle: f64| (angle / 2.0).sin().powi(2);
        let chord = half(north - south) + south.cos() * north.cos() * half(east - west);
        (2.0 * RADIUS * chord.sqrt().asin()).round().max(30.0) as i32
    }

    /// Number of airports.
    pub(super) fn num_airports(&self) -> usize {
        self.places.len()
    }
}

fn texts<T: AsRef<str>>(texts: &[T]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

/// The first `n` different values of a sequence.
fn distinct(n: usize, value: impl Fn(u64) -> String) -> Vec<String> {
    let mut seen = HashSet::new();
    (0..).map(value).filter(|value| seen.insert(value.clone())).take(n).collect()
}
