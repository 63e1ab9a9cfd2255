//! Configuration: the shape people write, in TOML or JSON, and what it means once checked.

mod change;
mod check;
mod configured;
mod fields;
mod job;
pub(crate) mod table;

use serde::{Deserialize, Serialize};

pub use check::{
    CheckedConfig, HookDraft, JobDraft, Kept, KeptActions, Problem, SecretInput, SecretsAs, check_change, check_config,
    check_hook, check_job, is_capability, read_secret,
};

pub use crate::action::ActionSpec;
pub use configured::{Configured, Stamp};
pub use fields::{field_problem, field_problem_in};
pub use job::JobSpec;

pub(crate) use check::{Problems, between, read_chat};

use crate::delivery::Deduplicate;
use crate::filter::Check;
use crate::hook::HookStatus;
use crate::secret::SecretRef;
use crate::time::{DAY_MS, Timestamp};
use bellhop_senders::sender::CustomScheme;

/// The configuration as written. A TOML table and the API's JSON object have the same fields.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ConfigSpec {
    /// What senders call: `https://hooks.example.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// How many days events and tasks live; 90 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Limits over all hooks.
    #[serde(deserialize_with = "table::one")]
    pub limits: LimitsSpec,
    /// The Telegram bot.
    #[serde(deserialize_with = "table::one")]
    pub telegram: TelegramSpec,
    /// How mails are sent.
    #[serde(deserialize_with = "table::one")]
    pub email: EmailSpec,
    /// What may be called.
    #[serde(deserialize_with = "table::one")]
    pub network: NetworkSpec,
    /// The time zone of schedules that name none: `Europe/Berlin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The hooks.
    #[serde(deserialize_with = "table::many")]
    pub hooks: Vec<HookSpec>,
    /// The jobs.
    #[serde(deserialize_with = "table::many")]
    pub jobs: Vec<JobSpec>,
}

/// Limits over all hooks, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSpec {
    /// How many requests a minute all hooks take together; 1,000 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_minute: Option<u32>,
    /// How many connections one process holds at once; 1,024 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// How many of them one address, or one IPv6 network of 64 bits, may hold; half of all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_per_address: Option<u32>,
    /// How many bytes of request bodies one process holds at once, a quarter of them from one address; 64 MiB unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_in_flight: Option<u64>,
}

/// What may be called, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NetworkSpec {
    /// Hosts that may be called though they are private, over plain http too: `localhost:3000`, `nas.lan`. One process alone
    /// heeds it; what is deployed calls public addresses only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_private_hosts: Vec<String>,
}

/// The Telegram bot, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TelegramSpec {
    /// The bot's token; without one, messages are printed, not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The chat that is told of trouble: of dead tasks, and of chats given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_chat: Option<Chat>,
    /// Where the Bot API is; Telegram's own unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_base: Option<String>,
}

/// How mails are sent, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EmailSpec {
    /// Who mails are from: `Bellhop <bellhop@example.com>`. `email` actions need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// A reference to the URL of the mail server, `smtps://user:password@host:465`, or `smtp://user:password@host:587` for
    /// STARTTLS. One process alone needs it; what is deployed sends with Amazon SES.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<String>,
}

