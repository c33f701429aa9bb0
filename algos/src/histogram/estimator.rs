//! The passes of a histogram.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use engine::formula::Formula;
use engine::{Accumulator, Block, Estimator};
use serde::{Deserialize, Serialize};

use super::{Bars, Breaks, Histogram, HistogramOptions, Panel};
use crate::design::{Design, Draft, Next, Outcome, Part, Stage, Tiles, columns_read};
use crate::{Error, Result};

/// The most bars in all panels.
const MAX_CELLS: usize = 1 << 27;

/// Counts the values of one variable, by the levels of others.
pub(super) struct Counting<'a> {
    pub(super) formula: Formula,
    pub(super) written: String,
    pub(super) breaks: Option<Breaks>,
    pub(super) options: &'a HistogramOptions,
}

/// What the pass works from.
pub(super) struct Plan {
    design: Arc<Design>,
    /// The variable, and the factors of the panels with the numbers of their levels.
    variable: usize,
    conditions: Vec<(usize, usize)>,
    breaks: Option<Breaks>,
    bars: usize,
    panels: usize,
}

/// What is known of some rows.
#[derive(Serialize, Deserialize)]
pub(super) struct Counts {
    valid: u64,
    missing: u64,
    outside: f64,
    /// The bars of each panel, one panel behind the other.
    bars: Vec<f64>,
    #[serde(skip)]
    plan: Option<Arc<Plan>>,
    #[serde(skip)]
    tiles: Tiles,
}

impl Plan {
    fn new(design: Design, breaks: Option<Breaks>, max_panels: usize) -> Result<Self> {
        let variables: Vec<usize> = design.terms.iter().flat_map(|term| term.variables.clone()).collect();
        let (&variable, given) = variables.split_first().ok_or_else(|| Error::Formula {
            formula: design.formula.clone(),
            reason: "a histogram is of one variable: ~ x".into(),
        })?;
        if let Some(&number) = given.iter().find(|&&variable| !design.is_factor(variable)) {
            return Err(Error::Variable {
                variable: design.variables[number].label.clone(),
                role: "a factor of panels",
                reason: "it is numeric; write F(x) for a panel for each integer".into(),
            });
        }
        let cells = |&variable: &usize| (variable, design.variables[variable].kind.cells());
        let conditions: Vec<(usize, usize)> = given.iter().map(cells).collect();
        let panels = conditions.iter().fold(1_usize, |all, (_, levels)| all.saturating_mul(*levels));
        if panels > max_panels {
            let reason = format!("the formula has {panels} panels; raise it, select rows or drop a factor");
            return Err(Error::Option { option: "max_panels", reason });
        }
        let bars = breaks.map_or_else(|| cells(&variable).1, |breaks| breaks.bins);
        if bars.saturating_mul(panels) > MAX_CELLS {
            return Err(Error::TooManyLevels {
                variable: design.variables[variable].label.clone(),
                levels: bars.saturating_mul(panels) as u64,
                limit: MAX_CELLS as u64,
                remedy: "choose fewer bins, levels or panels",
            });
        }
        Ok(Self { design: Arc::new(design), variable, conditions, breaks, bars, panels })
    }
}

impl Counts {
    fn new(plan: &Arc<Plan>) -> Self {
        Self {
            valid: 0,
            missing: 0,
            outside: 0.0,
            bars: vec![0.0; plan.bars * plan.panels],
            plan: Some(Arc::clone(plan)),
            tiles: Tiles::new(&plan.design),
        }
    }
}

impl Accumulator for Counts {
    type Input = Block;
    type Output = Self;

    fn update(&mut self, block: &Block) -> engine::Result<()> {
        let Some(plan) = self.plan.clone() else {
            return Err(Error::Mismatch { what: "the partial result came without its design" }.into());
        };
        let mut tiles = std::mem::take(&mut self.tiles);
        let weighted = plan.design.weights.columns().next().is_some();
        let result = tiles.each(block, |tile, _| {
            self.valid += tile.kept as u64;
            self.missing += (tile.len - tile.kept) as u64;
            for row in (0..tile.len).filter(|&row| tile.mask[row] != 0) {
                let weight = if weighted { tile.weights[row] } else { 1.0 };
                let bar = match plan.breaks {
                    Some(breaks) => breaks.bin(tile.numbers[plan.variable][row]),
                    None => Some(tile.codes[plan.variable][row] as usize),
                };
                let Some(bar) = bar else {
                    self.outside += weight;
                    continue;
                };
                let (mut panel, mut step) = (0, 1);
                for &(factor, levels) in &plan.conditions {
                    panel += step * tile.codes[factor][row] as usize;
                    step *= levels;
                }
                self.bars[panel * plan.bars + bar] += weight;
            }
            Ok(())
        });
        self.tiles = tiles;
        Ok(result?)
    }

