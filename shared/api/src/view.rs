//! What the API shows, as it writes it and as its callers read it.
//!
//! A caller may be older than the server: fields that it does not know are passed over, and a set that grows, such as the
//! kinds of actions, is [`Open`].

mod action;
mod applied;
mod error;
mod open;
mod plan;
mod task;

use bellhop_core::delivery::Deduplicate;
use bellhop_core::filter::Check;
use bellhop_core::hook::{Allowed, Hook, HookStatus, Origin};
use bellhop_core::secret::SecretRef;
use bellhop_senders::sender::CustomScheme;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::events::{Entry, EventEntry, EventStatus, EventView, HeadView, HeaderView, ProofView, PurgeView};
pub use crate::events::{RefusedEntry, TaskMark};
pub use crate::hooks::{Claimed, OfferView, Tested};
pub use crate::jobs::{Delivery, DueView, JobStatus, JobView, RunAsked, RunStatus, RunView, Scheduled};
pub use crate::query::Listed;
pub use crate::replays::{Progress, ReplayAsked, ReplayView};
pub use crate::tasks::{Board, Groups, RetriesAsked, RetryAsked};
pub use crate::tokens::{NewToken, TokenView};
pub use action::ActionView;
pub use applied::AppliedView;
pub use error::{Accepted, AcceptedStatus, ErrorBody, ErrorView};
pub use open::Open;
pub use plan::{ChangeKind, ChangeView, DifferenceView, PlanView};
pub use task::{AttemptView, Execution, TaskView};

use bellhop_app::ports::EventCount;

/// A hook.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HookView {
    /// Its id; unless its path is its secret, it also answers at `/webhook/{id}`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its path below `/webhook/`.
    pub path: String,
    /// The path of its door.
    pub url_path: String,
    /// Its sender.
    pub sender: String,
    /// What it does in another way than its generic sender.
    #[schema(value_type = Option<CustomScheme>)]
    pub scheme: Option<Open<CustomScheme>>,
    /// Whether its sender proves nothing, so that its path or its addresses are all that protects it.
    pub unsigned: bool,
    /// Its secrets, never their values.
    #[schema(value_type = Vec<SecretView>)]
    pub secrets: Vec<Open<SecretView>>,
    /// Secrets that were replaced and still match for a while.
    #[schema(value_type = Vec<RetiringView>)]
    pub retiring: Vec<Open<RetiringView>>,
    /// Patterns of the event types it takes; empty: all.
    pub events: Vec<String>,
    /// A condition in CEL that an event must meet.
    pub when: Option<String>,
    /// Plain conditions, all of which an event must meet.
    #[schema(value_type = Vec<Check>)]
    pub conditions: Vec<Open<Check>>,
    /// Its place among the hooks of its path; the higher goes first.
    pub priority: i32,
    /// After how many events it stops acting.
    pub max_executions: Option<u64>,
    /// For how many seconds after an event it does not act on others.
    pub cooldown_seconds: u64,
    /// How many requests a minute it takes.
    pub rate_per_minute: u32,
    /// Where it takes requests from; empty: anywhere.
    pub allowed_ips: Vec<String>,
    /// The longest body it takes, in bytes.
    pub max_body_bytes: u64,
    /// What it does with an event.
    pub actions: Vec<ActionView>,
    /// What makes two requests one delivery; null: as the sender's row says.
    #[schema(value_type = Option<Deduplicate>)]
    pub deduplicate: Option<Open<Deduplicate>>,
    /// How to find deliveries that did not reach us.
    #[schema(value_type = Option<ReconcileView>)]
    pub reconcile: Option<Open<ReconcileView>>,
    /// Whether it takes requests.
    #[schema(value_type = HookStatus)]
    pub status: Open<HookStatus>,
    /// Who wrote it; applying a configuration overwrites those of the file.
    #[schema(value_type = Origin)]
    pub origin: Open<Origin>,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
    /// When the last of its events came.
    pub last_triggered_at: Option<String>,
    /// How many events it has had.
    pub executions: u64,
    /// How often it has been changed; its `ETag`.
    pub version: u64,
}

/// A secret: where it is, or how to tell it from others.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretView {
    /// The first eight digits of its SHA-256.
    Fingerprint(String),
    /// Where it is.
    Reference(String),
}

/// A secret that was replaced.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RetiringView {
    /// The secret.
    #[serde(flatten)]
    pub secret: SecretView,
    /// Until when it still matches.
    pub until: String,
}

/// How to find deliveries that did not reach us.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReconcileView {
    /// Whose webhook it is.
    pub of: String,
    /// The webhook's number at GitHub.
    pub webhook_id: Option<u64>,
    /// The token, never its value.
    pub token: SecretView,
    /// Where GitHub's API is.
    pub api_base: String,
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
            scheme: hook.scheme.clone().map(Open::Known),
            unsigned: hook.sender().is_some_and(|sender| sender.is_unsigned()),
            secrets: hook.secrets.iter().map(|secret| Open::Known(SecretView::new(secret))).collect(),
            retiring: hook
                .retiring
                .iter()
                .map(|old| RetiringView { secret: SecretView::new(&old.secret), until: old.until.rfc3339() })
                .map(Open::Known)
                .collect(),
            events: hook.events.clone(),
            when: hook.when.clone(),
            conditions: hook.conditions.iter().cloned().map(Open::Known).collect(),
            priority: hook.priority,
            max_executions: hook.max_executions,
            cooldown_seconds: hook.cooldown_seconds,
            rate_per_minute: hook.rate_per_minute,
            allowed_ips: hook.allowed_ips.iter().map(Allowed::to_string).collect(),
            max_body_bytes: hook.max_body_bytes,
            actions: ActionView::all(&hook.actions, &hook.fallbacks),
            deduplicate: hook.deduplicate.map(Open::Known),
            reconcile: hook
                .reconcile
                .as_ref()
                .map(|reconcile| ReconcileView {
                    of: reconcile.of.clone(),
                    webhook_id: reconcile.webhook_id,
                    token: SecretView::new(&reconcile.token),
                    api_base: reconcile.api_base.clone(),
                })
                .map(Open::Known),
            status: hook.status.into(),
            origin: hook.origin.into(),
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
