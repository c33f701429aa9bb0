//! The native half of the Python package `revoscalepy`.
//!
//! Python programs speak Microsoft's documented functions; their arguments are checked and their results shaped in
//! Python. This module is the narrow part between: a [`source::Source`] is the engine's description of data, a
//! [`linmod::LinearModel`] and [`glm::GlmModel`] are fitted models, and the functions run passes. Tables cross by the Arrow C data interface,
//! results as JSON or plain objects.
//!
//! ```text
//!   revoscalepy/*.py ──► Source ──► passes on worker threads (run.rs) ──► Arrow table, JSON, model
//!                         ▲ paths, Arrow streams                           │ errors as exceptions (error.rs)
//! ```

#![allow(unsafe_code, reason = "the glue that PyO3's macros write; there is no unsafe code of our own")]
#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands extracted arguments over by value")]

mod annotate;
mod arrow;
mod call;
mod cells;
mod covariance;
mod database;
mod describe;
mod edit;
mod error;
mod glm;
mod grouping;
mod histogram;
mod in_database;
mod linmod;
mod model;
mod predict;
mod quantile;
mod reader;
mod roc;
mod run;
mod source;
mod summary;
mod text;

use pyo3::prelude::*;

/// The native half of revoscalepy; see the package for what it is for.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<source::Source>()?;
    module.add_class::<reader::Reader>()?;
    module.add_function(wrap_pyfunction!(edit::describe_columns, module)?)?;
    module.add_class::<summary::Summary>()?;
    module.add_class::<linmod::LinearModel>()?;
    module.add_class::<glm::GlmModel>()?;
    module.add_class::<grouping::Clusters>()?;
    module.add_class::<grouping::Classifier>()?;
    module.add_function(wrap_pyfunction!(grouping::kmeans, module)?)?;
    module.add_function(wrap_pyfunction!(grouping::naive_bayes, module)?)?;
    module.add_class::<cells::Cells>()?;
    module.add_function(wrap_pyfunction!(cells::cells, module)?)?;
    module.add_function(wrap_pyfunction!(cells::table_test, module)?)?;
    module.add_function(wrap_pyfunction!(covariance::cov_cor, module)?)?;
    module.add_function(wrap_pyfunction!(database::sql_execute, module)?)?;
    module.add_function(wrap_pyfunction!(database::sql_query, module)?)?;
    module.add_function(wrap_pyfunction!(database::sql_source, module)?)?;
    module.add_function(wrap_pyfunction!(database::sql_write, module)?)?;
    module.add_function(wrap_pyfunction!(glm::glm, module)?)?;
    module.add_function(wrap_pyfunction!(histogram::histogram, module)?)?;
    module.add_function(wrap_pyfunction!(histogram::lorenz, module)?)?;
    module.add_function(wrap_pyfunction!(linmod::lin_mod, module)?)?;
    module.add_function(wrap_pyfunction!(predict::predict, module)?)?;
    module.add_function(wrap_pyfunction!(predict::predict_to, module)?)?;
    module.add_function(wrap_pyfunction!(quantile::quantile, module)?)?;
    module.add_function(wrap_pyfunction!(roc::roc, module)?)?;
    module.add_function(wrap_pyfunction!(summary::summary, module)?)?;
    Ok(())
}
