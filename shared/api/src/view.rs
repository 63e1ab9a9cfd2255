//! Hooks and tasks as the API shows them.

mod applied;
mod error;
mod task;

use bellhop_core::action::Action;
use bellhop_core::delivery::Deduplicate;
use bellhop_core::filter::Check;
use bellhop_core::hook::{Allowed, Hook, HookStatus, Origin};
use bellhop_core::secret::SecretRef;
use bellhop_senders::sender::CustomScheme;
use serde::Serialize;
use utoipa::ToSchema;

pub use applied::AppliedView;
pub use error::{Accepted, AcceptedStatus, ErrorBody, ErrorView};
pub(super) use task::{Execution, TaskView};

use bellhop_app::ports::EventCount;

/// A hook.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HookView {
    /// Its id; unless its path is its secret, it also answers at `/webhook/{id}`.
    id: String,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// Its path below `/webhook/`.
    path: String,
    /// The path of its door.
    url_path: String,
    /// Its sender.
    sender: String,
    /// What it does in another way than its generic sender.
    scheme: Option<CustomScheme>,
    /// Whether its sender proves nothing, so that its path or its addresses are all that protects it.
    unsigned: bool,
    /// Its secrets, never their values.
    secrets: Vec<SecretView>,
    /// Secrets that were replaced and still match for a while.
    retiring: Vec<RetiringView>,
    /// Patterns of the event types it takes; empty: all.
    events: Vec<String>,
    /// A condition in CEL that an event must meet.
    when: Option<String>,
    /// Plain conditions, all of which an event must meet.
    conditions: Vec<Check>,
    /// Its place among the hooks of its path; the higher goes first.
    priority: i32,
    /// After how many events it stops acting.
    max_executions: Option<u64>,
    /// For how many seconds after an event it does not act on others.
    cooldown_seconds: u64,
    /// How many requests a minute it takes.
    rate_per_minute: u32,
    /// Where it takes requests from; empty: anywhere.
    allowed_ips: Vec<String>,
    /// The longest body it takes, in bytes.
    max_body_bytes: u64,
    /// What it does with an event.
    actions: Vec<Action<SecretView>>,
    /// What makes two requests one delivery; null: as the sender's row says.
    deduplicate: Option<Deduplicate>,
    /// How to find deliveries that did not reach us.
    reconcile: Option<ReconcileView>,
    /// Whether it takes requests.
    status: HookStatus,
    /// Who wrote it; applying a configuration overwrites those of the file.
    origin: Origin,
    /// When it was made.
    created_at: String,
    /// When it was last changed.
    updated_at: String,
    /// When the last of its events came.
    last_triggered_at: Option<String>,
    /// How many events it has had.
    executions: u64,
    /// How often it has been changed; its `ETag`.
    version: u64,
}

/// A secret: where it is, or how to tell it from others.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SecretView {
    /// The first eight digits of its SHA-256.
    Fingerprint(String),
    /// Where it is.
    Reference(String),
}

/// A secret that was replaced.
#[derive(Debug, Serialize, ToSchema)]
struct RetiringView {
    /// The secret.
    #[serde(flatten)]
    secret: SecretView,
    /// Until when it still matches.
    until: String,
}

/// How to find deliveries that did not reach us.
#[derive(Debug, Serialize, ToSchema)]
struct ReconcileView {
    /// Whose webhook it is.
    of: String,
    /// The webhook's number at GitHub.
    webhook_id: Option<u64>,
    /// The token, never its value.
    token: SecretView,
    /// Where GitHub's API is.
    api_base: String,
}

impl HookView {
    /// A hook with its count.
    pub(super) fn new(hook: &Hook, count: Option<&EventCount>) -> Self {
        Self {
            id: hook.id.to_string(),
            name: hook.name.clone(),
            description: hook.description.clone(),
            path: hook.path.clone(),
            url_path: format!("/webhook/{}", hook.path).trim_end_matches('/').to_owned(),
            sender: hook.sender.clone(),
            scheme: hook.scheme.clone(),
            unsigned: hook.sender().is_some_and(|sender| sender.is_unsigned()),
            secrets: hook.secrets.iter().map(SecretView::new).collect(),
            retiring: hook
                .retiring
                .iter()
                .map(|old| RetiringView { secret: SecretView::new(&old.secret), until: old.until.rfc3339() })
                .collect(),
            events: hook.events.clone(),
            when: hook.when.clone(),
            conditions: hook.conditions.clone(),
            priority: hook.priority,
            max_executions: hook.max_executions,
            cooldown_seconds: hook.cooldown_seconds,
            rate_per_minute: hook.rate_per_minute,
            allowed_ips: hook.allowed_ips.iter().map(Allowed::to_string).collect(),
            max_body_bytes: hook.max_body_bytes,
            actions: hook.actions.iter().map(|action| action.clone().map(|secret| SecretView::new(&secret))).collect(),
            deduplicate: hook.deduplicate,
            reconcile: hook.reconcile.as_ref().map(|reconcile| ReconcileView {
                of: reconcile.of.clone(),
                webhook_id: reconcile.webhook_id,
                token: SecretView::new(&reconcile.token),
                api_base: reconcile.api_base.clone(),
            }),
            status: hook.status,
            origin: hook.origin,
            created_at: hook.created_at.rfc3339(),
            updated_at: hook.updated_at.rfc3339(),
            last_triggered_at: count.map(|count| count.last.rfc3339()),
            executions: count.map_or(0, |count| count.events),
            version: hook.version,
        }
    }
}

impl SecretView {
    /// A secret; of one that is kept here the fingerprint alone.
    fn new(reference: &SecretRef) -> Self {
        match reference.fingerprint() {
            Some(fingerprint) => Self::Fingerprint(fingerprint.to_owned()),
            None => Self::Reference(reference.to_string()),
        }
    }
}
