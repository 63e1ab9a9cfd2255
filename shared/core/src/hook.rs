//! Hooks: doors with a sender, its secrets, filters, limits and actions.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::config::is_capability;
use crate::delivery::Deduplicate;
use crate::filter::Check;
use crate::id::{HookId, Owner};
use crate::secret::SecretRef;
use crate::template::HookFacts;
use crate::time::Timestamp;
use bellhop_senders::sender::{CustomScheme, Sender};

/// One door, as it is kept in the store; `S` is where its secrets are, or what they are until they are kept, and `A` what it
/// does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hook<S = SecretRef, A = Action<S>> {
    /// Its id; unless its path is its secret, the hook also answers at `/webhook/{id}`.
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
    /// What it does in another way than its generic sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<CustomScheme>,
    /// Where its secrets are; any of them may match.
    pub secrets: Vec<S>,
    /// Secrets that were rotated out and still match for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retiring: Vec<Retiring>,
    /// Patterns of the event types it takes; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// A condition in CEL that an event must meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Plain conditions, all of which an event must meet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Check>,
    /// Its place among the hooks of its path: the higher, the sooner its actions are queued.
    #[serde(default)]
    pub priority: i32,
    /// After how many events it stops acting; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_executions: Option<u64>,
    /// How many seconds after acting on an event it lets others pass without acting; 0: none.
    #[serde(default)]
    pub cooldown_seconds: u64,
    /// How many requests a minute it takes.
    pub rate_per_minute: u32,
    /// Where it takes requests from; empty: anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_ips: Vec<Allowed>,
    /// The longest body it takes, in bytes.
    pub max_body_bytes: u64,
    /// What it does with an event.
    pub actions: Vec<A>,
    /// What is done instead of an action whose task is dead, by the action's place.
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub fallbacks: BTreeMap<usize, A>,
    /// What tells its deliveries apart; `None`: as its sender's row says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deduplicate: Option<Deduplicate>,
    /// Whether it takes requests.
    pub status: HookStatus,
    /// Who wrote it.
    pub origin: Origin,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How often it has been changed: what a change must know so as not to undo another.
    #[serde(default)]
    pub version: u64,
    /// How to ask its sender for deliveries that did not reach us.
    #[serde(default = "nowhere", skip_serializing_if = "Option::is_none")]
    pub reconcile: Option<Reconcile<S>>,
}

/// A hook as ingress needs it: what it does with an event stays unread.
pub type DoorHook = Hook<SecretRef, IgnoredAny>;

/// No place to ask at, for what was stored without one.
const fn nowhere<S>() -> Option<Reconcile<S>> {
    None
}

/// A secret that was rotated out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retiring {
    /// Where it is.
    pub secret: SecretRef,
    /// Until when it still matches.
    pub until: Timestamp,
}

/// Where requests may come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Allowed {
    /// This network.
    Network(IpNet),
    /// The networks that a provider publishes, by its name: `github`.
    Published(String),
}

/// How to find deliveries at GitHub that did not reach us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconcile<S = SecretRef> {
    /// Whose webhook it is: `repos/OWNER/NAME`, `orgs/NAME`, `app/APP_ID` with the app's private key as token, or `app`.
    pub of: String,
    /// The webhook's number at GitHub; `None` for an app, which has one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<u64>,
    /// Where the token is.
    pub token: S,
    /// Where GitHub's API is, without a slash at its end.
    pub api_base: String,
    /// Whether an operator named the address: by a configuration file, or with an `admin` token.
    #[serde(default)]
    pub vouched: bool,
}

/// Where GitHub's API is for everybody but those who host it themselves.
pub const GITHUB: &str = "https://api.github.com";

/// Whether a hook takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A configuration file.
    File,
    /// The management API.
    Api,
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Network(network) => network.fmt(f),
            Self::Published(name) => f.write_str(name),
        }
    }
}

impl Hook {
    /// Where its lost deliveries are asked for; `None` too where its token is a parameter, which anybody could point at with
    /// earlier versions, and would go to an address that no operator named.
    pub fn reconciled(&self) -> Option<&Reconcile> {
        self.reconcile.as_ref().filter(|place| {
            let operators = place.api_base == GITHUB || place.vouched || self.origin == Origin::File;
            operators || !matches!(place.token, SecretRef::Ssm(_))
        })
    }

    /// The secrets that it needs.
    pub fn all_secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let retiring = self.retiring.iter().map(|retiring| &retiring.secret);
        let token = self.reconcile.iter().map(|reconcile| &reconcile.token);
        let actions = self.all_actions().flat_map(Action::secrets).map(|(_, secret)| secret);
        self.secrets.iter().chain(retiring).chain(token).chain(actions)
    }
}

