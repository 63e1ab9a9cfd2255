//! The `bellhop` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// The allocator: one thread reads what others made, which the system's own is slow at giving back.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    bellhop::main(bellhop::Around::NOTHING)
}
