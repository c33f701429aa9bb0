//! From one evaluation to the next: when to go on, go back, and stop.
//!
//! An evaluation tells the deviance of its coefficients and the equations of the next ones. If the deviance is larger than
//! before, or a mean leaves the family's range, the step is halved (Marschner 2011), as often as need be. The iteration
//! has converged when the deviance changed by less than its tolerance relative to it, or the coefficients by less than
//! theirs relative to the largest. As in R and RevoScaleR, the result are then the coefficients of this deviance, with the
//! standard errors of the equations that they solve; the solution that the iteration starts from is not counted.
//!
//! # Separation
//! Near a finite maximum changes of the deviance shrink quadratically. Where the maximum is at infinity, because some
//! terms predict a binary response without fault, each change is the e-th part of the one before. That is what tells the
//! two apart.

use super::working::{Found, NullPoint, Point};

/// A change of the deviance that is this part of the one before, or more, is no quadratic convergence.
const SLOW: f64 = 0.2;

/// Changes of the deviance below this, relative to it, are rounding.
const ROUNDING: f64 = 1e-12;

/// The most evaluations of the model of only an intercept.
const NULL_EVALUATIONS: u32 = 100;

/// How often a step is halved.
const HALVINGS: u32 = 40;

/// When an iteration ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) iterations: u32,
    pub(super) coefficients: f64,
    pub(super) objective: f64,
}

/// An iteration under way.
#[derive(Debug, Clone)]
pub(super) struct Iteration {
    limits: Limits,
    /// Where the last evaluation was, or the next will be.
    point: Point,
    /// The last coefficients that were an improvement, and their deviance.
    accepted: Option<(Vec<f64>, f64)>,
    /// Coefficients with means in the range, to go back to before there was an improvement.
    refuge: Option<Vec<f64>>,
    /// By how much the deviance fell at the evaluation before the last.
    gain: Option<f64>,
    iterations: u32,
    halvings: u32,
    null: Null,
    /// The intercept of the constant model without an offset.
    constant: f64,
    /// How it ended, while the model of only an intercept goes on.
    ended: Option<Ending>,
}

/// The model of only an intercept.
#[derive(Debug, Clone, Copy)]
enum Null {
    /// It does not need an iteration.
    Closed,
    Open {
        best: Option<(f64, f64)>,
        evaluations: u32,
    },
    Done(f64),
}

/// How an iteration ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ending {
    pub(super) converged: bool,
    pub(super) separated: bool,
    pub(super) iterations: u32,
    /// The deviance at the last evaluation.
    pub(super) deviance: f64,
    /// That of the model of only an intercept, if it was iterated.
    pub(super) null_deviance: Option<f64>,
}

/// What to do after an evaluation.
pub(super) enum Next {
    /// Evaluate at the solution of these equations.
    Solved,
    /// Evaluate elsewhere; the last equations stand.
    Again,
    /// Take the coefficients of this evaluation.
    End(Ending),
    /// No coefficients have means in the family's range.
    Stuck,
}

impl Iteration {
    /// From these coefficients, or from the responses. `null` asks for the deviance of the model of
    /// only an intercept, which has an offset to reckon with.
    pub(super) fn new(limits: Limits, start: Option<Vec<f64>>, null: Option<NullPoint>) -> Self {
        Self {
            limits,
            point: Point { coefficients: start, null },
            accepted: None,
            refuge: None,
            gain: None,
            iterations: 0,
            halvings: 0,
            null: if null.is_some() { Null::Open { best: None, evaluations: 0 } } else { Null::Closed },
            constant: 0.0,
            ended: None,
        }
    }

    /// Tells the linear predictor of the mean response, once it is known.
    pub(super) fn set_constant(&mut self, constant: f64) {
        self.constant = constant;
    }

    /// Gives coefficients to go back to when the first ones fail.
    pub(super) fn set_refuge(&mut self, coefficients: Vec<f64>) {
        self.refuge = Some(coefficients);
    }

    /// Where to evaluate.
    pub(super) fn point(&self) -> &Point {
        &self.point
    }

