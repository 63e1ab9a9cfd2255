//! Turns at destinations that keep one pace: a row each, with what is known of the destination since, and which tasks just
//! succeeded. Only tasks of which there is more to say have rows of their own, and those overrule this one.
//!
//! A row's sort key is the newest event of its turn. So the newest row is what is known of the destination, and a task is
//! looked for from its own event on: in no row at all where the newest is older.

use std::collections::{BTreeMap, BTreeSet};

use bellhop_app::ports::{Collection, Documents as _, Known, NewTurn, PortError, PortResult, TaskLog as _};
use bellhop_core::id::{EventId, TaskId};
use bellhop_core::task::{Attempt, Task, TaskStatus};
use bellhop_core::time::Timestamp;
use futures_util::future::{join, try_join_all};
use serde::{Deserialize, Serialize};

use crate::Table;
use crate::pack::{keep, pack, unpack};
use crate::refusal::failed;
use crate::request::{QUERY, Request, UPDATE, values};
use crate::table::{Key, Row, count, number, packed, read_packed, read_text, seconds};

/// How much newer than a task's own event the newest of its turn may be; a task that is older has a row of its own. It
/// bounds how far anybody has to look.
const TOGETHER_MS: u64 = 60_000;

/// Up to this length what stands in a row fits into a write unit as it is, so that there is nothing to gain by compressing.
const SHORT_BYTES: usize = 900;

/// The place of what a version before these rows wrote, as a document.
const FORMER: &str = "former";

/// The attributes: what is known of the destination, and the outcome of tasks.
const KNOWN: &str = "known";
const TURN: &str = "turn";

/// Where a turn's row is, and when it expires, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    id: EventId,
    expires: u64,
}

/// Tasks that just succeeded, and the attempt that they shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Outcome {
    attempt: Attempt,
    tasks: Vec<TaskId>,
}

impl Place {
    /// The place of a row.
    fn of(row: &Row) -> PortResult<Self> {
        let id = read_text(row, "sk")?.parse().map_err(|e| PortError::new("a turn's key is unreadable", e))?;
        Ok(Self { id, expires: number(row, "expires_at").unwrap_or_default() })
    }

    /// A place as [`Known::place`] has it, unless there is none.
    fn read(text: &str) -> Option<Self> {
        let (id, expires) = text.split_once(' ')?;
        Some(Self { id: id.parse().ok()?, expires: expires.parse().ok()? })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.id, self.expires)
    }
}

impl Table {
    /// What the newest turn at a destination says, and which of these tasks have succeeded there.
    pub(crate) async fn known(&self, key: &str, tasks: &[TaskId]) -> PortResult<Known> {
        let request = Request { scan_index_forward: Some(false), limit: Some(1), ..self.query(&Key::turns(key), None) };
        let mut rows = self.ask(QUERY, &request).await.map_err(failed("a destination could not be read"))?.items;
        let Some(row) = rows.pop().filter(|row| self.is_there(row)) else {
            let former = self.document(Collection::Destination, key).await?;
            let place = if former.is_some() { FORMER } else { "" };
            return Ok(Known { text: former.map(|former| former.text), place: place.to_owned(), ..Known::default() });
        };
        let newest = Place::of(&row)?;
        let text = String::from_utf8(unpack(read_packed(&row, KNOWN)?)?);
        let text = text.map_err(|e| PortError::new("what is known of a destination is unreadable", e.utf8_error()))?;
        let asked: Vec<_> = tasks.iter().filter(|id| id.event() <= newest.id).collect();
        let events = || asked.iter().map(|id| id.event());
        let succeeded = match (events().min(), events().max()) {
            (Some(oldest), Some(newest)) => self.succeeded(key, oldest, newest).await?,
            _ => Vec::new(),
        };
        let succeeded = succeeded.into_iter().filter(|(id, _)| asked.contains(&id)).collect();
        Ok(Known { text: Some(text), place: newest.to_string(), succeeded })
    }

