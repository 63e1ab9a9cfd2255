//! Secrets that senders bring along themselves, kept until the operator takes one.
//!
//! Whoever knows a hook's address can offer one, so each is a document of its own, which none that comes later replaces; the
//! front door writes them without reading any.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::Arc;

use bellhop_core::id::HookId;
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ports::{Clock, Collection, Documents, NewDocument, PortError, PortResult};

/// How long an offer is kept, in milliseconds: an hour.
const KEPT_MS: u64 = 60 * 60 * 1000;

/// Keeps offered secrets.
pub struct Offers {
    documents: Arc<dyn Documents>,
    clock: Arc<dyn Clock>,
}

/// A secret that a sender offered to a hook, before it had proved anything.
#[derive(Debug)]
pub struct Offer {
    /// Its id; the same for the same secret.
    pub id: String,
    /// The secret.
    pub secret: Secret,
    /// When it was last offered.
    pub offered_at: Timestamp,
    /// Where from; `None` where that is not known.
    pub source_ip: Option<IpAddr>,
    /// The key of its document.
    key: String,
    /// The version of its document.
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
    /// Offers kept in this documents.
    pub fn new(documents: Arc<dyn Documents>, clock: Arc<dyn Clock>) -> Self {
        Self { documents, clock }
    }

    /// Keeps what a sender offered to a hook, beside all other offers, for an hour; one that is offered again stays one.
    pub async fn keep(&self, hook: &HookId, secret: &Secret, source_ip: Option<IpAddr>) -> PortResult<()> {
        let now = self.clock.now();
        let kept = Kept { secret: secret.expose().to_owned(), offered_at: now, source_ip };
        let text = serde_json::to_string(&kept).map_err(unreadable)?;
        let key = format!("{hook}.{}", id_of(hook, secret));
        self.documents.write(&document(&key, &text, now.plus_ms(KEPT_MS))).await
    }

