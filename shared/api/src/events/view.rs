//! Events and refused requests as the API shows them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bellhop_core::action::Kind;
use bellhop_core::event::{EventHead, Proof, REDACTED};
use bellhop_core::id::{HookId, JobId};
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::view::{Open, TaskView};
use bellhop_app::history::Whole;
use bellhop_app::ports::RecordedEvent;

/// How many bytes of a body are shown.
const MOST_SHOWN: usize = 2 * 1024 * 1024;

/// An event, or a refused request, in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Entry {
    /// An event.
    Event(EventEntry),
    /// A request that was not accepted.
    Refused(RefusedEntry),
}

/// An event in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EventEntry {
    /// What is known of it besides its content.
    #[serde(flatten)]
    pub head: HeadView,
    /// Its tasks.
    pub tasks: Vec<TaskMark>,
}

/// What is known of an event besides its content.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HeadView {
    /// Its id.
    pub id: String,
    /// `duplicate` where it is another copy of a delivery at all of its hooks, so that it did nothing; else `accepted`.
    #[schema(value_type = EventStatus)]
    pub status: Open<EventStatus>,
    /// The event that had its delivery first, where it is a duplicate.
    pub duplicate_of: Option<String>,
    /// Why the two are one delivery, in words.
    pub cause: Option<String>,
    /// When it was accepted.
    pub received_at: String,
    /// The path it came in at; null where that is an unsigned hook's secret.
    pub path: Option<String>,
    /// Its sender.
    pub sender: String,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// The sender's id for the delivery.
    pub delivery_id: Option<String>,
    /// Where it came from.
    pub source_ip: Option<String>,
    /// Its body's length.
    pub body_bytes: usize,
    /// The hooks it proved itself to; none where it is a job's.
    pub hooks: Vec<ProofView>,
    /// The job whose due time it is; null where it is hooks'.
    pub job: Option<String>,
    /// Whether it was made to try a hook out.
    pub test: bool,
    /// When its content was erased.
    pub erased_at: Option<String>,
}

/// What became of an event as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// It did something, or may have.
    Accepted,
    /// It is another copy of a delivery at all of its hooks.
    Duplicate,
}

/// A hook that an event proved itself to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProofView {
    /// The hook's id.
    pub id: String,
    /// Which of its secrets matched, counted from 0; null where the hook has none.
    pub secret: Option<usize>,
    /// The event that had its delivery first at this hook, where it is a copy there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<String>,
    /// Why the two are one delivery, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// A task of an event in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskMark {
    /// Its id.
    pub id: String,
    /// Its hook's id; null where it is a job's.
    pub hook: Option<String>,
    /// Its job's id; null where it is a hook's.
    pub job: Option<String>,
    /// The kind of action.
    #[schema(value_type = Kind)]
    pub kind: Open<Kind>,
    /// Where it stands.
    #[schema(value_type = TaskStatus)]
    pub status: Open<TaskStatus>,
}

/// A request that was not accepted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedEntry {
    /// Its id.
    pub id: String,
    /// When it came.
    pub received_at: String,
    /// The first hook of its path.
    pub hook: Option<String>,
    /// Its path, where no hook has it.
    pub path: Option<String>,
    /// Where it came from.
    pub source_ip: Option<String>,
    /// What it was answered.
    pub status: u16,
    /// Why.
    pub cause: String,
    /// Its body's length, as far as it was read or promised.
    pub body_bytes: u64,
}

/// An event with its content and its tasks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// What is known of it besides its content.
    #[serde(flatten)]
    pub head: HeadView,
    /// The names of its hooks that still exist, by id.
    pub hook_names: BTreeMap<String, String>,
    /// Its headers, credentials redacted.
    pub headers: Vec<HeaderView>,
    /// Its body: text, or base64; null where it was erased.
    pub body: Option<String>,
    /// How the body is written: `utf-8` or `base64`.
    pub body_encoding: Cow<'static, str>,
    /// Whether only the first 2 MiB of the body are here.
    pub body_cut: bool,
    /// Its tasks, with everything that was tried.
    pub tasks: Vec<TaskView>,
}

/// A header.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HeaderView {
    /// Its name, in lower case.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        // A refused request has the status that it was answered with: a number, where an event has a word.
        match value["status"].is_number() {
            true => serde_json::from_value(value).map(Self::Refused),
            false => serde_json::from_value(value).map(Self::Event),
        }
        .map_err(D::Error::custom)
    }
}

impl HeadView {
    /// An event's head as the API shows it, and whether tasks were made with it.
    fn new(head: &EventHead, acted: bool, secret_paths: &HashSet<String>) -> Self {
        let hooks = head.owners.iter().filter_map(|proof| ProofView::new(proof, head));
        let job = head.owners.iter().find_map(|proof| proof.owner.job());
        let duplicate = head.duplicates.first().filter(|_| !acted);
        Self {
            id: head.id.to_string(),
            status: if duplicate.is_some() { EventStatus::Duplicate } else { EventStatus::Accepted }.into(),
            duplicate_of: duplicate.map(|duplicate| duplicate.first.to_string()),
            cause: duplicate.map(|duplicate| duplicate.cause.clone()),
            received_at: head.received_at.rfc3339(),
            path: (!has_secret_path(head, secret_paths)).then(|| head.path.clone()),
            sender: head.sender.clone(),
            event_type: head.event_type.clone(),
            delivery_id: head.delivery_id.clone(),
            source_ip: head.source_ip.map(|ip| ip.to_string()),
            body_bytes: head.body_bytes,
            hooks: hooks.collect(),
            job: job.map(JobId::to_string),
            test: head.test,
            erased_at: head.erased_at.map(Timestamp::rfc3339),
        }
    }
}

