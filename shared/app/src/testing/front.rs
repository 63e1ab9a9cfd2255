//! The ports of the front door in memory, for its tests.
#![expect(clippy::expect_used, reason = "a failed call is a failed test")]

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bellhop_core::config::Settings;
use bellhop_core::event::EventHead;
use bellhop_core::hook::{DoorHook, Hook};
use bellhop_core::inbox::{Message, Read, read};
use bellhop_core::order::{Order, RefusedRequest};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::time::Timestamp;
use serde_json::{Value, json};

use crate::cache::{Cache, Changes};
use crate::doors::DoorCache;
use crate::ingress::{Ingress, Parts};
use crate::keys::PublishedKeys;
use crate::limiter::Limiter;
use crate::offers::Offers;
use crate::ports::{
    Clock, Collection, Document, Documents, DoorReader, Fetch, Inbox, NewDocument, Orders, PortError, PortResult,
    Secrets,
};
use crate::ranges::RangeBook;
use crate::testing::as_door;

/// Everything the front door asks of the world.
#[derive(Default)]
pub struct Memory {
    /// The hooks.
    pub hooks: Vec<Hook>,
    /// Values of `env:` references; one that is not here is missing.
    pub secrets: HashMap<&'static str, &'static str>,
    /// Where changed hooks are told of.
    pub changes: Changes,
    /// Which references were looked up the last time.
    pub asked: Mutex<Vec<String>>,
    /// How often documents were listed.
    pub listed: AtomicU32,
    inbox: Mutex<Vec<Vec<u8>>>,
    orders: Mutex<Vec<Order>>,
    documents: Mutex<BTreeMap<(Collection, String), Document>>,
    ms: AtomicU64,
    failing: AtomicBool,
    hanging: AtomicBool,
}

/// A hook of these fields, active and unsigned where they say nothing else.
pub fn hook(fields: &Value) -> Hook {
    let mut all = json!({
        "name": "n", "path": "p", "sender": "none", "secrets": [], "rate_per_minute": 100, "max_body_bytes": 100,
        "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
    });
    all.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    serde_json::from_value(all).expect("the fields of a hook")
}

impl Memory {
    /// A world with these hooks and secrets.
    pub fn with(hooks: &[Value], secrets: &[(&'static str, &'static str)]) -> Arc<Self> {
        let memory = Self {
            hooks: hooks.iter().map(hook).collect(),
            secrets: secrets.iter().copied().collect(),
            ..Self::default()
        };
        memory.set_ms(1_700_000_000_000);
        Arc::new(memory)
    }

    /// The doors of this world.
    pub fn doors(self: &Arc<Self>) -> DoorCache {
        let cache = Cache::new(self.clone(), self.changes.clone());
        DoorCache::new(self.clone(), self.clone(), RangeBook::new(self.clone()), cache)
    }

    /// The front door of this world.
    pub fn ingress(self: &Arc<Self>) -> Ingress {
        Ingress::new(Parts {
            doors: Arc::new(self.doors()),
            inbox: self.clone(),
            orders: self.clone(),
            limiter: Limiter::alone(),
            keys: PublishedKeys::new(self.clone(), self.clone()),
            offers: Offers::new(self.clone(), self.clone()),
            clock: self.clone(),
        })
    }

    /// Sets the clock.
    pub fn set_ms(&self, ms: u64) {
        self.ms.store(ms, Ordering::Relaxed);
    }

    /// Lets time pass.
    pub fn wait_ms(&self, ms: u64) {
        self.ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// From now on every port fails.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::Relaxed);
    }

    /// From now on no order is ever given.
    pub fn hang(&self) {
        self.hanging.store(true, Ordering::Relaxed);
    }

    /// Puts a document at its place.
    pub fn set_document(&self, collection: Collection, key: &str, text: &str) {
        self.documents
            .lock()
            .expect("nobody panics while it is held")
            .insert((collection, key.to_owned()), Document { text: text.to_owned(), version: 1 });
    }

