//! What is outside, as one sandbox reaches it: whatever is called there comes by here.

use std::sync::Arc;
use std::time::Duration;

use bellhop_app::testing::memory::Faults as _;

use crate::bot::{Mood, markers};
use crate::faults::{KILLS_WORKER, Plan};
use crate::sim::Sim;

/// For how long a FIFO queue of SQS knows a message that it took.
const KNOWN_MS: u64 = 5 * 60 * 1000;

/// The ports to whatever is outside but the Bot API.
pub(crate) struct Outside {
    pub(crate) sim: Arc<Sim>,
    pub(crate) plan: Arc<Plan>,
}

/// What a place makes of a text that has come to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// The status that says it; 0 where nothing is answered.
    pub(crate) status: u16,
    /// Whether it has an effect.
    pub(crate) arrived: bool,
}

impl Outside {
    /// Brings texts to a place: what it makes of each, or nothing where they never come there. A place knows what has the
    /// same id as something that it took lately.
    pub(crate) async fn bring(&self, place: &str, texts: &[&str], id: Option<&str>) -> Option<Vec<Taken>> {
        self.plan.before("request").await.ok()?;
        if texts.iter().any(|text| text.contains(KILLS_WORKER)) {
            self.plan.kill().await;
        }
        self.sim.linger(place).await;
        let take = |text: &&str| {
            let (status, markers) = (self.sim.status_of(place), markers(text));
            let arrived = status == 200 && id.is_none_or(|id| self.sim.is_new(place, id));
            self.sim.see_taken(place, &markers, status, arrived);
            if arrived {
                self.plan.open_window(&markers);
            }
            Taken { status, arrived }
        };
        Some(texts.iter().map(take).collect())
    }

    /// Whether what a place answers is heard of.
    pub(crate) async fn is_heard(&self, taken: &[Taken]) -> bool {
        let lost = self.plan.after("request").await.is_err();
        if lost && taken.iter().any(|taken| taken.arrived) {
            // The worker takes it for a failure.
            self.plan.end();
        }
        !lost
    }
}

impl Sim {
    /// Waits as long as a place takes for its answers.
    pub(crate) async fn linger(&self, place: &str) {
        if let Some(Mood::Slow(ms)) = self.moods.get(place) {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
        }
    }

    /// What a place answers; 0 where it does not.
    fn status_of(&self, place: &str) -> u16 {
        match self.moods.get(place).copied().unwrap_or(Mood::Well) {
            Mood::Flaky(share) if self.random.chance(share) => *self.random.pick(&[0, 408, 500, 502, 504]),
            Mood::DownUntil(end) if self.now() < end => 503,
            Mood::Blocked => 410,
            Mood::Flooded(share) if self.random.chance(share) => 429,
            Mood::Picky(share) if self.random.chance(share) => 422,
            _ => 200,
        }
    }

    /// Whether a place does not know this id from something that it took lately; it does from now on.
    fn is_new(&self, place: &str, id: &str) -> bool {
        let (now, key) = (self.now(), format!("{place} {id}"));
        let mut observed = self.observed.lock().unwrap();
        let is_known = observed.known.get(&key).is_some_and(|taken_at| now.ms_since(*taken_at) < KNOWN_MS);
        if !is_known {
            observed.known.insert(key, now);
        }
        !is_known
    }

    /// Observes that something was brought to a place.
    fn see_taken(&self, place: &str, markers: &[String], status: u16, arrived: bool) {
        self.note(&format!("{place} {status} {markers:?}"));
        let now = self.now();
        let mut observed = self.observed.lock().unwrap();
        observed.sends.entry(place.to_owned()).or_default().push((now, markers.to_vec()));
        for marker in markers.iter().filter(|_| arrived) {
            *observed.effects.entry(marker.clone()).or_default() += 1;
        }
    }
}
