//! `bellhop tokens`: who may call the management API.

use bellhop_api::view::{Listed, NewToken, TokenView};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::failure::Failure;
use crate::print::say;
use crate::server::{Server, encoded};
use crate::when::stretch;

/// List, make and revoke tokens of the management API.
#[derive(Args)]
pub(crate) struct Tokens {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// List the tokens, without their values.
    List,
    /// Make a token; its value is shown this once.
    Create {
        /// What people call it.
        #[arg(long)]
        name: String,
        /// What it opens: hooks, events, events:read, metrics, jobs, services, channel:NAME, or admin for everything;
        /// several times for several.
        #[arg(long, required = true)]
        scope: Vec<String>,
        /// How long it lives, such as `90d`; for ever unless said.
        #[arg(long, value_parser = stretch)]
        expires: Option<u64>,
    },
    /// Revoke a token.
    Revoke {
        /// Its id.
        id: String,
    },
}

impl Tokens {
    /// Does what is asked; lists where nothing is.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command.unwrap_or(Command::List) {
            Command::List => self.server.pages("/api/tokens", &[], |page: Listed<TokenView>| {
                page.items.iter().for_each(|token| say(&line(token)));
                true
            }),
            Command::Create { name, scope, expires } => {
                let seconds = expires.map(|ms| (ms / 1000).max(1));
                let body = json!({"name": name, "scopes": scope, "expires_in_seconds": seconds});
                let made: NewToken = self.server.call("POST", "/api/tokens", Some(body.to_string()))?;
                say(&format!("{}  keep its value, it is shown this once:", made.kept.id));
                say(&made.token);
                Ok(())
            }
            Command::Revoke { id } => {
                self.server.send("DELETE", &format!("/api/tokens/{}", encoded(&id)))?;
                say(&format!("{id} is revoked"));
                Ok(())
            }
        }
    }
}

/// One token for a person.
fn line(token: &TokenView) -> String {
    let TokenView { id, name, scopes, .. } = token;
    let ends = token.expires_at.as_deref().unwrap_or("never");
    let used = token.last_used_at.as_deref().unwrap_or("never");
    format!("{id}  {:24}  ends {ends:24}  used {used:24}  {name}", scopes.join(","))
}
