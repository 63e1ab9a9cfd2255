//! Secrets that senders bring along themselves, kept until the operator takes them.

use std::net::IpAddr;
use std::sync::Arc;

use bellhop_core::id::HookId;
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ports::{Clock, NewNote, Notebook, PortError, PortResult, Topic};

/// How long an offer is kept, in milliseconds: an hour.
const KEPT_MS: u64 = 60 * 60 * 1000;

/// Keeps offered secrets.
pub struct Offers {
    notes: Arc<dyn Notebook>,
    clock: Arc<dyn Clock>,
}

/// A secret that a sender offered to a hook, before it had proved anything.
#[derive(Debug)]
pub struct Offer {
    /// The secret.
    pub secret: Secret,
    /// When it was offered.
    pub offered_at: Timestamp,
    /// Where from; `None` where that is not known.
    pub source_ip: Option<IpAddr>,
    /// The version of its note.
    version: u64,
}

/// An offer as it is written down.
#[derive(Serialize, Deserialize)]
struct Kept {
    secret: String,
    offered_at: Timestamp,
    source_ip: Option<IpAddr>,
}

impl Offers {
    /// Offers kept in this notebook.
    pub fn new(notes: Arc<dyn Notebook>, clock: Arc<dyn Clock>) -> Self {
        Self { notes, clock }
    }

    /// Keeps what a sender offered to a hook, in place of any earlier offer, for an hour.
    pub async fn keep(&self, hook: &HookId, secret: &Secret, source_ip: Option<IpAddr>) -> PortResult<()> {
        let now = self.clock.now();
        let kept = Kept { secret: secret.expose().to_owned(), offered_at: now, source_ip };
        let text = serde_json::to_string(&kept).map_err(unreadable)?;
        self.notes.write(&note(hook, &text, now.plus_ms(KEPT_MS))).await
    }

    /// What was last offered to a hook.
    pub async fn find(&self, hook: &HookId) -> PortResult<Option<Offer>> {
        let Some(found) = self.notes.note(Topic::Offer, hook.as_str()).await? else {
            return Ok(None);
        };
        let Kept { secret, offered_at, source_ip } = serde_json::from_str(&found.text).map_err(unreadable)?;
        let secret = Secret::new(secret).map_err(unreadable)?;
        Ok(Some(Offer { secret, offered_at, source_ip, version: found.version }))
    }

    /// Takes an offer away and says whether it was still there: of many who take it one does, and none takes a newer one.
    pub async fn take(&self, hook: &HookId, offer: &Offer) -> PortResult<bool> {
        // To delete it would be to delete whatever is there by now; what has expired is absent, and empty.
        self.notes.swap(&note(hook, "{}", self.clock.now()), Some(offer.version)).await
    }
}

/// The note of a hook's offer.
fn note<'a>(hook: &'a HookId, text: &'a str, expires: Timestamp) -> NewNote<'a> {
    NewNote { topic: Topic::Offer, key: hook.as_str(), text, expires: Some(expires) }
}

/// What an offer that cannot be read is reported as; serde's own words could quote it.
fn unreadable<E>(_: E) -> PortError {
    PortError::new("a kept offer", "is not one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, SetClock};

    /// Offers, their clock and the hook they are for.
    fn world() -> (Offers, Arc<SetClock>, HookId) {
        let clock = Arc::new(SetClock::new(Timestamp::from_ms(1_700_000_000_000)));
        let notes = Arc::new(Memory::new(clock.clone()));
        (Offers::new(notes, clock.clone()), clock, HookId::from_text("hk_1".to_owned()))
    }

    /// The secret that is offered now.
    async fn offered(offers: &Offers, hook: &HookId) -> Option<String> {
        offers.find(hook).await.unwrap().map(|offer| offer.secret.expose().to_owned())
    }

    #[tokio::test]
    async fn the_last_offer_counts_for_an_hour() {
        let (offers, clock, hook) = world();
        let source = "192.0.2.7".parse().ok();
        assert_eq!(offered(&offers, &hook).await, None);
        offers.keep(&hook, &Secret::new("first").unwrap(), None).await.unwrap();
        clock.advance_ms(5);
        offers.keep(&hook, &Secret::new("second").unwrap(), source).await.unwrap();
        let offer = offers.find(&hook).await.unwrap().unwrap();
        assert_eq!((offer.offered_at, offer.source_ip), (Timestamp::from_ms(1_700_000_000_005), source));
        assert!(!format!("{offer:?}").contains("second"));
        assert_eq!(offered(&offers, &HookId::from_text("hk_2".to_owned())).await, None);
        clock.advance_ms(KEPT_MS - 1);
        assert_eq!(offered(&offers, &hook).await.as_deref(), Some("second"));
        clock.advance_ms(1);
        assert_eq!(offered(&offers, &hook).await, None);
    }

    #[tokio::test]
    async fn an_offer_is_taken_once_and_a_newer_one_is_not_taken_with_it() {
        let (offers, _, hook) = world();
        let keep = async |text: &str| offers.keep(&hook, &Secret::new(text).unwrap(), None).await.unwrap();
        keep("first").await;
        let first = offers.find(&hook).await.unwrap().unwrap();
        keep("second").await;
        assert!(!offers.take(&hook, &first).await.unwrap(), "another one lies there");
        let second = offers.find(&hook).await.unwrap().unwrap();
        assert!(offers.take(&hook, &second).await.unwrap());
        assert!(!offers.take(&hook, &second).await.unwrap(), "it was taken before");
        assert_eq!(offered(&offers, &hook).await, None);
        keep("third").await;
        assert_eq!(offered(&offers, &hook).await.as_deref(), Some("third"));
    }
}
