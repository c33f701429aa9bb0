//! The rx algorithms: formulas to designs, accumulators to models, models to predictions.
