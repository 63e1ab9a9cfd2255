//! An event's record as it stands in its row: a line of JSON with the head and the tasks as they were made, then the
//! body, compressed together.

use bellhop_app::ports::{PortError, PortResult};
use bellhop_core::event::{Event, EventHead};
use bellhop_core::id::EventId;
use bellhop_core::task::Task;
use serde::{Deserialize, Serialize};

use crate::inbox::MOST_CARRIED_BYTES;
use crate::pack::{pack_knowing, unpack_knowing};

/// An event's record.
#[derive(Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) head: EventHead,
    pub(crate) tasks: Vec<Task>,
    /// The body; `None` where it is in the bucket.
    pub(crate) body: Option<Vec<u8>>,
}

/// The line on the way in.
#[derive(Serialize)]
struct Line<'a> {
    head: &'a EventHead,
    tasks: &'a [Task],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    elsewhere: bool,
}

/// The line on the way out.
#[derive(Deserialize)]
struct ReadLine {
    head: EventHead,
    tasks: Vec<Task>,
    #[serde(default)]
    elsewhere: bool,
}

/// An event with its tasks, packed.
///
/// A body that is larger than what any message carries is left out, and so is one that was not there: ingress has put
/// both into the bucket.
pub(crate) fn pack_event(event: &Event, tasks: &[Task]) -> PortResult<Vec<u8>> {
    let missing = event.body.is_empty() && event.head.body_bytes > 0;
    match missing || event.body.len() > MOST_CARRIED_BYTES {
        true => pack_parts(&event.head, tasks, None),
        false => pack_parts(&event.head, tasks, Some(&event.body)),
    }
}

/// A record without content, packed: what is left of an event whose content was deleted.
pub(crate) fn pack_erased(head: &EventHead, tasks: &[Task]) -> PortResult<Vec<u8>> {
    pack_parts(head, tasks, Some(&[]))
}

/// Reads the packed record of the event of this id.
pub(crate) fn unpack_record(stored: &[u8], id: EventId) -> PortResult<Record> {
    let mut bytes = unpack_knowing(stored, id.as_bytes())?;
    let unreadable = |why: String| PortError::new("a stored event is unreadable", why);
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| unreadable("it has no first line".into()))?;
    // Where it went wrong, and nothing of what stood there.
    let line: ReadLine =
        serde_json::from_slice(&bytes[..end]).map_err(|e| unreadable(format!("column {} of its line", e.column())))?;
    let body = (!line.elsewhere).then(|| bytes.split_off(end + 1));
    Ok(Record { head: line.head, tasks: line.tasks, body })
}

