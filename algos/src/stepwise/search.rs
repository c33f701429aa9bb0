//! The search itself: which models to look at, and where to go from there.
//!
//! By a criterion: of all models one term away, the best is next, if it is better than the current one. A term without
//! degrees of freedom goes first, the last such one; terms without are not added. By p values, as in SAS: a term above
//! the level to drop goes, the worst first; when none does, the best term below the level to add comes. The search ends
//! when nothing comes or goes, or a model would come back, or after the most steps.

use super::criterion::{Measure, Rules, Score};
use super::path::{Path, Step, StepCoefficients, Trial};
use super::scope::Scope;
use super::{Criterion, Method, StepControl};
use crate::{Error, Result};

/// Criteria that differ by less are equal.
const TOLERANCE: f64 = 1e-7;

/// Which terms are being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first model alone.
    First,
    /// Terms to drop.
    Drops,
    /// Terms to add.
    Adds,
    /// Both.
    Both,
}

/// A model one term away from the current one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    /// What was done, none for the first model.
    change: Option<Change>,
    /// The terms, as positions in the scope.
    pub(crate) model: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Drop(usize),
    Add(usize),
}

/// A search under way.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    scope: Scope,
    control: StepControl,
    rules: Rules,
    phase: Phase,
    wanted: Vec<Candidate>,
    /// The models so far; the last is the current one.
    models: Vec<(Vec<usize>, Score)>,
    steps: Vec<Step>,
    trials: Vec<Vec<Trial>>,
}

/// A candidate with its score and test.
struct Tried<'a> {
    candidate: &'a Candidate,
    score: &'a Score,
    trial: Trial,
}

impl Search {
    pub(crate) fn new(scope: Scope, measure: Measure) -> Self {
        let control = scope.control().clone();
        let first = Candidate { change: None, model: scope.model().to_vec() };
        let rules = Rules::new(&control, measure);
        Self {
            scope,
            control,
            rules,
            phase: Phase::First,
            wanted: vec![first],
            models: Vec::new(),
            steps: Vec::new(),
            trials: Vec::new(),
        }
    }

    /// The models whose scores are wanted next; none at the end.
    pub(crate) fn wanted(&self) -> &[Candidate] {
        &self.wanted
    }

    /// Whether the coefficients of steps are kept.
    pub(crate) fn keeps_coefficients(&self) -> bool {
        self.control.keep_coefficients
    }

    /// The models of the steps, the chosen one last.
    pub(crate) fn models(&self) -> impl Iterator<Item = &[usize]> {
        self.models.iter().map(|(model, _)| model.as_slice())
    }

    /// The current model.
    pub(crate) fn model(&self) -> &[usize] {
        self.models.last().map_or(self.scope.model(), |(model, _)| model)
    }

    /// Goes on with the scores of the models that were wanted.
    ///
    /// # Errors
    /// When the criterion of the first model does not exist.
    pub(crate) fn take(&mut self, scores: Vec<Score>) -> Result<()> {
        let wanted = std::mem::take(&mut self.wanted);
        if self.phase == Phase::First {
            for (candidate, score) in wanted.into_iter().zip(scores) {
                self.check_first(&score)?;
                self.accept(candidate.model, score, String::new(), f64::NAN, f64::NAN);
            }
            self.look_around();
            return Ok(());
        }
        let Some((_, current)) = self.models.last() else { return Ok(()) };
        let tried: Vec<Tried<'_>> = wanted
            .iter()
            .zip(&scores)
            .map(|(candidate, score)| Tried {
                candidate,
                score,
                trial: self.trial(current, candidate, score),
            })
            .collect();
        let choice = self.choose(current, &tried);
        let chosen = choice.map(|position| {
            let Tried { candidate, score, trial } = &tried[position];
            (candidate.model.clone(), (*score).clone(), trial.clone())
        });
        let current_trial = self.current_trial(current);
        let mut round: Vec<Trial> = tried.into_iter().map(|tried| tried.trial).collect();
        if self.phase == Phase::Adds && self.control.method() == Method::Stepwise {
            if let Some(last) = self.trials.last_mut() {
                last.append(&mut round);
            }
        } else {
            round.insert(0, current_trial);
            self.trials.push(round);
        }
        match chosen {
            Some((model, score, trial)) if self.is_progress(&model, &score) => {
                self.accept(model, score, trial.change, trial.statistic, trial.p_value);
                self.look_around();
            }
            None if self.phase == Phase::Drops && self.control.method() == Method::Stepwise => {
                self.want(Phase::Adds);
            }
            _ => {}
        }
        Ok(())
    }

    fn check_first(&self, score: &Score) -> Result<()> {
        let criterion = self.rules.criterion(score);
        if self.control.criterion == Criterion::SigLevel || criterion.is_finite() {
            return Ok(());
        }
        let reason = if criterion == f64::NEG_INFINITY {
            "the criterion is minus infinity: the formula's model fits without a residual"
        } else {
            "models of this family have no criterion by likelihood; select by p values"
        };
        Err(Error::Option { option: "criterion", reason: reason.into() })
    }

    /// Whether a chosen model is to be the next one.
    fn is_progress(&self, model: &[usize], score: &Score) -> bool {
        // the order of the terms tells how they came
        let is_same =
            |known: &[usize]| known.len() == model.len() && known.iter().all(|term| model.contains(term));
        if self.models().any(is_same) {
            return false;
        }
        let current = self.steps.last().map_or(f64::NAN, |step| step.aic);
        self.control.criterion == Criterion::SigLevel || self.rules.criterion(score) < current + TOLERANCE
    }

