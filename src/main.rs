//! The one binary; see `trunkline --help`.

fn main() {}
