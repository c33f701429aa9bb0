//! `xdf cor`: correlations, covariances and cross products.

use algos::covariance::{CovCor, CovCorOptions, MatrixKind};

use super::fit;
use crate::args::CorArgs;
use crate::input;
use crate::output::{self, print_json};
use crate::session::Session;

pub(super) fn run(args: &CorArgs, session: &Session) -> anyhow::Result<()> {
    let options = CovCorOptions {
        weights: args.rows.weighting.weights(),
        keep_all: !args.drop_dependent,
        ..CovCorOptions::default()
    };
    // The formula is understood before the data are opened.
    let estimator = CovCor::new(&args.formula)?.with_options(options);
    let source = input::open_rows(&args.input, &args.rows)?;
    let matrix = fit::run(&estimator, &source, &args.rows.selecting, "adding up", session)?;
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
