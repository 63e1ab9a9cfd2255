//! Keeps what was read from the store for a little while.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bellhop_core::time::Timestamp;

use crate::ports::{Clock, PortResult};

/// How old what is kept may be, in milliseconds.
pub const OLDEST_MS: u64 = 60_000;

/// From this age on it is read again; what is kept still serves if that fails.
const RENEW_MS: u64 = 30_000;

/// Counts changes made by this process, so that its caches notice them at once.
#[derive(Debug, Clone, Default)]
pub struct Changes(Arc<AtomicU64>);

impl Changes {
    /// Notes a change.
    pub fn note(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    /// How many there were.
    fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// One value, at most a minute old.
pub struct Cache<T> {
    clock: Arc<dyn Clock>,
    changes: Changes,
    kept: Mutex<Option<Kept<T>>>,
}

struct Kept<T> {
    value: Arc<T>,
    read_at: Timestamp,
    changes: u64,
}

impl<T> Cache<T> {
    /// A cache that has read nothing yet, and reads again after each of these changes.
    pub fn new(clock: Arc<dyn Clock>, changes: Changes) -> Self {
        Self { clock, changes, kept: Mutex::new(None) }
    }

    /// The present moment, by the cache's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The value; `read` is called where it is too old.
    pub async fn get<F>(&self, read: impl FnOnce() -> F) -> PortResult<Arc<T>>
    where
        F: Future<Output = PortResult<T>>,
    {
        self.get_since(Timestamp::from_ms(0), read).await
    }

    /// The value as it was read at this moment or later; `read` is called where it was not, or is too old.
    pub async fn get_since<F>(&self, moment: Timestamp, read: impl FnOnce() -> F) -> PortResult<Arc<T>>
    where
        F: Future<Output = PortResult<T>>,
    {
        let (now, changes) = (self.clock.now(), self.changes.count());
        let serves = |kept: &&Kept<T>| kept.changes == changes && kept.read_at >= moment;
        let fallback = match self.kept().as_ref().filter(serves) {
            Some(kept) if now.ms_since(kept.read_at) < RENEW_MS => {
                return Ok(Arc::clone(&kept.value));
            }
            Some(kept) if now.ms_since(kept.read_at) < OLDEST_MS => Some(Arc::clone(&kept.value)),
            _ => None,
        };
        match (read().await, fallback) {
            (Ok(value), _) => {
                let value = Arc::new(value);
                *self.kept() = Some(Kept { value: Arc::clone(&value), read_at: now, changes });
                Ok(value)
            }
            (Err(error), Some(value)) => {
                log::warn!(error:%; "the store could not be read; what was read before still serves");
                Ok(value)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// What is kept; nothing panics while it is held.
    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Kept<T>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::PortError;

    struct SetClock(AtomicU64);

    impl Clock for SetClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_ms(self.0.load(Ordering::Relaxed))
        }

        fn random(&self, _: &mut [u8]) {}
    }

    /// What a cache gives at each moment, where the store answers with the moment, or fails.
    async fn check(steps: &[(u64, bool, bool, Option<u64>)]) {
        let clock = Arc::new(SetClock(AtomicU64::new(0)));
        let changes = Changes::default();
        let cache = Cache::new(clock.clone(), changes.clone());
        for (ms, works, changed, expected) in steps {
            clock.0.store(*ms, Ordering::Relaxed);
            if *changed {
                changes.note();
            }
            let read = || async { if *works { Ok(*ms) } else { Err(PortError::new("the store", "down")) } };
            let given = cache.get(read).await.ok().map(|value| *value);
            assert_eq!(given, *expected, "at {ms} ms");
        }
    }

    #[tokio::test]
    async fn a_value_is_read_anew_after_half_a_minute() {
        check(&[(0, true, false, Some(0)), (29_999, true, false, Some(0)), (30_000, true, false, Some(30_000))]).await;
    }

    #[tokio::test]
    async fn a_store_that_fails_is_bridged_for_a_minute_and_no_longer() {
        check(&[
            (0, true, false, Some(0)),
            (30_000, false, false, Some(0)),
            (59_999, false, false, Some(0)),
            (60_000, false, false, None),
            (61_000, true, false, Some(61_000)),
        ])
        .await;
    }

    #[tokio::test]
    async fn after_a_change_the_old_value_never_serves() {
        check(&[(0, true, false, Some(0)), (1, false, true, None), (2, true, false, Some(2))]).await;
    }

    #[tokio::test]
    async fn what_was_read_before_the_moment_never_serves() {
        let cache = Cache::new(Arc::new(SetClock(AtomicU64::new(5))), Changes::default());
        let down = || Err(PortError::new("the store", "down"));
        for (moment, store, expected) in
            [(0, Ok(1), Some(1)), (5, down(), Some(1)), (6, down(), None), (6, Ok(2), Some(2)), (5, down(), Some(2))]
        {
            let given = cache.get_since(Timestamp::from_ms(moment), || async { store }).await;
            assert_eq!(given.ok().map(|value| *value), expected, "since {moment} ms");
        }
    }
}
