//! Hooks: doors with a sender, its secrets, filters, limits and actions.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::id::HookId;
use crate::secret::SecretRef;
use crate::sender::Sender;
use crate::time::Timestamp;

/// One door, as it is kept in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hook {
    /// Its id; the hook also answers at `/webhook/{id}`.
    pub id: HookId,
    /// Its name, unlike every other hook's.
    pub name: String,
    /// What it is for, in the operator's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its path below `/webhook/`; several hooks may share one.
    pub path: String,
    /// The name of its sender.
    pub sender: String,
    /// Where its secrets are; any of them may match.
    pub secrets: Vec<SecretRef>,
    /// Patterns of the event types it takes; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// A condition in CEL that an event must meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How many requests a minute it takes.
    pub rate_per_minute: u32,
    /// The networks it takes requests from; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_ips: Vec<IpNet>,
    /// The longest body it takes, in bytes.
    pub max_body_bytes: u64,
    /// What it does with an event.
    pub actions: Vec<Action>,
    /// Whether it takes requests.
    pub status: HookStatus,
    /// Who wrote it.
    pub origin: Origin,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a hook does with an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Sends a message to a Telegram chat.
    Telegram {
        /// The chat: a numeric id, or `@name` of a public channel or group.
        chat: String,
        /// The message's template; the sender's own text where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template: Option<String>,
    },
}

/// Whether a hook takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookStatus {
    /// It does.
    #[default]
    Active,
    /// It refuses every request with 403.
    Disabled,
}

/// Who wrote a hook: applying a configuration changes only its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A configuration file.
    File,
    /// The management API.
    Api,
}

impl Hook {
    /// The hook's sender; `None` where the store names one that this version does not know.
    pub fn sender(&self) -> Option<&'static Sender> {
        Sender::named(&self.sender)
    }

    /// Whether a request may come from this address; an unknown address passes only an empty list.
    pub fn allows(&self, source: Option<IpAddr>) -> bool {
        // An IPv4 address that arrived over an IPv6 socket is still that IPv4 address.
        self.allowed_ips.is_empty()
            || source.is_some_and(|ip| self.allowed_ips.iter().any(|net| net.contains(&ip.to_canonical())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_as_addresses() {
        let mut hook: Hook = serde_json::from_value(serde_json::json!({
            "id": "hk_1", "name": "n", "path": "p", "sender": "none", "secrets": [], "rate_per_minute": 1,
            "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
            "allowed_ips": ["10.0.0.0/8", "2001:db8::/32"],
        }))
        .unwrap();
        assert!(hook.allows(Some("10.1.2.3".parse().unwrap())));
        assert!(hook.allows(Some("::ffff:10.1.2.3".parse().unwrap())));
        assert!(hook.allows(Some("2001:db8::7".parse().unwrap())));
        assert!(!hook.allows(Some("11.0.0.1".parse().unwrap())));
        assert!(!hook.allows(None));
        hook.allowed_ips.clear();
        assert!(hook.allows(None));
    }
}
