//! `bellhop purge`: deletes old events of a hook.

use bellhop_api::view::PurgeView;
use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock as _;
use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::print::say;
use crate::server::Server;
use crate::when::Moment;

/// Delete old events of a hook, with their tasks. It cannot be undone.
#[derive(Args)]
pub(crate) struct Purge {
    #[command(flatten)]
    server: Server,
    /// The hook, by name or id; a deleted hook by its id.
    #[arg(long)]
    hook: String,
    /// Events accepted before: a day, a moment, or how long ago (`30d`).
    #[arg(long, value_parser = Moment::parse)]
    before: Moment,
}

impl Purge {
    /// Deletes part after part, until nothing is left.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let hook = self.server.hook_id(&self.hook)?;
        let before = self.before.at(SystemClock.now()).rfc3339();
        let (mut deleted, mut kept, mut cursor) = (0, 0, None::<String>);
        loop {
            let body = json!({"hook": hook, "before": before, "limit": 200, "cursor": cursor});
            let part: PurgeView = self.server.call("POST", "/api/events/purge", Some(body.to_string()))?;
            deleted += part.deleted;
            kept += part.kept;
            cursor = part.next_cursor;
            if !part.more || cursor.is_none() {
                break;
            }
        }
        let shared = if kept == 0 { String::new() } else { format!("; {kept} stay, for they are another hook's too") };
        say(&format!("events deleted: {deleted}{shared}"));
        Ok(())
    }
}