    /// The heads of the events in the inbox, which is empty then.
    pub fn accepted(&self) -> Vec<EventHead> {
        let head = |message: Vec<u8>| match read(&message).expect("a message of ours") {
            Read::Whole(event) => event.head,
            other => panic!("no event: {other:?}"),
        };
        self.inbox.lock().expect("nobody panics while it is held").drain(..).map(head).collect()
    }

    /// The inbox's messages as they were written; it is empty then.
    pub fn messages(&self) -> Vec<Vec<u8>> {
        self.inbox.lock().expect("nobody panics while it is held").drain(..).collect()
    }

    /// The refused requests that were recorded since the last time.
    pub fn refused(&self) -> Vec<RefusedRequest> {
        let refused = |order| match order {
            Order::RefusedV1(refused) => refused,
            other => panic!("another order: {other:?}"),
        };
        self.orders.lock().expect("nobody panics while it is held").drain(..).map(refused).collect()
    }

    /// Fails where it is told to.
    fn answer(&self) -> PortResult<()> {
        if self.failing.load(Ordering::Relaxed) { Err(PortError::new("the store", "down")) } else { Ok(()) }
    }
}

impl Clock for Memory {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.ms.load(Ordering::Relaxed))
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

#[async_trait]
impl Inbox for Memory {
    async fn put(&self, message: &Message<'_>) -> PortResult<()> {
        self.answer()?;
        self.inbox.lock().expect("nobody panics while it is held").push(message.to_bytes());
        Ok(())
    }
}

#[async_trait]
impl Orders for Memory {
    async fn give(&self, order: &Order) -> PortResult<()> {
        if self.hanging.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.answer()?;
        self.orders.lock().expect("nobody panics while it is held").push(order.clone());
        Ok(())
    }

    async fn give_in(&self, orders: &[(Order, u64)]) -> PortResult<()> {
        for (order, _) in orders {
            self.give(order).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl DoorReader for Memory {
    async fn doors_and_settings(&self) -> PortResult<(Vec<DoorHook>, Settings)> {
        self.answer()?;
        Ok((self.hooks.iter().map(as_door).collect(), Settings::default()))
    }
}

#[async_trait]
impl Secrets for Memory {
    async fn resolve(&self, references: &[SecretRef]) -> PortResult<HashMap<SecretRef, Secret>> {
        self.answer()?;
        *self.asked.lock().expect("nobody panics while it is held") =
            references.iter().map(ToString::to_string).collect();
        let value = |reference: &SecretRef| {
            let SecretRef::Env(name) = reference else { return None };
            Some((reference.clone(), Secret::new(*self.secrets.get(name.as_str())?).expect("a secret is not empty")))
        };
        Ok(references.iter().filter_map(value).collect())
    }
}

#[async_trait]
impl Documents for Memory {
    async fn document(&self, collection: Collection, key: &str) -> PortResult<Option<Document>> {
        self.answer()?;
        Ok(self.documents.lock().expect("nobody panics while it is held").get(&(collection, key.to_owned())).cloned())
    }

    async fn documents(&self, collection: Collection) -> PortResult<Vec<(String, Document)>> {
        self.answer()?;
        self.listed.fetch_add(1, Ordering::Relaxed);
        let documents = self.documents.lock().expect("nobody panics while it is held");
        let of_topic = documents.iter().filter(|((found, _), _)| *found == collection);
        Ok(of_topic.map(|((_, key), document)| (key.clone(), document.clone())).collect())
    }

    async fn write(&self, document: &NewDocument<'_>) -> PortResult<()> {
        self.answer()?;
        self.set_document(document.collection, document.key, document.text);
        Ok(())
    }

    async fn swap(&self, _: &NewDocument<'_>, _: Option<u64>) -> PortResult<bool> {
        unreachable!("the front door swaps no note")
    }

    async fn delete_document(&self, _: Collection, _: &str) -> PortResult<bool> {
        unreachable!("the front door deletes no note")
    }
}

#[async_trait]
impl Fetch for Memory {
    async fn fetch(&self, url: &str, _: Option<&str>) -> PortResult<Vec<u8>> {
        Err(PortError::new(url, "nothing is there"))
    }
}
