//! The keys of the table, and over which partitions a day is spread.

use bellhop_app::ports::{Collection, DueTime};
use bellhop_core::id::{EventId, HookId, JobId, Owner, TaskId};
use bellhop_core::task::TaskStatus;
use bellhop_core::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::table::{Row, text};

/// Over how many partitions a day, or a list of tasks, is spread. The service writes 1,000 units a second to one, and an
/// event takes up to 3: sixteen carry 5,000 events a second, and a list still reads few rows of each.
pub(crate) const SHARDS: u8 = 16;

/// Over how many partitions due times are spread: 8,000 are added or removed in a second, and reading them asks each.
pub(crate) const DUE_SHARDS: u8 = 8;

/// The kind of the rows of tasks, which stand beside those of their events.
pub(crate) const TASK: &str = "TASK";

/// Where a row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    /// The partition of the owners' counts.
    pub(crate) const COUNTS: &str = "TALLY";

    /// Where a hook is.
    pub(crate) fn hook(id: &HookId) -> Self {
        Self::new("HOOKS".to_owned(), id.as_str())
    }

    /// Where the settings are: beside the hooks, so that one query reads both.
    pub(crate) fn settings() -> Self {
        Self::new("HOOKS".to_owned(), "#SETTINGS")
    }

    /// Where an event is.
    pub(crate) fn event(id: EventId) -> Self {
        Self::new(Self::of_day("EVENT", id), &id.to_string())
    }

    /// Where a task is.
    pub(crate) fn task(id: &TaskId) -> Self {
        Self::new(Self::of_day(TASK, id.event()), id.as_str())
    }

    /// The partition of the turns at a destination.
    pub(crate) fn turns(destination: &str) -> String {
        format!("{TASK}#{destination}")
    }

    /// Where a turn at a destination is, by its newest event.
    pub(crate) fn turn(destination: &str, newest: EventId) -> Self {
        Self::new(Self::turns(destination), &newest.to_string())
    }

    /// Where a refused request is.
    pub(crate) fn refused(id: EventId) -> Self {
        Self::new(Self::of_day("REFUSED", id), &id.to_string())
    }

    /// The partition of a kind of row for an event: its day and shard.
    pub(crate) fn of_day(kind: &str, id: EventId) -> String {
        format!("{kind}#{}#{:02}", day(id.accepted_at()), shard(id))
    }

    /// The same key as versions before shards had it: of an event, a task or a refused request.
    pub(crate) fn former(&self) -> Self {
        let pk = self.pk.rsplit_once('#').map_or(self.pk.as_str(), |(day, _)| day);
        Self::new(pk.to_owned(), &self.sk)
    }

    /// Where it stands that a shard of a day has rows of a kind.
    pub(crate) fn day_of(kind: &str, day: &str, shard: &str) -> Self {
        Self::new(Self::days(kind), &format!("{day}#{shard}"))
    }

    /// The partition of the days that have rows of a kind.
    pub(crate) fn days(kind: &str) -> String {
        format!("DAYS#{kind}")
    }

    /// Where it stands that a task is in trouble; `None` where it is not.
    pub(crate) fn trouble(id: &TaskId, status: TaskStatus) -> Option<Self> {
        is_trouble(status).then(|| Self::new(Self::troubled(status, shard(id.event())), id.as_str()))
    }

    /// A partition of the tasks that are in a kind of trouble.
    pub(crate) fn troubled(status: TaskStatus, shard: u8) -> String {
        format!("TROUBLE#{}#{shard:02}", status.as_str())
    }

    /// Where the claim on a delivery is; a digest, as senders choose their ids as they like.
    pub(crate) fn claim(owner: &Owner, delivery: &str) -> Self {
        let digest = Sha256::new().chain_update(owner.as_str()).chain_update([0]).chain_update(delivery).finalize();
        Self::new(format!("SEEN#{}", hex::encode(digest)), "#")
    }

    /// Where a document is.
    pub(crate) fn document(collection: Collection, key: &str) -> Self {
        Self::new(format!("NOTE#{}", collection.as_str()), key)
    }

    /// A sort key behind that of every due time.
    pub(crate) const LAST_DUE: &str = "~";

    /// Where a due time is. As text it has the order in which due times are acted on: by time, then by job.
    pub(crate) fn due(time: &DueTime) -> Self {
        let DueTime { at, job, version, due, .. } = time;
        let sk = format!("{:020}#{job}#{version:020}#{:020}", at.as_ms(), due.as_ms());
        Self::new(Self::due_partition(due_shard(job)), &sk)
    }

    /// A sort key behind those of all due times until a moment, and before those of all later ones.
    pub(crate) fn due_until(until: Timestamp) -> String {
        format!("{:020}~", until.as_ms())
    }

    /// A partition of the due times.
    pub(crate) fn due_partition(shard: u8) -> String {
        format!("due#{shard}")
    }

    /// Where an owner's count is.
    pub(crate) fn count(owner: &Owner) -> Self {
        Self::new(Self::COUNTS.to_owned(), owner.as_str())
    }

    /// The beginning of a row.
    pub(crate) fn row(&self) -> Row {
        Row::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }

    /// The key of these two.
    fn new(pk: String, sk: &str) -> Self {
        Self { pk, sk: sk.to_owned() }
    }
}

