//! `bellhop hooks`: the hooks of a server.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

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
    /// List the secrets that were offered to a hook within the last hour, without their values.
    Offers {
        /// The hook, by name or id.
        hook: String,
    },
    /// Take the secret that a hook's sender offered within the last hour; it is shown this once.
    Claim {
        /// The hook, by name or id.
        hook: String,
        /// The offer's id, where there are several; `bellhop hooks offers` lists them.
        #[arg(long)]
        offer: Option<String>,
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
            Command::Offers { hook } => {
                let hook = self.server.hook_id(&hook)?;
                let offers = self.server.call("GET", &format!("/api/hooks/{}/offers", encoded(&hook)), None)?;
                items(&offers).for_each(|offer| say(&offered(offer)));
                Ok(())
            }
            Command::Claim { hook, offer } => {
                let hook = self.server.hook_id(&hook)?;
                let named = offer.map(|offer| json!({ "offer": offer }).to_string());
                let claimed = self.server.call("POST", &format!("/api/hooks/{}/claim", encoded(&hook)), named)?;
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

/// One offer for a person.
fn offered(offer: &Value) -> String {
    let source = offer["source_ip"].as_str().unwrap_or("an unknown address");
    let (id, time, fingerprint) = (text(offer, "id"), text(offer, "offered_at"), text(offer, "fingerprint"));
    format!("{id}  offered at {time} from {source}  fingerprint {fingerprint}")
}

/// One hook for a person, unsigned ones marked.
fn line(hook: &Value) -> String {
    let unsigned = if hook["unsigned"] == true { "  UNSIGNED" } else { "" };
    let (id, status, sender) = (text(hook, "id"), text(hook, "status"), text(hook, "sender"));
    format!("{id}  {status:8}  {sender:18}  {:30}  {}{unsigned}", text(hook, "url_path"), text(hook, "name"))
}
