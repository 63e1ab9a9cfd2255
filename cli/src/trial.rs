//! `bellhop test`: tries a hook out.

use bellhop_api::view::Tested;
use clap::Args;

use crate::failure::Failure;
use crate::print::say;
use crate::server::{Server, encoded};

/// Send a sample event of a hook's sender through everything, marked as a test.
#[derive(Args)]
pub(crate) struct Trial {
    #[command(flatten)]
    server: Server,
    /// The hook, by name or id.
    hook: String,
}

impl Trial {
    /// Sends the event and says how to see what became of it.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let hook = self.server.hook_id(&self.hook)?;
        let sent: Tested = self.server.call("POST", &format!("/api/hooks/{}/test", encoded(&hook)), None)?;
        say(&format!("sent; see what became of it: bellhop events {}", sent.id));
        Ok(())
    }
}
