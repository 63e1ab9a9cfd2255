//! Senders that hooks make of a generic one: with a header, an encoding, a signed content and an event type of their own.
//!
//! A sender is shared by all that use it and lives as long as the process, so one of a hook's own is made once and never
//! given back. There is one for each different set of options that passed its checks: as many as hooks were ever saved
//! or read with, a kilobyte each.

mod check;
mod make;
mod template;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::Sender;

/// The generic senders whose hooks may say more.
pub const CUSTOMISABLE: &[&str] = &["bearer", "header-token", "hmac-sha1", "hmac-sha256", "hmac-sha512", "query-token"];

/// What a program does in another way than the generic sender that its hook names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CustomScheme {
    /// The header with the signature or the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The parameter of the query with the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What stands before the signature or the token in its header: `sha256=`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The key of the signature, where the header is a list of pairs: `v1` of `t=…,v1=…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_key: Option<String>,
    /// How the signature is written: `hex`, `base64` or `base64url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What is signed: text with `{body}`, `{method}`, `{url}`, `{path}`, `{query}`, `{header:NAME}` and `{pair:KEY}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How the secret becomes the key: `raw`, `base64`, `hex`, or `whsec` for base64 after `whsec_`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The header with the time of signing, which must be a part of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_header: Option<String>,
    /// The key of the time of signing among the pairs, which must be a part of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_key: Option<String>,
    /// How the time is written: `s`, `ms`, `iso8601` or `http-date`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_unit: Option<String>,
    /// How many seconds the time may lie before or after ours; 300 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u64>,
    /// The header with the event type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type_header: Option<String>,
    /// The field of the JSON body with the event type, names and numbers with dots between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type_field: Option<String>,
    /// The header with the delivery id, which stays the same when a delivery is sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_id_header: Option<String>,
    /// The field of the JSON body with the delivery id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_id_field: Option<String>,
}

/// What is wrong with a field of a custom scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The field; empty for the whole.
    pub field: &'static str,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// The senders that were made, by the name of the generic one and the options.
static MADE: LazyLock<Mutex<HashMap<(&'static str, CustomScheme), &'static Sender>>> = LazyLock::new(Mutex::default);

impl CustomScheme {
    /// The sender that these options make of a generic one.
    pub fn sender(&self, generic: &'static Sender) -> Result<&'static Sender, Vec<Trouble>> {
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = made.get(&(generic.name, self.clone())) {
            return Ok(sender);
        }
        check::check(self, generic)?;
        let sender = make::sender(self, generic).ok_or_else(Vec::new)?;
        made.insert((generic.name, self.clone()), sender);
        Ok(sender)
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How the secret becomes the key.
    pub fn decoding(&self) -> &str {
        self.secret.as_deref().unwrap_or("raw")
    }

    /// The fields, and whether each is there.
    const fn fields(&self) -> [(&'static str, bool); 15] {
        [
            ("header", self.header.is_some()),
            ("parameter", self.parameter.is_some()),
            ("prefix", self.prefix.is_some()),
            ("signature_key", self.signature_key.is_some()),
            ("encoding", self.encoding.is_some()),
            ("content", self.content.is_some()),
            ("secret", self.secret.is_some()),
            ("timestamp_header", self.timestamp_header.is_some()),
            ("timestamp_key", self.timestamp_key.is_some()),
            ("timestamp_unit", self.timestamp_unit.is_some()),
            ("tolerance_seconds", self.tolerance_seconds.is_some()),
            ("event_type_header", self.event_type_header.is_some()),
            ("event_type_field", self.event_type_field.is_some()),
            ("delivery_id_header", self.delivery_id_header.is_some()),
            ("delivery_id_field", self.delivery_id_field.is_some()),
        ]
    }
}

#[cfg(test)]
mod tests;
