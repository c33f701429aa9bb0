//! The rows of one month: flights by carrier, each on most days of the month, each a little late.
//!
//! The delay follows effects of carrier, airports, month, day and hour and two interactions, so there is something to
//! find for linear and for other models; it is skewed, and about two in a hundred rows miss it. In even years a carrier's
//! rows are ordered by flight (as in the data of 1987), in odd years by day (as in those of 2008).

use super::calendar::{days_in_month, weekday};
use super::random::{Choice, Stream};
use super::world::{DAY_EFFECT, MONTH_EFFECT, World};

/// The share of a month's days that a flight goes.
const DAYS_FLOWN: f64 = 0.74;
/// Draws that a row may take from its stream.
const DRAWS: u64 = 8;

/// The columns of one month's rows; delays are there for missing ones too.
#[derive(Default)]
pub(super) struct Month {
    pub(super) year: i16,
    /// 0 to 11.
    pub(super) number: u8,
    pub(super) day: Vec<u8>,
    pub(super) weekday: Vec<u8>,
    pub(super) departure: Vec<f32>,
    pub(super) carrier: Vec<u8>,
    pub(super) origin: Vec<u16>,
    pub(super) dest: Vec<u16>,
    pub(super) distance: Vec<i32>,
    pub(super) dep_delay: Vec<f32>,
    pub(super) arr_delay: Vec<i32>,
    pub(super) departed: Vec<bool>,
    pub(super) arrived: Vec<bool>,
    pub(super) aircraft: Vec<u16>,
}

/// What all rows of a flight share.
struct Flight {
    carrier: u8,
    origin: u16,
    dest: u16,
    departure: f32,
    distance: i32,
    days: u8,
    /// Minutes that everything but the day adds to the delay.
    effect: f64,
    /// What the destination adds on the way.
    arrival: f64,
}

impl Month {
    /// Makes the `rows` rows of `month` (0 to 11) of the year number `number` of the table.
    pub(super) fn new(world: &World, seed: u64, number: u64, month: u8, rows: usize) -> Self {
        let year = 1987 + (number % 22) as i16;
        let length = days_in_month(year, month);
        let flights = flights(world, Stream::new(&[seed, number, u64::from(month), 0]), month, length, rows);
        let stream = Stream::new(&[seed, number, u64::from(month), 1]);
        let order = if number.is_multiple_of(2) {
            by_flight(&flights, length)
        } else {
            by_day(&flights, length, stream)
        };
        let mut made = Self { year, number: month, ..Self::default() };
        made.reserve(rows);
        for (row, &(flight, day)) in order.iter().enumerate() {
            made.push(stream, row as u64 * DRAWS, &flights[flight as usize], flight, day);
        }
        made
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.day.len()
    }

    fn reserve(&mut self, rows: usize) {
        self.day.reserve_exact(rows);
        self.weekday.reserve_exact(rows);
        self.departure.reserve_exact(rows);
        self.carrier.reserve_exact(rows);
        self.origin.reserve_exact(rows);
        self.dest.reserve_exact(rows);
        self.distance.reserve_exact(rows);
        self.dep_delay.reserve_exact(rows);
        self.arr_delay.reserve_exact(rows);
        self.departed.reserve_exact(rows);
        self.arrived.reserve_exact(rows);
        self.aircraft.reserve_exact(rows);
    }

    fn push(&mut self, stream: Stream, draw: u64, flight: &Flight, number: u32, day: u8) {
        let weekday = weekday(self.year, self.number, day);
        let holidays = if self.number == 11 && day > 19 { 2.5 } else { 0.0 };
        let effect = flight.effect + DAY_EFFECT[usize::from(weekday)] + holidays;
        let late = 1.0 / (1.0 + (1.55 - 0.09 * effect).exp());
        let (on_time, on_the_way) = stream.normals(draw);
        let mut departed = if stream.uniform(draw + 2) < late {
            stream.exponential(draw + 3) * (12.0 + 1.1 * effect.clamp(-5.0, 30.0)) + 1.0
        } else {
            on_time * 3.2 - 2.0
        };
        if stream.uniform(draw + 4) < 0.012 {
            departed += 90.0 * stream.exponential(draw + 5);
        }
        let departed = departed.round().clamp(-40.0, 1600.0);
        let faster = 0.0012 * f64::from(flight.distance - 700);
        let arrived =
            (departed + 11.0 * on_the_way - 2.2 + flight.arrival - faster).round().clamp(-80.0, 1640.0);
        let fate = stream.uniform(draw + 6);
        let cancelled = fate < if effect > 15.0 { 0.020 } else { 0.018 };
        let aircraft = (u64::from(number) * 7919 % 97 * 13 + stream.below(draw + 7, 40)) % 500;
        self.day.push(day);
        self.weekday.push(weekday);
        self.departure.push(flight.departure);
        self.carrier.push(flight.carrier);
        self.origin.push(flight.origin);
        self.dest.push(flight.dest);
        self.distance.push(flight.distance);
        self.dep_delay.push(departed as f32);
        self.arr_delay.push(arrived as i32);
        self.departed.push(!cancelled);
        self.arrived.push(!cancelled && fate < 1.0 - 0.0025);
        self.aircraft.push(u16::from(flight.carrier) * 500 + aircraft as u16);
    }
}

