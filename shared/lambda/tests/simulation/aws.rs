//! Buses of EventBridge with moods, which answer event by event.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{AwsAnswer, AwsApi, AwsCall, AwsRefusal, BusEvent};
use bellhop_app::testing::memory::Faults as _;

use crate::bot::{Mood, markers};
use crate::faults::{KILLS_WORKER, Plan};
use crate::sim::Sim;

/// The buses, as actions and tasks name them.
pub(crate) const BUSES: [&str; 2] = ["b1", "b2"];

/// What a bus is called before its name.
const ARN: &str = "arn:aws:events:eu-central-1:111122223333:event-bus/";

/// How many events and bytes one call may have.
const MOST_EVENTS: usize = 10;
const MOST_BYTES: usize = 256 * 1024;

/// The buses as one sandbox reaches them.
pub(crate) struct SimBuses {
    pub(crate) sim: Arc<Sim>,
    pub(crate) plan: Arc<Plan>,
}

/// The ARNs of all buses, separated by commas.
pub(crate) fn targets() -> String {
    BUSES.map(|name| format!("{ARN}{name}")).join(",")
}

/// What means this status, of a call or of one of its events.
fn refusal(status: u16) -> AwsRefusal {
    let (status, code) = match status {
        422 => (None, "MalformedDetail"),
        410 => (None, "EventBusNotFound"),
        429 => (None, "ThrottlingException"),
        503 => (Some(503), "ServiceUnavailable"),
        _ => (None, "InternalFailure"),
    };
    AwsRefusal { status, code: code.to_owned(), why: "it is so".to_owned() }
}

#[async_trait]
impl AwsApi for SimBuses {
    fn region(&self) -> &'static str {
        "eu-central-1"
    }

    async fn put_events(
        &self,
        _: &str,
        bus: &str,
        events: &[BusEvent<'_>],
    ) -> Result<Vec<Result<String, AwsRefusal>>, AwsRefusal> {
        let lost = || AwsRefusal { why: "no answer in time".to_owned(), ..AwsRefusal::default() };
        self.plan.before("request").await.map_err(|_| lost())?;
        let place = bus.strip_prefix(ARN).unwrap_or_default();
        if events.iter().any(|event| event.detail.contains(KILLS_WORKER)) {
            self.plan.kill().await;
        }
        if let Some(Mood::Slow(ms)) = self.sim.moods.get(place) {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
        }
        let bytes: usize = events.iter().map(|event| event.detail.len()).sum();
        if events.is_empty() || events.len() > MOST_EVENTS || bytes > MOST_BYTES {
            self.sim.observed.lock().unwrap().broken.push(format!("{place} got {} events in a call", events.len()));
        }
        let statuses: Vec<_> = events.iter().map(|_| self.sim.status_of(place)).collect();
        let mut answers = Vec::new();
        let mut arrived = false;
        for (event, status) in events.iter().zip(&statuses) {
            let markers = markers(event.detail);
            self.sim.see_event(place, &markers, *status);
            if *status == 200 {
                self.plan.open_window(&markers);
                arrived = true;
            }
            answers.push(if *status == 200 { Ok(format!("id-{place}")) } else { Err(refusal(*status)) });
        }
        if self.plan.after("request").await.is_err() {
            // The worker takes it for a failure.
            if arrived {
                self.plan.end();
            }
            return Err(lost());
        }
        if statuses.contains(&503) { Err(refusal(503)) } else { Ok(answers) }
    }

    async fn call(&self, _: AwsCall<'_>) -> Result<AwsAnswer, AwsRefusal> {
        Err(refusal(503))
    }
}

impl Sim {
    /// Observes an event that was put on a bus.
    fn see_event(&self, place: &str, markers: &[String], status: u16) {
        self.note(&format!("{place} {status} {markers:?}"));
        let now = self.now();
        let mut observed = self.observed.lock().unwrap();
        observed.sends.entry(place.to_owned()).or_default().push((now, markers.to_vec()));
        if status == 200 {
            for marker in markers {
                *observed.effects.entry(marker.clone()).or_default() += 1;
            }
        }
    }
}
