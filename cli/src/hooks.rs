//! `bellhop hooks`: the hooks of a server.

use clap::Args;
use serde_json::Value;

use crate::failure::Failure;
use crate::print::say;
use crate::server::{Server, items, text};

/// List the hooks of a deployed stack or a running server.
#[derive(Args)]
pub(crate) struct Hooks {
    #[command(flatten)]
    server: Server,
}

impl Hooks {
    /// Prints one line a hook, unsigned ones marked.
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.server.pages("/api/hooks", &[], |page| {
            items(page).for_each(|hook| say(&line(hook)));
            true
        })
    }
}

/// One hook for a person.
fn line(hook: &Value) -> String {
    let unsigned = if hook["unsigned"] == true { "  UNSIGNED" } else { "" };
    let (id, status, sender) = (text(hook, "id"), text(hook, "status"), text(hook, "sender"));
    format!("{id}  {status:8}  {sender:18}  {:30}  {}{unsigned}", text(hook, "url_path"), text(hook, "name"))
}
