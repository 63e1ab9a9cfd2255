//! The public keys that senders publish: fetched when a request needs one, and kept for a while.

mod shelf;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bellhop_core::id::HookId;
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::inbound::Inbound;
use bellhop_senders::sender::KeyUrl;
use bellhop_senders::verify::{FetchedKey, Key, KeyRequest, Refusal, Verified, question, verify, wanted_key};

use crate::doors::Door;
use crate::ports::{Clock, Fetch};
use shelf::{Asked, Shelf};

/// How long a key serves, in milliseconds.
const KEPT_MS: u64 = 60 * 60 * 1000;

/// How old a key must be to be fetched again because a signature does not match: senders change their keys.
const SURE_MS: u64 = 60 * 1000;

/// Fetches and keeps keys.
pub struct PublishedKeys {
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    shelf: Mutex<Shelf>,
}

/// On whose behalf a key is asked for.
#[derive(Debug, Clone, Copy)]
struct Asker<'a> {
    hook: &'a HookId,
    source: Option<IpAddr>,
    /// Whether the request says which key; one that is the same for all is asked for whatever others invent.
    names_key: bool,
}

/// Why a request could not be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproved {
    /// It is not its sender's.
    Refused(Refusal),
    /// The sender's key could not be had just now; the request may come again.
    Unavailable,
}

impl PublishedKeys {
    /// A documents that knows no key yet.
    pub fn new(fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>) -> Self {
        let shelf = Mutex::new(Shelf::new(clock.now()));
        Self { fetch, clock, shelf }
    }

    /// Checks a request against a door's keys, and the sender's own where it needs that.
    pub async fn prove<'a>(&self, door: &Door, inbound: Inbound<'a>, now: Timestamp) -> Result<Verified<'a>, Unproved> {
        match wanted_key(door.sender, inbound).map_err(Unproved::Refused)? {
            None => verify(door.sender, &door.keys, inbound, None, now).map_err(Unproved::Refused),
            // Few senders come this way: the others do not carry its room along.
            Some(request) => Box::pin(self.prove_by(request, door, inbound, now)).await,
        }
    }

    /// Visits an address of a sender, as it asked for; whether that went well.
    pub async fn visit(&self, url: &str) -> bool {
        match self.fetch.fetch(url, None).await {
            Ok(_) => true,
            Err(error) => {
                log::warn!(error:%; "an address of a sender could not be visited");
                false
            }
        }
    }

    /// Checks a request that needs this key: once with all secrets, or with each where the key is asked for with them.
    async fn prove_by<'a>(
        &self,
        request: KeyRequest,
        door: &Door,
        inbound: Inbound<'a>,
        now: Timestamp,
    ) -> Result<Verified<'a>, Unproved> {
        let together = if request.id.is_some() { 1 } else { door.keys.len().max(1) };
        let mut unproved = Unproved::Refused(Refusal::NoSecret);
        for (turn, keys) in door.keys.chunks(together).enumerate() {
            match self.prove_under(&request, door, keys, inbound, now).await {
                Ok(verified) => return Ok(verified.after(turn * together)),
                Err(Unproved::Unavailable) => unproved = Unproved::Unavailable,
                Err(Unproved::Refused(Refusal::NoSecret)) => {}
                Err(refused) if unproved != Unproved::Unavailable => unproved = refused,
                Err(_) => {}
            }
        }
        Err(unproved)
    }

    /// Checks a request under these secrets of its hook, and once more where its sender has another key by now.
    async fn prove_under<'a>(
        &self,
        request: &KeyRequest,
        door: &Door,
        keys: &[Key],
        inbound: Inbound<'a>,
        now: Timestamp,
    ) -> Result<Verified<'a>, Unproved> {
        let check = |fetched| verify(door.sender, keys, inbound, fetched, now).map_err(Unproved::Refused);
        let question = keys.first().and_then(|key| question(request, key));
        let asked = Asked::new(request.clone(), question.as_ref());
        let fixed = door.sender.scheme.key_place().is_some_and(|place| matches!(place.url, KeyUrl::Fixed(_)));
        let names_key = !fixed || request.id.is_some();
        let asker = Asker { hook: &door.hook.id, source: inbound.source_ip, names_key };
        if !matches!(self.known(&asked, KEPT_MS), Some(Ok(_))) {
            // What is refused without the key is not worth a call.
            match check(None) {
                Err(Unproved::Refused(Refusal::NoKey)) => {}
                other => return other,
            }
        }
        let key = self.key(&asked, asker, question.as_ref(), KEPT_MS).await?;
        let checked = check(Some(&key));
        if !matches!(checked, Err(Unproved::Refused(Refusal::Mismatch(_) | Refusal::WrongField(_)))) {
            return checked;
        }
        let newer = self.key(&asked, asker, question.as_ref(), SURE_MS).await?;
        if Arc::ptr_eq(&key, &newer) { checked } else { check(Some(&newer)) }
    }

    /// A key that was fetched at most so long ago; fetched now where there is none, by one caller for all.
    async fn key(
        &self,
        asked: &Asked,
        asker: Asker<'_>,
        question: Option<&Secret>,
        oldest_ms: u64,
    ) -> Result<Arc<FetchedKey>, Unproved> {
        if let Some(known) = self.known(asked, oldest_ms) {
            return known;
        }
        let turn = self.shelf().turn(asked, asker, self.clock.now())?;
        let _turn = turn.lock().await;
        // Whoever had the turn before may have brought it.
        if let Some(known) = self.known(asked, oldest_ms) {
            return known;
        }
        let outcome = self.ask(asked, question).await;
        self.shelf().put(asked, outcome.clone(), self.clock.now());
        outcome
    }

    /// Asks the sender for a key.
    async fn ask(&self, asked: &Asked, question: Option<&Secret>) -> Result<Arc<FetchedKey>, Unproved> {
        let url = asked.request.url.as_str();
        let content = self.fetch.fetch(url, question.map(Secret::expose)).await.map_err(|error| {
            log::warn!(url, error:%; "a sender's key could not be fetched");
            Unproved::Unavailable
        })?;
        let key = FetchedKey::read(asked.request.clone(), &content).map_err(|_| {
            log::warn!(url; "what was fetched is not the key that this sender is known to sign with");
            Unproved::Refused(Refusal::NoKey)
        })?;
        Ok(Arc::new(key))
    }

    /// What is known of a key: that it is here and was fetched at most so long ago, or that it cannot be had.
    fn known(&self, asked: &Asked, oldest_ms: u64) -> Option<Result<Arc<FetchedKey>, Unproved>> {
        self.shelf().look(asked, oldest_ms, self.clock.now())
    }

    /// The keys; nothing panics while they are held.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