    /// What was offered to a hook within the last hour, newest first.
    pub async fn list(&self, hook: &HookId) -> PortResult<Vec<Offer>> {
        let documents = self.documents.documents(Collection::Offer).await?.into_iter();
        // Earlier versions kept the last offer alone, under the hook's own id.
        let is_own =
            |key: &str| key.strip_prefix(hook.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let mut offers: Vec<_> = documents
            .filter(|(key, _)| is_own(key))
            .filter_map(|(key, found)| read(hook, key, &found.text, found.version))
            .collect();
        offers.sort_by(|one, other| (Reverse(one.offered_at), &one.id).cmp(&(Reverse(other.offered_at), &other.id)));
        offers.dedup_by(|one, other| one.id == other.id);
        Ok(offers)
    }

    /// Takes an offer away and says whether it was still there: of many who take it one does.
    pub async fn take(&self, offer: &Offer) -> PortResult<bool> {
        // To delete it would be to delete whatever is there by now; what has expired is absent, and empty.
        self.documents.swap(&document(&offer.key, "{}", self.clock.now()), Some(offer.version)).await
    }
}

/// The document of an offer.
fn document<'a>(key: &'a str, text: &'a str, expires: Timestamp) -> NewDocument<'a> {
    NewDocument { collection: Collection::Offer, key, text, expires: Some(expires) }
}

/// An offer's id.
fn id_of(hook: &HookId, secret: &Secret) -> String {
    let digest = Sha256::new_with_prefix("offered\0").chain_update(hook.as_str()).chain_update("\0");
    format!("of_{}", hex::encode(&digest.chain_update(secret.expose()).finalize()[..8]))
}

/// The offer in a document; one that cannot be read is no offer, and keeps no other from being one.
fn read(hook: &HookId, key: String, text: &str, version: u64) -> Option<Offer> {
    let kept = serde_json::from_str(text).ok();
    let read = kept.and_then(|Kept { secret, offered_at, source_ip }| {
        let secret = Secret::new(secret).ok()?;
        let id = id_of(hook, &secret);
        Some(Offer { id, secret, offered_at, source_ip, key: key.clone(), version })
    });
    if read.is_none() {
        log::warn!(hook = hook.as_str(); "a kept offer is not one");
    }
    read
}

/// What an offer that cannot be written is reported as; serde's own words could quote it.
fn unreadable<E>(_: E) -> PortError {
    PortError::new("an offer", "cannot be written down")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::memory::{Memory, SetClock};

    /// Offers, their documents and clock, and the hook they are for.
    fn world() -> (Offers, Arc<Memory>, Arc<SetClock>, HookId) {
        let clock = Arc::new(SetClock::new(Timestamp::from_ms(1_700_000_000_000)));
        let documents = Arc::new(Memory::new(clock.clone()));
        (Offers::new(documents.clone(), clock.clone()), documents, clock, HookId::from_text("hk_1".to_owned()))
    }

    /// The secrets that are offered now, newest first.
    async fn offered(offers: &Offers, hook: &HookId) -> Vec<String> {
        offers.list(hook).await.unwrap().iter().map(|offer| offer.secret.expose().to_owned()).collect()
    }

    #[tokio::test]
    async fn every_offer_counts_for_an_hour_and_none_replaces_another() {
        let (offers, _, clock, hook) = world();
        let source = "192.0.2.7".parse().ok();
        assert_eq!(offered(&offers, &hook).await, [""; 0]);
        offers.keep(&hook, &Secret::new("first").unwrap(), None).await.unwrap();
        clock.advance_ms(5);
        offers.keep(&hook, &Secret::new("second").unwrap(), source).await.unwrap();
        let list = offers.list(&hook).await.unwrap();
        assert_eq!((list[0].offered_at, list[0].source_ip), (Timestamp::from_ms(1_700_000_000_005), source));
        assert!(!format!("{list:?}").contains("second") && list[0].id != list[1].id);
        assert!(list.iter().all(|offer| !offer.key.contains("second") && !offer.key.contains("first")));
        for other in ["hk_2", "hk_", "hk_1.", "hk_11"] {
            assert_eq!(offered(&offers, &HookId::from_text(other.to_owned())).await, [""; 0], "{other}");
        }
        clock.advance_ms(KEPT_MS - 6);
        assert_eq!(offered(&offers, &hook).await, ["second", "first"]);
        // Offered again, it is the same offer, for an hour more.
        offers.keep(&hook, &Secret::new("first").unwrap(), None).await.unwrap();
        clock.advance_ms(6);
        assert_eq!(offered(&offers, &hook).await, ["first"]);
        clock.advance_ms(KEPT_MS);
        assert_eq!(offered(&offers, &hook).await, [""; 0]);
    }

    #[tokio::test]
    async fn an_offer_is_taken_once_and_another_is_not_taken_with_it() {
        let (offers, _, _, hook) = world();
        let keep = async |text: &str| offers.keep(&hook, &Secret::new(text).unwrap(), None).await.unwrap();
        keep("first").await;
        let first = offers.list(&hook).await.unwrap().remove(0);
        keep("second").await;
        assert!(offers.take(&first).await.unwrap());
        assert!(!offers.take(&first).await.unwrap(), "it was taken before");
        assert_eq!(offered(&offers, &hook).await, ["second"]);
        keep("first").await;
        assert_eq!(offered(&offers, &hook).await.len(), 2, "it was offered again");
    }

    #[tokio::test]
    async fn an_offer_of_the_former_version_and_one_that_cannot_be_read_are_in_nobodys_way() {
        let (offers, documents, clock, hook) = world();
        let until = clock.now().plus_ms(KEPT_MS);
        let former = format!(r#"{{"secret":"former","offered_at":{},"source_ip":"192.0.2.7"}}"#, clock.now().as_ms());
        documents.write(&document("hk_1", &former, until)).await.unwrap();
        documents.write(&document("hk_1.of_0", "not json", until)).await.unwrap();
        clock.advance_ms(1);
        offers.keep(&hook, &Secret::new("new").unwrap(), None).await.unwrap();
        assert_eq!(offered(&offers, &hook).await, ["new", "former"]);
        let former = offers.list(&hook).await.unwrap().remove(1);
        assert!(offers.take(&former).await.unwrap());
        assert_eq!(offered(&offers, &hook).await, ["new"]);
    }
}
