//! The passes of principal components: those of covariances.

use std::ops::ControlFlow;

use arrow_schema::SchemaRef;
use engine::Estimator;
use engine::aggregate::{Aggregated, Server};

use super::{PcaModel, PcaOptions};
use crate::covariance::{CovCor, CovCorOptions};
use crate::design::LabelStyle;
use crate::gram::passes::{GramPartial, GramState, GramSums};
use crate::{Error, Result};

/// Principal components of the variables of a formula.
///
/// ```no_run
/// # fn main() -> algos::Result<()> {
/// use algos::pca::{Pca, PcaOptions};
/// let source = engine::source::open("flights.xdf")?;
/// let options = PcaOptions { correlations: true, ..PcaOptions::default() };
/// let estimator = Pca::new("~ ArrDelay + DepDelay + Distance", options)?;
/// let model = engine::fit(&estimator, source.as_ref(), &engine::ScanOptions::default(), &engine::Local::default())?;
/// println!("{model}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Pca {
    covariances: CovCor,
    options: PcaOptions,
}

impl Pca {
    /// Components of a formula given as text.
    ///
    /// # Errors
    /// When the text is no formula, has a response or leaves the constant out, or when no component is wanted.
    pub fn new(formula: &str, options: PcaOptions) -> Result<Self> {
        if options.components == Some(0) {
            let reason = "none is wanted; give 1 or more".to_owned();
            return Err(Error::Option { option: "components", reason });
        }
        let matrix = CovCorOptions { weights: options.weights.clone(), ..CovCorOptions::default() };
        Ok(Self { covariances: CovCor::new(formula)?.with_options(matrix), options })
    }
}

impl Estimator for Pca {
    type State = GramState;
    type Partial = GramPartial;
    type Model = PcaModel;
    type Error = Error;

    fn columns(&self) -> Option<Vec<String>> {
        self.covariances.columns()
    }

    fn start(&self, schema: &SchemaRef) -> Result<GramState> {
        self.covariances.start(schema)
    }

    fn partial(&self, state: &GramState) -> Result<GramPartial> {
        self.covariances.partial(state)
    }

    fn step(&self, state: GramState, sums: GramSums) -> Result<ControlFlow<PcaModel, GramState>> {
        self.covariances.step_with(state, sums, |design, matrix| {
            let names = design.terms.iter().flat_map(|term| design.labels(term, LabelStyle::Revo)).collect();
            PcaModel::new(design.clone(), names, &matrix, self.options.clone())
        })
    }
}

impl Aggregated for Pca {
    fn gather(&self, state: &GramState, server: &mut dyn Server) -> Result<GramPartial> {
        self.covariances.gather(state, server)
    }
}
