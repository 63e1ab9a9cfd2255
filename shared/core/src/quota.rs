//! Which events a hook with a cap or a cool-down acts on.

use serde::{Deserialize, Serialize};

use crate::id::EventId;

/// How many of the latest events a quota remembers; it decides the same for them, however often it is asked.
const REMEMBERED: usize = 50;

/// A hook's quota, as it is kept in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    passed: u64,
    latest: Vec<EventId>,
}

/// What a quota says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// It passes, which is now remembered.
    Passes,
    /// It has passed before.
    Passed,
    /// The hook has acted on as many events as it may.
    Spent,
    /// The hook acted on another event too short a while before or after.
    Cooling,
}

impl Quota {
    /// Decides on an event, and remembers it where it passes; `max` is the hook's cap, if it has one.
    pub fn pass(&mut self, event: EventId, max: Option<u64>, cooldown_seconds: u64) -> Passage {
        if self.latest.contains(&event) {
            return Passage::Passed;
        }
        if max.is_some_and(|max| self.passed >= max) {
            return Passage::Spent;
        }
        // The time between events is that between their acceptances, so it is the same whenever they are routed.
        let at = event.accepted_at().as_ms();
        let cooldown_ms = cooldown_seconds.saturating_mul(1000);
        if self.latest.iter().any(|other| other.accepted_at().as_ms().abs_diff(at) < cooldown_ms) {
            return Passage::Cooling;
        }
        self.passed += 1;
        self.latest.push(event);
        self.latest.drain(..self.latest.len().saturating_sub(REMEMBERED));
        Passage::Passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn event(second: u64) -> EventId {
        EventId::new(Timestamp::from_seconds(second), &[0; 10])
    }

    fn check(max: Option<u64>, cooldown_seconds: u64, steps: &[(u64, Passage)]) {
        let mut quota = Quota::default();
        for (place, (second, expected)) in steps.iter().enumerate() {
            assert_eq!(quota.pass(event(*second), max, cooldown_seconds), *expected, "step {place}: {steps:?}");
            let json = serde_json::to_string(&quota).unwrap();
            assert_eq!(serde_json::from_str::<Quota>(&json).unwrap(), quota);
        }
    }

    #[test]
    fn a_cap_lets_so_many_events_through_and_each_of_them_again() {
        use Passage::{Passed, Passes, Spent};
        check(Some(2), 0, &[(1, Passes), (2, Passes), (3, Spent), (1, Passed), (2, Passed), (3, Spent)]);
        check(Some(0), 0, &[(1, Spent)]);
        check(None, 0, &[(1, Passes), (1, Passed), (2, Passes)]);
    }

    #[test]
    fn a_cool_down_counts_from_acceptance_in_whatever_order_events_are_routed() {
        use Passage::{Cooling, Passed, Passes};
        check(None, 60, &[(100, Passes), (159, Cooling), (160, Passes), (100, Passed), (159, Cooling), (41, Cooling)]);
        check(None, 60, &[(100, Passes), (40, Passes), (70, Cooling)]);
    }

    #[test]
    fn the_note_stays_small() {
        let mut quota = Quota::default();
        (0..500).for_each(|second| assert_eq!(quota.pass(event(second), None, 1), Passage::Passes));
        assert!(serde_json::to_string(&quota).unwrap().len() < 2_200);
        assert_eq!(quota.pass(event(900), Some(500), 0), Passage::Spent);
    }
}
