//! The ids of tasks: what they are made of, and the one place that reads them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{EventId, Owner, OwnerId, ReplayId};

/// What the id of a notice ends with, behind that of the task it is about.
const NOTICE: &str = "notice";

/// What the id of a task ends with that takes the place of the task before it.
const FALLBACK: &str = "fallback";

/// The id of a task: `EVENT.OWNER.ACTION`.
///
/// That is its event, whose it is and the action's place there, so that routing twice makes the same task; `.REPLAY` is behind
/// it where a replay made it, `.fallback` where it takes the place of the task before it, and `.noticeN` where it tells of
/// the task before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TaskId {
    /// Never anything that [`FromStr`] refuses.
    text: String,
}

/// The text is no task's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a task, which is `EVENT.OWNER.ACTION`")]
pub struct BadTaskId;

impl TaskId {
    /// The id of the task that action number `action` of `owner` makes of `event`.
    pub fn new(event: EventId, owner: &impl OwnerId, action: usize) -> Self {
        Self { text: format!("{event}.{owner}.{action}") }
    }

    /// The id of the task that a replay makes of the same action: another one, so that both are seen.
    pub fn replayed(event: EventId, owner: &impl OwnerId, action: usize, replay: &ReplayId) -> Self {
        Self { text: format!("{event}.{owner}.{action}.{replay}") }
    }

    /// The id of the notice about this task, which had been retried so often; after each retry it is told of again.
    #[must_use]
    pub fn notice(&self, retries: u32) -> Self {
        let which = if retries == 0 { String::new() } else { retries.to_string() };
        Self { text: format!("{}.{NOTICE}{which}", self.text) }
    }

    /// The id of the task that takes the place of this one where it is dead.
    #[must_use]
    pub fn fallback(&self) -> Self {
        Self { text: format!("{}.{FALLBACK}", self.text) }
    }

    /// Whether the task takes the place of another.
    pub fn is_fallback(&self) -> bool {
        self.text.ends_with(&format!(".{FALLBACK}"))
    }

    /// The event.
    pub fn event(&self) -> EventId {
        // It was read when the id was made.
        self.part(0).parse().unwrap_or_else(|_| EventId::new(crate::time::Timestamp::default(), &[0; 10]))
    }

    /// Whose the task is.
    pub fn owner(&self) -> Owner {
        Owner::from_text(self.part(1))
    }

    /// The place of the owner's action.
    pub fn action(&self) -> usize {
        self.part(2).parse().unwrap_or_default()
    }

    /// Whether the task was made with its event, neither by a replay nor as a notice.
    pub fn is_own(&self) -> bool {
        self.text.split('.').count() == 3
    }

    /// The id of the task that this one tells of, if it is a notice.
    pub fn subject(&self) -> Option<&str> {
        let (subject, last) = self.text.rsplit_once('.')?;
        last.starts_with(NOTICE).then_some(subject)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// One of the parts between the dots.
    fn part(&self, place: usize) -> &str {
        self.text.split('.').nth(place).unwrap_or_default()
    }
}

impl FromStr for TaskId {
    type Err = BadTaskId;

    fn from_str(text: &str) -> Result<Self, BadTaskId> {
        let parts: Vec<_> = text.split('.').collect();
        let [event, owner, action, rest @ ..] = parts.as_slice() else { return Err(BadTaskId) };
        // Written in another way, the same id would be another text.
        let is_written = |read: EventId| read.to_string() == **event;
        let known = event.parse().is_ok_and(is_written) && !owner.is_empty();
        let number = action.parse::<u32>().is_ok_and(|number| number.to_string() == **action);
        let is_notice = |part: &str| {
            let which = part.strip_prefix(NOTICE);
            which.is_some_and(|which| which.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let is_replay = |part: &str| !part.is_empty() && part != FALLBACK && !is_notice(part);
        // Each of them once at most, in this order, but for notices, of which there may be several.
        let rest = if rest.first().is_some_and(|part| is_replay(part)) { &rest[1..] } else { rest };
        let rest = if rest.first() == Some(&FALLBACK) { &rest[1..] } else { rest };
        let ends = rest.iter().all(|part| is_notice(part));
        (known && number && ends).then(|| Self { text: text.to_owned() }).ok_or(BadTaskId)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.text
    }
}

impl TryFrom<String> for TaskId {
    type Error = BadTaskId;

    fn try_from(text: String) -> Result<Self, BadTaskId> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{HookId, JobId};
    use crate::time::Timestamp;

    fn event() -> EventId {
        EventId::new(Timestamp::from_ms(1_700_000_000_000), &[1; 10])
    }

    #[test]
    fn what_an_id_is_made_of_is_read_back() {
        let replay = ReplayId::from_text("rp_1");
        for owner in [Owner::Hook(HookId::from_text("hk_1")), Owner::Job(JobId::from_random(&[1; 22]))] {
            let (own, replayed) = (TaskId::new(event(), &owner, 7), TaskId::replayed(event(), &owner, 7, &replay));
            assert_eq!(own, TaskId::new(event(), &owner, 7), "the same routing makes the same id");
            for (id, is_own, subject) in [
                (own.clone(), true, None),
                (replayed.clone(), false, None),
                (own.notice(0), false, Some(own.as_str())),
                (replayed.notice(12), false, Some(replayed.as_str())),
                (own.fallback(), false, None),
                (replayed.fallback(), false, None),
                (own.fallback().notice(0), false, Some(own.fallback().as_str())),
            ] {
                assert_eq!(id.as_str().parse(), Ok(id.clone()));
                assert_eq!((id.event(), id.owner(), id.action()), (event(), owner.clone(), 7));
                assert_eq!((id.is_own(), id.subject()), (is_own, subject), "{id}");
                assert_eq!(id.is_fallback(), id.as_str().ends_with("fallback"), "{id}");
            }
        }
    }

    #[test]
    fn other_texts_are_no_ids() {
        let event = event();
        for text in ["", "x", "nobody's", &event.to_string(), &format!("{event}.hk_1"), &format!("{event}..0")] {
            assert_eq!(text.parse::<TaskId>(), Err(BadTaskId), "{text}");
        }
        let id = format!("{event}.hk_1.0");
        for text in [
            id.to_uppercase(),
            id.replace('-', ""),
            id.replace(".0", ".00"),
            id.replace(".0", ".-1"),
            id.clone() + ".",
            id.clone() + ".rp_1.x",
            id.clone() + ".notice1.rp_1",
            id.clone() + ".fallback.fallback",
            id.clone() + ".fallback.rp_1",
            id.clone() + ".notice.fallback",
        ] {
            assert_eq!(text.parse::<TaskId>(), Err(BadTaskId), "{text}");
        }
    }
}