    fn accept(&mut self, model: Vec<usize>, score: Score, change: String, statistic: f64, p_value: f64) {
        let residual_df = self.rules.residual_df(&score);
        let (df, deviance) = self.steps.last().map_or((f64::NAN, f64::NAN), |last| {
            (residual_df - last.residual_df, (score.deviance - last.residual_deviance).abs())
        });
        self.steps.push(Step {
            change,
            df,
            deviance,
            residual_df,
            residual_deviance: score.deviance,
            aic: self.rules.criterion(&score),
            statistic,
            p_value,
        });
        self.models.push((model, score));
    }

    /// Wants the models around the current one, if there may be another step.
    fn look_around(&mut self) {
        if self.models.len() > self.control.max_steps as usize {
            return;
        }
        let by_level = self.control.criterion == Criterion::SigLevel;
        self.want(match self.control.method() {
            Method::Backward => Phase::Drops,
            Method::Forward => Phase::Adds,
            Method::Stepwise if by_level => Phase::Drops,
            Method::Stepwise => Phase::Both,
        });
        if self.wanted.is_empty() && self.phase == Phase::Drops && self.control.method() == Method::Stepwise {
            self.trials.extend(self.models.last().map(|(_, score)| vec![self.current_trial(score)]));
            self.want(Phase::Adds);
        }
    }

    fn want(&mut self, phase: Phase) {
        self.phase = phase;
        let model = self.model().to_vec();
        let mut wanted = Vec::new();
        if phase != Phase::Adds {
            wanted.extend(self.scope.droppable(&model).into_iter().map(|term| Candidate {
                change: Some(Change::Drop(term)),
                model: Scope::without(&model, term),
            }));
        }
        if phase != Phase::Drops {
            wanted.extend(self.scope.addable(&model).into_iter().map(|term| Candidate {
                change: Some(Change::Add(term)),
                model: self.scope.with(&model, term),
            }));
        }
        self.wanted = wanted;
    }

    fn trial(&self, current: &Score, candidate: &Candidate, score: &Score) -> Trial {
        let change = match candidate.change {
            None => String::new(),
            Some(Change::Drop(term)) => format!("- {}", self.scope.label(term)),
            Some(Change::Add(term)) => format!("+ {}", self.scope.label(term)),
        };
        let tested = self.rules.test.map(|_| self.rules.test(current, score));
        Trial {
            change,
            df: (score.rank - current.rank).abs(),
            deviance: score.deviance,
            aic: self.rules.criterion_beside(current, score),
            statistic: tested.map_or(f64::NAN, |tested| tested.statistic),
            p_value: tested.map_or(f64::NAN, |tested| tested.p_value),
        }
    }

    fn current_trial(&self, current: &Score) -> Trial {
        Trial {
            change: "<none>".into(),
            df: f64::NAN,
            deviance: current.deviance,
            aic: self.rules.criterion(current),
            statistic: f64::NAN,
            p_value: f64::NAN,
        }
    }

    /// The best of the models that were tried, if one is to be next.
    fn choose(&self, current: &Score, tried: &[Tried<'_>]) -> Option<usize> {
        let is_drop = |tried: &Tried<'_>| matches!(tried.candidate.change, Some(Change::Drop(_)));
        let idle = |tried: &Tried<'_>| is_drop(tried) && tried.trial.df == 0.0;
        if let Some(position) = tried.iter().rposition(idle) {
            return Some(position);
        }
        let some = |position: &usize| tried[*position].trial.df > 0.0;
        if self.control.criterion != Criterion::SigLevel {
            let aic = |position: usize| tried[position].trial.aic;
            let best = least((0..tried.len()).filter(some), aic)?;
            return (aic(best) < self.rules.criterion(current)).then_some(best);
        }
        let p = |position: usize| tried[position].trial.p_value;
        if self.phase == Phase::Drops {
            let worst = least((0..tried.len()).filter(some), |position| -p(position))?;
            return (p(worst) > self.control.level_to_drop()).then_some(worst);
        }
        let best = least((0..tried.len()).filter(some), p)?;
        (p(best) <= self.control.level_to_add()).then_some(best)
    }

    /// What was done; `coefficients` has those of every step, where they are not known from the scores.
    pub(crate) fn into_path(self, coefficients: Option<Vec<Vec<(String, f64)>>>) -> Path {
        let formula = self.scope.formula(self.model()).text.trim().to_owned();
        let kept = coefficients
            .unwrap_or_else(|| self.models.iter().map(|(_, score)| score.coefficients.clone()).collect());
        let is_cp = self.rules.is_cp();
        let criterion = match self.control.criterion {
            _ if is_cp => "Cp",
            Criterion::Bic => "BIC",
            Criterion::Aic | Criterion::SigLevel => "AIC",
        };
        Path {
            formula_base: self.scope.formula(self.scope.model()).text.trim().to_owned(),
            formula,
            criterion: criterion.into(),
            test: self.rules.test,
            steps: self.steps,
            trials: self.trials,
            coefficients: self.control.keep_coefficients.then(|| StepCoefficients::new(&kept)),
        }
    }
}

/// The first position with the least value; those without one are left out.
fn least(positions: impl Iterator<Item = usize>, value: impl Fn(usize) -> f64) -> Option<usize> {
    positions
        .filter(|&position| !value(position).is_nan())
        .reduce(|best, other| if value(other) < value(best) { other } else { best })
}
