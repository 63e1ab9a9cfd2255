use serde_json::json;

use super::*;
use crate::action::Kind;
use crate::config::{Configured as _, JobSpec, SecretsAs, Stamp};
use crate::id::{EventId, TaskId};
use crate::task::{Task, TaskStatus};

/// The moment that jobs of tests are made at.
const MADE: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A job of these fields, besides a name and an action.
fn job(fields: Value) -> Job {
    let mut whole = json!({"name": "job", "actions": [{"kind": "telegram", "chat": "1"}]});
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    completed(serde_json::from_value(whole).unwrap(), None, Map::new(), MADE)
}

/// The job that is kept of what was written at a moment.
fn completed(spec: JobSpec, old: Option<&Job>, fields: Map<String, Value>, now: Timestamp) -> Job {
    let change = old.map(|old| (old, &fields));
    let draft = Job::check(&spec, SecretsAs::Values, change).unwrap();
    let stamp = Stamp { id: "jb_1".to_owned(), random: [0; 22], origin: Origin::Api, now };
    Job::complete(draft, old, &stamp, &mut |_, _| SecretRef::parse("env:A").unwrap())
}

#[test]
fn one_due_time_is_one_event() {
    let run = |job: &str, seconds| DueRun {
        job: JobId::from_text(job),
        version: 1,
        due: Due { at: Timestamp::from_seconds(seconds), local: None },
        count: 0,
        missed: 0,
        undone: None,
    };
    let first = run("jb_1", 10);
    let later = DueRun { version: 7, count: 3, missed: 2, undone: Some("why".to_owned()), ..first.clone() };
    assert_eq!(first.event(), later.event(), "however it came");
    assert_eq!(first.event().accepted_at(), Timestamp::from_seconds(10));
    assert!(first.event() != run("jb_2", 10).event() && first.event() != run("jb_1", 11).event());
}

#[test]
fn a_job_is_stored_and_read_back_and_shown_as_it_is_written() {
    let full = job(json!({
        "schedule": {"daily": ["17:30", "9:00"], "timezone": "Europe/Berlin"}, "description": "d", "max_runs": 3,
        "start_at": "2027-02-01T00:00:00Z", "end_at": "2027-03-01T00:00:00Z", "jitter_seconds": 5, "data": {"a": 1},
        "when": "payload.run > 1", "catch_up": "all", "auto_remove": true, "enabled": false,
        "actions": [{"kind": "discord", "url": "https://discord.com/api/webhooks/1/t",
            "fallback": {"kind": "telegram", "chat": "2"}}],
    }));
    let stored = serde_json::to_string(&full).unwrap();
    assert_eq!(serde_json::from_str::<Job>(&stored).unwrap(), full);
    assert_eq!(full.overlap, Overlap::Queue, "what is caught up waits for its turn");
    let again = completed(full.spec(), Some(&full), Map::new(), MADE);
    assert_eq!(again, full, "what is written of it makes the same");
    let shown = full.shown();
    assert_eq!(shown["schedule"]["daily"], json!(["09:00", "17:30"]));
    assert_eq!(shown["actions"][0]["fallback"]["chat"], "2");
    assert!(!shown.to_string().contains("https://discord"), "{shown}");
}

#[test]
fn a_schedule_counts_from_when_it_was_changed_and_from_then_alone() {
    let old = job(json!({"schedule": {"every_seconds": 60}}));
    let later = MADE.plus_ms(1000);
    let changed = |old: &Job, fields: Value| {
        let mut spec = serde_json::to_value(old.spec()).unwrap();
        spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        completed(serde_json::from_value(spec).unwrap(), Some(old), fields.as_object().unwrap().clone(), later)
    };
    for (fields, scheduled_at) in [
        (json!({"name": "other", "max_runs": 3, "end_at": "2030-01-01T00:00:00Z"}), MADE),
        (json!({"schedule": {"every_seconds": 61}}), later),
        (json!({"start_at": "2027-01-01T00:00:00Z"}), later),
        (json!({"enabled": false}), MADE),
    ] {
        assert_eq!(changed(&old, fields.clone()).scheduled_at, scheduled_at, "{fields}");
    }
    let paused = Job { enabled: false, ..old };
    assert_eq!(changed(&paused, json!({"enabled": true})).scheduled_at, later, "resumed");
    assert_eq!(changed(&paused, json!({"name": "other"})).scheduled_at, MADE);
}