/// What a secret of a hook is for: who reads one need not read the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretUse {
    /// To know its senders by.
    Own,
    /// To ask for lost deliveries with.
    Reconcile,
    /// For an action.
    Action,
}

impl<S> Hook<S> {
    /// Its actions, and what is done instead of them.
    pub fn all_actions(&self) -> impl Iterator<Item = &Action<S>> {
        self.actions.iter().chain(self.fallbacks.values())
    }

    /// The same with each of its secrets made another.
    #[must_use]
    pub fn map<T>(self, make: &mut impl FnMut(SecretUse, S) -> T) -> Hook<T> {
        let reconcile = self.reconcile.map(|place| Reconcile {
            of: place.of,
            webhook_id: place.webhook_id,
            token: make(SecretUse::Reconcile, place.token),
            api_base: place.api_base,
            vouched: place.vouched,
        });
        Hook {
            secrets: self.secrets.into_iter().map(|secret| make(SecretUse::Own, secret)).collect(),
            reconcile,
            actions: self.actions.into_iter().map(|a| a.map(|secret| make(SecretUse::Action, secret))).collect(),
            fallbacks: self
                .fallbacks
                .into_iter()
                .map(|(i, a)| (i, a.map(|secret| make(SecretUse::Action, secret))))
                .collect(),
            id: self.id,
            name: self.name,
            description: self.description,
            path: self.path,
            sender: self.sender,
            scheme: self.scheme,
            retiring: self.retiring,
            events: self.events,
            when: self.when,
            conditions: self.conditions,
            priority: self.priority,
            max_executions: self.max_executions,
            cooldown_seconds: self.cooldown_seconds,
            rate_per_minute: self.rate_per_minute,
            allowed_ips: self.allowed_ips,
            max_body_bytes: self.max_body_bytes,
            deduplicate: self.deduplicate,
            status: self.status,
            origin: self.origin,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

impl<S, A> Hook<S, A> {
    /// What templates and conditions know of it.
    pub fn facts(&self) -> HookFacts<'_> {
        HookFacts { id: self.id.as_str(), name: &self.name, path: &self.path, sender: &self.sender }
    }

    /// The hook as the owner of events and tasks.
    pub fn owner(&self) -> Owner {
        Owner::Hook(self.id.clone())
    }

    /// Whether its path is what proves a sender, so that it is a secret: nothing else does, or it was made to be one.
    pub fn has_secret_path(&self) -> bool {
        let unsigned = self.sender().is_none_or(Sender::is_unsigned);
        unsigned && (self.allowed_ips.is_empty() || is_capability(&self.path))
    }

    /// The hook's sender; `None` where the store names one, or options of one, that this version does not know.
    pub fn sender(&self) -> Option<&'static Sender> {
        let named = Sender::named(&self.sender)?;
        match &self.scheme {
            None => Some(named),
            Some(scheme) => scheme.sender(named).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_sent_to_no_address_that_no_operator_named() {
        let hook = |origin: &str, token: &str, api_base: &str, vouched: Option<bool>| -> Hook {
            let place = serde_json::json!({"of": "repos/o/r", "token": token, "api_base": api_base});
            let mut hook = serde_json::json!({
                "id": "hk_1", "name": "n", "path": "p", "sender": "github", "secrets": [], "rate_per_minute": 1,
                "max_body_bytes": 1, "actions": [], "status": "active", "origin": origin, "created_at": 0,
                "updated_at": 0, "reconcile": place,
            });
            if let Some(vouched) = vouched {
                hook["reconcile"]["vouched"] = vouched.into();
            }
            serde_json::from_value(hook).unwrap()
        };
        for (origin, token, api_base, vouched, asked) in [
            ("api", "ssm:/team/x", "https://attacker.example.com", None, false),
            ("api", "ssm:/team/x", "https://attacker.example.com", Some(false), false),
            ("api", "ssm:/team/x", "https://ghe.example.com", Some(true), true),
            ("api", "ssm:/team/x", GITHUB, None, true),
            ("api", "stored:hk_1-0a#0a", "https://ghe.example.com", None, true),
            ("file", "ssm:/team/x", "https://ghe.example.com", None, true),
        ] {
            let hook = hook(origin, token, api_base, vouched);
            assert_eq!(hook.reconciled().is_some(), asked, "{origin} {token} {api_base} {vouched:?}");
        }
    }
}