    /// The tasks of events from one to another that just succeeded at a destination.
    async fn succeeded(&self, key: &str, oldest: EventId, newest: EventId) -> PortResult<Vec<(TaskId, Attempt)>> {
        let turns = self.turns(key, oldest, newest).await?;
        let tasks = |Outcome { attempt, tasks }| tasks.into_iter().map(move |id| (id, attempt.clone()));
        Ok(turns.into_iter().flat_map(|(_, outcome)| tasks(outcome)).collect())
    }

    /// The rows in which tasks of events from one to another may be, with what they say of tasks.
    async fn turns(&self, key: &str, oldest: EventId, newest: EventId) -> PortResult<Vec<(Row, Outcome)>> {
        let end = EventId::new(newest.accepted_at().plus_ms(TOGETHER_MS), &[0xff; 10]);
        let rows = self.rows(&Key::turns(key), Some((&oldest.to_string(), &end.to_string()))).await?;
        let rows = rows.into_iter().filter(|row| row.contains_key(TURN));
        rows.map(|row| read_outcome(&row).map(|outcome| (row, outcome))).collect()
    }

    /// Writes down what came of a turn.
    pub(crate) async fn put_turn(&self, turn: &NewTurn<'_>) -> PortResult<()> {
        let (key, now) = (turn.destination.key, self.clock.now());
        let Some(newest) = turn.tasks.iter().map(|task| task.event).max() else { return Ok(()) };
        let before = Place::read(turn.place);
        // Where a newer one was before, its row stays the newest.
        let older = before.filter(|before| before.id >= newest);
        let shared = turn.tasks.iter().find_map(Task::plain_success);
        let is_plain = |(task, unwritten): &(&Task, &bool)| {
            let together = newest.accepted_at().ms_since(task.event.accepted_at()) <= TOGETHER_MS;
            let is_shared = shared.is_some() && task.plain_success() == shared;
            older.is_none() && **unwritten && together && task.expires_at > now && is_shared
        };
        let (plain, others): (Vec<_>, Vec<_>) = turn.tasks.iter().zip(turn.unwritten).partition(is_plain);
        let tasks = |some: Vec<(&Task, &bool)>| some.into_iter().map(|(task, _)| task.clone()).collect::<Vec<_>>();
        let (plain, others) = (tasks(plain), tasks(others));
        let expires = plain.iter().map(|task| task.expires_at).chain(turn.destination.expires).max().unwrap_or(now);
        let written = async {
            let row = turn_row(key, newest, turn.destination.text, &plain, expires)?;
            if older.is_none() && self.put_if(row, "attribute_not_exists(pk)").await? {
                return Ok(());
            }
            let place = older.unwrap_or(Place { id: newest, expires: 0 });
            let (saved, kept) = join(self.save(&plain), self.keep_known(place, turn, expires)).await;
            saved.and(kept)
        };
        // Neither waits for the other, and neither is left undone because the other fails.
        let (saved, written) = join(self.save(&others), written).await;
        saved.and(written)?;
        // What a version before wrote is not read again while this row lives, and must not come back after it.
        if turn.place == FORMER { self.write(&turn.destination).await } else { Ok(()) }
    }

    /// Writes down what is known of a destination in the row of a former turn.
    async fn keep_known(&self, place: Place, turn: &NewTurn<'_>, expires: Timestamp) -> PortResult<()> {
        let request = Request {
            key: Key::turn(turn.destination.key, place.id).row(),
            update: Some(format!("SET {KNOWN} = :known, expires_at = :expires").into()),
            values: values([
                (":known", packed(pack(turn.destination.text.as_bytes()))),
                (":expires", count(place.expires.max(expires.as_seconds()))),
            ]),
            ..self.request()
        };
        self.ask(UPDATE, &request).await.map(|_| ()).map_err(failed("a destination could not be written"))
    }

