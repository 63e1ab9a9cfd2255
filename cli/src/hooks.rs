//! `bellhop hooks`: the hooks of a server.

use bellhop_api::view::{Claimed, HookView, Listed, OfferView};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::failure::Failure;
use crate::print::say;
use crate::server::{Server, encoded};

/// Where something comes from whose address is not known.
const NOWHERE: &str = "an unknown address";

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
            Command::List => self.server.pages("/api/hooks", &[], |page: Listed<HookView>| {
                page.items.iter().for_each(|hook| say(&line(hook)));
                true
            }),
            Command::Offers { hook } => {
                let hook = self.server.hook_id(&hook)?;
                let path = format!("/api/hooks/{}/offers", encoded(&hook));
                let offers: Listed<OfferView> = self.server.call("GET", &path, None)?;
                offers.items.iter().for_each(|offer| say(&offered(offer)));
                Ok(())
            }
            Command::Claim { hook, offer } => {
                let hook = self.server.hook_id(&hook)?;
                let named = offer.map(|offer| json!({ "offer": offer }).to_string());
                let path = format!("/api/hooks/{}/claim", encoded(&hook));
                let claimed: Claimed = self.server.call("POST", &path, named)?;
                let source = claimed.source_ip.as_deref().unwrap_or(NOWHERE);
                say(&format!("offered at {} from {source}; it is shown this once:", claimed.offered_at));
                say(&claimed.secret);
                let note = claimed.note.as_deref();
                say(note.unwrap_or("it is the hook's first secret now; the old ones match for a day"));
                Ok(())
            }
        }
    }
}

/// One offer for a person.
fn offered(offer: &OfferView) -> String {
    let OfferView { id, offered_at, source_ip, fingerprint } = offer;
    let source = source_ip.as_deref().unwrap_or(NOWHERE);
    format!("{id}  offered at {offered_at} from {source}  fingerprint {fingerprint}")
}

/// One hook for a person, unsigned ones marked.
fn line(hook: &HookView) -> String {
    let HookView { id, status, sender, url_path, name, .. } = hook;
    let unsigned = if hook.unsigned { "  UNSIGNED" } else { "" };
    format!("{id}  {status:8}  {sender:18}  {url_path:30}  {name}{unsigned}")
}
