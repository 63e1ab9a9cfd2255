//! How many requests a minute pass, per hook and over all.
//!
//! The counts live in this process: exact where it is the only one, per instance of the function when deployed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bellhop_core::hook::Hook;
use bellhop_core::id::HookId;
use bellhop_core::limit::Bucket;
use bellhop_core::time::Timestamp;

/// Counts the requests of every hook.
#[derive(Debug, Default)]
pub struct Limiter {
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    all: Option<Bucket>,
    hooks: HashMap<HookId, Bucket>,
}

impl Limiter {
    /// Lets one request of these hooks through, or says in how many seconds to come back; then nothing is counted.
    pub fn pass<'h>(
        &self,
        hooks: impl Iterator<Item = &'h Hook> + Clone,
        all_per_minute: u32,
        now: Timestamp,
    ) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let Buckets { all, hooks: by_hook } = &mut *buckets;
        let all = fitting(all.get_or_insert_with(|| Bucket::new(all_per_minute, now)), all_per_minute, now);
        let mut wait = all.check(now).err();
        for hook in hooks.clone() {
            let rate = hook.rate_per_minute;
            if !by_hook.contains_key(&hook.id) {
                by_hook.insert(hook.id.clone(), Bucket::new(rate, now));
            }
            if let Some(bucket) = by_hook.get_mut(&hook.id) {
                wait = wait.max(fitting(bucket, rate, now).check(now).err());
            }
        }
        if let Some(seconds) = wait {
            return Err(seconds);
        }
        all.take();
        for hook in hooks {
            if let Some(bucket) = by_hook.get_mut(&hook.id) {
                bucket.take();
            }
        }
        Ok(())
    }
}

/// The bucket, made anew where its rate has been changed.
fn fitting(bucket: &mut Bucket, per_minute: u32, now: Timestamp) -> &mut Bucket {
    if bucket.per_minute() != per_minute {
        *bucket = Bucket::new(per_minute, now);
    }
    bucket
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(id: &str, rate_per_minute: u32) -> Hook {
        serde_json::from_value(serde_json::json!({
            "id": id, "name": id, "path": "p", "sender": "none", "secrets": [], "rate_per_minute": rate_per_minute,
            "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
        }))
        .unwrap()
    }

    #[test]
    fn a_request_counts_for_all_its_hooks_or_for_none() {
        let (limiter, now) = (Limiter::default(), Timestamp::from_seconds(9));
        let (wide, narrow) = (hook("wide", 3), hook("narrow", 1));
        assert_eq!(limiter.pass([&wide, &narrow].into_iter(), 100, now), Ok(()));
        for _ in 0..5 {
            assert_eq!(limiter.pass([&wide, &narrow].into_iter(), 100, now), Err(60));
        }
        assert_eq!(limiter.pass([&wide].into_iter(), 100, now), Ok(()));
        assert_eq!(limiter.pass([&wide].into_iter(), 100, now), Ok(()));
        assert_eq!(limiter.pass([&wide].into_iter(), 100, now), Err(20));
    }

    #[test]
    fn the_limit_over_all_hooks_holds_for_all() {
        let (limiter, now) = (Limiter::default(), Timestamp::from_seconds(9));
        assert_eq!(limiter.pass([&hook("a", 9)].into_iter(), 1, now), Ok(()));
        assert_eq!(limiter.pass([&hook("b", 9)].into_iter(), 1, now), Err(60));
    }

    #[test]
    fn a_new_rate_is_in_force_at_once() {
        let (limiter, now) = (Limiter::default(), Timestamp::from_seconds(9));
        assert_eq!(limiter.pass([&hook("a", 1)].into_iter(), 100, now), Ok(()));
        assert!(limiter.pass([&hook("a", 1)].into_iter(), 100, now).is_err());
        assert_eq!(limiter.pass([&hook("a", 2)].into_iter(), 100, now), Ok(()));
    }
}