/// A hook, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HookSpec {
    /// Its name, unlike every other hook's.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its path; a random one is made where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its sender's name.
    pub sender: String,
    /// What it does in another way than its sender, where that is a generic one.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "table::maybe")]
    pub scheme: Option<CustomScheme>,
    /// Its secrets: references in a file, values or references through the API.
    pub secrets: Vec<String>,
    /// Patterns of the event types it takes; empty: all.
    pub events: Vec<String>,
    /// A condition in CEL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Plain conditions, all of which must hold.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "table::many")]
    pub conditions: Vec<Check>,
    /// Its place among the hooks of its path, from -1,000 to 1,000; 0 unless said, and the higher goes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// After how many events it stops acting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_executions: Option<u64>,
    /// For how many seconds after an event it does not act on others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown_seconds: Option<u64>,
    /// How many requests a minute it takes; 100 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_minute: Option<u32>,
    /// The addresses, networks or published sets (`github`) it takes requests from; empty: all.
    pub allowed_ips: Vec<String>,
    /// The longest body it takes; 4 MiB unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// What it does with an event.
    #[serde(deserialize_with = "table::many")]
    pub actions: Vec<ActionSpec>,
    /// What makes two requests one delivery, of which one has an effect: `id`, `content` or `off`; as the sender's row
    /// says unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deduplicate: Option<Deduplicate>,
    /// How to find deliveries at GitHub that did not reach us.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "table::maybe")]
    pub reconcile: Option<ReconcileSpec>,
    /// Whether it takes requests: `active` or `disabled`; unless said, a new hook does and another stays as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<HookStatus>,
}

/// How to find deliveries at GitHub that did not reach us, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ReconcileSpec {
    /// Whose webhook it is: `repos/OWNER/NAME`, `orgs/NAME`, or `app/APP_ID` with the app's private key as token.
    pub of: String,
    /// The webhook's number at GitHub, the last part of its settings page's address; not for `app`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<u64>,
    /// The token: a reference in a file, a value or a reference through the API.
    pub token: String,
    /// Where GitHub's API is; `https://api.github.com` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_base: Option<String>,
}

/// A chat as written: ids may stand with or without quotes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Chat {
    /// A numeric id.
    Id(i64),
    /// A numeric id in quotes, or `@name`.
    Text(String),
}

/// What holds for all hooks, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What senders call, without a slash at its end.
    pub public_url: Option<String>,
    /// How many days events and tasks live.
    pub retention_days: u32,
    /// How many requests a minute all hooks take together.
    pub rate_per_minute: u32,
    /// Where the bot's token is.
    pub telegram_token: Option<SecretRef>,
    /// Where the Bot API is, without a slash at its end.
    pub telegram_api_base: String,
    /// The chat that is told of trouble.
    #[serde(default)]
    pub operator_chat: Option<String>,
    /// Who mails are from, with the name before the address.
    #[serde(default)]
    pub email_from: Option<String>,
    /// Where the mail server's URL is.
    #[serde(default)]
    pub email_smtp: Option<SecretRef>,
    /// The time zone of schedules that name none.
    #[serde(default)]
    pub timezone: Option<String>,
}

/// What one process takes at once, checked. It is the process's own and stored nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Connections.
    pub connections: u32,
    /// Connections of one address, or of one IPv6 network of 64 bits.
    pub connections_per_address: u32,
    /// Bytes of request bodies; one address may take a quarter of them.
    pub bytes_in_flight: u64,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { connections: 1024, connections_per_address: 512, bytes_in_flight: 64 * 1024 * 1024 }
    }
}

impl Settings {
    /// The settings for people to compare, as JSON with the names that a configuration has for them.
    pub fn shown(&self) -> serde_json::Value {
        serde_json::json!({
            "public_url": self.public_url,
            "retention_days": self.retention_days,
            "timezone": self.timezone,
            "limits": { "rate_per_minute": self.rate_per_minute },
            "telegram": {
                "token": self.telegram_token.as_ref().map(SecretRef::shown),
                "api_base": self.telegram_api_base,
                "operator_chat": self.operator_chat,
            },
            "email": {
                "from": self.email_from,
                "smtp": self.email_smtp.as_ref().map(SecretRef::shown),
            },
        })
    }

    /// When what is recorded now may be deleted.
    pub const fn expiry(&self, now: Timestamp) -> Timestamp {
        now.plus_ms(self.retention_days as u64 * DAY_MS)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            retention_days: 90,
            rate_per_minute: 1000,
            telegram_token: None,
            telegram_api_base: "https://api.telegram.org".to_owned(),
            operator_chat: None,
            email_from: None,
            email_smtp: None,
            timezone: None,
        }
    }
}
