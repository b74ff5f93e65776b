//! The same engine from a shell.
fn main() {}
