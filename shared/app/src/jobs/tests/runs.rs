//! What becomes of due times: once each, late ones, those that fall together, and what a run knows of the one before.

use bellhop_core::job::ASKED;
use bellhop_core::task::TaskStatus;
use serde_json::json;

use super::stage::{Stage, at};
use crate::ports::{Clock as _, Collection, Documents as _, DueTimes as _, NewDocument};
use crate::schedule::Scheduler;

#[tokio::test]
async fn a_due_time_is_one_event_however_often_it_is_given() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"every_seconds": 60}})).await;
    stage.clock.set(at("2027-03-01T00:01:00Z"));
    let entries = stage.memory.due(stage.clock.now(), 9).await.unwrap();
    for _ in 0..3 {
        stage.work().await;
        // As if the scheduler had ended before its place in the index moved on.
        stage.memory.step(&entries, &[]).await.unwrap();
    }
    stage.work().await;
    assert_eq!(stage.dues(&job).await, ["2027-03-01T00:01:00.000Z"]);
    assert_eq!(stage.tasks(&job).len(), 1);
    assert_eq!(stage.jobs.standing(&job, 0).await.unwrap().runs, 1);
}

#[tokio::test]
async fn an_event_says_when_it_was_due_and_what_came_of_the_last_run() {
    let stage = Stage::new().await;
    let data = json!({"text": "{{ not filled in }}"});
    let daily = json!({"schedule": {"daily": ["09:00"]}, "data": data, "name": "stand-up"});
    let job = stage.made(daily).await;
    stage.pass("2027-03-01T08:00:00Z").await;
    stage.end(&job, TaskStatus::Dead).await;
    stage.pass("2027-03-02T08:00:00Z").await;
    let heads = stage.events(&job).await;
    assert_eq!((heads[0].path.as_str(), heads[0].sender.as_str()), (format!("job/{}", job.id).as_str(), "job"));
    let first = json!({
        "job": {"id": job.id, "name": "stand-up"}, "message": "{{ not filled in }}",
        "due_at": "2027-03-01T08:00:00.000Z", "local_time": "2027-03-01T09:00:00", "timezone": "Europe/Berlin",
        "asked": false, "missed": 0, "run": 1, "data": data, "last": null,
    });
    assert_eq!(stage.payload(heads[0].id).await, first);
    let second = stage.payload(heads[1].id).await;
    let last = json!({
        "event": heads[0].id, "due_at": "2027-03-01T08:00:00.000Z", "status": "failed", "reason": "because",
    });
    assert_eq!((&second["last"], &second["run"]), (&last, &json!(2)));
}

#[tokio::test]
async fn what_nobody_was_there_for_is_caught_up_as_the_job_says() {
    for (catch_up, dues) in [
        ("skip", vec!["00:10", "00:50", "01:00"]),
        ("once", vec!["00:10", "00:50", "01:00"]),
        ("all", vec!["00:10", "00:20", "00:30", "00:40", "00:50", "01:00"]),
    ] {
        let stage = Stage::new().await;
        let job = json!({"schedule": {"every_seconds": 600}, "catch_up": catch_up, "overlap": "allow"});
        let job = stage.made(job).await;
        stage.pass("2027-03-01T00:10:00Z").await;
        // The process is down from here on, and there again long after the fifth due time.
        stage.clock.set(at("2027-03-01T00:55:00Z"));
        stage.pass("2027-03-01T01:00:00Z").await;
        let expected: Vec<_> = dues.iter().map(|time| format!("2027-03-01T{time}:00.000Z")).collect();
        assert_eq!(stage.dues(&job).await, expected, "{catch_up}");
        let skipped: Vec<_> = stage.tasks(&job).into_iter().filter(|task| task.status == TaskStatus::Skipped).collect();
        assert_eq!(skipped.len(), usize::from(catch_up == "skip"), "{catch_up}");
        let reason = skipped.first().and_then(|task| task.reason.clone()).unwrap_or_default();
        assert_eq!(reason.contains("(4 due times)"), catch_up == "skip", "{reason}");
    }
}

#[tokio::test]
async fn a_due_time_that_is_left_out_says_so() {
    for (catch_up, late_minutes, is_done) in [
        ("skip", 2, true),
        ("skip", 3, false),
        ("once", 24 * 60, true),
        ("once", 24 * 60 + 1, false),
        ("all", 9999, true),
    ] {
        let stage = Stage::new().await;
        let once = json!({"schedule": {"once": "2027-03-01T01:00:00Z"}, "catch_up": catch_up, "overlap": "allow"});
        let job = stage.made(once).await;
        stage.clock.set(at("2027-03-01T01:00:00Z").plus_ms(late_minutes * 60_000));
        stage.work().await;
        let task = stage.tasks(&job).remove(0);
        assert_eq!(task.status == TaskStatus::Queued, is_done, "{catch_up}, {late_minutes} minutes late");
        assert_eq!(task.reason.is_some_and(|reason| reason.contains("nobody was there")), !is_done);
        let standing = stage.jobs.standing(&job, 9).await.unwrap();
        assert_eq!((standing.runs, standing.next.len()), (u64::from(is_done), 0));
    }
}

