//! What a function has counted, written for CloudWatch when an invocation ends.
//!
//! Facts: the embedded metric format: a line of JSON whose `_aws` says which of the line's other members are metrics: a
//! number, or at most 100 numbers. A metric costs by name and dimensions, so there is one dimension, and what tells the
//! counters of one name apart stands beside the metrics, for Logs Insights alone. Lambda drops lines below the function's
//! log level and takes one without level and time for INFO, so where that is too low the line has the function's own level.

use std::fmt::Write as _;
use std::io::Write as _;

use bellhop_app::clock::SystemClock;
use bellhop_app::metrics::{METRICS, Metrics};
use bellhop_app::ports::Clock as _;
use bellhop_core::time::Timestamp;

/// The most values one metric of a line has; ten messages make at most ten.
const MOST_VALUES: usize = 100;

/// Writes what has changed since the last time as one line to standard output, if anything has.
pub fn flush() {
    let (function, level) = (std::env::var("AWS_LAMBDA_FUNCTION_NAME"), std::env::var("AWS_LAMBDA_LOG_LEVEL"));
    let function = function.unwrap_or_default();
    // The template names its functions STACK-WORD.
    let stack = function.rsplit_once('-').map_or(function.as_str(), |(stack, _)| stack);
    if let Some(line) = take(&METRICS, SystemClock.now(), stack, level.as_deref().unwrap_or("INFO")) {
        // Nobody is left to be told when it fails.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }
}

/// Takes what has been counted, as a line; `None` where nothing has.
fn take(metrics: &Metrics, now: Timestamp, stack: &str, level: &str) -> Option<String> {
    let (mut names, mut members) = (String::new(), String::new());
    for family in metrics.families() {
        let mut parts = String::new();
        let mut sum = 0;
        for (value, counter) in family.values.iter().zip(family.counters) {
            let count = counter.take();
            sum += count;
            if count > 0 {
                let _ = write!(parts, r#"{}"{value}":{count}"#, if parts.is_empty() { "" } else { "," });
            }
        }
        if sum > 0 {
            let name = family.name;
            let _ = write!(names, r#"{{"Name":"{name}","Unit":"Count"}},"#);
            let _ = write!(members, r#","{name}":{sum}"#);
            if !family.label.is_empty() {
                let _ = write!(members, r#","{name}_by_{}":{{{parts}}}"#, family.label);
            }
        }
    }
    let times = times(metrics);
    if !times.is_empty() {
        let name = Metrics::DELIVERY;
        let _ = write!(names, r#"{{"Name":"{name}","Unit":"Seconds"}},"#);
        let _ = write!(members, r#","{name}":[{}]"#, times.join(","));
    }
    let names = names.strip_suffix(',')?;
    let (ms, time) = (now.as_ms(), now.rfc3339());
    let directive = format!(r#"{{"Namespace":"Bellhop","Dimensions":[["Stack"]],"Metrics":[{names}]}}"#);
    let level = match level {
        "WARN" | "ERROR" | "FATAL" => format!(r#""timestamp":"{time}","level":"{level}","#),
        _ => String::new(),
    };
    Some(
        format!(
            r#"{{"_aws":{{"Timestamp":{ms},"CloudWatchMetrics":[{directive}]}},{level}"Stack":"{stack}"{members}}}"#
        ) + "\n",
    )
}

/// The times that were noted, in seconds: for each the mean of its bucket, which for a single one is itself.
fn times(metrics: &Metrics) -> Vec<String> {
    let mut times = Vec::new();
    for (count, sum_ms) in metrics.delivery.take() {
        let mean = sum_ms.checked_div(count).unwrap_or_default();
        times.extend((0..count).map(|_| format!("{}.{:03}", mean / 1000, mean % 1000)));
    }
    times.truncate(MOST_VALUES);
    times
}

#[cfg(test)]
mod tests {
    use bellhop_app::answer::Refused;
    use serde_json::Value;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

    /// Reads a line as CloudWatch does, and fails at what it would not take.
    fn read(line: &str) -> Value {
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1, "one line: {line}");
        let root: Value = serde_json::from_str(line).unwrap();
        assert!(root["_aws"]["Timestamp"].is_u64(), "{line}");
        let directives = root["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(directives.len(), 1);
        for directive in directives {
            assert_eq!(directive["Namespace"], "Bellhop");
            let dimensions = directive["Dimensions"].as_array().unwrap();
            assert_eq!(dimensions.len(), 1, "every set is one more metric to pay");
            for dimension in dimensions.iter().flat_map(|set| set.as_array().unwrap()) {
                assert!(root[dimension.as_str().unwrap()].as_str().is_some_and(|value| !value.is_empty()), "{line}");
            }
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()));
            for metric in metrics {
                assert!(["Count", "Seconds"].contains(&metric["Unit"].as_str().unwrap()), "{metric}");
                let target = &root[metric["Name"].as_str().unwrap()];
                let numbers = target.as_array().is_some_and(|all| all.len() <= 100 && all.iter().all(Value::is_number));
                assert!(target.is_number() || numbers, "{metric} in {line}");
            }
        }
        root
    }

    #[test]
    fn a_line_says_what_has_changed_and_the_next_does_not_repeat_it() {
        let metrics = Metrics::new();
        assert_eq!(take(&metrics, NOW, "desk", "WARN"), None, "nothing has been counted");
        metrics.accepted.add(3);
        metrics.refused(&Refused::unavailable());
        metrics.refused(&Refused::new(401, "unauthorized", ""));
        metrics.delivery.observe(140);
        metrics.delivery.observe(2_000);
        metrics.delivery.observe(1_500);
        let root = read(&take(&metrics, NOW, "desk", "WARN").unwrap());
        assert_eq!((&root["accepted"], &root["refused"], &root["Stack"]), (&3.into(), &2.into(), &"desk".into()));
        assert_eq!(root["refused_by_cause"], serde_json::json!({"signature": 1, "unavailable": 1}));
        assert_eq!(root["delivery_seconds"], serde_json::json!([0.14, 1.75, 1.75]));
        assert_eq!((&root["level"], &root["timestamp"]), (&"WARN".into(), &"2023-11-14T22:13:20.000Z".into()));
        assert!(root.get("dead").is_none(), "what has not changed is not told");
        assert_eq!(take(&metrics, NOW, "desk", "WARN"), None, "it has been told");
        metrics.dead.add(1);
        let root = read(&take(&metrics, NOW, "desk", "INFO").unwrap());
        assert_eq!(root["dead"], 1);
        assert!(root.get("level").is_none() && root.get("timestamp").is_none(), "Lambda takes it for INFO as it is");
    }

    #[test]
    fn a_metric_has_no_more_values_than_the_format_allows() {
        let metrics = Metrics::new();
        (0..250).for_each(|ms| metrics.delivery.observe(ms));
        assert_eq!(
            read(&take(&metrics, NOW, "desk", "INFO").unwrap())["delivery_seconds"].as_array().unwrap().len(),
            100
        );
    }
}
