//! One crate for everything: the format, the engine, the algorithms and the SQL bridge.
pub mod airline;
pub use {algos, engine, sqlbridge, xdf};
