//! Events and refused requests as the API shows them.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bellhop_core::action::Kind;
use bellhop_core::event::{EventHead, Proof, REDACTED};
use bellhop_core::id::HookId;
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;
use serde::Serialize;
use utoipa::ToSchema;

use crate::view::TaskView;
use bellhop_app::history::Whole;
use bellhop_app::ports::RecordedEvent;

/// How many bytes of a body are shown.
const MOST_SHOWN: usize = 2 * 1024 * 1024;

/// An event, or a refused request, in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Entry {
    /// An event.
    Event(EventEntry),
    /// A request that was not accepted.
    Refused(RefusedEntry),
}

/// An event in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventEntry {
    /// What is known of it besides its content.
    #[serde(flatten)]
    head: HeadView,
    /// Its tasks.
    tasks: Vec<TaskMark>,
}

/// What is known of an event besides its content.
#[derive(Debug, Serialize, ToSchema)]
struct HeadView {
    /// Its id.
    id: String,
    /// `duplicate` where it is another copy of a delivery at all of its hooks, so that it did nothing; else `accepted`.
    status: EventStatus,
    /// The event that had its delivery first, where it is a duplicate.
    duplicate_of: Option<String>,
    /// Why the two are one delivery, in words.
    cause: Option<String>,
    /// When it was accepted.
    received_at: String,
    /// The path it came in at; null where that is an unsigned hook's secret.
    path: Option<String>,
    /// Its sender.
    sender: String,
    /// Its type.
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// The sender's id for the delivery.
    delivery_id: Option<String>,
    /// Where it came from.
    source_ip: Option<String>,
    /// Its body's length.
    body_bytes: usize,
    /// The hooks it proved itself to.
    hooks: Vec<ProofView>,
    /// Whether it was made to try a hook out.
    test: bool,
    /// When its content was erased.
    erased_at: Option<String>,
}

/// What became of an event as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EventStatus {
    Accepted,
    Duplicate,
}

/// A hook that an event proved itself to.
#[derive(Debug, Serialize, ToSchema)]
struct ProofView {
    /// The hook's id.
    id: String,
    /// Which of its secrets matched, counted from 0; null where the hook has none.
    secret: Option<usize>,
    /// The event that had its delivery first at this hook, where it is a copy there.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<String>,
    /// Why the two are one delivery, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

/// A task of an event in a list.
#[derive(Debug, Serialize, ToSchema)]
struct TaskMark {
    /// Its id.
    id: String,
    /// Its hook's id.
    hook: String,
    /// The kind of action.
    kind: Kind,
    /// Where it stands.
    status: TaskStatus,
}

/// A request that was not accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RefusedEntry {
    /// Its id.
    id: String,
    /// When it came.
    received_at: String,
    /// The first hook of its path.
    hook: Option<String>,
    /// Its path, where no hook has it.
    path: Option<String>,
    /// Where it came from.
    source_ip: Option<String>,
    /// What it was answered.
    status: u16,
    /// Why.
    cause: String,
    /// Its body's length, as far as it was read or promised.
    body_bytes: u64,
}

/// An event with its content and its tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventView {
    /// What is known of it besides its content.
    #[serde(flatten)]
    head: HeadView,
    /// The names of its hooks that still exist, by id.
    hook_names: BTreeMap<String, String>,
    /// Its headers, credentials redacted.
    headers: Vec<HeaderView>,
    /// Its body: text, or base64; null where it was erased.
    body: Option<String>,
    /// How the body is written: `utf-8` or `base64`.
    body_encoding: &'static str,
    /// Whether only the first 2 MiB of the body are here.
    body_cut: bool,
    /// Its tasks, with everything that was tried.
    tasks: Vec<TaskView>,
}

/// A header.
#[derive(Debug, Serialize, ToSchema)]
struct HeaderView {
    /// Its name, in lower case.
    name: String,
    /// Its value.
    value: String,
}

impl HeadView {
    /// An event's head as the API shows it, and whether tasks were made with it.
    fn new(head: &EventHead, acted: bool, secret_paths: &HashSet<String>) -> Self {
        let hooks = head.hooks.iter().map(|proof| ProofView::new(proof, head));
        let duplicate = head.duplicates.first().filter(|_| !acted);
        Self {
            id: head.id.to_string(),
            status: if duplicate.is_some() { EventStatus::Duplicate } else { EventStatus::Accepted },
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
            test: head.test,
            erased_at: head.erased_at.map(Timestamp::rfc3339),
        }
    }
}

impl ProofView {
    /// A hook that an event proved itself to.
    fn new(proof: &Proof, head: &EventHead) -> Self {
        let duplicate = head.duplicates.iter().find(|duplicate| duplicate.hook == proof.hook);
        Self {
            id: proof.hook.to_string(),
            secret: proof.secret,
            duplicate_of: duplicate.map(|duplicate| duplicate.first.to_string()),
            cause: duplicate.map(|duplicate| duplicate.cause.clone()),
        }
    }
}

/// Whether the path that an event came in at is a secret: of a hook there, or of one that was there.
fn has_secret_path(head: &EventHead, secret_paths: &HashSet<String>) -> bool {
    secret_paths.contains(&head.path) || Sender::named(&head.sender).is_none_or(Sender::is_unsigned)
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
            hook: task.owner.to_string(),
            kind: task.kind,
            status: task.status,
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
            body_encoding,
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
