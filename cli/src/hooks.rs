//! `bellhop hooks`: the hooks of a server.

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::failure::Failure;
use crate::print::say;
use crate::server::{Server, encoded, items, text};

/// List the hooks of a deployed stack or a running server, and take the secrets that senders offered them.
#[derive(Args)]
pub(crate) struct Hooks {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// List the hooks.
    List,
    /// Take the secret that a hook's sender offered within the last hour; it is shown this once.
    Claim {
        /// The hook, by name or id.
        hook: String,
    },
}

impl Hooks {
    /// Does what is asked; lists where nothing is.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command.unwrap_or(Command::List) {
            Command::List => self.server.pages("/api/hooks", &[], |page| {
                items(page).for_each(|hook| say(&line(hook)));
                true
            }),
            Command::Claim { hook } => {
                let hook = self.server.hook_id(&hook)?;
                let claimed = self.server.call("POST", &format!("/api/hooks/{}/claim", encoded(&hook)), None)?;
                let source = claimed["source_ip"].as_str().unwrap_or("an unknown address");
                say(&format!("offered at {} from {source}; it is shown this once:", text(&claimed, "offered_at")));
                say(text(&claimed, "secret"));
                say(claimed["note"]
                    .as_str()
                    .unwrap_or("it is the hook's first secret now; the old ones match for a day"));
                Ok(())
            }
        }
    }
}

/// One hook for a person, unsigned ones marked.
fn line(hook: &Value) -> String {
    let unsigned = if hook["unsigned"] == true { "  UNSIGNED" } else { "" };
    let (id, status, sender) = (text(hook, "id"), text(hook, "status"), text(hook, "sender"));
    format!("{id}  {status:8}  {sender:18}  {:30}  {}{unsigned}", text(hook, "url_path"), text(hook, "name"))
}
