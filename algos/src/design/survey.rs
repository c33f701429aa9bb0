//! A pass that learns what the schema does not say: levels of factors, ranges of numbers.

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use engine::aggregate::{Key, Query, Scalar, Server, Stage, Sum};
use engine::{Accumulator, Block};
use foldhash::HashSet;
use serde::{Deserialize, Serialize};

use super::Input;
use super::read::{Bound, bind_input, for_each_number};
use crate::{Error, Result};

/// What a survey found of one variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Found {
    /// Texts in the order in which they first appear; levels of a factor in its order.
    Levels(Vec<String>),
    /// The lowest and highest number, `None` when there is none.
    Range(Option<(f64, f64)>),
}

/// Learns levels and ranges of some variables.
#[derive(Default, Serialize, Deserialize)]
pub struct Survey {
    items: Vec<Item>,
}

#[derive(Serialize, Deserialize)]
struct Item {
    input: Input,
    found: Found,
    #[serde(skip)]
    codes: HashSet<String>,
    #[serde(skip)]
    bound: Option<Bound>,
    /// Levels of the last dictionary that was taken in, so that the same one costs nothing.
    #[serde(skip)]
    last: Option<ArrayRef>,
}

impl Survey {
    /// A survey of these variables: levels (`true`) or range (`false`).
    pub(super) fn new(items: impl IntoIterator<Item = (Input, bool)>) -> Self {
        let items = items
            .into_iter()
            .map(|(input, levels)| Item {
                input,
                found: if levels { Found::Levels(Vec::new()) } else { Found::Range(None) },
                codes: HashSet::default(),
                bound: None,
                last: None,
            })
            .collect();
        Self { items }
    }
}

impl Survey {
    /// Asks a server: the texts of a variable come in the order of their bytes.
    pub(super) fn gather(&mut self, server: &mut dyn Server) -> Result<()> {
        let schema = server.schema();
        for item in &mut self.items {
            let value = item.input.scalar(&schema)?;
            if matches!(item.found, Found::Levels(_)) {
                for text in &texts_of(value, server)? {
                    item.add_level(text);
                }
            } else {
                let stages = vec![Stage { columns: vec![("value".into(), value)], keep: None }];
                let value = Scalar::named("value");
                let sums = vec![Sum::Min(value.clone()), Sum::Max(value)];
                let answer = server.ask(&Query { stages, keys: Vec::new(), sums })?;
                let (low, high) = (answer.total(0), answer.total(1));
                if low <= high {
                    item.add_range(low, high);
                }
            }
        }
        Ok(())
    }
}

/// The texts that a value has over the rows of a server, in the order of their bytes.
pub(crate) fn texts_of(value: Scalar, server: &mut dyn Server) -> Result<Vec<String>> {
    let stages = vec![Stage { columns: vec![("value".into(), value)], keep: None }];
    let query = Query { stages, keys: vec!["value".into()], sums: Vec::new() };
    let Some(Key::Texts(texts)) = server.ask(&query)?.keys.into_iter().next() else {
        return Err(Error::Mismatch { what: "levels are not texts" });
    };
    let mut texts: Vec<String> = texts.into_iter().flatten().collect();
    texts.sort_unstable();
    Ok(texts)
}

impl Item {
    fn add_level(&mut self, text: &str) {
        let Found::Levels(levels) = &mut self.found else { return };
        if self.codes.len() != levels.len() {
            // after deserialization
            self.codes = levels.iter().cloned().collect();
        }
        if !self.codes.contains(text) {
            self.codes.insert(text.to_owned());
            levels.push(text.to_owned());
        }
    }

    fn add_range(&mut self, low: f64, high: f64) {
        if let Found::Range(range) = &mut self.found {
            *range = Some(range.map_or((low, high), |(a, b)| (a.min(low), b.max(high))));
        }
    }

    fn take(&mut self, array: &ArrayRef) -> engine::Result<()> {
        if matches!(self.found, Found::Range(_)) {
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for_each_number(array.as_ref(), &mut |x| {
                low = low.min(x);
                high = high.max(x);
            })?;
            if low <= high {
                self.add_range(low, high);
            }
            return Ok(());
        }
        if let Some((_, levels)) = engine::factor::codes_and_levels(array.as_ref()) {
            let values = array.as_dictionary::<arrow_array::types::Int32Type>().values();
            if !self.last.as_ref().is_some_and(|last| std::sync::Arc::ptr_eq(last, values)) {
                for level in levels.iter().flatten() {
                    self.add_level(level);
                }
                self.last = Some(std::sync::Arc::clone(values));
            }
        } else if let Some(texts) = array.as_string_opt::<i32>() {
            let mut previous = None;
            for text in texts.iter().flatten() {
                if previous != Some(text) {
                    self.add_level(text);
                    previous = Some(text);
                }
            }
        }
        Ok(())
    }
}

impl Accumulator for Survey {
    type Input = Block;
    type Output = Vec<Found>;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        for item in &mut self.items {
            if !item.bound.as_ref().is_some_and(|bound| bound.fits(&block.batch)) {
                item.bound = Some(bind_input(&item.input, &block.batch.schema())?);
            }
            if let Some(bound) = &item.bound {
                let array = bound.evaluate(&block.batch)?;
                item.take(&array)?;
            }
        }
        Ok(())
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        if self.items.is_empty() {
            *self = later;
            return Ok(());
        }
        for (item, other) in self.items.iter_mut().zip(later.items) {
            match other.found {
                Found::Levels(levels) => levels.iter().for_each(|level| item.add_level(level)),
                Found::Range(Some((low, high))) => item.add_range(low, high),
                Found::Range(None) => {}
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<Found> {
        self.items.into_iter().map(|item| item.found).collect()
    }

    fn size(&self) -> usize {
        let levels = |item: &Item| match &item.found {
            Found::Levels(levels) => levels.iter().map(|level| 2 * level.len() + 64).sum(),
            Found::Range(_) => 64,
        };
        self.items.iter().map(levels).sum::<usize>() + 64
    }
}
