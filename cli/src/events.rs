//! `bellhop events`: what came in, and what became of it.

use bellhop_api::view::{
    AttemptView, Entry, EventEntry, EventStatus, EventView, HeadView, Listed, RefusedEntry, TaskView,
};
use clap::Args;

use crate::failure::Failure;
use crate::print::{say, show};
use crate::server::{Server, encoded};

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
        self.server.pages("/api/events", &query, |page: Listed<Entry>| {
            for entry in page.items.iter().take(left) {
                say(&line(entry));
                left -= 1;
            }
            left > 0
        })
    }
}

/// One event, or one refused request, for a person.
fn line(entry: &Entry) -> String {
    match entry {
        Entry::Event(EventEntry { head, tasks }) => {
            accepted(head, tasks.iter().map(|task| format!("{} {}", task.kind, task.status)))
        }
        Entry::Refused(RefusedEntry { id, received_at, source_ip, status, cause, body_bytes, .. }) => {
            let from = source_ip.as_deref().unwrap_or_default();
            format!("{received_at}  {id}  refused {status}  from {from}, {body_bytes} bytes: {cause}")
        }
    }
}

/// One event, with what became of its tasks.
fn accepted(head: &HeadView, tasks: impl Iterator<Item = String>) -> String {
    let HeadView { id, received_at, sender, .. } = head;
    let test = if head.test { "  TEST" } else { "" };
    let kind = head.event_type.as_deref().unwrap_or_default();
    let mut fate = tasks.collect::<Vec<_>>().join(", ");
    if head.status == EventStatus::Duplicate.into() {
        let done = if fate.is_empty() { String::new() } else { format!("; {fate}") };
        let (first, cause) = (head.duplicate_of.as_deref(), head.cause.as_deref());
        fate = format!("duplicate of {}: {}{done}", first.unwrap_or_default(), cause.unwrap_or_default());
    }
    format!("{received_at}  {id}  {sender:14}  {kind:20}  {fate}{test}")
}

/// All of an event.
fn whole(event: &EventView) {
    let head = &event.head;
    say(&accepted(head, event.tasks.iter().map(|task| format!("{} {}", task.kind, task.status))));
    let body_bytes = head.body_bytes.to_string();
    for (field, value) in [
        ("path", head.path.as_deref()),
        ("delivery_id", head.delivery_id.as_deref()),
        ("source_ip", head.source_ip.as_deref()),
        ("body_bytes", Some(body_bytes.as_str())),
        ("erased_at", head.erased_at.as_deref()),
    ] {
        if let Some(value) = value {
            say(&format!("{field}: {value}"));
        }
    }
    for hook in &head.hooks {
        let name = event.hook_names.get(&hook.id).map(String::as_str).unwrap_or_default();
        let secret = hook.secret.map(|number| format!(", by its secret {number}")).unwrap_or_default();
        let copy = match &hook.duplicate_of {
            Some(first) => format!(", a duplicate of {first} there: {}", hook.cause.as_deref().unwrap_or_default()),
            None => String::new(),
        };
        say(&format!("hook: {name} ({}){secret}{copy}", hook.id));
    }
    if let Some(job) = &head.job {
        say(&format!("job: {job}"));
    }
    for TaskView { id, kind, destination, status, reason, attempts, .. } in &event.tasks {
        let reason = reason.as_deref().unwrap_or_default();
        say(&format!("task {id}: {kind} to {destination}, {status} {reason}"));
        for AttemptView { started_at, outcome, duration_ms, detail, .. } in attempts {
            say(&format!("  {started_at}  {outcome} after {duration_ms} ms  {detail}"));
        }
    }
    for header in &event.headers {
        say(&format!("{}: {}", header.name, header.value));
    }
    say("");
    show(event.body.as_deref().unwrap_or_default());
}