    fn merge(&mut self, later: Self) -> engine::Result<()> {
        if self.bars.len() != later.bars.len() {
            return Err(Error::Mismatch { what: "their bins or panels differ" }.into());
        }
        self.valid += later.valid;
        self.missing += later.missing;
        self.outside += later.outside;
        self.bars.iter_mut().zip(&later.bars).for_each(|(own, later)| *own += later);
        Ok(())
    }

    fn finish(self) -> Self {
        self
    }

    fn size(&self) -> usize {
        self.bars.len() * size_of::<f64>() + self.tiles.size()
    }
}

impl Counting<'_> {
    fn plan(&self, design: Design) -> Result<Arc<Plan>> {
        Ok(Arc::new(Plan::new(design, self.breaks, self.options.max_panels)?))
    }

    fn histogram(&self, plan: &Plan, counts: &Counts) -> Result<Histogram> {
        if counts.valid == 0 {
            return Err(Error::NoObservations { rows: counts.missing });
        }
        let design = &plan.design;
        let levels = |variable: usize| -> Vec<String> {
            let kind = &design.variables[variable].kind;
            (0..kind.cells()).map(|code| kind.level(code)).collect()
        };
        let (bars, shown) = if let Some(breaks) = plan.breaks {
            (Bars::Bins((0..=breaks.bins).map(|k| breaks.bound(k)).collect()), (0..breaks.bins).collect())
        } else {
            let all = levels(plan.variable);
            let shown = self.shown(&all, &design.variables[plan.variable].label)?;
            (Bars::Levels(shown.iter().map(|&code| all[code].clone()).collect()), shown)
        };
        let names: Vec<(String, Vec<String>)> = plan
            .conditions
            .iter()
            .map(|&(factor, _)| (design.variables[factor].label.clone(), levels(factor)))
            .collect();
        let panel = |index: usize| {
            let mut rest = index;
            let level = |(name, levels): &(String, Vec<String>)| {
                let code = rest % levels.len().max(1);
                rest /= levels.len().max(1);
                (name.clone(), levels[code].clone())
            };
            let own = &counts.bars[index * plan.bars..(index + 1) * plan.bars];
            Panel {
                levels: names.iter().map(level).collect(),
                counts: shown.iter().map(|&bar| own[bar]).collect(),
            }
        };
        let panels: Vec<Panel> = (0..plan.panels).map(panel).collect();
        let inside: f64 = panels.iter().flat_map(|panel| &panel.counts).sum();
        let dropped = counts.bars.iter().sum::<f64>() - inside;
        Ok(Histogram {
            formula: self.written.clone(),
            variable: design.variables[plan.variable].label.clone(),
            bars,
            panels,
            outside: counts.outside + if shown.len() < plan.bars { dropped } else { 0.0 },
            valid_obs: counts.valid,
            missing_obs: counts.missing,
            weights: design.weights.clone(),
        })
    }

    /// The codes of the levels that are shown.
    fn shown(&self, levels: &[String], variable: &str) -> Result<Vec<usize>> {
        let (keep, drop) = (&self.options.levels_to_keep, &self.options.levels_to_drop);
        if let Some(unknown) = keep.iter().find(|level| !levels.contains(level)) {
            let reason = format!("'{variable}' has no level '{unknown}'");
            return Err(Error::Option { option: "levels_to_keep", reason });
        }
        let is_shown = |level: &String| (keep.is_empty() || keep.contains(level)) && !drop.contains(level);
        Ok((0..levels.len()).filter(|&code| is_shown(&levels[code])).collect())
    }
}

impl Estimator for Counting<'_> {
    type State = Stage<Arc<Plan>>;
    type Partial = Part<Counts>;
    type Model = Histogram;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        columns_read(&self.formula, self.options.weights.columns())
    }

    fn start(&self, schema: &SchemaRef) -> Result<Self::State> {
        Stage::start(Draft::new(&self.formula, schema, &self.options.weights)?, |design| self.plan(design))
    }

    fn partial(&self, state: &Self::State) -> Result<Self::Partial> {
        Ok(state.partial(Counts::new))
    }

    fn step(&self, state: Self::State, sums: Outcome<Counts>) -> Result<ControlFlow<Histogram, Self::State>> {
        Ok(match state.step(sums, |design| self.plan(design))? {
            Next::Pass(stage) => ControlFlow::Continue(stage),
            Next::Sums(plan, counts) => ControlFlow::Break(self.histogram(&plan, &counts)?),
        })
    }
}