#[tokio::test]
async fn a_job_that_cannot_be_read_keeps_its_place_and_no_other_from_running() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"name": "newer", "schedule": {"once": "2027-03-01T00:01:00Z"}})).await;
    let other = stage.made(json!({"name": "other", "schedule": {"once": "2027-03-01T00:01:00Z"}})).await;
    let stored = stage.memory.document(Collection::Job, job.id.as_str()).await.unwrap().unwrap().text;
    let key = job.id.as_str();
    let newer =
        NewDocument { collection: Collection::Job, key, text: "{\"schedule\": \"of a newer version\"}", expires: None };
    stage.memory.write(&newer).await.unwrap();
    stage.clock.set(at("2027-03-01T00:01:00Z"));
    stage.work().await;
    assert_eq!((stage.tasks(&job).len(), stage.tasks(&other).len()), (0, 1));
    assert_eq!(stage.scheduler.run().await.unwrap(), None);
    stage.memory.write(&NewDocument { text: &stored, ..newer }).await.unwrap();
    stage.work().await;
    assert_eq!(stage.dues(&job).await, ["2027-03-01T00:01:00.000Z"]);
}

#[tokio::test]
async fn what_is_left_out_takes_no_turn_of_a_job_that_has_so_many() {
    let stage = Stage::new().await;
    let twice = json!({"schedule": {"every_seconds": 600}, "max_runs": 2, "catch_up": "skip"});
    let job = stage.made(twice).await;
    stage.clock.set(at("2027-03-01T00:15:00Z"));
    stage.pass("2027-03-01T02:00:00Z").await;
    let done = stage.tasks(&job).into_iter().filter(|task| task.status != TaskStatus::Skipped).count();
    assert_eq!((stage.dues(&job).await.len(), done), (3, 1), "one was left out, one ran, one overlapped");
    assert_eq!(stage.jobs.standing(&job, 1).await.unwrap().runs, 2);
}

#[tokio::test]
async fn the_last_of_many_missed_due_times_says_how_many_there_were() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"cron": "*/10 * * * *"}})).await;
    stage.clock.set(at("2027-03-01T03:05:00Z"));
    stage.work().await;
    let heads = stage.events(&job).await;
    assert_eq!(heads.len(), 1);
    let payload = stage.payload(heads[0].id).await;
    assert_eq!((&payload["due_at"], &payload["missed"]), (&json!("2027-03-01T03:00:00.000Z"), &json!(18)));
}

#[tokio::test]
async fn runs_of_one_job_overlap_as_it_says() {
    for (overlap, statuses) in [
        ("skip", vec!["queued", "skipped", "skipped"]),
        ("allow", vec!["queued", "queued", "queued"]),
        ("queue", vec!["queued"]),
    ] {
        let stage = Stage::new().await;
        let job = stage.made(json!({"schedule": {"every_seconds": 60}, "overlap": overlap})).await;
        stage.pass("2027-03-01T00:03:00Z").await;
        let found: Vec<_> = stage.tasks(&job).iter().map(|task| task.status.as_str()).collect();
        assert_eq!(found, statuses, "{overlap}");
        stage.end(&job, TaskStatus::Succeeded).await;
        stage.pass("2027-03-01T00:03:10Z").await;
        if overlap == "queue" {
            // One of those that waited has its turn, the other goes on waiting.
            assert_eq!(stage.tasks(&job).len(), 2);
            stage.end(&job, TaskStatus::Succeeded).await;
            stage.pass("2027-03-01T00:03:20Z").await;
            assert_eq!(stage.tasks(&job).len(), 3);
        }
    }
}

#[tokio::test]
async fn a_message_that_does_not_arrive_keeps_no_other_run_waiting() {
    let stage = Stage::new().await;
    let telegram = json!([{"kind": "telegram", "chat": "1"}]);
    let job = stage.made(json!({"schedule": {"every_seconds": 60}, "actions": telegram})).await;
    stage.pass("2027-03-01T00:03:00Z").await;
    assert_eq!(stage.tasks(&job).iter().filter(|task| task.status == TaskStatus::Queued).count(), 3);
}

#[tokio::test]
async fn a_run_that_waits_for_a_day_is_left_out() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"once": "2027-03-01T00:01:00Z"}, "overlap": "queue"})).await;
    stage.jobs.run(job.id.as_str()).await.unwrap();
    stage.pass("2027-03-02T00:00:50Z").await;
    assert_eq!(stage.tasks(&job).len(), 1, "it waits for the run that was asked for");
    stage.pass("2027-03-02T00:01:10Z").await;
    let tasks = stage.tasks(&job);
    let waited = tasks.iter().find(|task| task.status == TaskStatus::Skipped).unwrap();
    assert!(waited.reason.as_deref().unwrap().contains("for a day"), "{waited:?}");
    assert!(stage.events(&job).await.iter().any(|head| head.event_type.as_deref() == Some(ASKED)));
}