#[test]
fn what_comes_next_leaves_out_what_is_past_and_ends_with_the_job() {
    let job = job(json!({"schedule": {"every_seconds": 60}, "max_runs": 3}));
    let at = |seconds: u64| MADE.plus_ms(seconds * 1000);
    let next = |runs: &Runs, now| job.next_dues(runs, now, 9).iter().map(|due| due.at).collect::<Vec<_>>();
    assert_eq!(next(&Runs::default(), MADE), [at(60), at(120), at(180)]);
    let due = Some(Due { at: at(60), local: None });
    let once = Runs { count: 1, due, ..Runs::default() };
    assert_eq!(next(&once, at(60)), [at(120), at(180)]);
    // What nobody was there for is no promise.
    assert_eq!(next(&once, at(200)), [at(240), at(300)]);
    assert_eq!(next(&Runs { count: 3, ..once }, at(60)), []);
    let paused = Job { enabled: false, ..job.clone() };
    assert_eq!(paused.next_dues(&Runs::default(), MADE, 9), []);
    // What was due before the schedule held, or before a pause, was for another one.
    let hourly = self::job(json!({"schedule": {"cron": "0 * * * *", "timezone": "UTC"}}));
    let due = Some(Due { at: Timestamp::from_ms(MADE.as_ms() - 3 * 3_600_000), local: None });
    let before = Runs { due, ..Runs::default() };
    assert!(hourly.next_due(&before).is_some_and(|due| due.at >= MADE), "{:?}", hourly.next_due(&before));
}

#[test]
fn what_came_of_a_run_is_told_by_its_tasks() {
    let event = EventId::new(MADE, &[0; 10]);
    let owner = JobId::from_text("jb_1");
    let task = |action, status, kind| {
        let id = TaskId::new(event, &owner, action);
        Task { status, reason: Some(format!("because {action}")), ..Task::queued(id, kind, "there", MADE, MADE) }
    };
    let telegram = |action, status| task(action, status, Kind::Telegram);
    use TaskStatus::{Dead, Queued, Retrying, Running, Skipped, Succeeded};
    let replaced = Task { id: telegram(0, Dead).id.fallback(), ..telegram(0, Succeeded) };
    let notice = Task { id: telegram(0, Dead).id.notice(0), ..telegram(0, Queued) };
    for (tasks, result, reason) in [
        (vec![], RunResult::Succeeded, None),
        (vec![telegram(0, Succeeded), telegram(1, Skipped)], RunResult::Succeeded, None),
        (vec![telegram(0, Succeeded), telegram(1, Retrying)], RunResult::Running, None),
        (vec![telegram(0, Dead), telegram(1, Queued)], RunResult::Running, None),
        (vec![telegram(0, Succeeded), telegram(1, Dead)], RunResult::Failed, Some("because 1")),
        (vec![telegram(0, Skipped), telegram(1, Skipped)], RunResult::Skipped, Some("because 0")),
        (vec![telegram(0, Dead), replaced], RunResult::Succeeded, None),
        (vec![telegram(0, Dead), notice], RunResult::Failed, Some("because 0")),
    ] {
        assert_eq!(RunResult::of(&tasks), (result, reason.map(str::to_owned)), "{tasks:?}");
        assert!(!RunResult::is_at_work(&tasks), "messages on their way keep nobody waiting");
    }
    for (status, is_at_work) in [(Queued, true), (Running, true), (Retrying, true), (Succeeded, false), (Dead, false)] {
        assert_eq!(RunResult::is_at_work(&[task(0, status, Kind::Forward)]), is_at_work, "{status:?}");
    }
}

#[test]
fn runs_are_noted_once_and_a_late_one_takes_no_later_one_s_place() {
    let run = |seconds: u64, count, undone: Option<&str>| {
        let due = Due { at: MADE.plus_ms(seconds * 1000), local: None };
        let job = JobId::from_text("jb_1");
        Cause::Due(DueRun { job, version: 1, due, count, missed: 0, undone: undone.map(str::to_owned) })
    };
    let (early, late) = (run(60, 0, None), run(120, 1, None));
    let noted = Runs::default().after(&late, false).after(&early, false);
    assert_eq!(noted, Runs::default().after(&early, false).after(&late, false).after(&late, false));
    assert_eq!((noted.count, noted.due.as_ref().map(|due| due.at)), (2, Some(MADE.plus_ms(120_000))));
    let skipped = noted.after(&run(180, 2, Some("nobody was there")), true);
    assert_eq!((skipped.count, skipped.ran, skipped.event > noted.event), (2, noted.ran, true));
    let asked = skipped.after(&Cause::Asked(EventId::new(MADE.plus_ms(999_000), &[1; 10])), false);
    assert_eq!((asked.count, asked.due.clone(), asked.ran), (2, skipped.due, asked.event));
}
