//! A pass of a generalized linear model from a server: working responses and weights are columns of a query.
//!
//! What [`Working`](super::working::Working) does with a tile is said here in stages, each of which names what the next one
//! uses: `y` and the prior weight `w`, the linear predictor `eta`, the mean `mu` with its slope, at last the working response
//! `gz` and weight `gw`. Rows are never collapsed: a pass is a query.

use std::sync::Arc;

use engine::aggregate::{Compare, Math, Query, Scalar, Server, Stage, Sum, Test};

use super::family::Family;
use super::pass::{PassPlan, Sums};
use super::response::Responses;
use super::scalars::{exp, ln, number};
use super::working::{Found, LOGIT_START, NullFound, NullPoint, Point};
use crate::design::{Census, Design, MAX_TEXTS};
use crate::gram::Gram;
use crate::gram::asked::{Asked, complete_rows};
use crate::{Error, Result};

/// A pass that is put into queries.
pub(super) struct Pass<'a> {
    plan: &'a Arc<PassPlan>,
    point: &'a Point,
    census: Census,
    /// The rows that count, with `y` and `w`.
    rows: Vec<Stage>,
}

fn named(name: &str) -> Scalar {
    Scalar::named(name)
}

fn stage<const N: usize>(columns: [(&str, Scalar); N]) -> Stage {
    Stage { columns: columns.map(|(name, value)| (name.to_owned(), value)).into(), keep: None }
}

/// 0 for rows without weight, and for those whose mean is outside.
fn inside(value: Scalar) -> Scalar {
    Scalar::choose(named("inside").is(Compare::Equal, 1.0), value, number(0.0))
}

impl Sums {
    /// The sums of all rows of a server.
    ///
    /// # Errors
    /// Responses that the family does not have; links and factors that no query can say; the server's.
    pub(super) fn gather(
        plan: &Arc<PassPlan>,
        point: &Arc<Point>,
        first: bool,
        server: &mut dyn Server,
    ) -> Result<Self> {
        let design = &plan.plan.design;
        let census = design.census(server, &plan.plan.values)?;
        let mut rows = complete_rows(design, server)?;
        let y = named(&Design::name(plan.response()));
        rows.push(stage([
            ("y", if plan.coded { y - 1.0 } else { y }),
            ("w", design.weight().unwrap_or(number(1.0))),
        ]));
        let mut sums = Self::new(Arc::clone(plan), Arc::clone(point), first);
        (sums.valid, sums.missing, sums.observations) = (census.valid, census.missing, census.observations);
        sums.cells = None;
        if census.valid == 0 {
            return Ok(sums);
        }
        let pass = Pass { plan, point, census, rows };
        if first {
            sums.responses = Some(pass.responses(server)?);
            if plan.cube {
                sums.counts = pass.counts(server)?;
            }
            if let Some(columns) = &plan.columns {
                sums.columns = Some(pass.columns(columns, server)?);
            }
        }
        (sums.gram, sums.found) = pass.working(server)?;
        Ok(sums)
    }
}

