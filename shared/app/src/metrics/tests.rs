//! What is counted as what, and the text format read by a strict reader.

use std::collections::{BTreeMap, BTreeSet};

use bellhop_core::id::{EventId, HookId, ReplayId, TaskId};
use bellhop_core::time::Timestamp;

use super::*;
use crate::ports::Oldest;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

/// A task whose event was accepted at [`NOW`] and which stands so after that time.
fn task(status: TaskStatus, ms: u64) -> Task {
    let (event, hook) = (EventId::new(NOW, &[1; 10]), HookId::from_text("hk_1"));
    let mut task = Task::queued(TaskId::new(event, &hook, 0), Kind::Telegram, "1", NOW, NOW);
    (task.status, task.due_at) = (status, NOW.plus_ms(ms));
    task
}

/// A metric as the text format tells of it: its type, and its samples by name and labels.
#[derive(Debug, Default)]
struct Told {
    kind: String,
    samples: BTreeMap<String, f64>,
}

/// Reads the text format, and fails at whatever Prometheus would refuse or misread.
fn read(text: &str) -> BTreeMap<String, Told> {
    assert!(text.ends_with('\n'), "the last line is whole");
    let is_name = |name: &str| {
        let mut chars = name.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let (mut told, mut helped, mut current) = (BTreeMap::<String, Told>::new(), BTreeSet::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect("help has words");
            assert!(is_name(name) && !help.contains('\\') && helped.insert(name.to_owned()), "{line}");
            current = name.to_owned();
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a type has a word");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(name == current && helped.contains(name), "help before type, both before samples: {line}");
            let new = told.insert(name.to_owned(), Told { kind: kind.to_owned(), samples: BTreeMap::new() });
            assert!(new.is_none(), "{line}");
        } else {
            let (key, value) = line.rsplit_once(' ').expect("a sample has a value");
            let name = key.split('{').next().unwrap_or_default();
            let labels = key.strip_prefix(name).unwrap_or_default();
            if !labels.is_empty() {
                let label = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix("\"}"));
                let (label, value) = label.and_then(|label| label.split_once("=\"")).expect("one label in quotes");
                assert!(is_name(label) && !value.contains(['"', '\\', '\n']), "{line}");
            }
            let metric = told.get_mut(&current).expect("samples follow their type");
            let suffixes: &[&str] = if metric.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.iter().any(|suffix| format!("{current}{suffix}") == name), "{line} under {current}");
            assert_eq!(metric.kind == "counter", name.ends_with("_total"), "{line}");
            let value = value.parse().expect("a value is a number");
            assert!(metric.samples.insert(key.to_owned(), value).is_none(), "twice: {line}");
        }
    }
    told
}

#[test]
fn tasks_and_refusals_are_counted_as_what_they_are() {
    let metrics = Metrics::new();
    let mut replayed = task(TaskStatus::Succeeded, 9_000_000);
    replayed.replay = Some(ReplayId::from_text("rp_1"));
    let mut retried = task(TaskStatus::Succeeded, 9_000_000);
    retried.retries = 1;
    let tasks = [
        task(TaskStatus::Succeeded, 250),
        task(TaskStatus::Succeeded, 4_000),
        replayed,
        retried,
        task(TaskStatus::Retrying, 1),
        task(TaskStatus::Dead, 1),
        task(TaskStatus::Queued, 1),
    ];
    tasks.iter().for_each(|task| metrics.attempted(task));
    metrics.refused(&Refused::new(401, "unauthorized", "").because(Cause::Stale));
    metrics.refused(&Refused::new(401, "unauthorized", ""));
    metrics.refused(&Refused::unavailable());
    metrics.refused(&Refused::method("POST"));
    let told = read(&exposition(&metrics, None, NOW));
    let sample = |name: &str, labels: &str| told[name].samples[&format!("{name}{labels}")];
    assert_eq!(sample("bellhop_delivered_total", "{kind=\"telegram\"}"), 4.0);
    assert_eq!((sample("bellhop_retried_total", ""), sample("bellhop_dead_total", "")), (1.0, 1.0));
    for (cause, count) in [("stale", 1.0), ("signature", 1.0), ("unavailable", 1.0), ("request", 1.0), ("path", 0.0)] {
        assert_eq!(sample("bellhop_refused_total", &format!("{{cause=\"{cause}\"}}")), count, "{cause}");
    }
    let delivery = &told["bellhop_delivery_seconds"].samples;
    assert_eq!(delivery["bellhop_delivery_seconds_count"], 2.0, "what people asked for again is not slow");
    assert_eq!(delivery["bellhop_delivery_seconds_sum"], 4.25);
}

#[test]
fn the_text_format_is_what_prometheus_reads() {
    let metrics = Metrics::new();
    for ms in [50, 100, 400, 70_000, 4_000_000] {
        metrics.delivery.observe(ms);
    }
    let oldest = Oldest { inbox: Some(Timestamp::from_ms(NOW.as_ms() - 1_500)), work: None };
    let text = exposition(&metrics, Some(&oldest), NOW);
    let told = read(&text);
    assert_eq!(told.len(), 10, "{text}");
    let buckets: Vec<(f64, f64)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("bellhop_delivery_seconds_bucket{le=\""))
        .map(|line| line.split_once("\"} ").expect("a bucket has a bound"))
        .map(|(bound, count)| (bound.parse().expect("a number or +Inf"), count.parse().expect("a number")))
        .collect();
    assert!(buckets.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1), "cumulative: {buckets:?}");
    assert_eq!((buckets[0], buckets[buckets.len() - 1]), ((0.1, 2.0), (f64::INFINITY, 5.0)));
    assert_eq!(told["bellhop_delivery_seconds"].samples["bellhop_delivery_seconds_count"], 5.0);
    let ages = &told["bellhop_queue_age_seconds"].samples;
    assert_eq!(ages["bellhop_queue_age_seconds{queue=\"inbox\"}"], 1.5);
    assert_eq!(ages["bellhop_queue_age_seconds{queue=\"work\"}"], 0.0);
}

#[test]
fn every_counter_has_its_word() {
    let metrics = Metrics::new();
    for family in metrics.families() {
        assert_eq!(family.values.len(), family.counters.len(), "{}", family.name);
    }
    for (place, cause) in Cause::ALL.into_iter().enumerate() {
        assert_eq!(cause as usize, place, "{cause:?}");
        assert_eq!(format!("{cause:?}").to_lowercase(), Cause::WORDS[place]);
    }
}
