//! `bellhop` as the tests run it: the same program, and a fault that a test can ask for where no other program has it.
//!
//! With `BELLHOP_FAULT=answer-before-write` it answers 50 ms before it writes.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{Inbox, PortResult};
use bellhop_core::inbox::Message;

/// How long a write comes after its answer.
const LATE: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    bellhop::main(|inbox| match std::env::var("BELLHOP_FAULT").as_deref() {
        Ok("answer-before-write") => Arc::new(LateInbox(inbox)),
        _ => inbox,
    })
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
        hooks: message.hooks.clone(),
        body: message.body.to_vec().leak(),
        test: message.test,
    }
}