impl Pass<'_> {
    fn ask(
        &self,
        keys: &[&str],
        sums: Vec<Sum>,
        server: &mut dyn Server,
    ) -> Result<engine::aggregate::Answer> {
        let keys = keys.iter().map(|&key| key.to_owned()).collect();
        Ok(server.ask(&Query { stages: self.rows.clone(), keys, sums })?)
    }

    /// The response's place among the values, whose mean is known.
    fn mean(&self) -> f64 {
        let response = self.plan.response();
        let place = self.plan.plan.values.iter().position(|value| *value == [response]);
        let mean = place.map_or(0.0, |place| self.census.means[place]);
        if self.plan.coded { mean - 1.0 } else { mean }
    }

    /// Checks the responses and adds them up.
    fn responses(&self, server: &mut dyn Server) -> Result<Responses> {
        let plan = self.plan;
        let (family, variance) = (plan.law.family, plan.law.family.variance());
        let (y, w) = (named("y"), named("w"));
        let fits = if plan.binary {
            Test::Or(vec![y.clone().is(Compare::Equal, 0.0), y.clone().is(Compare::Equal, 1.0)])
        } else {
            variance.test_response(&y)
        };
        let shift = variance.middle(self.mean());
        let by = y.clone() - shift;
        let weighs = |value: Scalar| Scalar::choose(w.clone().is(Compare::Greater, 0.0), value, Scalar::Null);
        let answer = self.ask(
            &[],
            vec![
                Sum::Of(Scalar::choose(fits, number(0.0), number(1.0))),
                Sum::Min(y.clone()),
                Sum::Max(y.clone()),
                Sum::Of(w.clone()),
                Sum::Of(w.clone() * by.clone()),
                Sum::Of(w.clone() * (by.clone() * by)),
                Sum::Of(weighs(w.clone() * variance.scalar_deviance(&y, &number(shift)))),
                Sum::Min(weighs(y.clone())),
                Sum::Max(weighs(y)),
            ],
            server,
        )?;
        let total = |sum| answer.total(sum);
        if total(0) > 0.0 {
            let expected = if plan.binary { "0 or 1" } else { variance.responses() };
            return Err(Error::Variable {
                variable: plan.plan.design.variables[plan.response()].label.clone(),
                role: "the response of this family",
                reason: format!(
                    "{} values of it, which lie between {} and {}, are not {expected}",
                    total(0),
                    total(1),
                    total(2)
                ),
            });
        }
        Ok(Responses {
            weight: total(3),
            shift: Some(shift),
            sum: total(4),
            squares: total(5),
            deviance: total(6),
            constant: if plan.binary { 0.0 } else { self.constant(family, server)? },
            range: (total(7) <= total(8)).then(|| (total(7), total(8))),
        })
    }

    /// The sum of [`Family::constant`].
    fn constant(&self, family: Family, server: &mut dyn Server) -> Result<f64> {
        let design = &self.plan.plan.design;
        let is_repeated = design.weights.frequency.is_some();
        let (y, w) = (named("y"), named("w"));
        let weighs = |value: Scalar| Scalar::choose(w.clone().is(Compare::Greater, 0.0), value, Scalar::Null);
        let sum = match family {
            Family::Gaussian if is_repeated || design.weights.probability.is_none() => return Ok(0.0),
            Family::Gaussian => -ln(w.clone()),
            Family::Gamma | Family::InverseGaussian => w.clone() * ln(y),
            // logarithms of factorials are taken here, once for each response that occurs
            Family::Poisson | Family::Binomial => {
                let keys: &[&str] =
                    if is_repeated || family == Family::Poisson { &["y"] } else { &["y", "w"] };
                let answer =
                    self.ask(keys, vec![Sum::Of(weighs(w.clone())), Sum::Of(weighs(number(1.0)))], server)?;
                let constant = |group: usize| {
                    let (weight, rows) = (answer.sum(0, group), answer.sum(1, group));
                    let y = answer.number(0, group);
                    match keys {
                        _ if weight <= 0.0 => 0.0,
                        ["y"] => weight * family.constant(y, 1.0),
                        _ => rows * family.constant(y, answer.number(1, group)),
                    }
                };
                return Ok((0..answer.groups()).map(constant).sum());
            }
            _ => return Ok(0.0),
        };
        Ok(self.ask(&[], vec![Sum::Of(weighs(sum))], server)?.total(0))
    }

    /// The weights of the cells of the first term.
    fn counts(&self, server: &mut dyn Server) -> Result<Vec<f64>> {
        let design = &self.plan.plan.design;
        let factors: Vec<usize> = design.factors(&design.terms[0]).collect();
        let names: Vec<String> = factors.iter().map(|&factor| Design::name(factor)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let answer = self.ask(&names, vec![Sum::Of(named("w"))], server)?;
        let mut counts = vec![0.0; self.plan.plan.terms[0].cells];
        for group in 0..answer.groups() {
            let (mut cell, mut step) = (0, 1);
            for (key, &factor) in factors.iter().enumerate() {
                let levels = design.variables[factor].kind.cells();
                cell += step * answer.code(key, group, levels)?;
                step *= levels;
            }
            counts[cell] += answer.sum(0, group);
        }
        Ok(counts)
    }

    /// The columns by prior weights.
    fn columns(&self, plan: &Arc<crate::gram::plan::Plan>, server: &mut dyn Server) -> Result<Gram> {
        let census = plan.design.census(server, &plan.values)?;
        let asked = Asked {
            plan,
            stages: self.rows.clone(),
            weight: Some(named("w")),
            shifts: census.means.clone(),
            number: &|variable| Scalar::Named(Design::name(variable)),
            further: Vec::new(),
        };
        Ok(asked.gram(&census, server)?.0)
    }

    /// The cross products of working values, and what is found with them.
    fn working(&self, server: &mut dyn Server) -> Result<(Gram, Found)> {
        let plan = self.plan;
        let design = &plan.plan.design;
        let response = plan.response();
        let mut stages = self.rows.clone();
        stages.extend(self.stages()?);
        let has_null = self.point.null.is_some_and(|null| null != NullPoint::Start);
        if has_null {
            stages.extend(self.null_stages()?);
        }
        let near = plan.law.link.of(self.mean());
        let shift = |(value, &mean): (&Vec<usize>, &f64)| match value.as_slice() {
            [variable] if *variable == response => {
                if near.is_finite() {
                    near
                } else {
                    0.0
                }
            }
            value if value.contains(&response) => 0.0,
            _ => mean,
        };
        let number = |variable: usize| {
            if variable == response { named("gz") } else { Scalar::Named(Design::name(variable)) }
        };
        let names = ["dev", "pearson", "outside", "nullw", "nullz", "nulldev"];
        let asked = Asked {
            plan: &plan.plan,
            stages,
            weight: Some(named("gw")),
            shifts: plan.plan.values.iter().zip(&self.census.means).map(shift).collect(),
            number: &number,
            further: names[..if has_null { 6 } else { 3 }].iter().map(|name| Sum::Of(named(name))).collect(),
        };
        debug_assert_eq!(design.responses.len(), 1);
        let (gram, sums) = asked.gram(&self.census, server)?;
        let sum = |place: usize| sums.get(place).copied().unwrap_or(0.0);
        let null = NullFound { weight: sum(3), sum: sum(4), deviance: sum(5) };
        Ok((gram, Found { deviance: sum(0), pearson: sum(1), outside: sum(2) as u64, null }))
    }

    fn offset(&self) -> Scalar {
        let offset = self.plan.plan.design.offset;
        offset.map_or(number(0.0), |offset| Scalar::Named(Design::name(offset)))
    }

    /// From `y` and `w` to the working response and weight.
    fn stages(&self) -> Result<Vec<Stage>> {
        let plan = self.plan;
        let design = &plan.plan.design;
        let law = plan.law;
        let variance = law.family.variance();
        let (y, w, mu, slope) = (named("y"), named("w"), named("mu"), named("slope"));
        let mut stages = Vec::new();
        match &self.point.coefficients {
            None if law.is_logit() => {
                let z = (y * 2.0 - 1.0) * LOGIT_START - self.offset();
                let none = || number(0.0);
                return Ok(vec![stage([
                    ("gz", z),
                    ("gw", w * 3.0 / 16.0),
                    ("dev", none()),
                    ("pearson", none()),
                    ("outside", none()),
                ])]);
            }
            None => {
                stages.push(stage([("mu", law.family.scalar_start(&y, law.link)?)]));
                stages.push(stage([("eta", law.link.scalar_of(&mu)?)]));
                stages.push(stage([("slope", law.link.scalar_inverse(&named("eta"))?.1)]));
            }
            Some(coefficients) => {
                let intercept = design.intercept && !plan.cube;
                let own = |variable: usize| Scalar::Named(Design::name(variable));
                let predictor = design.predictor(intercept, coefficients, MAX_TEXTS, &own)?;
                stages.push(stage([("eta", predictor + self.offset())]));
                if law.is_logit() {
                    stages.extend(self.logistic());
                    return Ok(stages);
                }
                let (mean, slope) = law.link.scalar_inverse(&named("eta"))?;
                stages.push(stage([("mu", mean), ("slope", slope)]));
            }
        }
        let weighs = w.clone().is(Compare::Greater, 0.0);
        let there = |value: Scalar| Test::Not(Box::new(Test::IsMissing(value)));
        let counts = Test::And(vec![
            weighs.clone(),
            variance.test_mean(&mu),
            there(slope.clone()),
            slope.clone().is(Compare::NotEqual, 0.0),
        ]);
        stages.push(stage([
            ("inside", Scalar::choose(counts.clone(), number(1.0), number(0.0))),
            (
                "outside",
                Scalar::Case(vec![(counts, number(0.0)), (weighs, number(1.0))], Box::new(number(0.0))),
            ),
            ("spread", variance.scalar_of(&mu)),
        ]));
        let rest = y.clone() - mu.clone();
        let spread = named("spread");
        stages.push(stage([
            ("gz", inside(named("eta") - self.offset() + rest.clone() / slope.clone())),
            ("gw", inside(w.clone() * slope.clone() * slope / spread.clone())),
            ("dev", inside(w.clone() * variance.scalar_deviance(&y, &mu))),
            ("pearson", inside(w * rest.clone() * rest / spread)),
        ]));
        Ok(stages)
    }

    /// The logistic case, as in `working.rs`: without cancellation where means are near 0 and 1.
    fn logistic(&self) -> [Stage; 4] {
        let (y, w, eta, e, small) = (named("y"), named("w"), named("eta"), named("e"), named("small"));
        let positive = || named("eta").is(Compare::Greater, 0.0);
        let misses = || number(1.0) - named("y");
        let entropy = if self.plan.binary {
            number(0.0)
        } else {
            let between =
                Test::And(vec![y.clone().is(Compare::Greater, 0.0), y.clone().is(Compare::Less, 1.0)]);
            Scalar::choose(between, y.clone() * ln(y.clone()) + misses() * ln(misses()), number(0.0))
        };
        let lack = Scalar::choose(positive(), misses() * eta.clone(), -(y.clone() * eta.clone()));
        [
            stage([("e", exp(-eta.clone().math(Math::Abs)))]),
            stage([("small", e.clone() / (e.clone() + 1.0))]),
            stage([
                ("spread", (small.clone() / (e.clone() + 1.0)).at_least(f64::EPSILON)),
                ("rest", Scalar::choose(positive(), small.clone() - misses(), y - small)),
            ]),
            stage([
                ("gz", eta - self.offset() + named("rest") / named("spread")),
                ("gw", w.clone() * named("spread")),
                ("dev", w.clone() * ((lack + entropy + ln(e + 1.0)) * 2.0)),
                ("pearson", w * (named("rest") * (named("rest") / named("spread")))),
                ("outside", number(0.0)),
            ]),
        ]
    }

    /// Of the model of only an intercept.
    fn null_stages(&self) -> Result<Vec<Stage>> {
        let law = self.plan.law;
        let variance = law.family.variance();
        let at = match self.point.null {
            Some(NullPoint::At(intercept)) => self.offset() + intercept,
            _ => self.offset(),
        };
        let (mean, slope) = law.link.scalar_inverse(&named("nulleta"))?;
        let (y, w, mu, by) = (named("y"), named("w"), named("nullmu"), named("nullslope"));
        Ok(vec![
            stage([("nulleta", at)]),
            stage([("nullmu", mean), ("nullslope", slope)]),
            stage([("nullw", w.clone() * by.clone() * by.clone() / variance.scalar_of(&mu))]),
            stage([
                (
                    "nullz",
                    named("nullw") * (named("nulleta") - self.offset() + (y.clone() - mu.clone()) / by),
                ),
                ("nulldev", w * variance.scalar_deviance(&y, &mu)),
            ]),
        ])
    }
}
