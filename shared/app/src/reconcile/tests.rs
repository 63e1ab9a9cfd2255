use std::collections::BTreeMap;
use std::sync::Mutex;

use bellhop_core::config::Settings;
use bellhop_core::reconcile::HORIZON_MS;
use serde_json::json;

use super::*;
use crate::ports::SettingsReader;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const MINUTE: u64 = 60_000;

/// A moment so many minutes after `NOW`.
fn at(minutes: u64) -> Timestamp {
    NOW.plus_ms(minutes * MINUTE)
}

/// A documents in memory, and the hooks beside it.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) hooks: Vec<Hook>,
    pub(crate) documents: Mutex<BTreeMap<(Collection, String), Document>>,
}

#[async_trait]
impl HookReader for Book {
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)> {
        Ok((self.hooks.clone(), Settings::default()))
    }
}

#[async_trait]
impl SettingsReader for Book {
    async fn settings(&self) -> PortResult<Settings> {
        Ok(Settings::default())
    }
}

#[async_trait]
impl Documents for Book {
    async fn document(&self, collection: Collection, key: &str) -> PortResult<Option<Document>> {
        Ok(self.documents.lock().unwrap().get(&(collection, key.to_owned())).cloned())
    }

    async fn documents(&self, collection: Collection) -> PortResult<Vec<(String, Document)>> {
        let documents = self.documents.lock().unwrap();
        let of_topic = documents.iter().filter(|((of, _), _)| *of == collection);
        Ok(of_topic.map(|((_, key), document)| (key.clone(), document.clone())).collect())
    }

    async fn write(&self, document: &NewDocument<'_>) -> PortResult<()> {
        let mut documents = self.documents.lock().unwrap();
        let entry = documents.entry((document.collection, document.key.to_owned()));
        let entry = entry.or_insert(Document { text: String::new(), version: 0 });
        *entry = Document { text: document.text.to_owned(), version: entry.version + 1 };
        Ok(())
    }

    async fn swap(&self, document: &NewDocument<'_>, version: Option<u64>) -> PortResult<bool> {
        let found = self.document(document.collection, document.key).await?.map(|document| document.version);
        if found == version {
            self.write(document).await?;
        }
        Ok(found == version)
    }

    async fn delete_document(&self, collection: Collection, key: &str) -> PortResult<bool> {
        Ok(self.documents.lock().unwrap().remove(&(collection, key.to_owned())).is_some())
    }
}

/// Tokens that are their references' text; `env:NONE` is not set.
struct Tokens;

#[async_trait]
impl Secrets for Tokens {
    async fn resolve(&self, references: &[SecretRef]) -> PortResult<HashMap<SecretRef, Secret>> {
        let known = references.iter().filter(|reference| reference.to_string() != "env:NONE");
        Ok(known.map(|reference| (reference.clone(), Secret::new(reference.to_string()).unwrap())).collect())
    }
}

/// A sender that keeps attempts by webhook; asking adds an attempt that is accepted, unless the delivery is hopeless.
#[derive(Default)]
struct Sender {
    attempts: Mutex<HashMap<u64, Vec<Attempted>>>,
    asked: Mutex<Vec<(u64, u64)>>,
    lists: Mutex<Vec<(u64, Option<String>)>>,
    limited_after: Mutex<Option<usize>>,
    guarded: Mutex<Vec<(u64, bool)>>,
    page: usize,
}

impl Sender {
    fn attempt(&self, webhook: u64, guid: &str, at: Timestamp, accepted: bool) {
        let mut attempts = self.attempts.lock().unwrap();
        let of = attempts.entry(webhook).or_default();
        of.push(Attempted { id: of.len() as u64 + 1, guid: guid.to_owned(), at, accepted });
    }

