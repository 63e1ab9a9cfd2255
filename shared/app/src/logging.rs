//! Logs: one line of JSON an entry when a program reads them, one line of words when a person does.

use std::fmt::Write as _;
use std::io::Write as _;

use log::kv::{Error, Key, Value, VisitSource};
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::clock::SystemClock;
use crate::metrics::METRICS;
use crate::ports::Clock as _;

/// How entries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `{"timestamp":"…","level":"INFO","message":"accepted","event":"…"}`.
    Json,
    /// `INFO accepted event=…`.
    Words,
}

/// What the SDK says as an error of every client but its own, after every answer of 5xx, which our own line tells too.
const MUTED: &str = "aws_smithy_runtime::client::http::connection_poisoning";

/// Starts logging to standard error. `level` is `error`, `warn`, `info`, `debug` or `off`; `info` where it is none of them.
pub fn start(form: Form, level: Option<&str>) {
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::Info);
    if log::set_boxed_logger(Box::new(Lines { form })).is_ok() {
        log::set_max_level(level);
    }
    std::panic::set_hook(Box::new(|panic| {
        // Where it was, and not what it says: that may quote what a sender wrote, or a secret.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        log::error!(place; "panic");
    }));
}

/// Writes entries line by line.
struct Lines {
    form: Form,
}

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Libraries speak of their own matters; of those, only trouble is for the operator.
        let trouble = metadata.level() <= Level::Warn && metadata.target() != MUTED;
        metadata.target().starts_with("bellhop") || trouble
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        if record.level() == Level::Error {
            METRICS.errors.add(1);
        }
        let mut line = match self.form {
            Form::Json => json_line(record),
            Form::Words => word_line(record),
        };
        line.push('\n');
        // One write a line, so that lines of several threads do not mix; nobody is left to be told when it fails.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

/// An entry as a JSON object.
///
/// Facts: Lambda takes a line without a time in RFC 3339 for one of level INFO, whatever it says of its level.
fn json_line(record: &Record<'_>) -> String {
    let mut line = String::with_capacity(256);
    let time = SystemClock.now().rfc3339();
    let message = quoted(&record.args().to_string());
    let _ = write!(line, r#"{{"timestamp":"{time}","level":"{}","message":{message}"#, record.level());
    let _ = record.key_values().visit(&mut Pairs { line: &mut line, form: Form::Json });
    line.push('}');
    line
}

/// An entry for a person.
fn word_line(record: &Record<'_>) -> String {
    let mut line = String::with_capacity(256);
    let _ = write!(line, "{:<5} {}", record.level(), record.args());
    let _ = record.key_values().visit(&mut Pairs { line: &mut line, form: Form::Words });
    line
}

/// Writes an entry's fields.
struct Pairs<'a> {
    line: &'a mut String,
    form: Form,
}

impl<'kvs> VisitSource<'kvs> for Pairs<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        // Nothing is known, so nothing is said.
        if value.to_borrowed_str() == Some("") {
            return Ok(());
        }
        match self.form {
            Form::Json => match (value.to_u64(), value.to_i64()) {
                (Some(number), _) => write!(self.line, r#","{key}":{number}"#)?,
                (None, Some(number)) => write!(self.line, r#","{key}":{number}"#)?,
                (None, None) => write!(self.line, r#","{key}":{}"#, quoted(&value.to_string()))?,
            },
            Form::Words => {
                let value = value.to_string();
                // A line break or a control character from outside must not pass for a line of ours.
                match value.is_empty() || value.contains(|c: char| c.is_control() || c == ' ' || c == '"') {
                    true => write!(self.line, " {key}={}", quoted(&value))?,
                    false => write!(self.line, " {key}={value}")?,
                }
            }
        }
        Ok(())
    }
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_libraries_only_trouble_is_logged() {
        let lines = Lines { form: Form::Json };
        for (target, level, logged) in [
            ("bellhop_app::ingress", Level::Debug, true),
            ("rustls::client", Level::Warn, true),
            ("rustls::client", Level::Info, false),
            (MUTED, Level::Error, false),
        ] {
            let metadata = Metadata::builder().target(target).level(level).build();
            assert_eq!(lines.enabled(&metadata), logged, "{target} {level}");
        }
    }
}
