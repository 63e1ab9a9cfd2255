//! The `bellhop` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bellhop::main(|inbox| inbox)
}
