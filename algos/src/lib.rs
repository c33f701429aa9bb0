//! The rx algorithms: formulas to designs, accumulators to models, models to predictions.
//!
//! | algorithm | module | passes over the data | memory |
//! |---|---|---|---|
//! | linear regression (`rxLinMod`, `rx_lin_mod`) | [`linear`] | 1, one more before it for levels or ranges that the source does not know | O(p²) |
//! | generalized linear models (`rxLogit`, `rx_logit`, `rxGlm`) | [`glm`] | 1 when rows collapse into cells, else 1 an iteration; one more before them for levels or ranges that the source does not know | O(p²), and 16 MiB a thread for cells |
//! | selection of terms (`rxStepControl`) | [`stepwise`] | none beside those of a linear model; of others, when rows do not collapse, 1 for each iteration of all models of a step | O(p²) for each of them |
//! | summary (`rxSummary`, `rx_summary`) | [`summary`] | 1, one more for ranges that the source does not know; 0 where stored statistics answer | O(cells) |
//! | covariances, correlations, cross products (`rxCovCor`) | [`covariance`] | 1, one more before it for levels or ranges that the source does not know | O(p²) |
//! | cubes and cross tabulations (`rxCube`, `rxCrossTabs`) | [`cube`] | 1, one more before it for levels or ranges that the source does not know | O(cells) |
//! | tests on tables (`rxChiSquaredTest`, `rxFisherTest`) | [`contingency`] | 0 | O(cells) |
//! | quantiles (`rxQuantile`) | [`quantile`] | 0 where the stored sketch answers, else 1; exact ones 2 or 3 more | 32 KiB a column |
//! | k-means clusters (`rxKmeans`) | [`kmeans`] | 1 where the rows fit into memory, else 1 more an iteration; one more before them for levels or ranges that the source does not know | 8 bytes a value and 8 a row, at most 512 MiB; then O(kp) |
//! | receiver operating characteristics (`rxRoc`, `rxAuc`) | [`roc`] | 1, one more before it for levels that the source does not know | O(thresholds); exact areas 24 bytes a distinct prediction |
//! | naive Bayes classification (`rxNaiveBayes`) | [`naive_bayes`] | 1, one more before it for levels or ranges that the source does not know | O(classes · levels) |
//! | histograms (`rxHistogram`) | [`histogram`] | 1, one more before it for levels or a range that the source does not know | O(bars) |
//! | Lorenz curves (`rxLorenz`, `rxGini`) | [`lorenz`] | 1, one more before it for a range that the source does not know | O(bins); exact coefficients 24 bytes a distinct value |
//! | principal components (`princomp` of `rxCovCor`) | [`pca`] | those of covariances | O(p²) |
//! | prediction (`rxPredict`, `rx_predict`) | [`predict`] | 1 | a block a thread |
//!
//! An algorithm is an [`engine::Estimator`]: it sees [`engine::Block`]s and nothing of files, threads or machines.
//! [`design`] turns a formula into columns without ever writing out indicator columns, [`gram`] adds up their cross
//! products, [`model`] keeps what was fitted in files that later releases read, [`task`] takes algorithms to the rows.

mod coefficients;
pub mod contingency;
pub mod covariance;
pub mod cube;
pub mod design;
mod error;
mod extremes;
mod format;
pub mod glm;
pub mod gram;
mod heading;
pub mod histogram;
mod json;
pub mod kmeans;
pub mod linear;
pub mod lorenz;
pub mod model;
pub mod naive_bayes;
mod normal;
pub mod pca;
pub mod predict;
pub mod quantile;
pub mod roc;
mod runs;
pub mod stepwise;
pub mod summary;
mod tails;
pub mod task;

pub use error::{Error, Result};
