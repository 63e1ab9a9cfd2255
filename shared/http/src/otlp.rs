//! Spans on their way to an OpenTelemetry collector, by OTLP over HTTP as JSON.
//!
//! Facts: OTLP 1.x, JSON: `POST {endpoint}/v1/traces`; names in lowerCamelCase, trace and span ids in hex (unlike other
//! bytes), enums as numbers, 64-bit numbers as strings; kinds: 2 server, 3 client, 5 consumer; status 2 is an error.

use std::time::Duration;

use bellhop_app::metrics::METRICS;
use bellhop_app::spans::{Span, SpanSink, Step};
use bellhop_net::{Failure, Kind, Limits};
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::client::{self, NetClient};

/// How many spans may wait; more are dropped and counted.
const MOST_WAITING: usize = 2_048;

/// How many spans go out together.
const MOST_TOGETHER: usize = 512;

/// How long a collector may take.
const CALL_TIME: Duration = Duration::from_secs(10);

/// How long sending what waits may hold up the end.
const STOP_TIME: Duration = Duration::from_secs(3);

/// How much of its answer is read, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Where spans go.
#[derive(Debug, Clone)]
pub struct Collector {
    /// Its address, such as `http://localhost:4318`.
    pub endpoint: String,
    /// What Bellhop is called there.
    pub service: String,
    /// How long spans are gathered before they go out.
    pub every: Duration,
}

/// Takes spans and drops them where there is no room, so that it never holds anyone up.
pub struct Exporter {
    spans: Sender<Span>,
}

/// The task that sends them.
pub struct Sending {
    task: JoinHandle<()>,
    stop: Sender<()>,
}

impl Collector {
    /// Starts sending, on the runtime of the caller.
    pub fn start(self) -> (Exporter, Sending) {
        let (spans, taken) = channel(MOST_WAITING);
        let (stop, stopped) = channel(1);
        let task = tokio::spawn(self.send_all(taken, stopped));
        (Exporter { spans }, Sending { task, stop })
    }

    /// Sends spans as they come, until told to stop; then those that wait.
    async fn send_all(self, mut spans: Receiver<Span>, mut stopped: Receiver<()>) {
        let client = client::open();
        let mut going = true;
        while going {
            let mut batch = Vec::new();
            let mut send_at = Instant::now() + self.every;
            while going && batch.len() < MOST_TOGETHER {
                tokio::select! {
                    Some(span) = spans.recv() => {
                        if batch.is_empty() {
                            send_at = Instant::now() + self.every;
                        }
                        batch.push(span);
                    }
                    () = sleep_until(send_at), if !batch.is_empty() => break,
                    _ = stopped.recv() => going = false,
                }
            }
            while let (false, Ok(span)) = (going, spans.try_recv()) {
                batch.push(span);
            }
            if !batch.is_empty() {
                self.send(&client, &batch).await;
            }
        }
    }

    /// Sends spans once; what the collector does not take is dropped and counted.
    async fn send(&self, client: &NetClient, spans: &[Span]) {
        let failed = match self.post(client, spans).await {
            Ok(status) if status < 300 => return,
            Ok(status) => format!("status {status}"),
            Err(error) => error.to_string(),
        };
        METRICS.spans_dropped.add(spans.len() as u64);
        log::warn!(spans = spans.len(), failed; "the collector took no spans; they are dropped");
    }

    /// Posts spans and gives the answer's status.
    async fn post(&self, client: &NetClient, spans: &[Span]) -> Result<u16, Failure> {
        let request = Request::post(format!("{}/v1/traces", self.endpoint.trim_end_matches('/')))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(export(&self.service, spans).to_string())))
            .map_err(|_| Kind::BadRequest)?;
        Ok(client.send(request, &Limits::whole(CALL_TIME, MOST_BYTES)).await?.status.as_u16())
    }
}

impl SpanSink for Exporter {
    fn take(&self, span: Span) {
        if self.spans.try_send(span).is_err() {
            METRICS.spans_dropped.add(1);
        }
    }
}

impl Sending {
    /// Sends what waits, and ends.
    pub async fn stop(self) {
        // Where it has ended already, there is nothing to stop.
        let _ = self.stop.send(()).await;
        let _ = tokio::time::timeout(STOP_TIME, self.task).await;
    }
}

/// What is posted.
fn export(service: &str, spans: &[Span]) -> Value {
    json!({"resourceSpans": [{
        "resource": {"attributes": [attribute("service.name", service)]},
        "scopeSpans": [{
            "scope": {"name": "bellhop", "version": env!("CARGO_PKG_VERSION")},
            "spans": spans.iter().map(one).collect::<Vec<_>>(),
        }],
    }]})
}

/// One span.
fn one(span: &Span) -> Value {
    let (name, kind) = match span.step {
        Step::Accept => ("accept", 2),
        Step::Route => ("route", 5),
        Step::Deliver => ("deliver", 3),
    };
    let nanos = |ms: u64| (u128::from(ms) * 1_000_000).to_string();
    let mut json = json!({
        "traceId": span.trace.id(),
        "spanId": span.id.to_string(),
        "flags": 1,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": nanos(span.started_at.as_ms()),
        "endTimeUnixNano": nanos(span.ended_at.as_ms()),
        "attributes": span.attributes.iter().map(|(name, value)| attribute(name, value)).collect::<Vec<_>>(),
    });
    if let Some(parent) = span.trace.span() {
        json["parentSpanId"] = parent.to_string().into();
    }
    if let Some(failure) = &span.failure {
        json["status"] = json!({"code": 2, "message": failure});
    }
    json
}

/// A name with its value.
fn attribute(name: &str, value: &str) -> Value {
    json!({"key": name, "value": {"stringValue": value}})
}

#[cfg(test)]
mod tests;
