//! The steps of an event's way as spans of a trace, where somebody wants them: accepting, routing, each attempt.
//!
//! Ids follow from those of event and task, so that a step knows the one before it without being told.

use std::sync::OnceLock;

use bellhop_core::event::EventHead;
use bellhop_core::id::{EventId, Owner};
use bellhop_core::task::{AttemptOutcome, Task};
use bellhop_core::time::Timestamp;
use bellhop_core::trace::{SpanId, Trace};

/// A step that is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace, at the span before this one.
    pub trace: Trace,
    /// Its id.
    pub id: SpanId,
    /// What was done.
    pub step: Step,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What else is known: names and values.
    pub attributes: Vec<(&'static str, String)>,
    /// What went wrong.
    pub failure: Option<String>,
}

/// A step of an event's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A request was accepted.
    Accept,
    /// Tasks were made of the event.
    Route,
    /// A task was tried.
    Deliver,
}

/// Who wants spans. Taking one must neither wait nor fail.
pub trait SpanSink: Send + Sync {
    /// Takes a span.
    fn take(&self, span: Span);
}

/// Where spans go; nowhere until someone asks for them.
static SINK: OnceLock<Box<dyn SpanSink>> = OnceLock::new();

/// Sends every span of this process there from now on; the first to ask has them.
pub fn send_to(sink: Box<dyn SpanSink>) {
    let _ = SINK.set(sink);
}

/// Tells of an accepted request.
pub fn accepted(event: EventId, trace: Trace, hook: &str, started_at: Timestamp, now: impl FnOnce() -> Timestamp) {
    give(trace, || Span {
        trace,
        id: SpanId::of_accept(event),
        step: Step::Accept,
        started_at,
        ended_at: now(),
        attributes: vec![("bellhop.event", event.to_string()), ("bellhop.hook", hook.to_owned())],
        failure: None,
    });
}

/// Tells of a routed event.
pub fn routed(head: &EventHead, tasks: usize, started_at: Timestamp, now: impl FnOnce() -> Timestamp) {
    let trace = Trace::of_event(head).after(SpanId::of_accept(head.id));
    give(trace, || Span {
        trace,
        id: SpanId::of_route(head.id),
        step: Step::Route,
        started_at,
        ended_at: now(),
        attributes: vec![("bellhop.event", head.id.to_string()), ("bellhop.tasks", tasks.to_string())],
        failure: None,
    });
}

/// The trace context that the work of an event's tasks carries: behind the span in which it was routed.
pub fn carried(head: &EventHead) -> Option<String> {
    Trace::of_event(head).after(SpanId::of_route(head.id)).traceparent()
}

/// Tells of a task's last attempt.
pub fn attempted(task: &Task, trace: Trace) {
    give(trace, || {
        let last = task.attempts.last();
        let started_at = last.map_or(task.due_at, |attempt| attempt.started_at);
        let failed = last.filter(|attempt| attempt.outcome != AttemptOutcome::Succeeded);
        Span {
            trace,
            id: SpanId::of_attempt(task.id.as_str(), started_at.as_ms()),
            step: Step::Deliver,
            started_at,
            ended_at: started_at.plus_ms(last.map_or(0, |attempt| attempt.duration_ms)),
            attributes: vec![
                ("bellhop.event", task.event.to_string()),
                (
                    match task.owner {
                        Owner::Hook(_) => "bellhop.hook",
                        Owner::Job(_) => "bellhop.job",
                    },
                    task.owner.to_string(),
                ),
                ("bellhop.task", task.id.to_string()),
                ("bellhop.kind", task.kind.to_string()),
                ("bellhop.status", task.status.as_str().to_owned()),
            ],
            failure: failed.map(|attempt| attempt.detail.clone()),
        }
    });
}

/// Gives a span of a recorded trace to whoever wants it; without one it is not even made.
fn give(trace: Trace, span: impl FnOnce() -> Span) {
    if let Some(sink) = SINK.get()
        && trace.is_sampled()
    {
        sink.take(span());
    }
}
