//! Standard errors, tests and measures of fit from the last equations.

use super::estimator::Data;
use super::irls::Ending;
use super::pass::{Described, PassPlan};
use super::working::Found;
use super::{GlmModel, GlmOptions};
use crate::gram::Gram;
use crate::linear::inference::with_fit;
use crate::linear::{FStatistics, LinModOptions, Partitions};
use crate::{Result, tails};

/// The last evaluation.
pub(super) struct End<'a> {
    pub(super) data: &'a Data,
    pub(super) found: &'a Found,
    pub(super) ending: &'a Ending,
    pub(super) coefficients: &'a [f64],
    pub(super) logit: bool,
}

/// The model of the last evaluation and the equations that its coefficients solve.
pub(super) fn infer(
    plan: &PassPlan,
    gram: &Gram,
    regression: &LinModOptions,
    options: &GlmOptions,
    end: &End<'_>,
) -> Result<GlmModel> {
    let &End { data, found, ending, logit, .. } = end;
    let design = plan.plan.design.as_ref();
    let law = plan.law;
    with_fit(&plan.plan, gram, regression, |fit| {
        let aliased = fit.aliased();
        let coefficients: Vec<f64> = (end.coefficients.iter().zip(&aliased))
            .map(|(&b, &aliased)| if aliased { f64::NAN } else { b })
            .collect();
        let rank = fit.rank();
        let residual_df = (data.observations - rank as f64).max(0.0);
        let estimated = if residual_df > 0.0 { found.pearson / residual_df } else { f64::NAN };
        let dispersion = law.family.dispersion().unwrap_or(estimated);
        let coef_std_error: Vec<f64> =
            fit.unscaled_variances().iter().map(|unscaled| (unscaled * dispersion).sqrt()).collect();
        let coef_t_value: Vec<f64> = coefficients.iter().zip(&coef_std_error).map(|(b, e)| b / e).collect();
        let normal = GlmModel::is_tested_by_normal(law.family);
        let coef_p_value = coef_t_value
            .iter()
            .map(|&t| if normal { tails::normal_two_sided(t) } else { tails::t_two_sided(t, residual_df) })
            .collect();
        let constants = f64::from(u8::from(design.intercept || options.cube));
        let null_deviance =
            ending.null_deviance.unwrap_or_else(|| null_deviance(plan, data, constants > 0.0));
        let numdf = rank as f64 - constants;
        let fstatistics = (numdf > 0.0).then(|| {
            let value = (null_deviance - ending.deviance) / numdf / dispersion;
            FStatistics { value: vec![value], numdf, dendf: residual_df }
        });
        let f_pvalue =
            fstatistics.as_ref().map_or(f64::NAN, |f| tails::f_upper(f.value[0], f.numdf, f.dendf));
        let responses = &data.responses;
        let aic = law.family.aic(ending.deviance, data.observations, responses.weight, responses.constant)
            + 2.0 * rank as f64;
        let (mut partitions, mut count_df) = (None, None);
        if options.cube {
            let term = &design.terms[0];
            let cells = design.cells(term);
            partitions = Some(Partitions { term: design.term_label(term), cells });
            let mut table = fit.count_table(
                term,
                std::slice::from_ref(&coefficients),
                data.columns.as_deref().filter(|_| options.cube_predictions).map(Described::means),
            );
            for mean in table.means.iter_mut().flatten().flatten() {
                *mean = law.link.inverse(*mean).0;
            }
            // not those of the equations, whose weights are working weights
            table.counts.clone_from(&data.counts);
            count_df = Some(table);
        }
        GlmModel {
            design: design.clone(),
            params: options.clone(),
            logit,
            link: law.link,
            call: None,
            data: None,
            y_names: design.response_names(),
            event: plan.event(),
            coefficient_names: fit.names(),
            aliased,
            observed: fit.observed(),
            coef_std_error,
            coef_t_value,
            coef_p_value,
            cov_coef: (options.cov_coef && !options.cube).then(|| fit.covariance(dispersion)),
            cov_data: data
                .columns
                .as_deref()
                .filter(|_| options.cov_data && design.intercept && !options.cube)
                .map(|columns| columns.covariances(&plan.terms)),
            condition_number: fit.condition(),
            rank,
            deviance: ending.deviance,
            null_deviance,
            pearson: found.pearson,
            dispersion,
            aic,
            df: [rank as f64, residual_df, coefficients.len() as f64],
            df_null: (data.observations - constants).max(0.0),
            fstatistics,
            f_pvalue,
            iterations: ending.iterations,
            converged: ending.converged,
            separated: ending.separated,
            cells: data.cells,
            partitions,
            count_df,
            anova: None,
            n_valid_obs: data.valid,
            n_missing_obs: data.missing,
            n_observations: data.observations,
            coefficients,
        }
    })
}

/// The deviance of the model of only an intercept, or of none, without an offset.
fn null_deviance(plan: &PassPlan, data: &Data, intercept: bool) -> f64 {
    let variance = plan.law.family.variance();
    let mu = if intercept { data.responses.mean() } else { plan.law.link.inverse(0.0).0 };
    if data.responses.range.is_some_and(|(low, high)| low == high) && intercept {
        // a constant response is its mean, also where no mean may be
        return 0.0;
    }
    if variance.takes_mean(mu) { data.responses.deviance_from(variance, mu) } else { f64::NAN }
}