    /// Goes on from an evaluation. `deviance` has the part `within` cells; `solve` gives the coefficients of the equations,
    /// 0 where dropped.
    ///
    /// # Errors
    /// Those of `solve`.
    pub(super) fn advance<E>(
        &mut self,
        found: &Found,
        deviance: f64,
        within: f64,
        solve: impl FnOnce() -> Result<Vec<f64>, E>,
    ) -> Result<Next, E> {
        self.advance_null(found, within);
        if let Some(ending) = self.ended {
            return Ok(self.end(ending));
        }
        let Some(current) = self.point.coefficients.clone() else {
            // from the responses, which have no deviance from themselves
            self.point.coefficients = Some(solve()?);
            return Ok(Next::Solved);
        };
        let scale = deviance.abs() + 0.1;
        let tolerance = self.limits.objective * scale;
        let gain = self.accepted.as_ref().map(|(_, before)| before - deviance);
        let worse = gain.is_some_and(|gain| gain < -tolerance.max(ROUNDING * scale));
        if found.outside > 0 || !deviance.is_finite() || worse {
            return Ok(self.halve(&current));
        }
        self.halvings = 0;
        let steady = gain.is_some_and(|gain| gain.abs() <= tolerance);
        let still = self.accepted.as_ref().is_some_and(|(before, _)| {
            let steps = current.iter().zip(before).map(|(new, old)| (new - old).abs());
            let largest = current.iter().fold(0.0, |largest: f64, b| largest.max(b.abs()));
            steps.fold(0.0, f64::max) <= self.limits.coefficients * largest
        });
        let exhausted = self.iterations >= self.limits.iterations;
        if steady || still || exhausted {
            let slow = match (gain, self.gain) {
                (Some(now), Some(before)) => now > ROUNDING * scale && now > SLOW * before,
                _ => false,
            };
            return Ok(self.end(Ending {
                converged: steady || still,
                separated: slow,
                iterations: self.iterations,
                deviance,
                null_deviance: None,
            }));
        }
        self.point.coefficients = Some(solve()?);
        self.iterations += 1;
        self.gain = gain;
        self.accepted = Some((current, deviance));
        Ok(Next::Solved)
    }

    /// Halves the last step.
    fn halve(&mut self, current: &[f64]) -> Next {
        self.halvings += 1;
        let Some(back) = self.accepted.as_ref().map(|(best, _)| best).or(self.refuge.as_ref()) else {
            return Next::Stuck;
        };
        if self.halvings <= HALVINGS {
            let middle = current.iter().zip(back).map(|(a, b)| f64::midpoint(*a, *b)).collect();
            self.point.coefficients = Some(middle);
            return Next::Again;
        }
        let Some((best, deviance)) = self.accepted.take() else { return Next::Stuck };
        // the last evaluation is to be that of the best coefficients
        self.point.coefficients = Some(best);
        self.ended = Some(Ending {
            converged: false,
            separated: false,
            iterations: self.iterations,
            deviance,
            null_deviance: None,
        });
        Next::Again
    }

    fn end(&mut self, mut ending: Ending) -> Next {
        match self.null {
            Null::Closed => {}
            Null::Done(deviance) => ending.null_deviance = Some(deviance),
            Null::Open { .. } => {
                self.ended = Some(ending);
                return Next::Again;
            }
        }
        Next::End(ending)
    }

    /// Newton's method for one intercept; steps that lead astray are halved.
    fn advance_null(&mut self, found: &Found, within: f64) {
        let Null::Open { best, evaluations } = self.null else { return };
        let deviance = found.null.deviance + within;
        let at = match self.point.null {
            Some(NullPoint::At(at)) => at,
            Some(NullPoint::Fixed) => {
                self.end_null(deviance);
                return;
            }
            // the first pass did not know where to start
            Some(NullPoint::Start) | None => {
                self.point.null = Some(NullPoint::At(self.constant));
                return;
            }
        };
        let scale = deviance.abs() + 0.1;
        match best {
            Some((before, least)) if deviance.is_nan() || deviance > least + ROUNDING * scale => {
                self.point.null = Some(NullPoint::At(f64::midpoint(at, before)));
            }
            Some((_, least)) if least - deviance <= ROUNDING * scale => {
                self.end_null(deviance);
                return;
            }
            _ => {
                self.point.null = Some(NullPoint::At(found.null.sum / found.null.weight));
                self.null = Null::Open { best: Some((at, deviance)), evaluations };
            }
        }
        if evaluations >= NULL_EVALUATIONS {
            self.end_null(best.map_or(deviance, |(_, least)| least));
        } else if let Null::Open { evaluations, .. } = &mut self.null {
            *evaluations += 1;
        }
    }

    fn end_null(&mut self, deviance: f64) {
        self.null = Null::Done(deviance);
        self.point.null = None;
    }
}
