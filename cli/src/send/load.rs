//! Many requests: at a rate, or as fast as their answers come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bellhop_http::Client;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::request::Plan;
use crate::failure::Failure;
use crate::print::say;

/// How many, and how fast.
#[derive(Debug, Clone, Copy)]
pub(super) struct Many {
    /// How many.
    pub(super) count: u64,
    /// How many microseconds after the one before each is due; 0: as soon as another has its answer.
    pub(super) gap_us: u64,
    /// How many may be under way at once.
    pub(super) concurrency: u16,
}

/// What became of the requests of one worker, or of all.
#[derive(Default)]
struct Outcomes {
    answers: BTreeMap<String, u64>,
    bad: u64,
    latencies: Vec<Duration>,
}

/// Sends them all and prints how they were answered.
pub(super) async fn run(plan: Plan, many: Many) -> Result<(), Failure> {
    let (plan, next) = (Arc::new(plan), Arc::new(AtomicU64::new(0)));
    let client = Client::new();
    // One is made before any is sent, so that what cannot be signed is told once.
    plan.make()?;
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..u64::from(many.concurrency).min(many.count) {
        workers.spawn(work(Arc::clone(&plan), client.clone(), many, Arc::clone(&next), started));
    }
    let mut all = Outcomes::default();
    while let Some(done) = workers.join_next().await {
        all.add(done.map_err(|e| Failure::new("sending stopped", e))??);
    }
    all.told(started.elapsed()).iter().for_each(|line| say(line));
    match all.bad {
        0 => Ok(()),
        bad => Err(Failure(format!("{bad} of {} were not answered 2xx", many.count))),
    }
}

/// Sends what is due, one after the other.
///
/// Where there is a rate, a request's time counts from when it was due: a server that answers slowly makes the next ones
/// wait, and that must not hide how slow it is.
async fn work(
    plan: Arc<Plan>,
    client: Client,
    many: Many,
    next: Arc<AtomicU64>,
    started: Instant,
) -> Result<Outcomes, Failure> {
    let mut count = Outcomes::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= many.count {
            return Ok(count);
        }
        let due = started + Duration::from_micros(many.gap_us.saturating_mul(number));
        sleep_until(due).await;
        let from = if many.gap_us > 0 { due } else { Instant::now() };
        let post = plan.make()?.post;
        let answer = client.post(&plan.url(&post.target), &post.headers, post.body).await;
        count.latencies.push(from.elapsed());
        let (name, good) = match answer {
            Ok((status, _)) => (status.to_string(), (200..300).contains(&status)),
            Err(why) => (why.to_string(), false),
        };
        count.bad += u64::from(!good);
        *count.answers.entry(name).or_default() += 1;
    }
}

impl Outcomes {
    /// Adds another's.
    fn add(&mut self, other: Self) {
        other.answers.into_iter().for_each(|(name, count)| *self.answers.entry(name).or_default() += count);
        self.bad += other.bad;
        self.latencies.extend(other.latencies);
    }

    /// What became of them, for people.
    fn told(&mut self, took: Duration) -> [String; 3] {
        self.latencies.sort_unstable();
        let sent = self.latencies.len();
        let rate = sent as f64 / took.as_secs_f64().max(0.001);
        let answers: Vec<_> = self.answers.iter().map(|(name, count)| format!("{name}: {count}")).collect();
        let [half, most, last] = [50, 99, 100].map(|percent| milliseconds(self.percentile(percent)));
        [
            format!("sent     {sent} in {:.1} s, {rate:.0} a second", took.as_secs_f64()),
            format!("answers  {}", answers.join(", ")),
            format!("latency  p50 {half}, p99 {most}, max {last}"),
        ]
    }

    /// The time within which so many of a hundred were answered; the times must be in order.
    fn percentile(&self, percent: usize) -> Duration {
        let at = (self.latencies.len() * percent).div_ceil(100).saturating_sub(1);
        self.latencies.get(at).copied().unwrap_or_default()
    }
}

/// A time in milliseconds.
fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_seen() {
        let outcomes = |count: u64| Outcomes {
            latencies: (1..=count).map(Duration::from_millis).collect(),
            ..Outcomes::default()
        };
        for (count, half, most, last) in
            [(1, 1, 1, 1), (2, 1, 2, 2), (100, 50, 99, 100), (1000, 500, 990, 1000), (0, 0, 0, 0)]
        {
            let found = [50, 99, 100].map(|percent| outcomes(count).percentile(percent).as_millis());
            assert_eq!(found, [half, most, last], "{count}");
        }
    }

    #[test]
    fn outcomes_of_workers_add_up() {
        let part = |name: &str, bad| Outcomes {
            answers: [(name.to_owned(), 2)].into(),
            bad,
            latencies: vec![Duration::from_millis(4), Duration::from_micros(1500)],
        };
        let mut all = Outcomes::default();
        [part("200", 0), part("503", 2), part("200", 0)].into_iter().for_each(|count| all.add(count));
        assert_eq!(all.bad, 2);
        let told = all.told(Duration::from_secs(2));
        assert_eq!(
            told,
            [
                "sent     6 in 2.0 s, 3 a second",
                "answers  200: 4, 503: 2",
                "latency  p50 1.5 ms, p99 4.0 ms, max 4.0 ms"
            ]
        );
    }
}
