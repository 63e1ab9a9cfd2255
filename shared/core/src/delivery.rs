//! What makes two requests one delivery, so that the second has no effect.
//!
//! A delivery id alone does not: many senders use one id for several events. It counts together with a digest of the
//! content, and where anybody could have written it, the digest counts alone.

mod digest;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::json::Value;
use crate::time::DAY_MS;
use bellhop_senders::sender::{SameDelivery as Basis, Sender, WINDOW_SECONDS};

/// What tells the deliveries of a hook apart, where it is not left to the sender's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Deduplicate {
    /// The delivery id alone: a request without one is always an event.
    Id,
    /// The content alone.
    Content,
    /// Nothing: every request is an event.
    Off,
}

/// What tells a request's delivery from others at the same hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The same for all copies: 64 hexadecimal digits.
    pub key: String,
    /// For how long after the first of them another is a copy, in milliseconds.
    pub remembered_ms: u64,
    /// What has to agree.
    basis: Basis,
}

impl Delivery {
    /// The delivery that an event is of, by the payload and the delivery id that `sender` puts into it; `None` where
    /// nothing tells, so that it is nobody's copy.
    pub fn of(
        event: &Event,
        payload: Option<&Value>,
        sender: &Sender,
        id: Option<&str>,
        own: Option<Deduplicate>,
    ) -> Option<Self> {
        let basis = match (own, id) {
            (Some(Deduplicate::Off), _) | (Some(Deduplicate::Id), None) => return None,
            (Some(Deduplicate::Id), Some(_)) => Basis::Id,
            (Some(Deduplicate::Content), _) | (None, None) => Basis::Content,
            (None, Some(_)) => sender.same_delivery(),
        };
        let mut hash = Context::new(&SHA256);
        hash.update(match basis {
            Basis::Both => b"both",
            Basis::Id => b"id__",
            Basis::Content => b"text",
        });
        if let (Basis::Both | Basis::Id, Some(id)) = (basis, id) {
            digest::text(&mut hash, id.as_bytes());
        }
        if basis != Basis::Id {
            digest::content(&mut hash, event, payload, sender);
        }
        // Without an id the same content may well be meant twice.
        let remembered_ms = match (id, sender.window_ms()) {
            (Some(_), _) => sender.remembered_ms(),
            (None, 0) if own == Some(Deduplicate::Content) => WINDOW_SECONDS * 1000,
            (None, window) => window,
        };
        (remembered_ms > 0).then(|| Self { key: hex::encode(hash.finish()), remembered_ms, basis })
    }

    /// Why a copy that came so many milliseconds after the first one is a copy, in words.
    pub fn cause(&self, later_ms: u64) -> String {
        match self.basis {
            Basis::Both => "same delivery id and content".to_owned(),
            Basis::Id => "same delivery id".to_owned(),
            Basis::Content if self.remembered_ms < DAY_MS && later_ms < self.remembered_ms => {
                format!("same content within {} seconds", self.remembered_ms / 1000)
            }
            Basis::Content => "same content".to_owned(),
        }
    }
}

/// A fingerprint of a query, 32 hexadecimal digits, without the parameters that carry secrets; `None` where nothing else
/// is in it.
pub fn query_fingerprint(query: &str, secrets: impl Iterator<Item = &'static str> + Clone) -> Option<String> {
    if query.is_empty() {
        return None;
    }
    let mut hash = Context::new(&SHA256);
    let mut is_empty = true;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if !secrets.clone().any(|secret| secret == name) {
            digest::text(&mut hash, name.as_bytes());
            digest::text(&mut hash, value.as_bytes());
            is_empty = false;
        }
    }
    (!is_empty).then(|| hex::encode(hash.finish().as_ref().get(..16).unwrap_or_default()))
}

#[cfg(test)]
mod tests;