    fn asked(&self) -> Vec<(u64, u64)> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Deliveries for Sender {
    async fn list(&self, webhook: &Webhook, cursor: Option<&str>) -> Result<Listing, Refusal> {
        let id = webhook.place.webhook_id.unwrap();
        self.lists.lock().unwrap().push((id, cursor.map(str::to_owned)));
        self.guarded.lock().unwrap().push((id, webhook.public_only));
        let attempts = self.attempts.lock().unwrap();
        let of = attempts.get(&id).map(Vec::as_slice).unwrap_or_default();
        let newest = cursor.map_or(of.len(), |cursor| cursor.parse().unwrap());
        let oldest = newest.saturating_sub(self.page.max(1));
        let part = of[oldest..newest].iter().rev().cloned().collect();
        Ok(Listing { attempts: part, next: (oldest > 0).then(|| oldest.to_string()) })
    }

    async fn ask_again(&self, webhook: &Webhook, attempt: u64) -> Result<(), Refusal> {
        let id = webhook.place.webhook_id.unwrap();
        let mut limited = self.limited_after.lock().unwrap();
        match limited.as_mut() {
            Some(0) => return Err(Refusal::Limited(at(30))),
            Some(left) => *left -= 1,
            None => {}
        }
        self.asked.lock().unwrap().push((id, attempt));
        let known = self.attempts.lock().unwrap()[&id].iter().find(|known| known.id == attempt).cloned().unwrap();
        if known.guid == "gone" {
            return Err(Refusal::Never(PortError::new("attempt", "404")));
        }
        self.attempt(id, &known.guid, at(0), known.guid != "hopeless");
        Ok(())
    }
}

fn hook(webhook: u64, token: &str) -> Hook {
    serde_json::from_value(json!({
        "id": format!("hk_{webhook}"), "name": "n", "path": "p", "sender": "github", "secrets": [],
        "rate_per_minute": 1, "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api",
        "created_at": 0, "updated_at": 0,
        "reconcile": {"of": "repos/o/r", "webhook_id": webhook, "token": token, "api_base": "http://x"},
    }))
    .unwrap()
}

fn reconciler(hooks: Vec<Hook>, sender: Sender) -> (Reconciler, Arc<Sender>, Arc<Book>) {
    let (documents, sender) = (Arc::new(Book { hooks, ..Book::default() }), Arc::new(sender));
    let reconciler = Reconciler {
        hooks: documents.clone(),
        secrets: Arc::new(Tokens),
        documents: documents.clone(),
        deliveries: sender.clone(),
    };
    (reconciler, sender, documents)
}

/// The record of a hook.
async fn progress(documents: &Book, webhook: u64) -> Progress {
    let document = documents.document(Collection::Reconciled, &format!("hk_{webhook}")).await.unwrap();
    serde_json::from_str(&document.unwrap().text).unwrap()
}

#[tokio::test]
async fn what_is_lost_is_asked_for_once_and_arrives() {
    let (reconciler, sender, documents) = reconciler(vec![hook(1, "env:T")], Sender::default());
    sender.attempt(1, "before the horizon", Timestamp::from_ms(at(0).as_ms() - HORIZON_MS - 1), false);
    sender.attempt(1, "lost", at(0), false);
    sender.attempt(1, "fine", at(0), true);
    assert_eq!(reconciler.run_once(at(1)).await.unwrap(), 1);
    assert_eq!(sender.asked(), [(1, 2)]);
    assert_eq!(reconciler.run_once(at(2)).await.unwrap(), 0);
    assert!(progress(&documents, 1).await.asked.is_empty(), "it has arrived");
}

#[tokio::test]
async fn a_hook_without_token_or_disabled_asks_for_nothing() {
    let mut disabled = hook(2, "env:T");
    disabled.status = HookStatus::Disabled;
    let (reconciler, sender, documents) = reconciler(vec![hook(1, "env:NONE"), disabled], Sender::default());
    sender.attempt(1, "lost", at(0), false);
    sender.attempt(2, "refused on purpose", at(0), false);
    assert_eq!(reconciler.run_once(at(20)).await.unwrap(), 0);
    assert!(sender.lists.lock().unwrap().is_empty());
    assert_eq!(progress(&documents, 2).await.since(at(20)), at(10), "enabled again, it looks no further back");
}

#[tokio::test]
async fn a_limit_stops_the_run_for_its_token_and_is_waited_out() {
    let hooks = vec![hook(1, "env:T"), hook(2, "env:T"), hook(3, "env:OTHER")];
    let (reconciler, sender, documents) = reconciler(hooks, Sender::default());
    for guid in ["a", "b", "c"] {
        sender.attempt(1, guid, at(0), false);
    }
    *sender.limited_after.lock().unwrap() = Some(1);
    assert_eq!(reconciler.run_once(at(1)).await.unwrap(), 1);
    let listed: Vec<_> = sender.lists.lock().unwrap().drain(..).map(|(webhook, _)| webhook).collect();
    assert_eq!(listed, [1, 1, 1, 3], "the second hook has the same token");
    assert_eq!(progress(&documents, 2).await.wait_until, Some(at(30)));
    *sender.limited_after.lock().unwrap() = None;
    assert_eq!(reconciler.run_once(at(29)).await.unwrap(), 0);
    assert_eq!(reconciler.run_once(at(30)).await.unwrap(), 2);
    assert_eq!(sender.asked(), [(1, 1), (1, 2), (1, 3)]);
}

#[tokio::test]
async fn a_run_asks_for_a_hundred_and_each_hook_has_its_share() {
    let (reconciler, sender, _) =
        reconciler(vec![hook(1, "env:T"), hook(2, "env:T")], Sender { page: 100, ..Sender::default() });
    for number in 0..130 {
        sender.attempt(1, &format!("a{number}"), at(0), false);
    }
    sender.attempt(2, "b", at(0), false);
    assert_eq!(reconciler.run_once(at(1)).await.unwrap(), 51);
    assert_eq!(reconciler.run_once(at(6)).await.unwrap(), 50);
    assert_eq!(reconciler.run_once(at(11)).await.unwrap(), 30);
    assert_eq!(reconciler.run_once(at(16)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_list_too_long_for_one_look_is_read_in_several() {
    let (reconciler, sender, documents) = reconciler(vec![hook(1, "env:T")], Sender { page: 10, ..Sender::default() });
    for number in 0..130 {
        sender.attempt(1, &format!("deep {number}"), at(0), false);
    }
    for number in 0..500 {
        sender.attempt(1, &format!("fine {number}"), at(0), true);
    }
    for (minutes, asked, unread) in [(100, 0, true), (120, 100, true), (125, 30, false)] {
        assert_eq!(reconciler.run_once(at(minutes)).await.unwrap(), asked, "at {minutes}");
        assert_eq!(progress(&documents, 1).await.unread.is_some(), unread, "at {minutes}");
    }
    let asked: std::collections::HashSet<_> = sender.asked().into_iter().collect();
    assert_eq!(asked.len(), 130);
}

#[tokio::test]
async fn what_cannot_be_had_is_given_up_in_the_end() {
    let (reconciler, sender, documents) = reconciler(vec![hook(1, "env:T")], Sender { page: 9, ..Sender::default() });
    sender.attempt(1, "gone", at(0), false);
    sender.attempt(1, "hopeless", at(0), false);
    sender.attempt(1, "fine", at(0), false);
    for run in 0..20 {
        reconciler.run_once(at(1 + 5 * run)).await.unwrap();
    }
    let asked = sender.asked();
    let times = |attempt| asked.iter().filter(|(_, of)| *of == attempt).count();
    assert_eq!((times(1), times(2), times(3)), (5, 5, 1));
    assert!(progress(&documents, 1).await.asked.values().all(|asked| asked.given_up));
}

#[tokio::test]
async fn a_look_that_only_shows_asks_for_nothing() {
    let sender = Sender::default();
    sender.attempt(1, "lost", at(0), false);
    let place = hook(1, "env:T").reconcile.unwrap();
    let webhook = Webhook { place, token: Secret::new("t").unwrap(), public_only: false };
    let look = Look { deliveries: &sender, webhook: &webhook, now: at(1), most: 9, only_show: true };
    let seen = look.take(&mut Progress::default()).await;
    assert_eq!((seen.asked.len(), sender.asked().len()), (1, 0));
}

#[tokio::test]
async fn only_what_the_operator_named_may_be_a_private_address() {
    let by_file = Hook { origin: Origin::File, ..hook(2, "env:T") };
    let (reconciler, sender, _) = reconciler(vec![hook(1, "env:T"), by_file], Sender::default());
    reconciler.run_once(at(0)).await.unwrap();
    assert_eq!(*sender.guarded.lock().unwrap(), [(1, true), (2, false)]);
}
