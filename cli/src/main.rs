//! The `bellhop` command: the front desk for webhooks as one process, and the commands for people.

mod apply;
mod config;
mod failure;
mod hooks;
mod print;
mod serve;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// A front desk for webhooks: verifies each sender, writes the delivery down, carries it on.
#[derive(Parser)]
#[command(name = "bellhop", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything in this process, on one SQLite file.
    Serve(serve::Serve),
    /// Bring the hooks of a configuration file to a deployed stack or a running server.
    Apply(apply::Apply),
    /// List the hooks of a deployed stack or a running server.
    Hooks(hooks::Hooks),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(command) => command.run(),
        Command::Apply(command) => command.run(),
        Command::Hooks(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message)) => {
            print::to_stderr(&format!("bellhop: {message}"));
            ExitCode::FAILURE
        }
    }
}
