//! Measurements against a stated floor.
