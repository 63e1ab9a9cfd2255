//! The index of due times, and the changes that are made together with it.

use bellhop_core::id::JobId;
use bellhop_core::time::Timestamp;
use futures_util::future::join_all;

use super::made::{fresh_job_id, now};
use crate::ports::{Collection, ConfigChange, ConfigWriter, Documents, DueTime, DueTimes, NewDocument};

/// A moment long ago, before which nothing is due.
const BEGIN: Timestamp = Timestamp::from_ms(1_000_000);

/// A due time of a job that is acted on as it comes.
fn due_at(job: &JobId, ms: u64) -> DueTime {
    let at = BEGIN.plus_ms(ms);
    DueTime { at, job: job.clone(), version: 1, due: at, local: None, count: 0 }
}

/// What is due at a moment after [`BEGIN`].
async fn due(times: &dyn DueTimes, ms: u64, most: usize) -> Vec<DueTime> {
    times.due(BEGIN.plus_ms(ms), most).await.expect("due times are read")
}

/// Adds these and removes those.
async fn step(times: &dyn DueTimes, add: &[DueTime], remove: &[DueTime]) {
    times.step(add, remove).await.expect("a step is made");
}

/// When the earliest is to be acted on.
async fn earliest(times: &dyn DueTimes) -> Option<Timestamp> {
    times.earliest().await.expect("the earliest is looked for")
}

/// What is due comes by its time, then by its job, and no more than was asked for. The index must be empty, and is so
/// afterwards.
pub async fn due_times(times: &dyn DueTimes) {
    assert_eq!((due(times, 1_000_000, 10).await, earliest(times).await), (Vec::new(), None));
    // Times that many jobs share, and one job with many.
    let (jobs, busy): (Vec<_>, _) = ((0..60).map(|_| fresh_job_id()).collect(), fresh_job_id());
    let mut all: Vec<_> = jobs.iter().enumerate().map(|(n, job)| due_at(job, 900 + n as u64 % 3 * 100)).collect();
    all.extend((0..60).map(|n| due_at(&busy, n * 20)));
    all.sort();
    let mut unordered = all.clone();
    unordered.sort_by(|one, other| other.job.cmp(&one.job));
    step(times, &unordered, &[]).await;
    assert_eq!(due(times, 1_000_000, 1_000).await, all);
    assert_eq!(earliest(times).await, Some(BEGIN));
    for most in [0, 1, 7, 45, 100, 120] {
        assert!(due(times, 1_000_000, most).await == all[..most], "the first {most}");
    }
    for (until, included) in [(899, false), (900, true), (901, true)] {
        let expected: Vec<_> = all.iter().filter(|time| time.at <= BEGIN.plus_ms(until)).cloned().collect();
        assert_eq!(due(times, until, 1_000).await, expected, "until {until}");
        assert_eq!(expected.iter().any(|time| time.at == BEGIN.plus_ms(900)), included);
    }
    // One after the other is acted on: it goes, and the next one of its job comes.
    let (first, later) = (all[..30].to_vec(), all[30..].to_vec());
    let next: Vec<_> = first.iter().map(|time| DueTime { count: 1, ..due_at(&time.job, 5_000) }).collect();
    step(times, &next[..1], &first).await;
    assert_eq!(due(times, 4_999, 1_000).await, later);
    assert_eq!(earliest(times).await, later.first().map(|time| time.at));
    step(times, &[], &later).await;
    assert_eq!(due(times, 5_000, 9).await, next[..1]);
    step(times, &[], &next).await;
    assert_eq!((due(times, 1_000_000, 9).await, earliest(times).await), (Vec::new(), None));
}

/// A due time is told apart by its time, job, version and what it stands for, and comes back as it was added. The index must
/// be empty, and is so afterwards.
pub async fn due_time_identity(times: &dyn DueTimes) {
    let (job, other) = (fresh_job_id(), fresh_job_id());
    let one = DueTime {
        local: Some("2027-03-28T02:30:00".to_owned()),
        count: 12_345_678_901,
        version: 9,
        ..due_at(&job, 7_000)
    };
    let waiting = DueTime { due: BEGIN, ..one.clone() };
    let later = DueTime { at: BEGIN.plus_ms(7_001), ..one.clone() };
    let newer = DueTime { version: 10, local: None, ..one.clone() };
    let others = DueTime { job: other, ..one.clone() };
    let mut all = vec![one.clone(), waiting, later, newer, others];
    all.sort();
    step(times, &all, &[]).await;
    assert_eq!(due(times, 9_000, 9).await, all);
    // Again, and twice in one step.
    step(times, &all, &[]).await;
    step(times, &[one.clone(), one.clone()], &[]).await;
    assert_eq!(due(times, 9_000, 9).await, all, "what is there is there once");
    // What is both added and removed is gone.
    step(times, std::slice::from_ref(&one), &[one.clone(), one.clone()]).await;
    all.retain(|time| *time != one);
    assert_eq!(due(times, 9_000, 9).await, all, "one goes, and those that are like it stay");
    step(times, &[], std::slice::from_ref(&one)).await;
    step(times, &[], &[]).await;
    assert_eq!(due(times, 9_000, 9).await, all, "what is not there cannot go");
    step(times, &[], &all).await;
    assert_eq!(due(times, 9_000, 9).await, []);
}

