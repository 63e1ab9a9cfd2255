//! What was promised is what happens: random jobs over a simulated year with random outages.

use std::collections::BTreeMap;

use bellhop_core::id::JobId;
use bellhop_core::job::{CatchUp, Job, Runs};
use bellhop_core::task::TaskStatus;
use bellhop_core::time::{DAY_MS, Timestamp};
use serde_json::{Value, json};

use super::stage::{START, Stage, at};
use crate::ports::Clock as _;

/// The end of the simulated year.
const END: &str = "2028-03-01T00:00:00Z";

/// How many jobs there are unless `BELLHOP_CASES` says otherwise; 500 take a minute.
const JOBS: usize = 60;

/// Numbers that look random and are the same each time (a linear congruential generator, Knuth's constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap()]
    }

    /// A job that is due some hundred times a year.
    fn job(&mut self, number: usize) -> Value {
        let zone = self.of(&["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]);
        let time = format!("{:02}:{:02}", self.below(24), self.below(60));
        let schedule = match self.below(4) {
            0 => json!({"every_seconds": 20_000 + self.below(200_000)}),
            1 => json!({"daily": [time, "02:30"], "timezone": zone}),
            2 => json!({"cron": format!("{} {} * * 1-5", self.below(60), self.below(24)), "timezone": zone}),
            _ => json!({"cron": "30 1-3 * * 0,3", "timezone": zone}),
        };
        let catch_up = self.of(&["once", "all"]);
        json!({
            "name": number.to_string(), "schedule": schedule, "catch_up": catch_up, "overlap": "allow",
            "actions": [{"kind": "telegram", "chat": "1"}],
        })
    }
}

/// All due times that a job promises.
fn promised(job: &Job) -> Vec<Timestamp> {
    let mut next = job.next_due(&Runs::default());
    let mut all = Vec::new();
    while let Some(due) = next.filter(|due| due.at <= at(END)) {
        all.push(due.at);
        next = job.due_after(&due, 0);
    }
    all
}

/// Those that happen with these outages, each from a moment on and before another.
fn happening(job: &Job, outages: &[(Timestamp, Timestamp)]) -> Vec<Timestamp> {
    let promised = promised(job);
    let happens = |due: &Timestamp| {
        let Some((_, end)) = outages.iter().find(|(from, end)| (*from..*end).contains(due)) else { return true };
        let is_last = !promised.iter().any(|later| later > due && later <= end);
        job.catch_up == CatchUp::All || (is_last && end.ms_since(*due) <= DAY_MS)
    };
    promised.iter().copied().filter(happens).collect()
}

#[tokio::test]
async fn what_is_promised_is_what_happens_through_outages() {
    let count = std::env::var("BELLHOP_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(JOBS);
    let mut numbers = Numbers(2027);
    let stage = Stage::new().await;
    let mut jobs = Vec::new();
    for number in 0..count {
        jobs.push(stage.made(numbers.job(number)).await);
    }
    let (mut outages, mut from) = (Vec::new(), at(START));
    while from < at("2028-02-20T00:00:00Z") {
        let begins = from.plus_ms(numbers.below(12 * DAY_MS) + 1);
        let ends = begins.plus_ms(numbers.below(3 * DAY_MS) + 1);
        outages.push((begins, ends));
        from = ends;
    }
    while stage.clock.now() < at(END) {
        let next = stage.scheduler.run().await.unwrap();
        stage.take_in().await;
        let next = next.map_or(at(END), |next| next.clamp(stage.clock.now().plus_ms(1), at(END)));
        let outage = outages.iter().find(|(from, end)| (*from..*end).contains(&next));
        stage.clock.set(outage.map_or(next, |(_, end)| *end));
    }
    stage.work().await;
    let mut happened: BTreeMap<JobId, Vec<Timestamp>> = BTreeMap::new();
    for recorded in stage.history().await {
        if recorded.tasks.iter().all(|task| task.status != TaskStatus::Skipped) {
            let job = recorded.head.owners[0].owner.job().unwrap().clone();
            happened.entry(job).or_default().push(recorded.head.received_at);
        }
    }
    let mut sum = 0;
    for job in &jobs {
        let mut happened = happened.remove(&job.id).unwrap_or_default();
        happened.sort();
        sum += happened.len();
        assert_eq!(happened, happening(job, &outages), "{:?}", job.schedule);
    }
    assert!(sum > 100 * count, "{sum} runs of {count} jobs");
}
