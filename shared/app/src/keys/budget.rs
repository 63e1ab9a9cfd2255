//! How many keys that nobody has seen yet may be asked for: whoever invents their addresses gets few calls out of us, and
//! takes none from others.

use std::collections::HashMap;
use std::net::IpAddr;

use bellhop_core::address::network_of;
use bellhop_core::id::HookId;
use bellhop_core::limit::Bucket;
use bellhop_core::time::Timestamp;

/// How many unknown keys a minute all hooks may have asked for.
const ALL: u32 = 40;

/// How many more hooks may that have asked for none of late, so that the others' forgers leave them some.
const RESERVE: u32 = 20;

/// How many a minute the requests of one hook may have asked for.
const OF_HOOK: u32 = 20;

/// How many a minute the requests of one hook from one address may.
const OF_SOURCE: u32 = 5;

/// From how many addresses on those are forgotten that have their whole share again.
const MANY_SOURCES: usize = 256;

/// On whose behalf a key is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    /// The hook.
    pub(super) hook: &'a HookId,
    /// Where its request comes from.
    pub(super) source: Option<IpAddr>,
    /// Whether the request says which key; one that is the same for all is asked for whatever was invented.
    pub(super) names_key: bool,
}

/// What may still be asked for.
pub(super) struct Budget {
    all: Bucket,
    reserve: Bucket,
    hooks: HashMap<HookId, Bucket>,
    sources: HashMap<(HookId, Option<IpAddr>), Bucket>,
}

impl Budget {
    /// A whole budget.
    pub(super) fn new(now: Timestamp) -> Self {
        let (hooks, sources) = (HashMap::new(), HashMap::new());
        Self { all: Bucket::new(ALL, now), reserve: Bucket::new(RESERVE, now), hooks, sources }
    }

    /// Takes one key that nobody has seen yet out of the budget; says whether it may be asked for.
    pub(super) fn take(&mut self, asker: Asker<'_>, now: Timestamp) -> bool {
        if !asker.names_key {
            return true;
        }
        let place = (asker.hook.clone(), asker.source.map(network_of));
        let mut source = self.sources.get(&place).copied().unwrap_or_else(|| Bucket::new(OF_SOURCE, now));
        let mut hook = self.hooks.get(asker.hook).copied().unwrap_or_else(|| Bucket::new(OF_HOOK, now));
        let is_new = hook.is_full(now);
        if source.check(now).is_err() || hook.check(now).is_err() {
            return false;
        }
        match (self.all.check(now), self.reserve.check(now)) {
            (Ok(()), _) => self.all.take(),
            (Err(_), Ok(())) if is_new => self.reserve.take(),
            _ => return false,
        }
        source.take();
        hook.take();
        if self.sources.len() >= MANY_SOURCES {
            self.sources.retain(|_, bucket| !bucket.is_full(now));
        }
        self.sources.insert(place, source);
        self.hooks.insert(asker.hook.clone(), hook);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many keys a hook may ask for from these addresses in turn.
    fn taken(budget: &mut Budget, hook: &str, sources: &[&str], keys: usize, now: Timestamp) -> usize {
        let hook = HookId::from_text(hook.to_owned());
        let asker = |n: usize| Asker { hook: &hook, source: sources[n % sources.len()].parse().ok(), names_key: true };
        (0..keys).filter(|n| budget.take(asker(*n), now)).count()
    }

    #[test]
    fn nobody_takes_more_than_a_share() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let mut budget = Budget::new(now);
        let forgers: Vec<String> = (0..50).map(|n| format!("192.0.2.{n}")).collect();
        let forgers: Vec<&str> = forgers.iter().map(String::as_str).collect();
        // One address has a quarter of its hook's share, however it writes the rest of its network.
        assert_eq!(taken(&mut budget, "hk_1", &["2001:db8::1", "2001:db8::2"], 100, now), 5);
        assert_eq!(taken(&mut budget, "hk_1", &["unknown"], 100, now), 5, "an unknown address is one too");
        assert_eq!(taken(&mut budget, "hk_1", &["198.51.100.7"], 1, now), 1, "another one has its own share");
        assert_eq!(taken(&mut budget, "hk_1", &forgers, 200, now), 9, "up to the hook's");
        assert_eq!(taken(&mut budget, "hk_2", &forgers, 200, now), 20);
        // What all have together is used up now; a hook that asked for none gets one all the same.
        for hook in ["hk_3", "hk_4", "hk_5"] {
            assert_eq!(taken(&mut budget, hook, &forgers, 200, now), 1, "{hook}");
        }
        assert_eq!(taken(&mut budget, "hk_1", &["198.51.100.8"], 1, now), 0);
        let hook = HookId::from_text("hk_1".to_owned());
        assert!(budget.take(Asker { hook: &hook, source: None, names_key: false }, now), "the same key for all");
        // It all comes back with time.
        let later = now.plus_ms(60_000);
        assert_eq!(taken(&mut budget, "hk_1", &forgers, 200, later), 20);
    }

    #[test]
    fn addresses_are_forgotten() {
        let start = Timestamp::from_seconds(1_700_000_000);
        let mut budget = Budget::new(start);
        for minute in 0..200 {
            let sources: Vec<_> = (0..20).map(|n| format!("10.{}.{}.{n}", minute / 250, minute % 250)).collect();
            let sources: Vec<_> = sources.iter().map(String::as_str).collect();
            assert_eq!(taken(&mut budget, "hk_1", &sources, 20, start.plus_ms(60_000 * minute)), 20);
        }
        assert!(budget.sources.len() <= MANY_SOURCES, "{}", budget.sources.len());
    }
}
