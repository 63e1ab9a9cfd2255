//! How many requests a minute pass, per hook and over all.
//!
//! One process counts alone, exactly. Several share buckets in the [`Documents`], and each leases blocks from them: the store
//! is written once per block, and while a bucket is empty nobody asks it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bellhop_core::hook::DoorHook;
use bellhop_core::id::HookId;
use bellhop_core::limit::{Lease, Place, SharedBucket};
use bellhop_core::time::Timestamp;
use futures_util::future::join_all;

use crate::ports::{Collection, Documents, NewDocument, PortError, PortResult};

/// How long the store may take over a lease; it is not waited for longer.
const LEASE_TIME: Duration = Duration::from_millis(500);

/// How often a lease is tried where others change the bucket at the same moment.
const TRIES: usize = 5;

/// After this time without a lease a bucket is full anyway, and its document may go.
const NOTE_MS: u64 = 3_600_000;

/// The key of the limit over all hooks.
const ALL: &str = "*";

/// Counts the requests of every hook.
pub struct Limiter {
    documents: Option<Arc<dyn Documents>>,
    held: Mutex<Held>,
    /// Whether the store failed the last time, so that this is logged once.
    failing: AtomicBool,
}

/// What this process holds of each limit.
#[derive(Default)]
struct Held {
    all: Option<Lease>,
    hooks: HashMap<HookId, Lease>,
}

/// A limit that a request counts for; `None` is the one over all hooks.
type Limit<'h> = (Option<&'h HookId>, u32);

/// Requests to lease of a limit.
struct Wanted<'h> {
    limit: Limit<'h>,
    requests: u32,
}

/// What came of a lease.
enum Leased {
    Granted(u32),
    Refused(u64),
    CrowdedOut,
    Failed,
}

impl Limiter {
    /// A limiter for the only process there is.
    pub fn alone() -> Self {
        Self::over(None)
    }

    /// A limiter for one of several processes that share these documents.
    pub fn leasing(documents: Arc<dyn Documents>) -> Self {
        Self::over(Some(documents))
    }

    /// A limiter that holds nothing yet.
    fn over(documents: Option<Arc<dyn Documents>>) -> Self {
        Self { documents, held: Mutex::default(), failing: AtomicBool::new(false) }
    }

