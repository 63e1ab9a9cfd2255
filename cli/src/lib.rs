//! The `bellhop` command: the front desk for webhooks as one process, and the commands for people.

mod apply;
mod aws;
mod config;
mod events;
mod explain;
mod failure;
mod hooks;
mod jobs;
mod otlp;
mod print;
mod purge;
mod reconcile;
mod replay;
mod secret;
mod send;
mod senders;
mod serve;
mod server;
mod tasks;
mod token;
mod tokens;
mod trial;
mod when;

use std::process::ExitCode;
use std::sync::Arc;

use bellhop_app::ports::{BotApi, EventLog, Inbox};
use bellhop_core::event::Event;
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
    /// Bring the hooks and jobs of a configuration file to a deployed stack or a running server, or show what that would change.
    Apply(apply::Apply),
    /// List the hooks of a deployed stack or a running server, and take the secrets that senders offered them.
    Hooks(hooks::Hooks),
    /// List, make, show, run, pause, resume and delete the jobs of a deployed stack or a running server.
    Jobs(jobs::Jobs),
    /// Try a hook out with a sample event.
    Test(trial::Trial),
    /// List events, or show one.
    Events(events::Events),
    /// Do events again.
    Replay(replay::Replay),
    /// Delete old events of a hook.
    Purge(purge::Purge),
    /// List tasks, by where they stand.
    Tasks(tasks::Tasks),
    /// Do tasks again that have ended.
    Retry(tasks::Retry),
    /// List, make and revoke tokens of the management API.
    Tokens(tokens::Tokens),
    /// Ask GitHub again for deliveries that did not reach us.
    Reconcile(reconcile::Reconcile),
    Senders(senders::Senders),
    Send(send::Send),
    Explain(explain::Explain),
}

/// What stands between `bellhop serve` and some of its ports: nothing, but where a test puts a fault there.
#[derive(Clone, Copy)]
pub struct Around {
    /// Before the inbox that its senders' deliveries go into.
    pub inbox: fn(Arc<dyn Inbox>) -> Arc<dyn Inbox>,
    /// Before the record that the router keeps of events.
    pub events: fn(Arc<dyn EventLog>) -> Arc<dyn EventLog>,
    /// Given each event that the router records together with others, before it does.
    pub event: fn(&Event),
    /// Before the Bot API.
    pub bot: fn(Arc<dyn BotApi>) -> Arc<dyn BotApi>,
}

impl Around {
    /// Nothing.
    pub const NOTHING: Self = Self { inbox: |inbox| inbox, events: |events| events, event: |_| (), bot: |bot| bot };
}

/// Does what the command line says, to the end.
pub fn main(around: Around) -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(command) => command.run(around),
        Command::Apply(command) => command.run(),
        Command::Hooks(command) => command.run(),
        Command::Jobs(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Events(command) => command.run(),
        Command::Replay(command) => command.run(),
        Command::Purge(command) => command.run(),
        Command::Tasks(command) => command.run(),
        Command::Retry(command) => command.run(),
        Command::Tokens(command) => command.run(),
        Command::Reconcile(command) => command.run(),
        Command::Senders(command) => command.run(),
        Command::Send(command) => command.run(),
        Command::Explain(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message)) => {
            print::to_stderr(&format!("bellhop: {message}"));
            ExitCode::FAILURE
        }
    }
}