/// Steps that are made at the same time are each made whole. The index must be empty, and is so afterwards.
pub async fn due_steps_together(times: &dyn DueTimes) {
    let jobs: Vec<_> = (0..8).map(|_| fresh_job_id()).collect();
    let first: Vec<_> = jobs.iter().map(|job| due_at(job, 10)).collect();
    step(times, &first, &[]).await;
    let mut next: Vec<_> = jobs.iter().map(|job| DueTime { count: 1, ..due_at(job, 20) }).collect();
    next.sort();
    // Each job is gone on with by two who know nothing of each other, and one takes all.
    let steps = first.iter().chain(&first).map(|time| async {
        let next = next.iter().find(|next| next.job == time.job).cloned();
        times.step(&next.into_iter().collect::<Vec<_>>(), std::slice::from_ref(time)).await
    });
    let (each, all) = futures_util::future::join(join_all(steps), times.step(&next, &first)).await;
    each.into_iter().chain([all]).for_each(|step| step.expect("a step is made"));
    assert_eq!(due(times, 100, 100).await, next);
    step(times, &[], &next).await;
    assert_eq!(due(times, 100, 100).await, []);
}

/// A document is swapped and changes are made with it, or nothing at all. The index must be empty, and is so afterwards.
pub async fn swaps_with_changes(writer: &dyn ConfigWriter, documents: &dyn Documents, times: &dyn DueTimes) {
    let (job, collection) = (fresh_job_id(), Collection::Job);
    let new = |text, expires| NewDocument { collection, key: job.as_str(), text, expires };
    let time = |ms| ConfigChange::Due(due_at(&job, ms));
    let run = || ConfigChange::Document { collection: Collection::Run, key: job.to_string(), text: "r".to_owned() };
    let no_run = || ConfigChange::NoDocument { collection: Collection::Run, key: job.to_string() };
    let stored = async || {
        let found = |document: Option<crate::ports::Document>| document.map(|found| (found.text, found.version));
        let job_document = documents.document(collection, job.as_str()).await.expect("a document is looked for");
        let run = documents.document(Collection::Run, job.as_str()).await.expect("a document is looked for");
        let times = due(times, 1_000, 9).await;
        (found(job_document), run.is_some(), times.iter().map(|time| time.at.ms_since(BEGIN)).collect::<Vec<_>>())
    };
    let swap = async |text, expires, version, changes| {
        writer.swap_together(&new(text, expires), version, changes).await.expect("a swap is decided")
    };
    assert!(!swap("0", None, Some(1), vec![time(1), run()]).await, "there is none");
    assert_eq!(stored().await, (None, false, vec![]));
    assert!(swap("1", None, None, vec![time(2), run()]).await);
    let first = (Some(("1".to_owned(), 1)), true, vec![2]);
    assert_eq!(stored().await, first);
    assert!(!swap("2", None, None, vec![time(3), no_run()]).await, "there is one");
    assert!(!swap("2", None, Some(2), vec![time(4), no_run()]).await, "it has another version");
    assert_eq!(stored().await, first, "a lost swap changes nothing");
    assert!(swap("3", None, Some(1), vec![time(5), time(2), no_run()]).await);
    assert_eq!(stored().await, (Some(("3".to_owned(), 2)), false, vec![2, 5]));
    assert!(swap("4", Some(now()), Some(2), Vec::new()).await, "without changes, to expire at once");
    assert!(!swap("5", None, Some(3), vec![run()]).await, "what has expired has no version");
    assert!(swap("6", None, None, vec![run()]).await, "and its place is free");
    let text = |(document, run, times): (Option<(String, u64)>, bool, Vec<u64>)| (document.map(|it| it.0), run, times);
    assert_eq!(text(stored().await), (Some("6".to_owned()), true, vec![2, 5]));
    writer.write_together(vec![time(5), time(6), no_run()]).await.expect("all are made");
    assert_eq!(text(stored().await), (Some("6".to_owned()), false, vec![2, 5, 6]));
    documents.delete_document(collection, job.as_str()).await.expect("a document is deleted");
    step(times, &[], &[due_at(&job, 2), due_at(&job, 5), due_at(&job, 6)]).await;
    assert_eq!(stored().await, (None, false, vec![]));
}

/// Of many that swap a document together with a due time one does, and its due time alone is there. The index must be empty,
/// and is so afterwards.
pub async fn swaps_together(writer: &dyn ConfigWriter, documents: &dyn Documents, times: &dyn DueTimes) {
    let (job, collection) = (fresh_job_id(), Collection::Job);
    let swaps = (0..9).map(|n| {
        let (time, text, job) = (due_at(&job, n), n.to_string(), &job);
        async move {
            let new = NewDocument { collection, key: job.as_str(), text: &text, expires: None };
            writer.swap_together(&new, None, vec![ConfigChange::Due(time)]).await
        }
    });
    // Who comes while another is at it may be told so.
    let won = join_all(swaps).await.into_iter().filter(|swap| matches!(swap, Ok(true))).count();
    let times_left = due(times, 1_000, 99).await;
    let document = documents.document(collection, job.as_str()).await.expect("a document is looked for");
    let text = document.map(|document| document.text);
    assert_eq!((won, times_left.len()), (1, 1), "{times_left:?}");
    assert_eq!(text, times_left.first().map(|time| time.at.ms_since(BEGIN).to_string()));
    documents.delete_document(collection, job.as_str()).await.expect("a document is deleted");
    step(times, &[], &times_left).await;
}