    /// Lets one request of these hooks through, or says in how many seconds to come back; then nothing is counted.
    pub async fn pass<'h>(
        &self,
        hooks: impl Iterator<Item = &'h DoorHook> + Clone,
        all_per_minute: u32,
        now: Timestamp,
    ) -> Result<(), u64> {
        let hooks = hooks.map(|hook| (Some(&hook.id), hook.rate_per_minute));
        let limits = std::iter::once((None, all_per_minute)).chain(hooks);
        let wanted = self.take(limits.clone(), now)?;
        if wanted.is_empty() {
            return Ok(());
        }
        let leased = join_all(wanted.iter().map(|wanted| self.lease(wanted, now))).await;
        self.settle(limits, wanted.into_iter().zip(leased), now)
    }

    /// Takes one from every limit that has one at hand; says what must be leased for the others. Takes nothing where a limit
    /// is used up.
    fn take<'h>(
        &self,
        limits: impl Iterator<Item = Limit<'h>> + Clone,
        now: Timestamp,
    ) -> Result<Vec<Wanted<'h>>, u64> {
        let mut held = self.held();
        let mut wanted = Vec::new();
        let mut wait = None;
        for limit in limits.clone() {
            match self.with(&mut held, limit, now, |lease| lease.look(now)) {
                Place::Free => {}
                Place::Full(seconds) => wait = wait.max(Some(seconds)),
                Place::Lease(requests) => wanted.push(Wanted { limit, requests }),
            }
        }
        if let Some(seconds) = wait {
            return Err(seconds);
        }
        for limit in limits.filter(|limit| !wanted.iter().any(|wanted| wanted.limit == *limit)) {
            self.with(&mut held, limit, now, Lease::take);
        }
        Ok(wanted)
    }

    /// Takes in what was leased, and one from each of those limits; gives all back where one of them has none.
    fn settle<'h>(
        &self,
        limits: impl Iterator<Item = Limit<'h>>,
        leased: impl Iterator<Item = (Wanted<'h>, Leased)>,
        now: Timestamp,
    ) -> Result<(), u64> {
        let mut held = self.held();
        let mut wait = None;
        let mut without = Vec::new();
        for (Wanted { limit, .. }, leased) in leased {
            let place = self.with(&mut held, limit, now, |lease| {
                match leased {
                    Leased::Granted(requests) => lease.granted(requests),
                    Leased::Refused(seconds) => lease.refused(seconds, now),
                    Leased::CrowdedOut => lease.crowded_out(),
                    Leased::Failed => lease.failed(now),
                }
                let place = lease.look(now);
                if place == Place::Free {
                    lease.take();
                }
                place
            });
            let seconds = match place {
                Place::Free => continue,
                Place::Full(seconds) => seconds,
                Place::Lease(_) => 1,
            };
            wait = wait.max(Some(seconds));
            without.push(limit);
        }
        let Some(seconds) = wait else { return Ok(()) };
        for limit in limits.filter(|limit| !without.contains(limit)) {
            self.with(&mut held, limit, now, Lease::put_back);
        }
        Err(seconds)
    }

    /// Leases requests of a limit from the bucket that all share.
    async fn lease(&self, wanted: &Wanted<'_>, now: Timestamp) -> Leased {
        let Some(documents) = self.documents.as_deref() else { return Leased::Failed };
        let asked = tokio::time::timeout(LEASE_TIME, ask(documents, wanted, now)).await;
        match asked.unwrap_or_else(|_| Err(PortError::new("a lease", "no answer in time"))) {
            Ok(leased) => {
                self.failing.store(false, Ordering::Relaxed);
                leased
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    log::error!(error:%; "limits cannot be read; until they can, this process counts for itself");
                }
                Leased::Failed
            }
        }
    }

    /// Does something with what is held of a limit, which is made again where its rate has been changed.
    fn with<T>(
        &self,
        held: &mut Held,
        (hook, per_minute): Limit<'_>,
        now: Timestamp,
        change: impl FnOnce(&mut Lease) -> T,
    ) -> T {
        let new = || match self.documents {
            Some(_) => Lease::new(per_minute),
            None => Lease::whole(per_minute, now),
        };
        let lease = match hook {
            None => held.all.get_or_insert_with(new),
            // Asked first, because an entry would want an id of its own for each request.
            Some(hook) => match held.hooks.get_mut(hook) {
                Some(lease) => lease,
                None => held.hooks.entry(hook.clone()).or_insert_with(new),
            },
        };
        if lease.per_minute() != per_minute {
            *lease = new();
        }
        change(lease)
    }

    /// What is held; nothing panics while it is locked.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes requests out of a shared bucket; one write where nobody else is at it.
async fn ask(documents: &dyn Documents, wanted: &Wanted<'_>, now: Timestamp) -> PortResult<Leased> {
    let (hook, per_minute) = wanted.limit;
    let key = hook.map_or(ALL, HookId::as_str);
    for _ in 0..TRIES {
        let document = documents.document(Collection::Limit, key).await?;
        let read = document.as_ref().and_then(|document| serde_json::from_str(&document.text).ok());
        let mut bucket: SharedBucket = read.unwrap_or_else(|| SharedBucket::full(per_minute, now));
        let granted = match bucket.take(wanted.requests, per_minute, now) {
            Ok(granted) => granted,
            Err(seconds) => return Ok(Leased::Refused(seconds)),
        };
        let text = serde_json::to_string(&bucket).map_err(|e| PortError::new("a limit's note", e))?;
        let expires = Some(now.plus_ms(NOTE_MS));
        let document_now = NewDocument { collection: Collection::Limit, key, text: &text, expires };
        if documents.swap(&document_now, document.map(|document| document.version)).await? {
            return Ok(Leased::Granted(granted));
        }
    }
    Ok(Leased::CrowdedOut)
}

#[cfg(test)]
mod tests;
