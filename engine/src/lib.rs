//! One way for data: blocks, sources, sinks, expressions, formulas and executors.