/// The parts of a record, packed.
fn pack_parts(head: &EventHead, tasks: &[Task], body: Option<&[u8]>) -> PortResult<Vec<u8>> {
    let line = Line { head, tasks, elsewhere: body.is_none() };
    let mut bytes = serde_json::to_vec(&line).map_err(|e| PortError::new("an event cannot be written", e))?;
    bytes.push(b'\n');
    bytes.extend_from_slice(body.unwrap_or_default());
    Ok(pack_knowing(&bytes, head.id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::event_row;
    use crate::key::Key;
    use crate::pack::pack;
    use crate::value::size;
    use bellhop_core::action::Kind;
    use bellhop_core::id::{HookId, TaskId};
    use bellhop_core::time::Timestamp;
    use sha2::{Digest as _, Sha256};

    fn event(body: &[u8]) -> Event {
        let head = serde_json::json!({
            "id": EventId::new(Timestamp::from_ms(5), &[1; 10]), "path": "github", "sender": "github", "received_at": 5,
            "headers": [["x-odd", "a\nb"]], "hooks": [], "body_bytes": body.len(),
        });
        Event { head: serde_json::from_value(head).unwrap(), body: body.to_vec() }
    }

    #[test]
    fn a_body_stands_in_the_record_unless_it_is_in_the_bucket() {
        let large = vec![b'x'; MOST_CARRIED_BYTES + 1];
        for (body, kept) in [(&b""[..], true), (b"a\nb", true), (&large[1..], true), (&large, false)] {
            let event = event(body);
            let hook = HookId::from_text("hk_1");
            let (id, now) = (event.head.id, Timestamp::from_ms(7));
            let task = Task::queued(TaskId::new(id, &hook, 0), Kind::Telegram, "1", now, now);
            let record = unpack_record(&pack_event(&event, std::slice::from_ref(&task)).unwrap(), id).unwrap();
            assert_eq!((&record.head, record.tasks), (&event.head, vec![task]));
            assert_eq!(record.body.is_some(), kept, "{} bytes", body.len());
            assert!(record.body.is_none_or(|read| read == body));
        }
    }

    #[test]
    fn a_body_that_was_missing_is_looked_for_elsewhere_and_a_deleted_one_is_not() {
        let claim = Event { body: Vec::new(), ..event(b"three") };
        assert_eq!(unpack_record(&pack_event(&claim, &[]).unwrap(), claim.head.id).unwrap().body, None);
        assert_eq!(
            unpack_record(&pack_erased(&claim.head, &[]).unwrap(), claim.head.id).unwrap().body,
            Some(Vec::new())
        );
    }

    /// A push of GitHub's with so many commits, with hashes as random as they are.
    fn push(commits: u8) -> Event {
        let hash = |n: u8| hex::encode(Sha256::digest([n]));
        let commit = |n: u8| {
            serde_json::json!({
                "id": hash(n)[..40], "distinct": true, "message": format!("Handle case {n}\n\nIt was refused before."),
                "timestamp": "2026-11-21T08:00:00+01:00", "url": format!("https://github.com/octo/desk/commit/{}", &hash(n)[..40]),
                "author": {"name": "Octo", "email": "octo@example.com", "username": "octo"},
                "added": [format!("src/case_{n}.rs")], "removed": [], "modified": ["README.md", "src/lib.rs"],
            })
        };
        let body = serde_json::json!({
            "ref": "refs/heads/main", "before": hash(254)[..40], "after": hash(commits - 1)[..40], "created": false,
            "repository": {"id": 186_853_002, "full_name": "octo/desk", "html_url": "https://github.com/octo/desk"},
            "head_commit": commit(commits - 1), "commits": (0..commits).map(commit).collect::<Vec<_>>(),
        });
        let delivery = "6d2a4c5e-cb1f-11f0-9d0e-3b8f27ac51d4";
        let mut event = event(body.to_string().as_bytes());
        let digest = Sha256::digest("id");
        event.head.id = EventId::new(Timestamp::from_ms(1_796_035_668_556), digest[..10].try_into().unwrap());
        event.head.delivery_id = Some(delivery.to_owned());
        let signature = format!("sha256={}", hash(255));
        let headers = [
            ("content-type", "application/json"),
            ("user-agent", "GitHub-Hookshot/7f3a9d1"),
            ("x-github-delivery", delivery),
            ("x-github-event", "push"),
            ("x-github-hook-id", "292430182"),
            ("x-github-hook-installation-target-type", "repository"),
            ("x-hub-signature-256", &signature),
        ];
        event.head.headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        event
    }

    #[test]
    fn a_push_is_one_write_unit_and_its_hashes_come_back() {
        let event = push(16);
        let (id, now) = (event.head.id, Timestamp::from_ms(1_796_035_668_794));
        let task = Task::queued(TaskId::new(id, &HookId::from_text("hk_1"), 0), Kind::Telegram, "1", now, now);
        let record = pack_event(&event, std::slice::from_ref(&task)).unwrap();
        let read = unpack_record(&record, id).unwrap();
        assert_eq!((&read.head, read.tasks, read.body.as_ref()), (&event.head, vec![task], Some(&event.body)));
        let bytes = size(&event_row(&Key::event(id), record.clone(), now));
        assert!(bytes <= 1_024, "{bytes} bytes of {}", event.body.len());
        // Under another key it is another's.
        let other = EventId::new(now, &[1; 10]);
        assert!(unpack_record(&record, other).is_ok_and(|read| read.head.id == other));
    }

    #[test]
    fn other_bytes_are_no_record() {
        for bad in [&b""[..], b"\n", b"{}\n", b"{\"head\":{}"] {
            assert!(unpack_record(&pack(bad), EventId::new(Timestamp::from_ms(5), &[1; 10])).is_err());
        }
    }
}
