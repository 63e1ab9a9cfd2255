//! `bellhop` as the tests run it: the same program, and faults that a test can ask for where no other program has them.
//!
//! With `BELLHOP_FAULT=answer-before-write` it answers 50 ms before it writes.
//! With `BELLHOP_FAULT=marks` an event whose body has the mark `router-abort`, `router-overflow` or `router-kill` ends the
//! process when it is recorded, and a message whose text has `worker-abort` or `worker-kill` when it is sent.

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop::Around;
use bellhop_app::ports::{Bot, BotAnswer, BotApi, BotMessage, Claim, EventLog, Inbox, PortResult};
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, Owner};
use bellhop_core::inbox::Message;
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use rustix::process::{Signal, getpid, kill_process};

/// How long a write comes after its answer.
const LATE: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    let asked = |fault: &str| std::env::var("BELLHOP_FAULT").is_ok_and(|asked| asked == fault);
    bellhop::main(match (asked("answer-before-write"), asked("marks")) {
        (true, _) => Around { inbox: |inbox| Arc::new(LateInbox(inbox)), ..Around::NOTHING },
        (_, true) => Around {
            events: |events| Arc::new(MarkedEvents(events)),
            event: |event| end_on_mark("router", &event.body),
            bot: |bot| Arc::new(MarkedBot(bot)),
            ..Around::NOTHING
        },
        _ => Around::NOTHING,
    })
}

/// Ends the process in the way that a mark says.
fn end_on_mark(place: &str, text: &[u8]) {
    let marked = |way: &str| {
        let mark = format!("{place}-{way}");
        text.windows(mark.len()).any(|window| window == mark.as_bytes())
    };
    if marked("abort") {
        std::process::abort();
    }
    if marked("overflow") {
        dig(1);
    }
    if marked("kill") {
        // As the system does when its memory gives out.
        let _ = kill_process(getpid(), Signal::KILL);
    }
}

/// Calls itself until the stack is full.
fn dig(depth: u64) -> u64 {
    let deeper = black_box(depth) + 1;
    if deeper == 0 { 0 } else { dig(deeper) + black_box(deeper) }
}

/// A record of events that does not survive marked ones, unless their tasks are dead.
struct MarkedEvents(Arc<dyn EventLog>);

#[async_trait]
impl EventLog for MarkedEvents {
    async fn claim_delivery(
        &self,
        owner: &Owner,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim> {
        self.0.claim_delivery(owner, delivery, event, expires).await
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<bool> {
        if tasks.iter().any(|task| task.status != TaskStatus::Dead) {
            end_on_mark("router", &event.body);
        }
        self.0.record(event, tasks, expires).await
    }

    async fn event(&self, id: EventId) -> PortResult<Option<Event>> {
        let event = self.0.event(id).await?;
        // It is read to be done again.
        event.iter().for_each(|event| end_on_mark("router", &event.body));
        Ok(event)
    }

    async fn record_refused(&self, refused: &RefusedRequest, expires: Timestamp) -> PortResult<()> {
        self.0.record_refused(refused, expires).await
    }
}

/// A Bot API that marked messages do not reach.
struct MarkedBot(Arc<dyn BotApi>);

#[async_trait]
impl BotApi for MarkedBot {
    async fn send_message(&self, bot: &Bot, message: &BotMessage<'_>) -> PortResult<BotAnswer> {
        end_on_mark("worker", message.text.as_bytes());
        self.0.send_message(bot, message).await
    }
}

/// An inbox that says it has written what it will write.
struct LateInbox(Arc<dyn Inbox>);

#[async_trait]
impl Inbox for LateInbox {
    async fn put(&self, message: &Message<'_>) -> PortResult<()> {
        let (inbox, message) = (Arc::clone(&self.0), kept(message));
        tokio::spawn(async move {
            tokio::time::sleep(LATE).await;
            inbox.put(&message).await
        });
        Ok(())
    }
}

/// A copy that outlives the request; its memory is never given back, which a process that is soon killed can afford.
fn kept(message: &Message<'_>) -> Message<'static> {
    let text = |text: &str| -> &'static str { text.to_owned().leak() };
    Message {
        id: message.id,
        path: text(message.path),
        sender: message.sender,
        event_type: message.event_type.map(text),
        delivery_id: message.delivery_id.map(text),
        received_at: message.received_at,
        source_ip: message.source_ip,
        query: message.query.clone(),
        headers: message.headers.iter().map(|(name, value)| (text(name), value.clone())).collect(),
        owners: message.owners.clone(),
        body: message.body.to_vec().leak(),
        test: message.test,
    }
}