/// The flights of a month, by carrier; their days add up to `rows`.
fn flights(world: &World, stream: Stream, month: u8, length: u8, rows: usize) -> Vec<Flight> {
    let n = (rows as f64 / (f64::from(length) * DAYS_FLOWN)) as u64 + 1;
    let mut carriers: Vec<u8> = (0..n).map(|i| world.carriers.pick(stream.uniform(6 * i)) as u8).collect();
    carriers.sort_unstable();
    let days = binomial(length, DAYS_FLOWN);
    let mut flights: Vec<Flight> = carriers
        .into_iter()
        .zip((0..n).map(|i| 6 * i))
        .map(|(carrier, draw)| {
            let origin = world.airports.pick(stream.uniform(draw + 1));
            let dest = world.airports.pick(stream.uniform(draw + 2));
            let dest = if dest == origin { (origin + 1) % world.num_airports() } else { dest };
            let hour = world.hours.pick(stream.uniform(draw + 3)) as f64;
            let departure = hour + stream.below(draw + 4, 12) as f64 * 5.0 / 60.0;
            let distance = world.distance(origin, dest);
            let evening = if origin < 12 && departure > 16.0 { 3.0 } else { 0.0 };
            let far = if distance > 1500 { -1.5 } else { 0.0 };
            Flight {
                carrier,
                origin: origin as u16,
                dest: dest as u16,
                departure: departure as f32,
                distance,
                days: days.pick(stream.uniform(draw + 5)).max(1) as u8,
                effect: world.carrier_effect[usize::from(carrier)]
                    + world.origin_effect[origin]
                    + 0.5 * world.dest_effect[dest]
                    + MONTH_EFFECT[usize::from(month)]
                    + 0.75 * (departure - 6.0).clamp(0.0, 14.0)
                    + evening
                    + far,
                arrival: 0.35 * world.dest_effect[dest],
            }
        })
        .collect();
    fill(&mut flights, length, rows);
    flights
}

/// Lengthens or shortens flights by single days until they make `rows` rows.
fn fill(flights: &mut [Flight], length: u8, rows: usize) {
    let mut sum: usize = flights.iter().map(|flight| usize::from(flight.days)).sum();
    // 7 919 is prime and more than the flights of a month, so every flight has its turn
    let n = flights.len();
    let mut turn = 0;
    while sum != rows {
        let days = &mut flights[turn * 7919 % n].days;
        if sum < rows && *days < length {
            *days += 1;
            sum += 1;
        } else if sum > rows && *days > 1 {
            *days -= 1;
            sum -= 1;
        }
        turn += 1;
    }
}

/// How often an event happens in `n` trials.
fn binomial(n: u8, p: f64) -> Choice {
    let ratio = p / (1.0 - p);
    let mut weight = (1.0 - p).powi(i32::from(n));
    Choice::new((0..=n).map(|k| {
        let this = weight;
        weight *= ratio * f64::from(n - k) / (f64::from(k) + 1.0);
        this
    }))
}

/// The days of every flight, spread over the month, as pairs of a flight's number and a day.
fn by_flight(flights: &[Flight], length: u8) -> Vec<(u32, u8)> {
    let days = |(number, flight): (usize, &Flight)| {
        let step = f64::from(length) / f64::from(flight.days);
        (0..flight.days).map(move |k| (number as u32, 1 + (f64::from(k) * step) as u8))
    };
    flights.iter().enumerate().flat_map(days).collect()
}

/// The same pairs by carrier and day, the flights of a day in one shuffled order.
fn by_day(flights: &[Flight], length: u8, stream: Stream) -> Vec<(u32, u8)> {
    let mut rows = by_flight(flights, length);
    // the draws of the rows are numbered from 0 up, those of the shuffle from the other end
    let shuffled = |flight: u32| stream.bits(u64::MAX - u64::from(flight));
    rows.sort_by_cached_key(|&(flight, day)| (flights[flight as usize].carrier, day, shuffled(flight)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_its_rows_its_days_and_its_missing_delays() {
        let world = World::new();
        for (number, month) in [(0, 1), (1, 1), (21, 11)] {
            let made = Month::new(&world, 7, number, month, 41_667);
            assert_eq!(made.len(), 41_667);
            let length = days_in_month(made.year, month);
            assert!(made.day.iter().all(|&day| (1..=length).contains(&day)));
            assert!(made.carrier.is_sorted(), "rows are ordered by carrier");
            let missing = made.arrived.iter().filter(|&&arrived| !arrived).count();
            assert!((600..1200).contains(&missing), "{missing}");
            let mean = made.arr_delay.iter().map(|&delay| f64::from(delay)).sum::<f64>() / 41_667.0;
            assert!((0.0..25.0).contains(&mean), "{mean}");
            assert!(made.origin.iter().zip(&made.dest).all(|(origin, dest)| origin != dest));
        }
    }
}