    /// Puts the outcomes that turns have of events' tasks in place of those that just wait; the events are newest first.
    pub(crate) async fn look_up(&self, tasks: &mut [&mut Task]) -> PortResult<()> {
        let waiting = |task: &&&mut Task| is_kept_with_turns(task) && task.status == TaskStatus::Queued;
        let mut spans: BTreeMap<String, (EventId, EventId)> = BTreeMap::new();
        for task in tasks.iter().filter(waiting) {
            let (oldest, newest) = spans.entry(turns_of(task)).or_insert((task.event, task.event));
            (*oldest, *newest) = ((*oldest).min(task.event), (*newest).max(task.event));
        }
        let found = try_join_all(spans.iter().map(|(key, (oldest, newest))| self.succeeded(key, *oldest, *newest)));
        let found: BTreeMap<TaskId, Attempt> = found.await?.into_iter().flatten().collect();
        for task in tasks.iter_mut().filter(|task| waiting(&&**task)) {
            if let Some(attempt) = found.get(&task.id) {
                task.succeed(attempt.clone());
            }
        }
        Ok(())
    }

    /// Takes an event's tasks out of the turns that have their outcomes.
    pub(crate) async fn take_out(&self, event: EventId, tasks: &[Task]) -> PortResult<()> {
        let keys: BTreeSet<_> = tasks.iter().filter(|task| is_kept_with_turns(task)).map(turns_of).collect();
        for key in &keys {
            for (row, mut outcome) in self.turns(key, event, event).await? {
                let all = outcome.tasks.len();
                outcome.tasks.retain(|id| id.event() != event);
                if outcome.tasks.len() < all {
                    self.replace_outcome(&row, &outcome).await?;
                }
            }
        }
        Ok(())
    }

    /// Writes an outcome in place of the one in a row.
    async fn replace_outcome(&self, row: &Row, outcome: &Outcome) -> PortResult<()> {
        let key = ["pk", "sk"].map(|name| Some((name.to_owned(), row.get(name)?.clone())));
        let mut values = values([(":old", packed(read_packed(row, TURN)?.to_vec()))]);
        let update = match outcome.tasks.is_empty() {
            true => format!("REMOVE {TURN}"),
            false => {
                values.insert(":new".to_owned(), packed(pack(&outcome_bytes(outcome)?)));
                format!("SET {TURN} = :new")
            }
        };
        let request = Request {
            key: key.into_iter().flatten().collect(),
            update: Some(update.into()),
            condition: Some(format!("{TURN} = :old").into()),
            values,
            ..self.request()
        };
        match self.ask(UPDATE, &request).await {
            // It was taken out, or has expired.
            Err(refusal) if refusal.is_of_condition() => {
                Err(PortError::new("a turn was changed meanwhile", "do it again"))
            }
            result => result.map(|_| ()).map_err(failed("a turn could not be changed")),
        }
    }
}

/// Whether the outcome of a task may be kept with its turn alone.
fn is_kept_with_turns(task: &Task) -> bool {
    task.kind.shares_pace() && task.retries == 0
}

/// The key of a task's destination.
fn turns_of(task: &Task) -> String {
    format!("{}:{}", task.kind, task.destination)
}

/// A turn's row, with the outcome of tasks that just succeeded.
fn turn_row(key: &str, newest: EventId, known: &str, plain: &[Task], expires: Timestamp) -> PortResult<Row> {
    let mut row = Key::turn(key, newest).row();
    let outcome = plain.first().and_then(Task::plain_success).map(|attempt| {
        let tasks = plain.iter().map(|task| task.id.clone()).collect();
        outcome_bytes(&Outcome { attempt: attempt.clone(), tasks })
    });
    let outcome = outcome.transpose()?;
    let is_short = known.len() + outcome.as_ref().map_or(0, Vec::len) <= SHORT_BYTES;
    let stored = |bytes: &[u8]| packed(if is_short { keep(bytes) } else { pack(bytes) });
    row.insert(KNOWN.to_owned(), stored(known.as_bytes()));
    row.extend(outcome.map(|outcome| (TURN.to_owned(), stored(&outcome))));
    row.insert("expires_at".to_owned(), seconds(expires));
    Ok(row)
}

