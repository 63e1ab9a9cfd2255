//! What requests that proved nothing may cost: a share for each hook and each source, and a reserve for hooks that had none.

use std::collections::HashMap;
use std::net::IpAddr;

use bellhop_core::address::network_of;
use bellhop_core::id::HookId;
use bellhop_core::limit::Bucket;
use bellhop_core::time::Timestamp;

/// How much a minute may be taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares {
    /// By all hooks.
    pub(crate) all: u32,
    /// By hooks that took nothing of late, besides: what the others' forgers leave them.
    pub(crate) reserve: u32,
    /// For the requests of one hook.
    pub(crate) hook: u32,
    /// For the requests of one hook from one address.
    pub(crate) source: u32,
}

/// From how many addresses on those are forgotten that have their whole share again.
const MANY_SOURCES: usize = 256;

/// What may still be taken.
pub(crate) struct Budget {
    shares: Shares,
    all: Bucket,
    reserve: Bucket,
    hooks: HashMap<HookId, Bucket>,
    sources: HashMap<(HookId, Option<IpAddr>), Bucket>,
}

impl Budget {
    /// A whole budget.
    pub(crate) fn new(shares: Shares, now: Timestamp) -> Self {
        let (all, reserve) = (Bucket::new(shares.all, now), Bucket::new(shares.reserve, now));
        Self { shares, all, reserve, hooks: HashMap::new(), sources: HashMap::new() }
    }

    /// Takes one for a request of this hook from this address; says whether there was one.
    pub(crate) fn take(&mut self, hook: &HookId, source: Option<IpAddr>, now: Timestamp) -> bool {
        let place = (hook.clone(), source.map(network_of));
        let mut of_source = self.sources.get(&place).copied().unwrap_or_else(|| Bucket::new(self.shares.source, now));
        let mut of_hook = self.hooks.get(hook).copied().unwrap_or_else(|| Bucket::new(self.shares.hook, now));
        let is_new = of_hook.is_full(now);
        if of_source.check(now).is_err() || of_hook.check(now).is_err() {
            return false;
        }
        match (self.all.check(now), self.reserve.check(now)) {
            (Ok(()), _) => self.all.take(),
            (Err(_), Ok(())) if is_new => self.reserve.take(),
            _ => return false,
        }
        of_source.take();
        of_hook.take();
        if self.sources.len() >= MANY_SOURCES {
            self.sources.retain(|_, bucket| !bucket.is_full(now));
        }
        self.sources.insert(place, of_source);
        self.hooks.insert(hook.clone(), of_hook);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARES: Shares = Shares { all: 40, reserve: 20, hook: 20, source: 5 };

    /// How many of so many a hook may take from these addresses in turn.
    fn taken(budget: &mut Budget, hook: &str, sources: &[&str], keys: usize, now: Timestamp) -> usize {
        let hook = HookId::from_text(hook.to_owned());
        (0..keys).filter(|n| budget.take(&hook, sources[n % sources.len()].parse().ok(), now)).count()
    }

    #[test]
    fn nobody_takes_more_than_a_share() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let mut budget = Budget::new(SHARES, now);
        let forgers: Vec<String> = (0..50).map(|n| format!("192.0.2.{n}")).collect();
        let forgers: Vec<&str> = forgers.iter().map(String::as_str).collect();
        // One address has a quarter of its hook's share, however it writes the rest of its network.
        assert_eq!(taken(&mut budget, "hk_1", &["2001:db8::1", "2001:db8::2"], 100, now), 5);
        assert_eq!(taken(&mut budget, "hk_1", &["unknown"], 100, now), 5, "an unknown address is one too");
        assert_eq!(taken(&mut budget, "hk_1", &["198.51.100.7"], 1, now), 1, "another one has its own share");
        assert_eq!(taken(&mut budget, "hk_1", &forgers, 200, now), 9, "up to the hook's");
        assert_eq!(taken(&mut budget, "hk_2", &forgers, 200, now), 20);
        // What all have together is used up now; a hook that took none gets one all the same.
        for hook in ["hk_3", "hk_4", "hk_5"] {
            assert_eq!(taken(&mut budget, hook, &forgers, 200, now), 1, "{hook}");
        }
        assert_eq!(taken(&mut budget, "hk_1", &["198.51.100.8"], 1, now), 0);
        // It all comes back with time.
        let later = now.plus_ms(60_000);
        assert_eq!(taken(&mut budget, "hk_1", &forgers, 200, later), 20);
    }

    #[test]
    fn addresses_are_forgotten() {
        let start = Timestamp::from_seconds(1_700_000_000);
        let mut budget = Budget::new(SHARES, start);
        for minute in 0..200 {
            let sources: Vec<_> = (0..20).map(|n| format!("10.{}.{}.{n}", minute / 250, minute % 250)).collect();
            let sources: Vec<_> = sources.iter().map(String::as_str).collect();
            assert_eq!(taken(&mut budget, "hk_1", &sources, 20, start.plus_ms(60_000 * minute)), 20);
        }
        assert!(budget.sources.len() <= MANY_SOURCES, "{}", budget.sources.len());
    }
}
