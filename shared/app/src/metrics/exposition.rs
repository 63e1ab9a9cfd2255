//! The counters as Prometheus reads them.
//!
//! Facts: the text format 0.0.4: `# HELP` and `# TYPE` before a metric's samples, one sample a line, a histogram's buckets
//! cumulative with the last at `+Inf`, and a line break at the end.

use std::fmt::Write as _;

use bellhop_core::time::Timestamp;

use super::registry::{BOUNDS_MS, Histogram};
use super::{Family, Metrics};
use crate::ports::Oldest;

/// Everything counted, and how long the oldest thing in each queue has waited; nothing of the queues where that is unknown.
pub fn exposition(metrics: &Metrics, oldest: Option<&Oldest>, now: Timestamp) -> String {
    let mut out = String::with_capacity(4096);
    for family in metrics.families() {
        counters(&mut out, &family);
    }
    histogram(&mut out, Metrics::DELIVERY, &metrics.delivery);
    if let Some(oldest) = oldest {
        queue_ages(&mut out, oldest, now);
    }
    out
}

/// Writes a family of counters.
fn counters(out: &mut String, family: &Family<'_>) {
    let (name, label) = (family.name, family.label);
    let _ = writeln!(out, "# HELP bellhop_{name}_total {}\n# TYPE bellhop_{name}_total counter", family.help);
    for (value, counter) in family.values.iter().zip(family.counters) {
        let count = counter.value();
        let _ = match label {
            "" => writeln!(out, "bellhop_{name}_total {count}"),
            label => writeln!(out, "bellhop_{name}_total{{{label}=\"{value}\"}} {count}"),
        };
    }
}

/// Writes the histogram of times, in seconds.
fn histogram(out: &mut String, name: &str, histogram: &Histogram) {
    let _ = writeln!(out, "# HELP bellhop_{name} From acceptance to effect.\n# TYPE bellhop_{name} histogram");
    let bounds = BOUNDS_MS.iter().map(|ms| seconds(*ms)).chain(["+Inf".to_owned()]);
    let mut count = 0;
    for (bound, more) in bounds.zip(histogram.counts()) {
        count += more;
        let _ = writeln!(out, "bellhop_{name}_bucket{{le=\"{bound}\"}} {count}");
    }
    let _ = writeln!(out, "bellhop_{name}_sum {}\nbellhop_{name}_count {count}", seconds(histogram.sum_ms()));
}

/// Writes how long the oldest thing in each queue has waited.
fn queue_ages(out: &mut String, oldest: &Oldest, now: Timestamp) {
    const NAME: &str = "bellhop_queue_age_seconds";
    let _ = writeln!(out, "# HELP {NAME} How long the oldest thing in the queue has waited.\n# TYPE {NAME} gauge");
    for (queue, since) in [("inbox", oldest.inbox), ("work", oldest.work)] {
        let age = since.map_or(0, |since| now.ms_since(since));
        let _ = writeln!(out, "{NAME}{{queue=\"{queue}\"}} {}", seconds(age));
    }
}

/// Milliseconds in seconds, without zeros at the end.
fn seconds(ms: u64) -> String {
    let text = format!("{}.{:03}", ms / 1000, ms % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
