//! The `bellhop` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bellhop::main(bellhop::Around::NOTHING)
}
