//! W3C trace contexts: which larger story an event belongs to, and which span of it comes before.
//!
//! Facts: W3C Trace Context, version 00: `traceparent: 00-{32 hex}-{16 hex}-{2 hex}`, lower case, no id all zero, and a
//! header that is doubled or not written so is as none. The last bit of the flags says that the trace is recorded.

use sha2::{Digest as _, Sha256};

use crate::event::EventHead;
use crate::id::EventId;

/// The header that carries a trace context.
pub const TRACEPARENT: &str = "traceparent";

/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;

/// A place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: [u8; 16],
    span: Option<SpanId>,
    flags: u8,
}

/// The id of a span: one step of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanId([u8; 8]);

impl Trace {
    /// The trace context that an event came with; where it came with none, one whose trace id is the event's.
    pub fn of<'a>(event: EventId, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut sent = headers.into_iter().filter(|(name, _)| *name == TRACEPARENT);
        let sent = match (sent.next(), sent.next()) {
            (Some((_, value)), None) => Self::read(value),
            _ => None,
        };
        sent.unwrap_or(Self { id: *event.as_bytes(), span: None, flags: SAMPLED })
    }

    /// The trace context of a recorded event.
    pub fn of_event(head: &EventHead) -> Self {
        Self::of(head.id, head.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Reads the value of a `traceparent` header.
    pub fn read(value: &str) -> Option<Self> {
        let mut fields = value.split('-');
        let (version, id, span, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        if version != "00" || fields.next().is_some() {
            return None;
        }
        let (id, span, [flags]) = (bytes::<16>(id)?, bytes::<8>(span)?, bytes::<1>(flags)?);
        let zero = id == [0; 16] || span == [0; 8];
        (!zero).then_some(Self { id, span: Some(SpanId(span)), flags })
    }

    /// The same trace, behind this span.
    #[must_use]
    pub const fn after(self, span: SpanId) -> Self {
        Self { span: Some(span), ..self }
    }

    /// The trace's id in hex.
    pub fn id(&self) -> String {
        hex::encode(self.id)
    }

    /// The trace's id in hex, or nothing where it is the event's own, which says the same.
    pub fn id_beside(&self, event: EventId) -> String {
        if self.id == *event.as_bytes() { String::new() } else { self.id() }
    }

    /// The span that comes before, if there is one.
    pub const fn span(&self) -> Option<SpanId> {
        self.span
    }

    /// Whether the trace is recorded; whoever began it decides.
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The value of a `traceparent` header; `None` where no span comes before.
    pub fn traceparent(&self) -> Option<String> {
        let span = self.span?;
        Some(format!("00-{}-{span}-{:02x}", self.id(), self.flags))
    }
}

impl SpanId {
    /// The span in which a request was accepted as this event.
    pub fn of_accept(event: EventId) -> Self {
        Self::made_of(&["accept", &event.to_string()])
    }

    /// The span in which this event was routed.
    pub fn of_route(event: EventId) -> Self {
        Self::made_of(&["route", &event.to_string()])
    }

    /// The span of a task's attempt that began then, in milliseconds since the Unix epoch.
    pub fn of_attempt(task: &str, started_ms: u64) -> Self {
        Self::made_of(&["attempt", task, &started_ms.to_string()])
    }

    /// An id that follows from these words, so that nobody has to carry it.
    fn made_of(words: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for word in words {
            digest.update(word.as_bytes());
            digest.update([0]);
        }
        let mut id = [0; 8];
        id.copy_from_slice(&digest.finalize()[..8]);
        Self(id)
    }
}

impl std::fmt::Display for SpanId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Bytes written as exactly so many lower-case hex digits.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn event() -> EventId {
        EventId::new(Timestamp::from_ms(1_700_000_000_000), &[7; 10])
    }

    #[test]
    fn a_well_formed_header_is_kept() {
        let trace = Trace::of(event(), [("accept", "*/*"), (TRACEPARENT, SENT)]);
        assert_eq!(trace.traceparent().as_deref(), Some(SENT));
        assert_eq!(trace.id_beside(event()), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(trace.is_sampled());
        assert!(!Trace::read(&SENT.replace("-01", "-00")).unwrap().is_sampled());
    }

    #[test]
    fn any_other_gives_way_to_the_event() {
        let event_hex = event().to_string().replace('-', "");
        for sent in [
            "",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47360-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            let trace = Trace::of(event(), [(TRACEPARENT, sent)]);
            assert_eq!((trace.id(), trace.span()), (event_hex.clone(), None), "{sent}");
            assert_eq!((trace.id_beside(event()), trace.traceparent()), (String::new(), None), "{sent}");
        }
        let doubled = Trace::of(event(), [(TRACEPARENT, SENT), (TRACEPARENT, SENT)]);
        assert_eq!(doubled.id(), event_hex);
        assert!(doubled.is_sampled());
    }

    #[test]
    fn a_trace_goes_on_behind_a_span() {
        let (accept, route) = (SpanId::of_accept(event()), SpanId::of_route(event()));
        assert_ne!(accept, route);
        assert_ne!(SpanId::of_attempt("t", 1), SpanId::of_attempt("t", 2));
        let carried = Trace::of(event(), []).after(route).traceparent().unwrap();
        assert_eq!(Trace::read(&carried).and_then(|trace| trace.span()), Some(route));
    }
}
