//! What waits in the store when the process starts.

use std::path::Path;

use bellhop_app::ports::{History as _, HookWriter as _, Inbox as _};
use bellhop_app::testing::front::hook;
use bellhop_core::event::Proof;
use bellhop_core::id::{EventId, HookId};
use bellhop_core::inbox::Message;
use bellhop_core::task::TaskStatus;
use bellhop_core::time::Timestamp;
use futures_util::future::join_all;
use serde_json::json;

use super::*;
use crate::engine::made::engine;

/// How many events wait.
const EVENTS: u64 = 4_000;

/// The body of each, in bytes: together they have several times the memory that the engine may take.
const BODY: usize = 32 * 1024;

/// By how much the memory may grow, in KiB.
const MOST_KIB: u64 = 48 * 1024;

/// The ids of the waiting events, in the order in which they came.
fn ids() -> impl Iterator<Item = EventId> {
    (0..EVENTS).map(|number| EventId::new(Timestamp::from_ms(1_700_000_000_000 + number), &[7; 10]))
}

/// Has events wait in a folder, for a hook that sends to a chat.
async fn leave(folder: &Path) {
    let parts = engine(folder);
    let actions = json!([{"kind": "telegram", "chat": "5", "template": "{{ payload.number }}"}]);
    parts
        .database
        .write_hooks(&[hook(&json!({"id": "hk_1", "sender": "github", "actions": actions}))], &[], None)
        .await
        .unwrap();
    let ids: Vec<_> = ids().collect();
    for (first, together) in (0..).step_by(64).zip(ids.chunks(64)) {
        let puts = (first..).zip(together).map(|(number, id): (u64, _)| {
            let (database, now) = (&parts.database, parts.clock.now());
            async move {
                let body = json!({"number": number, "long": "x".repeat(BODY)}).to_string();
                let message = Message {
                    id: *id,
                    path: "p",
                    sender: "github",
                    event_type: Some("push"),
                    delivery_id: Some(&number.to_string()),
                    received_at: now,
                    source_ip: None,
                    query: None,
                    headers: Vec::new(),
                    owners: vec![Proof::new(HookId::from_text("hk_1"), None)],
                    body: body.as_bytes(),
                    test: false,
                };
                database.put(&message).await.unwrap();
            }
        });
        join_all(puts).await;
    }
}

/// The most memory that this process has had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn what_waits_is_drained_in_order_and_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    leave(folder.path()).await;
    // The peak counts from here on.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = peak_kib();

    let parts = Arc::new(engine(folder.path()));
    let (database, (stop, stopped)) = (parts.database.clone(), watch::channel(false));
    let drained = async {
        for _ in 0..6_000 {
            if database.oldest_messages(1).unwrap().is_empty() && database.groups("telegram").unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.send(true).unwrap();
    };
    tokio::join!(run(Arc::clone(&parts), stopped), drained);

    let grown = peak_kib().saturating_sub(before);
    assert!(grown <= MOST_KIB, "{grown} KiB");
    let mut last = Timestamp::from_ms(0);
    for id in ids() {
        let tasks = parts.database.recorded(id).await.unwrap().unwrap().tasks;
        let [task] = &tasks[..] else { panic!("{id} has {} tasks", tasks.len()) };
        assert_eq!((task.status, task.attempts.len()), (TaskStatus::Succeeded, 1), "{id}");
        assert!(task.attempts[0].started_at >= last, "{id} was overtaken");
        last = task.attempts[0].started_at;
    }
}
