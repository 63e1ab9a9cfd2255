//! What makes two requests one delivery, so that the second has no effect.
//!
//! A delivery id alone does not: many senders use one id for several events. It counts together with a digest of the
//! content, and where anybody could have written it, the digest counts alone.

mod digest;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::event::Event;
use crate::json::Value;
use crate::sender::{Place, Sender};
use crate::time::DAY_MS;

/// For how many days a delivery is remembered; senders that repeat it for longer say so in their row.
const DAYS: u32 = 7;

/// For how many seconds equal content is one delivery where no id tells deliveries apart.
const WINDOW_SECONDS: u64 = 300;

/// The same where nothing signs the content: whoever has the secret may well mean the same thing twice.
const UNSIGNED_WINDOW_SECONDS: u64 = 30;

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

/// What has to agree for two requests to be one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// The delivery id and the content.
    Both,
    /// The delivery id.
    Id,
    /// The content.
    Content,
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
            (None, Some(_)) => basis(sender),
        };
        let mut hash = Sha256::new_with_prefix(match basis {
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
        let remembered_ms = match (id, window_ms(sender)) {
            (Some(_), _) => days_ms(sender),
            (None, 0) if own == Some(Deduplicate::Content) => WINDOW_SECONDS * 1000,
            (None, window) => window,
        };
        (remembered_ms > 0).then(|| Self { key: hex::encode(hash.finalize()), remembered_ms, basis })
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

impl Sender {
    /// What makes two of its requests one delivery, and for how long, in words.
    pub fn repeats_in_words(&self) -> String {
        let basis = match (self.delivery_id, basis(self)) {
            (Place::Nowhere, _) if window_ms(self) == 0 => {
                return "nothing: it may say the same of two events".to_owned();
            }
            (Place::Nowhere, _) if window_ms(self) < DAY_MS => {
                return format!("{} within {} seconds", self.content_in_words(), window_ms(self) / 1000);
            }
            (Place::Nowhere, _) => self.content_in_words(),
            (_, Basis::Both) => format!("the delivery id and {}", self.content_in_words()),
            (_, Basis::Id) => "the delivery id".to_owned(),
            (_, Basis::Content) if self.repeat().other_id => {
                format!("{}, as a retry has another delivery id", self.content_in_words())
            }
            (_, Basis::Content) => {
                format!("{}, as nothing proves the delivery id", self.content_in_words())
            }
        };
        format!("{basis}, for {} days", days_ms(self) / DAY_MS)
    }

    /// What counts as content, in words.
    fn content_in_words(&self) -> String {
        let named = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let mut words = if self.signs_fields().is_some() { "the signed fields" } else { "the body" }.to_owned();
        let changes: Vec<_> = digest::changes(self).collect();
        if !changes.is_empty() {
            words += &format!(" without {}", named(&changes));
        }
        if !self.repeat().headers.is_empty() {
            words += &format!(" with {}", named(self.repeat().headers));
        }
        words
    }
}

/// A fingerprint of a query, 32 hexadecimal digits, without the parameters that carry secrets; `None` where nothing else
/// is in it.
pub fn query_fingerprint(query: &str, secrets: impl Iterator<Item = &'static str> + Clone) -> Option<String> {
    if query.is_empty() {
        return None;
    }
    let mut hash = Sha256::new();
    let mut is_empty = true;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if !secrets.clone().any(|secret| secret == name) {
            digest::text(&mut hash, name.as_bytes());
            digest::text(&mut hash, value.as_bytes());
            is_empty = false;
        }
    }
    (!is_empty).then(|| hex::encode(hash.finalize().get(..16).unwrap_or_default()))
}

/// What has to agree where a request has a delivery id and the hook does not say.
fn basis(sender: &Sender) -> Basis {
    // Within the tolerance of the time that is signed, a captured request can be sent with another id; later not.
    match sender.holds_id() && !sender.repeat().other_id {
        true if sender.repeat().changes == ["*"] => Basis::Id,
        true => Basis::Both,
        false => Basis::Content,
    }
}

/// For how long a sender's deliveries are remembered: a day longer than it repeats them, and 7 days at the least.
fn days_ms(sender: &Sender) -> u64 {
    let days = sender.repeat().days.map_or(DAYS, |days| days.saturating_add(1).max(DAYS));
    u64::from(days) * DAY_MS
}

/// For how long equal content without an id is one delivery.
fn window_ms(sender: &Sender) -> u64 {
    let usual = if sender.signs_nothing() { UNSIGNED_WINDOW_SECONDS } else { WINDOW_SECONDS };
    match (sender.repeat().window_seconds, sender.delivery_id, sender.repeat().days) {
        (Some(seconds), ..) => u64::from(seconds) * 1000,
        // A sender without ids that is known to repeat for days says in its content when it was.
        (None, Place::Nowhere, Some(_)) => days_ms(sender),
        (None, ..) => usual * 1000,
    }
}

#[cfg(test)]
mod tests;
