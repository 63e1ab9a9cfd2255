//! `bellhop events`: what came in, and what became of it.

use clap::Args;
use serde_json::Value;

use crate::failure::Failure;
use crate::print::{say, show};
use crate::server::{Server, encoded, items, text};

/// List events, or show one.
#[derive(Args)]
pub(crate) struct Events {
    #[command(flatten)]
    server: Server,
    /// The event to show, by its id.
    id: Option<String>,
    /// Only those of this hook, by name or id.
    #[arg(long)]
    hook: Option<String>,
    /// Only those that stand so: queued, running, retrying, succeeded, dead, skipped, duplicate, test; or refused requests.
    #[arg(long)]
    status: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

impl Events {
    /// Prints one line an event, newest first; or all of one event.
    pub(crate) fn run(self) -> Result<(), Failure> {
        if let Some(id) = &self.id {
            whole(&self.server.call("GET", &format!("/api/events/{}", encoded(id)), None)?);
            return Ok(());
        }
        let hook = self.server.hook_id_of(self.hook.as_deref())?;
        let mut left = self.limit;
        let query = [("hook", hook.as_deref()), ("status", self.status.as_deref())];
        self.server.pages("/api/events", &query, |page| {
            for event in items(page).take(left) {
                say(&line(event));
                left -= 1;
            }
            left > 0
        })
    }
}

/// One event, or one refused request, for a person.
fn line(event: &Value) -> String {
    let (at, id) = (text(event, "received_at"), text(event, "id"));
    if let (Some(cause), None) = (event["cause"].as_str(), event["sender"].as_str()) {
        let (from, bytes) = (text(event, "source_ip"), &event["body_bytes"]);
        return format!("{at}  {id}  refused {}  from {from}, {bytes} bytes: {cause}", event["status"]);
    }
    let tasks = event["tasks"].as_array().into_iter().flatten();
    let tasks: Vec<_> = tasks.map(|task| format!("{} {}", text(task, "kind"), text(task, "status"))).collect();
    let test = if event["test"] == true { "  TEST" } else { "" };
    let (sender, kind) = (text(event, "sender"), text(event, "type"));
    let mut fate = tasks.join(", ");
    if event["status"] == "duplicate" {
        let done = if fate.is_empty() { String::new() } else { format!("; {fate}") };
        fate = format!("duplicate of {}: {}{done}", text(event, "duplicate_of"), text(event, "cause"));
    }
    format!("{at}  {id}  {sender:14}  {kind:20}  {fate}{test}")
}

/// All of an event.
fn whole(event: &Value) {
    say(&line(event));
    for field in ["path", "delivery_id", "source_ip", "body_bytes", "erased_at"] {
        match &event[field] {
            Value::Null => {}
            Value::String(value) => say(&format!("{field}: {value}")),
            value => say(&format!("{field}: {value}")),
        }
    }
    for hook in event["hooks"].as_array().into_iter().flatten() {
        let name = text(&event["hook_names"], text(hook, "id"));
        let secret = hook["secret"].as_u64().map(|number| format!(", by its secret {number}")).unwrap_or_default();
        let copy = match hook["duplicate_of"].as_str() {
            Some(first) => format!(", a duplicate of {first} there: {}", text(hook, "cause")),
            None => String::new(),
        };
        say(&format!("hook: {name} ({}){secret}{copy}", text(hook, "id")));
    }
    for task in event["tasks"].as_array().into_iter().flatten() {
        say(&format!(
            "task {}: {} to {}, {} {}",
            text(task, "id"),
            text(task, "kind"),
            text(task, "destination"),
            text(task, "status"),
            text(task, "reason")
        ));
        for attempt in task["attempts"].as_array().into_iter().flatten() {
            let (at, outcome, detail) =
                (text(attempt, "started_at"), text(attempt, "outcome"), text(attempt, "detail"));
            say(&format!("  {at}  {outcome} after {} ms  {detail}", attempt["duration_ms"]));
        }
    }
    for header in event["headers"].as_array().into_iter().flatten() {
        say(&format!("{}: {}", text(header, "name"), text(header, "value")));
    }
    say("");
    show(text(event, "body"));
}
