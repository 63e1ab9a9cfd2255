//! `bellhop tasks` and `bellhop retry`: what is to be done, and what is to be done again.

use bellhop_api::view::{Board, Execution, RetriesAsked};
use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::print::say;
use crate::server::{Server, encoded};

/// List tasks, by where they stand.
#[derive(Args)]
pub(crate) struct Tasks {
    #[command(flatten)]
    server: Server,
    /// Only those that stand so: queued, running, retrying, succeeded, dead or skipped.
    #[arg(long)]
    status: Option<String>,
    /// Only those of this hook, by name or id.
    #[arg(long)]
    hook: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

/// Do tasks again that have ended.
#[derive(Args)]
pub(crate) struct Retry {
    #[command(flatten)]
    server: Server,
    /// The tasks, by their ids.
    #[arg(required_unless_present = "all_dead", conflicts_with = "all_dead")]
    tasks: Vec<String>,
    /// All that are dead.
    #[arg(long)]
    all_dead: bool,
    /// Of the dead, only those of this hook, by name or id.
    #[arg(long, requires = "all_dead")]
    hook: Option<String>,
}

impl Tasks {
    /// Prints one line a task, those of the newest events first.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let hook = self.server.hook_id_of(self.hook.as_deref())?;
        let mut left = self.limit;
        let query = [("hook", hook.as_deref()), ("status", self.status.as_deref())];
        self.server.pages("/api/tasks", &query, |page: Board| {
            let mut tasks: Vec<_> = page.groups.into_tasks().collect();
            // Ids begin with their event's, and these sort by time.
            tasks.sort_by(|a, b| b.id.cmp(&a.id));
            for task in tasks.iter().take(left) {
                say(&line(task));
                left -= 1;
            }
            left > 0
        })
    }
}

/// One task for a person.
fn line(task: &Execution) -> String {
    let Execution { status, id, kind, destination, created_at, .. } = task;
    let reason = task.reason.as_deref().unwrap_or_default();
    format!("{status:9}  {id}  {kind} to {destination}  {created_at}  {reason}").trim_end().to_owned()
}

impl Retry {
    /// Asks for the tasks one by one, or for all that are dead.
    pub(crate) fn run(self) -> Result<(), Failure> {
        for task in &self.tasks {
            self.server.send("POST", &format!("/api/tasks/{}/retry", encoded(task)))?;
            say(&format!("{task} is done again"));
        }
        if !self.all_dead {
            return Ok(());
        }
        let hook = self.server.hook_id_of(self.hook.as_deref())?;
        let (mut count, mut cursor) = (0, None::<String>);
        loop {
            let body = json!({"status": "dead", "hook": hook, "cursor": cursor});
            let part: RetriesAsked = self.server.call("POST", "/api/tasks/retry", Some(body.to_string()))?;
            count += part.count;
            cursor = part.next_cursor;
            if cursor.is_none() {
                say(&format!("tasks done again: {count}"));
                return Ok(());
            }
        }
    }
}
