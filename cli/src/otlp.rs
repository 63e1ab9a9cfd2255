//! Where spans go: the collector that OpenTelemetry's own variables name.

use std::env::var;
use std::time::Duration;

use bellhop_app::spans::send_to;
use bellhop_http::{Collector, Sending};

use crate::failure::Failure;

/// How long spans are gathered unless `OTEL_BSP_SCHEDULE_DELAY` says so many milliseconds.
const EVERY_MS: u64 = 5_000;

/// Starts sending spans to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`, if there is one.
pub(crate) fn start() -> Result<Option<Sending>, Failure> {
    let Some(endpoint) = var("OTEL_EXPORTER_OTLP_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty()) else {
        return Ok(None);
    };
    if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
        let fix = "write it as http://localhost:4318";
        return Err(Failure::new("OTEL_EXPORTER_OTLP_ENDPOINT is not an address", fix));
    }
    let delay = var("OTEL_BSP_SCHEDULE_DELAY").ok().and_then(|ms| ms.parse().ok()).unwrap_or(EVERY_MS);
    let service = var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty());
    let collector = Collector {
        endpoint,
        service: service.unwrap_or_else(|| "bellhop".to_owned()),
        every: Duration::from_millis(delay),
    };
    let (exporter, sending) = collector.start();
    send_to(Box::new(exporter));
    Ok(Some(sending))
}