#[tokio::test]
async fn a_job_ends_after_its_runs_or_with_its_time() {
    let stage = Stage::new().await;
    let thrice = json!({"name": "thrice", "schedule": {"every_seconds": 60}, "max_runs": 3, "overlap": "allow"});
    let thrice = stage.made(thrice).await;
    let timed = json!({
        "name": "timed", "schedule": {"every_seconds": 60}, "start_at": "2027-03-01T00:01:30Z",
        "end_at": "2027-03-01T00:03:30Z", "overlap": "allow",
    });
    let timed = stage.made(timed).await;
    assert_eq!(stage.jobs.standing(&thrice, 9).await.unwrap().next.len(), 3);
    stage.pass("2027-03-01T00:10:00Z").await;
    assert_eq!(stage.dues(&thrice).await.len(), 3);
    let expected = ["00:02:30", "00:03:30"].map(|time| format!("2027-03-01T{time}.000Z"));
    assert_eq!(stage.dues(&timed).await, expected);
    assert_eq!(stage.memory.earliest().await.unwrap(), None);
    // With more runs, it goes on.
    let more = stage.changed(&thrice, json!({"max_runs": 4})).await.unwrap();
    stage.pass("2027-03-01T00:20:00Z").await;
    assert_eq!(stage.dues(&more).await.len(), 4);
}

#[tokio::test]
async fn a_condition_sees_the_last_run_and_says_why_it_does_not_hold() {
    let stage = Stage::new().await;
    let when = "payload.last == null || payload.last.status != 'failed'";
    let job = stage.made(json!({"schedule": {"every_seconds": 60}, "when": when})).await;
    stage.pass("2027-03-01T00:01:00Z").await;
    stage.end(&job, TaskStatus::Dead).await;
    stage.pass("2027-03-01T00:02:00Z").await;
    let skipped = stage.tasks(&job).into_iter().find(|task| task.status == TaskStatus::Skipped).unwrap();
    assert_eq!(skipped.reason.as_deref(), Some("its condition does not hold"));
}

#[tokio::test]
async fn jitter_spreads_runs_and_never_changes() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"every_seconds": 600}, "jitter_seconds": 300, "overlap": "allow"})).await;
    let mut late = Vec::new();
    for run in 1..=20 {
        let due = stage.memory.due(at("2028-01-01T00:00:00Z"), 1).await.unwrap().remove(0);
        assert_eq!(due.due, at("2027-03-01T00:00:00Z").plus_ms(run * 600_000));
        assert_eq!(due.at, job.acts_at(&bellhop_core::schedule::Due { at: due.due, local: None }));
        late.push(due.at.ms_since(due.due));
        stage.clock.set(due.at);
        stage.work().await;
    }
    assert!(late.iter().all(|ms| *ms <= 300_000) && late.iter().max() > late.iter().min(), "{late:?}");
    assert_eq!(stage.dues(&job).await.len(), 20);
}

#[tokio::test]
async fn clocks_that_are_set_back_or_forward_double_and_lose_nothing() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"cron": "0 * * * *"}, "overlap": "allow"})).await;
    stage.pass("2027-03-01T02:30:00Z").await;
    stage.clock.set(at("2027-03-01T01:30:00Z"));
    stage.pass("2027-03-01T02:59:59Z").await;
    assert_eq!(stage.dues(&job).await.len(), 3, "01:00 and 02:00 ran, and do not run again");
    stage.clock.set(at("2027-03-01T03:59:59Z"));
    stage.work().await;
    stage.clock.set(at("2027-03-01T03:00:01Z"));
    stage.pass("2027-03-01T04:30:00Z").await;
    let hours = ["00", "01", "02", "03", "04"].map(|hour| format!("2027-03-01T{hour}:00:00.000Z"));
    assert_eq!(stage.dues(&job).await, hours);
}

#[tokio::test]
async fn a_deployed_scheduler_gives_what_is_due_before_its_next_tick_with_the_delay_that_is_left() {
    let stage = Stage::new().await;
    stage.made(json!({"schedule": {"every_seconds": 20}})).await;
    let deployed = Scheduler {
        due: stage.memory.clone(),
        jobs: stage.memory.clone(),
        orders: stage.memory.clone(),
        clock: stage.clock.clone(),
        ahead_ms: 90_000,
    };
    stage.clock.set(at("2027-03-01T00:00:00.500Z"));
    assert_eq!(deployed.run().await.unwrap(), Some(at("2027-03-01T00:01:40Z")));
    let now = stage.clock.now();
    let visible_at = stage.memory.with_inbox(|inbox| inbox.visible_at());
    let delays: Vec<_> = visible_at.iter().map(|(_, at)| at.ms_since(now) / 1000).collect();
    assert_eq!(delays, [20, 40, 60, 80]);
}
