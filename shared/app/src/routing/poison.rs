//! What becomes of a message that can never be routed: an event with dead tasks, so that people see it.

use bellhop_core::event::Event;
use bellhop_core::id::TaskId;
use bellhop_core::inbox::{self, Read};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;

/// The event in a message that cannot be routed, and a dead task for each hook it proved itself to.
///
/// There is none where the message is an order or cannot be read. An event whose body is kept elsewhere comes without it.
pub fn poisoned(message: &[u8], reason: &str, now: Timestamp, expires: Timestamp) -> Option<(Event, Vec<Task>)> {
    let event = match inbox::read(message).ok()? {
        Read::Whole(event) => event,
        Read::Claim(head) => Event { head, body: Vec::new() },
        Read::Order(_) => return None,
    };
    let (id, test) = (event.head.id, event.head.test);
    let tasks = event.head.hooks.iter().map(|proof| {
        let hook = proof.hook.clone();
        let mut task = Task::queued(TaskId::new(id, &hook, 0), id, hook, "route", "router", now, expires);
        task.status = TaskStatus::Dead;
        task.reason = Some(reason.to_owned());
        task.test = test;
        task
    });
    let tasks = tasks.collect();
    Some((event, tasks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellhop_core::event::Proof;
    use bellhop_core::id::{EventId, HookId, ReplayId};
    use bellhop_core::inbox::{Message, order_text};
    use bellhop_core::order::Order;

    fn message(body: &[u8]) -> Message<'_> {
        let proof = |hook: &str| Proof { hook: HookId::from_text(hook), secret: None };
        Message {
            id: EventId::new(Timestamp::from_ms(5), &[3; 10]),
            path: "github",
            sender: "github",
            event_type: Some("push"),
            delivery_id: None,
            received_at: Timestamp::from_ms(5),
            source_ip: None,
            query: None,
            headers: vec![("user-agent", "a".to_owned())],
            hooks: vec![proof("hk_1"), proof("hk_2")],
            body,
            test: true,
        }
    }

    #[test]
    fn an_event_is_kept_with_a_dead_task_for_each_of_its_hooks() {
        let (now, expires) = (Timestamp::from_ms(7), Timestamp::from_ms(9));
        let whole = message(b"[1]");
        for (bytes, body) in [(whole.to_bytes(), &b"[1]"[..]), (whole.to_claim().into_bytes(), b"")] {
            let (event, tasks) = poisoned(&bytes, "because", now, expires).unwrap();
            assert_eq!((event.head.id, event.head.body_bytes, event.body.as_slice()), (whole.id, 3, body));
            let hooks: Vec<_> = tasks.iter().map(|task| task.hook.as_str()).collect();
            assert_eq!(hooks, ["hk_1", "hk_2"]);
            for task in tasks {
                assert_eq!((task.kind.as_str(), task.destination.as_str()), ("route", "router"));
                assert_eq!((task.status, task.reason.as_deref()), (TaskStatus::Dead, Some("because")));
                assert_eq!((task.event, task.created_at, task.expires_at, task.test), (whole.id, now, expires, true));
            }
        }
    }

    #[test]
    fn orders_and_what_is_cut_hold_no_event() {
        let now = Timestamp::from_ms(7);
        let order = order_text(&Order::ReplayV1 { replay: ReplayId::from_text("rp_1") });
        let cut = message(b"body").to_bytes();
        for bytes in [order.as_bytes(), &cut[..cut.len() - 1], b"", b"nonsense"] {
            assert_eq!(poisoned(bytes, "because", now, now), None, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