impl ProofView {
    /// A hook that an event proved itself to; `None` where its owner is no hook.
    fn new(proof: &Proof, head: &EventHead) -> Option<Self> {
        let duplicate = head.duplicates.iter().find(|duplicate| duplicate.owner == proof.owner);
        Some(Self {
            id: proof.owner.hook()?.to_string(),
            secret: proof.secret,
            duplicate_of: duplicate.map(|duplicate| duplicate.first.to_string()),
            cause: duplicate.map(|duplicate| duplicate.cause.clone()),
        })
    }
}

/// Whether the path that an event came in at is a secret: of a hook there, or of one that was there. A job's event came in
/// nowhere.
fn has_secret_path(head: &EventHead, secret_paths: &HashSet<String>) -> bool {
    let is_unsigned = || Sender::named(&head.sender).is_none_or(Sender::is_unsigned);
    head.hooks().next().is_some() && (secret_paths.contains(&head.path) || is_unsigned())
}

/// Whether tasks were made of an event when it came: those of replays came later.
fn acted(tasks: &[Task]) -> bool {
    tasks.iter().any(|task| task.replay.is_none())
}

impl Entry {
    /// An event in a list.
    pub(super) fn event(recorded: &RecordedEvent, secret_paths: &HashSet<String>) -> Self {
        let tasks = recorded.tasks.iter().map(|task| TaskMark {
            id: task.id.to_string(),
            hook: task.owner.hook().map(HookId::to_string),
            job: task.owner.job().map(JobId::to_string),
            kind: task.kind.into(),
            status: task.status.into(),
        });
        let head = HeadView::new(&recorded.head, acted(&recorded.tasks), secret_paths);
        Self::Event(EventEntry { head, tasks: tasks.collect() })
    }

    /// A refused request in a list.
    pub(super) fn refused(refused: &RefusedRequest, secret_paths: &HashSet<String>) -> Self {
        Self::Refused(RefusedEntry {
            id: refused.id.to_string(),
            received_at: refused.received_at.rfc3339(),
            hook: refused.hook.as_ref().map(HookId::to_string),
            path: refused.path.clone().filter(|path| !secret_paths.contains(path)),
            source_ip: refused.source_ip.map(|ip| ip.to_string()),
            status: refused.status,
            cause: refused.cause.clone(),
            body_bytes: refused.body_bytes,
        })
    }
}

impl EventView {
    /// An event with its content.
    pub(super) fn new(whole: &Whole) -> Self {
        let head = &whole.event.head;
        let (body, cut) = match whole.event.body.get(..MOST_SHOWN) {
            Some(first) => (first, whole.event.body.len() > MOST_SHOWN),
            None => (whole.event.body.as_slice(), false),
        };
        let (body, body_encoding) = match shown_text(body, cut) {
            Some(text) => (text.to_owned(), "utf-8"),
            None => (STANDARD.encode(body), "base64"),
        };
        // Proxies write the whole address into headers of theirs.
        let secret = has_secret_path(head, &whole.secret_paths) && !head.path.is_empty();
        let header = |(name, value): &(String, String)| {
            let value = if secret && value.contains(&head.path) { REDACTED } else { value };
            HeaderView { name: name.clone(), value: value.to_owned() }
        };
        Self {
            head: HeadView::new(head, acted(&whole.tasks), &whole.secret_paths),
            hook_names: whole.hooks.iter().map(|hook| (hook.id.to_string(), hook.name.clone())).collect(),
            headers: head.headers.iter().map(header).collect(),
            body: head.erased_at.is_none().then_some(body),
            body_encoding: body_encoding.into(),
            body_cut: cut,
            tasks: whole.tasks.iter().map(TaskView::new).collect(),
        }
    }
}

/// A body as text, if it is text; where it was cut, the character at the cut is left out.
fn shown_text(body: &[u8], cut: bool) -> Option<&str> {
    match std::str::from_utf8(body) {
        Ok(text) => Some(text),
        Err(error) if cut && error.error_len().is_none() => std::str::from_utf8(body.get(..error.valid_up_to())?).ok(),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_a_jobs_says_so_and_names_no_hook() {
        let of = |owner: &str| {
            let head = json!({
                "id": "00000000-0000-7000-8000-000000000000", "path": format!("job/{owner}"), "sender": "job",
                "received_at": 0, "headers": [], "body_bytes": 0, "hooks": [{"hook": owner}],
            });
            let head: EventHead = serde_json::from_value(head).unwrap();
            let now = Timestamp::from_ms(0);
            let id = format!("{}.{owner}.0", head.id).parse().unwrap();
            let tasks = vec![Task::queued(id, Kind::Telegram, "1", now, now)];
            let entry = Entry::event(&RecordedEvent { head, tasks }, &HashSet::new());
            serde_json::to_value(entry).unwrap()
        };
        let (job, hook) = (of("jb_1"), of("hk_1"));
        assert_eq!((&job["hooks"], &job["job"], &job["path"]), (&json!([]), &json!("jb_1"), &json!("job/jb_1")));
        assert_eq!((&job["tasks"][0]["hook"], &job["tasks"][0]["job"]), (&Value::Null, &json!("jb_1")));
        assert_eq!(
            (&hook["hooks"][0]["id"], &hook["job"], &hook["path"]),
            (&json!("hk_1"), &Value::Null, &Value::Null)
        );
        assert_eq!((&hook["tasks"][0]["hook"], &hook["tasks"][0]["job"]), (&json!("hk_1"), &Value::Null));
    }
}
