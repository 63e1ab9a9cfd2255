//! Fresh things to keep and to queue, with something in every field.

use bellhop_core::action::Action;
use bellhop_core::action::discord::Discord;
use bellhop_core::action::telegram::{Style, Telegram};
use bellhop_core::action::{KeyRule, Kind, Quiet, TextRule};
use bellhop_core::delivery::Deduplicate;
use bellhop_core::event::{Event, EventHead, Proof};
use bellhop_core::filter::{Check, Operator};
use bellhop_core::hook::{Allowed, Hook, HookStatus, Origin, Reconcile, Retiring};
use bellhop_core::id::{EventId, HookId, JobId, Owner, TaskId};
use bellhop_core::inbox::Message;
use bellhop_core::markup::Markup;
use bellhop_core::secret::SecretRef;
use bellhop_core::task::{Attempt, AttemptOutcome, Task};
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::CustomScheme;

use crate::clock::SystemClock;
use crate::ports::Clock as _;

/// A day, in milliseconds.
pub(super) use bellhop_core::time::DAY_MS;

/// The present moment.
pub(super) fn now() -> Timestamp {
    SystemClock.now()
}

/// An event id of this moment.
pub(super) fn fresh_event_id() -> EventId {
    event_id_at(now())
}

/// An event id of a moment.
pub(super) fn event_id_at(moment: Timestamp) -> EventId {
    let mut random = [0; 10];
    SystemClock.random(&mut random);
    EventId::new(moment, &random)
}

/// A hook id.
pub(super) fn fresh_hook_id() -> HookId {
    let mut random = [0; 22];
    SystemClock.random(&mut random);
    HookId::from_random(&random)
}

/// A job id.
pub(super) fn fresh_job_id() -> JobId {
    let mut random = [0; 22];
    SystemClock.random(&mut random);
    JobId::from_random(&random)
}

/// A job as the owner of something.
pub(super) fn fresh_job() -> Owner {
    fresh_job_id().into()
}

/// Bytes that cannot be compressed.
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SystemClock.random(&mut bytes);
    bytes
}

/// An event of this moment with this body.
pub(super) fn fresh_event(body: Vec<u8>) -> Event {
    let head = EventHead {
        id: fresh_event_id(),
        path: "github".to_owned(),
        sender: "github".to_owned(),
        event_type: Some("push".to_owned()),
        delivery_id: Some("d\"1".to_owned()),
        received_at: now(),
        source_ip: Some(std::net::Ipv6Addr::LOCALHOST.into()),
        query: None,
        headers: vec![("user-agent".to_owned(), "GitHub-Hookshot/ü".to_owned())],
        owners: vec![Proof::new(fresh_hook_id(), Some(0)), Proof::new(fresh_job(), None)],
        body_bytes: body.len(),
        test: true,
        erased_at: None,
        duplicates: Vec::new(),
    };
    Event { head, body }
}

/// The inbox message that becomes an event.
pub(super) fn message(event: &Event) -> Message<'_> {
    let head = &event.head;
    Message {
        id: head.id,
        path: &head.path,
        sender: "github",
        event_type: head.event_type.as_deref(),
        delivery_id: head.delivery_id.as_deref(),
        received_at: head.received_at,
        source_ip: head.source_ip,
        query: head.query.clone(),
        headers: head.headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect(),
        owners: head.owners.clone(),
        body: &event.body,
        test: head.test,
    }
}

/// A task of an event.
pub(super) fn fresh_task(event: EventId) -> Task {
    let hook = fresh_hook_id();
    Task::queued(TaskId::new(event, &hook, 0), Kind::Telegram, "123", now(), now().plus_ms(DAY_MS))
}

/// An attempt with something in every field.
pub(super) fn attempt() -> Attempt {
    Attempt {
        started_at: now(),
        duration_ms: 7,
        outcome: AttemptOutcome::Failed,
        detail: "502".to_owned(),
        response_status: Some(502),
        answer: "<html>\"bad\" gateway</html>".to_owned(),
    }
}

/// A hook with something in every field.
pub(super) fn fresh_hook() -> Hook {
    let id = fresh_hook_id();
    Hook {
        name: format!("name of {id}"),
        description: "what it is for".to_owned(),
        path: id.as_str().to_lowercase(),
        sender: "hmac-sha256".to_owned(),
        scheme: Some(CustomScheme { header: Some("x-octo-signature".to_owned()), ..CustomScheme::default() }),
        secrets: vec![SecretRef::Stored(format!("{id}-1")), SecretRef::Ssm("/a/b".to_owned())],
        events: vec!["push".to_owned()],
        when: Some("payload.a == 'ä'".to_owned()),
        conditions: vec![Check { field: "a".to_owned(), operator: Operator::Gt, value: 1.5.into() }],
        priority: -3,
        max_executions: Some(9),
        cooldown_seconds: 7,
        retiring: vec![Retiring { secret: SecretRef::Stored(format!("{id}-0")), until: now() }],
        version: 1,
        reconcile: Some(Reconcile {
            of: "repos/octo/hello".to_owned(),
            webhook_id: Some(7),
            token: SecretRef::Stored(format!("{id}-token")),
            api_base: "https://api.github.com".to_owned(),
            vouched: true,
        }),
        rate_per_minute: 5,
        allowed_ips: vec![
            Allowed::Network(std::net::IpAddr::from([10, 0, 0, 1]).into()),
            Allowed::Published("github".to_owned()),
        ],
        max_body_bytes: 4096,
        deduplicate: Some(Deduplicate::Content),
        actions: vec![
            Action::Telegram(Telegram {
                chat: "-1".to_owned(),
                template: Some("<b>{{ a }}</b>".to_owned()),
                markup: Markup::Html,
                style: Style { topic: Some(7), silent: true, link_preview: true },
                as_file: true,
                key: Some(KeyRule { template: "{{ b }}".to_owned(), seconds: 60 }),
                quiet: Some(Quiet {
                    from: 22 * 60,
                    to: 7 * 60,
                    timezone: "Europe/Berlin".to_owned(),
                    rule: "CET-1CEST,M3.5.0,M10.5.0/3".to_owned(),
                    unless: Some("payload.loud".to_owned()),
                }),
            }),
            forward_action(),
        ],
        fallbacks: [(
            0,
            Action::Discord(Discord {
                url: SecretRef::stored("action-hk_1", "0a1b2c3d"),
                text: Some(TextRule { template: "**{{ a }}**".to_owned(), markup: Markup::Markdown }),
                thread: Some("42".to_owned()),
                thread_name: None,
                key: None,
            }),
        )]
        .into(),
        status: HookStatus::Disabled,
        origin: Origin::File,
        created_at: now(),
        updated_at: now(),
        id,
    }
}

/// A `forward` action with something in every field.
fn forward_action() -> Action {
    let written = serde_json::json!({
        "kind": "forward", "url": "stored:out-1#0a1b", "method": "PUT", "headers": {"x-env": "{{ event.type }}"},
        "body": "{{ payload | tojson }}", "sign": {"scheme": "github", "secret": "ssm:/team/out"},
        "timeout_seconds": 7, "ordered": true,
    });
    serde_json::from_value(written).expect("an action as it is stored")
}