/// An outcome as JSON.
fn outcome_bytes(outcome: &Outcome) -> PortResult<Vec<u8>> {
    serde_json::to_vec(outcome).map_err(|e| PortError::new("a turn cannot be written", e))
}

/// The outcome in a row.
fn read_outcome(row: &Row) -> PortResult<Outcome> {
    let json = unpack(read_packed(row, TURN)?)?;
    serde_json::from_slice(&json)
        .map_err(|e| PortError::new("a stored turn is unreadable", format_args!("column {}", e.column())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::size;
    use bellhop_core::action::Kind;
    use bellhop_core::id::HookId;
    use bellhop_core::task::AttemptOutcome;
    use sha2::{Digest as _, Sha256};

    const BEGIN: u64 = 1_795_244_400_000;

    /// Tasks of a hook that went out together, with ids as random as they are.
    fn sent(count: u8) -> Vec<Task> {
        let answer = r#"{"ok":true,"result":{"message_id":48213,"from":{"id":7104518231,"is_bot":true,"first_name":"Front desk","username":"front_desk_bot"},"chat":{"id":-1002146710023,"title":"Deployments","type":"supergroup"},"date":1795244400,"text":"octo pushed 14 commits to"#;
        let task = |n: u8| {
            let digest = Sha256::digest([n]);
            let event = EventId::new(Timestamp::from_ms(BEGIN + u64::from(n) * 700), digest[..10].try_into().unwrap());
            let id = TaskId::new(event, &HookId::from_text("hk_4tq9ZkX0bW7mPc2LrVdYsA"), 0);
            let expires = Timestamp::from_ms(BEGIN + 90 * 24 * 60 * 60 * 1000);
            let mut task =
                Task::queued(id, Kind::Telegram, "-1002146710023", Timestamp::from_ms(BEGIN + 9_000), expires);
            task.succeed(Attempt {
                started_at: Timestamp::from_ms(BEGIN + 9_500),
                duration_ms: 213,
                outcome: AttemptOutcome::Succeeded,
                detail: String::new(),
                response_status: Some(200),
                answer: answer.to_owned(),
            });
            task
        };
        (0..count).map(task).collect()
    }

    /// What is known of a group that is called as often as Telegram lets it be.
    fn busy_group() -> String {
        let moments: Vec<_> = (0..20).map(|n| BEGIN - n * 3_017).collect();
        let counts: Vec<_> = (0..20).map(|n| (BEGIN - n * 15_093, 5, 0)).collect();
        let pace = serde_json::json!({"scope": "group", "sent": moments, "blocked_until": 0});
        serde_json::json!({"pace": pace, "breaker": {"counts": counts}}).to_string()
    }

    #[test]
    fn a_turn_is_one_write_unit_for_one_message_as_for_ten() {
        let quiet = r#"{"pace":{"scope":"chat","sent":[1795244409713],"blocked_until":0},"breaker":{"counts":[[1795244409713,1,0]]}}"#;
        for (known, count) in [(quiet, 1), (quiet, 10), (busy_group().as_str(), 1), (busy_group().as_str(), 10)] {
            let tasks = sent(count);
            let newest = tasks.last().unwrap().event;
            let row = turn_row("telegram:-1002146710023", newest, known, &tasks, tasks[0].expires_at).unwrap();
            assert!(size(&row) <= 1_024, "{} bytes for {count}", size(&row));
            assert_eq!(unpack(read_packed(&row, KNOWN).unwrap()).unwrap(), known.as_bytes());
            let outcome = read_outcome(&row).unwrap();
            assert_eq!(outcome.tasks.len(), tasks.len());
            assert_eq!(Some(&outcome.attempt), tasks[0].plain_success());
        }
    }

    #[test]
    fn a_place_comes_back_and_nothing_else_is_one() {
        let place = Place { id: EventId::new(Timestamp::from_ms(5), &[1; 10]), expires: 77 };
        assert_eq!(Place::read(&place.to_string()), Some(place));
        for other in ["", FORMER, "1 2", "x y z"] {
            assert_eq!(Place::read(other), None, "{other}");
        }
    }
}
