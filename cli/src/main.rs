//! The program `xdf`.
fn main() {}
