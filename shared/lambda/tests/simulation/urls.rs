//! Addresses with moods, to which events are forwarded.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{Outbound, OutboundAnswer, OutboundError, OutboundFailure, OutboundRequest};
use bellhop_app::testing::memory::Faults as _;

use crate::bot::{Mood, markers};
use crate::faults::{KILLS_WORKER, Plan};
use crate::sim::Sim;

/// Those at which events arrive one at a time, in their order, and those at which they arrive side by side.
pub(crate) const ORDERED: [&str; 2] = ["https://o1.example/in", "https://o2.example/in"];
pub(crate) const PARALLEL: [&str; 5] = [
    "https://p1.example/in",
    "https://p2.example/in",
    "https://p3.example/in",
    "https://p4.example/in",
    "https://p5.example/in",
];

/// The addresses as one sandbox reaches them.
pub(crate) struct SimUrls {
    pub(crate) sim: Arc<Sim>,
    pub(crate) plan: Arc<Plan>,
}

#[async_trait]
impl Outbound for SimUrls {
    async fn send(&self, request: OutboundRequest<'_>) -> Result<OutboundAnswer, OutboundError> {
        let lost = || OutboundError::new(OutboundFailure::TimedOut, "no answer in time");
        self.plan.before("request").await.map_err(|_| lost())?;
        let body = String::from_utf8_lossy(&request.body);
        if body.contains(KILLS_WORKER) {
            self.plan.kill().await;
        }
        let (markers, seconds) = (markers(&body), self.sim.random.between(1, 60));
        if let Some(Mood::Slow(ms)) = self.sim.moods.get(request.url) {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
        }
        let status = self.sim.status_of(request.url);
        self.sim.see_request(request.url, &markers, status);
        if status == 200 {
            self.plan.open_window(&markers);
        }
        if self.plan.after("request").await.is_err() {
            // The worker takes it for a failure.
            if status == 200 {
                self.plan.end();
            }
            return Err(lost());
        }
        match status {
            0 => Err(lost()),
            _ => Ok(OutboundAnswer {
                status,
                retry_after: (status == 429).then(|| seconds.to_string()),
                headers: Vec::new(),
                body: String::new(),
                is_whole: true,
            }),
        }
    }
}

impl Sim {
    /// What an address answers; 0 where it does not.
    fn status_of(&self, url: &str) -> u16 {
        match self.moods.get(url).copied().unwrap_or(Mood::Well) {
            Mood::Flaky(share) if self.random.chance(share) => *self.random.pick(&[0, 408, 500, 502, 504]),
            Mood::DownUntil(end) if self.now() < end => 503,
            Mood::Blocked => 410,
            Mood::Flooded(share) if self.random.chance(share) => 429,
            Mood::Picky(share) if self.random.chance(share) => 422,
            _ => 200,
        }
    }

    /// Observes a request.
    fn see_request(&self, url: &str, markers: &[String], status: u16) {
        self.note(&format!("{url} {status} {markers:?}"));
        let now = self.now();
        let mut observed = self.observed.lock().unwrap();
        observed.sends.entry(url.to_owned()).or_default().push((now, markers.to_vec()));
        if status == 200 {
            for marker in markers {
                *observed.effects.entry(marker.clone()).or_default() += 1;
            }
        }
    }
}
