//! The keys that were fetched, and those that could not be.

use std::collections::HashMap;
use std::sync::Arc;

use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::verify::{FetchedKey, KeyRequest};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::{Asker, Unproved};
use crate::budget::{Budget, Shares};

/// How many keys are kept.
const MOST: usize = 64;

/// How many keys a minute that are not here may be asked for where a request says which: whoever invents their addresses
/// gets few calls out of us, and takes none from others.
const UNKNOWN: Shares = Shares { all: 40, reserve: 20, hook: 20, source: 5 };

/// How long a key that could not be had is not asked for again, in milliseconds.
const PAUSE_MS: u64 = 10_000;

/// A key, by what is asked for it: whoever may ask differently gets a key of their own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    /// The request for it.
    pub(super) request: KeyRequest,
    question: Option<[u8; 32]>,
}

/// The keys of one process.
pub(super) struct Shelf {
    places: HashMap<Asked, Place>,
    budget: Budget,
}

/// A key's place, which may be empty.
struct Place {
    held: Option<Held>,
    failed: Option<(Unproved, Timestamp)>,
    used: Timestamp,
    turn: Arc<Mutex<()>>,
}

struct Held {
    key: Arc<FetchedKey>,
    since: Timestamp,
}

impl Asked {
    /// A key with this request, and with this question where it needs one.
    pub(super) fn new(request: KeyRequest, question: Option<&Secret>) -> Self {
        Self { request, question: question.map(|question| Sha256::digest(question.expose()).into()) }
    }
}

impl Shelf {
    /// An empty shelf.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { places: HashMap::new(), budget: Budget::new(UNKNOWN, now) }
    }

    /// A key that was fetched at most so long ago, or why there is none for the moment; `None` where it may be asked for.
    pub(super) fn look(
        &mut self,
        asked: &Asked,
        oldest_ms: u64,
        now: Timestamp,
    ) -> Option<Result<Arc<FetchedKey>, Unproved>> {
        let place = self.places.get_mut(asked)?;
        place.used = now;
        if let Some(held) = &place.held
            && held.serves(oldest_ms, now)
        {
            return Some(Ok(Arc::clone(&held.key)));
        }
        let recent = place.failed.filter(|(_, at)| now.ms_since(*at) < PAUSE_MS);
        recent.map(|(why, _)| Err(why))
    }

    /// The turn to ask for a key, which one at a time has; refused where too many unknown ones were asked for already.
    pub(super) fn turn(&mut self, asked: &Asked, asker: Asker<'_>, now: Timestamp) -> Result<Arc<Mutex<()>>, Unproved> {
        let place = self.places.get(asked);
        let is_known = place.is_some_and(|place| place.held.is_some() || place.is_in_use());
        if !is_known && asker.names_key && !self.budget.take(asker.hook, asker.source, now) {
            let (hook, url) = (asker.hook.as_str(), asked.request.url.as_str());
            log::warn!(hook, url; "too many unknown keys were asked for in this minute");
            return Err(Unproved::Unavailable);
        }
        if place.is_none() {
            self.make_room();
        }
        let empty = || Place { held: None, failed: None, used: now, turn: Arc::default() };
        Ok(Arc::clone(&self.places.entry(asked.clone()).or_insert_with(empty).turn))
    }

    /// Notes what came of asking for a key; one that is here stays where there is no newer one.
    pub(super) fn put(&mut self, asked: &Asked, outcome: Result<Arc<FetchedKey>, Unproved>, now: Timestamp) {
        let Some(place) = self.places.get_mut(asked) else { return };
        match outcome {
            Ok(key) => (place.held, place.failed) = (Some(Held { key, since: now }), None),
            Err(why) => place.failed = Some((why, now)),
        }
    }

    /// Takes away what is missed least, where the shelf is full: empty places first, then what was not used for longest.
    fn make_room(&mut self) {
        while self.places.len() >= MOST {
            let idle = self.places.iter().filter(|(_, place)| !place.is_in_use());
            let Some((asked, _)) = idle.min_by_key(|(_, place)| (place.held.is_some(), place.used)) else { return };
            let asked = asked.clone();
            self.places.remove(&asked);
        }
    }
}

impl Place {
    /// Whether somebody has the turn, or waits for it.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.turn) > 1
    }
}

impl Held {
    /// Whether the key is no older than this and still counts; one that never counted is not asked for at every request.
    fn serves(&self, oldest_ms: u64, now: Timestamp) -> bool {
        let age = now.ms_since(self.since);
        age < PAUSE_MS || (age < oldest_ms && now <= self.key.end())
    }
}