/// Whether tasks that stand so are listed by themselves.
pub(crate) const fn is_trouble(status: TaskStatus) -> bool {
    matches!(status, TaskStatus::Retrying | TaskStatus::Dead)
}

/// The day of a moment: `2026-11-21`.
pub(crate) fn day(moment: Timestamp) -> String {
    let mut day = moment.rfc3339();
    day.truncate(10);
    day
}

/// An event's shard: the last bits of its id, which are random.
pub(crate) const fn shard(id: EventId) -> u8 {
    id.as_bytes()[15] % SHARDS
}

/// A job's shard: made of a digest of its id, which every version of Bellhop makes alike.
fn due_shard(job: &JobId) -> u8 {
    Sha256::digest(job.as_str()).first().map_or(0, |byte| byte % DUE_SHARDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A due time of one of many jobs.
    fn due_time(number: u16, at: u64, version: u64, due: u64) -> DueTime {
        let mut random = [7; 22];
        // Each byte is one of 32 letters.
        random[..3].copy_from_slice(&[10, 5, 0].map(|bits| u8::try_from(number >> bits & 31).unwrap()));
        let (at, due) = (Timestamp::from_ms(at), Timestamp::from_ms(due));
        DueTime { at, job: JobId::from_random(&random), version, due, local: None, count: 0 }
    }

    #[test]
    fn due_times_as_text_have_the_order_of_time_and_stay_where_they_are() {
        let one = due_time(0, 1_795_244_400_000, 3, 5);
        let (job, key) = (&one.job, Key::due(&one));
        assert_eq!(key.sk, format!("00000001795244400000#{job}#00000000000000000003#00000000000000000005"));
        // The partitions of rows that are there already.
        let known = JobId::from_random(&[7; 22]);
        assert_eq!((known.as_str(), due_shard(&known)), (format!("jb_{}", "h".repeat(22)).as_str(), 2));
        let mut times = Vec::new();
        for (at, job, version, due) in
            [(9, 5, 5, 5), (10, 1, 9, 10), (10, 1, 10, 9), (10, 1, 10, 10), (10, 2, 1, 1), (u64::MAX, 0, 0, 0)]
        {
            times.push(due_time(job, at, version, due));
        }
        assert!(times.is_sorted() && times.is_sorted_by_key(|time| Key::due(time).sk));
        for time in &times {
            let (sk, at) = (Key::due(time).sk, time.at.as_ms());
            assert!(sk.as_str() > "0" && sk.as_str() < Key::LAST_DUE);
            assert!(sk <= Key::due_until(time.at) && sk > Key::due_until(Timestamp::from_ms(at - 1)), "{sk}");
        }
    }

    #[test]
    fn jobs_are_spread_evenly() {
        let mut jobs = [0; DUE_SHARDS as usize];
        (0..8_000).for_each(|number| jobs[usize::from(due_shard(&due_time(number, 0, 0, 0).job))] += 1);
        assert!(jobs.iter().all(|jobs| (700..1_300).contains(jobs)), "{jobs:?}");
    }

    #[test]
    fn events_and_tasks_stand_in_the_day_and_the_shard_of_the_event() {
        let id = EventId::new(Timestamp::from_ms(1_700_000_000_000), &[0x17; 10]);
        assert_eq!(Key::event(id).pk, "EVENT#2023-11-14#07");
        assert_eq!(Key::event(id).former().pk, "EVENT#2023-11-14");
        let task = TaskId::new(id, &HookId::from_text("hk_1"), 0);
        let key = Key::task(&task);
        assert_eq!((key.pk.as_str(), key.sk.as_str()), ("TASK#2023-11-14#07", task.as_str()));
        assert_eq!(key.former().sk, task.as_str());
        assert_eq!(Key::trouble(&task, TaskStatus::Dead).unwrap().pk, "TROUBLE#dead#07");
        assert_eq!(Key::trouble(&task, TaskStatus::Succeeded), None);
    }

    #[test]
    fn the_events_of_a_moment_are_spread_evenly() {
        let mut rows = [0; SHARDS as usize];
        for n in 0..16_000u32 {
            let digest = Sha256::digest(n.to_be_bytes());
            let id = EventId::new(Timestamp::from_ms(5), digest[..10].try_into().unwrap());
            rows[usize::from(shard(id))] += 1;
        }
        assert!(rows.iter().all(|rows| (800..1_200).contains(rows)), "{rows:?}");
    }

    #[test]
    fn claims_of_other_hooks_and_deliveries_are_others() {
        let claim = |owner: &str, delivery: &str| Key::claim(&Owner::from_text(owner), delivery).pk;
        assert_eq!(claim("a", "b").len(), 5 + 64);
        assert_ne!(claim("a", "bc"), claim("ab", "c"));
    }
}
