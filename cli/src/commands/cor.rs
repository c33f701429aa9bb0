//! `xdf cor`: correlations, covariances and cross products.

use algos::covariance::{CovCor, CovCorOptions, MatrixKind};
use algos::design::Weights;

use crate::args::CorArgs;
use crate::input;
use crate::output::{self, print_json};
use crate::session::Session;

pub(super) fn run(args: &CorArgs, session: &Session) -> anyhow::Result<()> {
    let options = CovCorOptions {
        weights: Weights {
            probability: args.weighting.pweights.clone(),
            frequency: args.weighting.fweights.clone(),
        },
        keep_all: !args.drop_dependent,
        ..CovCorOptions::default()
    };
    // The formula is understood before the data are opened.
    let estimator = CovCor::new(&args.formula)?.with_options(options);
    let source = input::open_selected(&args.input, &args.reading, &args.selecting)?;
    let monitor = session.monitor();
    let _progress = session.progress("adding up", &monitor);
    let scan = input::limit(session.scan(&monitor), &args.selecting);
    let matrix = engine::fit(&estimator, source.as_ref(), &scan, &session.executor())?;
    let kind = match args.matrix {
        crate::args::Matrix::Cor => MatrixKind::Cor,
        crate::args::Matrix::Cov => MatrixKind::Cov,
        crate::args::Matrix::Sscp => MatrixKind::Sscp,
    };
    if session.json {
        return print_json(&matrix.to_json(kind));
    }
    output::print(&format!("File name: {}\n{}", source.info().name, matrix.render(kind)))
}
