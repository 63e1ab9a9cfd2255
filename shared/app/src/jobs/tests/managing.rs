//! Making, changing, pausing and deleting jobs.

use serde_json::json;

use super::super::*;
use super::stage::{Stage, at};
use crate::ports::{Clock as _, DueTimes as _};
use bellhop_core::config::Problem;

/// The wrong fields of a job that is not made.
async fn problems(stage: &Stage, spec: Value) -> Vec<(String, String)> {
    match stage.make(spec.clone()).await {
        Err(NotMade::Invalid(problems)) => {
            problems.into_iter().map(|Problem { field, message }| (field, message)).collect()
        }
        other => panic!("{spec}: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_job_is_said_by_field_and_with_an_example() {
    let stage = Stage::new().await;
    let every = || json!({"every_seconds": 60});
    for (spec, field, words) in [
        (json!({}), "schedule", "every_seconds = 3600"),
        (json!({"schedule": {"every_seconds": 0}}), "schedule.every_seconds", "between 1 and"),
        (json!({"schedule": {"once": "2027-02-28T23:59:59Z"}}), "schedule.once", "is past"),
        (json!({"schedule": {"once": "tomorrow"}}), "schedule.once", "2027-01-31T09:00:00+01:00"),
        (json!({"schedule": {"daily": ["25:61"]}}), "schedule.daily[0]", "`25:61` is not a time of day"),
        (json!({"schedule": {"cron": "0 0 31 2 *"}}), "schedule.cron", "never comes"),
        (json!({"schedule": {"cron": "0 0 * *"}}), "schedule.cron", "0 9 * * 1-5"),
        (json!({"schedule": {"cron": "0 9 * * *", "timezone": "Mars/Base"}}), "schedule.timezone", "Europe/Berlin"),
        (json!({"schedule": {"cron": "0 9 * * *", "every_seconds": 5}}), "schedule", "one of"),
        (json!({"schedule": every(), "start_at": "soon"}), "start_at", "RFC 3339"),
        (json!({"schedule": every(), "end_at": "2027-02-28T00:00:00Z"}), "end_at", "nothing is due"),
        (
            json!({"schedule": every(), "start_at": "2027-05-01T00:00:00Z", "end_at": "2027-04-01T00:00:00Z"}),
            "end_at",
            "before it begins",
        ),
        (json!({"schedule": every(), "max_runs": 0}), "max_runs", "between 1"),
        (json!({"schedule": every(), "jitter_seconds": 86_401}), "jitter_seconds", "between 0"),
        (json!({"schedule": every(), "when": "payload.("}), "when", ""),
        (json!({"schedule": every(), "data": {"long": "x".repeat(1 << 20)}}), "data", "65536 are the most"),
        (json!({"schedule": every(), "catch_up": "all", "overlap": "skip"}), "overlap", "overlap = \"queue\""),
        (json!({"schedule": every(), "actions": []}), "actions", "needs an action"),
        (json!({"schedule": every(), "actions": [{"kind": "telegram"}]}), "actions[0].chat", ""),
        (json!({"schedule": every(), "name": " "}), "name", "1 to 100 characters"),
    ] {
        let found = problems(&stage, spec.clone()).await;
        assert_eq!(found.len(), 1, "{spec}: {found:?}");
        assert!(found[0].0 == field && found[0].1.contains(words), "{spec}: {found:?}");
    }
    assert_eq!(stage.memory.earliest().await.unwrap(), None, "nothing of it is due");
}

#[tokio::test]
async fn what_is_too_often_for_a_deployment_is_refused_there_alone() {
    let stage = Stage::new().await;
    let ten = Jobs::new(JobPorts {
        documents: stage.memory.clone(),
        writer: stage.memory.clone(),
        vault: stage.memory.clone(),
        history: stage.memory.clone(),
        orders: stage.memory.clone(),
        settings: stage.memory.clone(),
        clock: stage.clock.clone(),
        changes: Changes::default(),
        shortest_seconds: 10,
    });
    let spec = |seconds: u64| -> JobSpec {
        let action = json!({"kind": "forward", "url": "https://example.com/in"});
        let spec = json!({"name": seconds.to_string(), "schedule": {"every_seconds": seconds}, "actions": [action]});
        serde_json::from_value(spec).unwrap()
    };
    let refused = ten.create(spec(9), SecretsAs::Values).await;
    assert!(matches!(&refused, Err(NotMade::Invalid(problems)) if problems[0].field == "schedule.every_seconds"));
    assert!(ten.create(spec(10), SecretsAs::Values).await.is_ok());
    assert!(stage.jobs.create(spec(9), SecretsAs::Values).await.is_ok());
}

#[tokio::test]
async fn local_times_are_those_of_the_settings_unless_the_job_names_a_zone() {
    let stage = Stage::new().await;
    let own = stage.made(json!({"name": "own", "schedule": {"daily": ["9:00"]}})).await;
    let other = json!({"name": "other", "schedule": {"daily": ["09:00"], "timezone": "Asia/Kathmandu"}});
    let other = stage.made(other).await;
    let next = async |job: &Job| stage.jobs.standing(job, 1).await.unwrap().next[0].clone();
    assert_eq!(next(&own).await.at, at("2027-03-01T08:00:00Z"));
    assert_eq!(next(&other).await.at, at("2027-03-01T03:15:00Z"));
    assert_eq!(next(&other).await.local.as_deref(), Some("2027-03-01T09:00:00"));
}

#[tokio::test]
async fn a_schedule_takes_the_place_of_another_as_a_whole() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"every_seconds": 60}})).await;
    let job = stage.changed(&job, json!({"schedule": {"cron": "0 9 * * *"}})).await.unwrap();
    assert_eq!(job.schedule.timezone(), Some("Europe/Berlin"));
    let job = stage.changed(&job, json!({"schedule": {"once": "2027-03-02T00:00:00Z"}})).await.unwrap();
    assert_eq!(stage.jobs.standing(&job, 9).await.unwrap().next.len(), 1);
    let job = stage.changed(&job, json!({"schedule": {"once": "2027-03-03T00:00:00"}})).await.unwrap();
    assert_eq!(
        stage.jobs.standing(&job, 1).await.unwrap().next[0].at,
        at("2027-03-02T23:00:00Z"),
        "the settings' zone"
    );
    let unchanged = stage.changed(&job, json!({"schedule": {"once": "2027-02-01T00:00:00Z"}})).await;
    assert!(matches!(&unchanged, Err(NotMade::Invalid(problems)) if problems[0].field == "schedule.once"));
}

#[tokio::test]
async fn what_is_changed_before_it_is_due_runs_as_it_is_then_and_once() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"every_seconds": 60}})).await;
    stage.pass("2027-03-01T00:02:30Z").await;
    // Renamed, it goes on as it was; with another schedule, from then on.
    let job = stage.changed(&job, json!({"name": "renamed"})).await.unwrap();
    stage.pass("2027-03-01T00:03:30Z").await;
    stage.changed(&job, json!({"schedule": {"every_seconds": 100}})).await.unwrap();
    stage.pass("2027-03-01T00:05:30Z").await;
    let minutes = ["00:01:00", "00:02:00", "00:03:00", "00:05:10"].map(|time| format!("2027-03-01T{time}.000Z"));
    assert_eq!(stage.dues(&job).await, minutes);
}

#[tokio::test]
async fn a_change_between_the_tick_and_the_run_loses_no_due_time() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"every_seconds": 60}})).await;
    stage.clock.set(at("2027-03-01T00:01:00Z"));
    stage.scheduler.run().await.unwrap();
    // The order is on its way, for the job as it was.
    let job = stage.changed(&job, json!({"description": "changed"})).await.unwrap();
    stage.work().await;
    stage.work().await;
    assert_eq!(stage.dues(&job).await, ["2027-03-01T00:01:00.000Z"]);
    stage.pass("2027-03-01T00:02:00Z").await;
    assert_eq!(stage.dues(&job).await.len(), 2);
}

#[tokio::test]
async fn a_due_time_of_another_schedule_does_not_run_any_more() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"every_seconds": 60}})).await;
    stage.clock.set(at("2027-03-01T00:01:00Z"));
    stage.scheduler.run().await.unwrap();
    // The order is on its way when the job is given another schedule.
    let job = stage.changed(&job, json!({"schedule": {"every_seconds": 600}})).await.unwrap();
    stage.pass("2027-03-01T00:12:00Z").await;
    assert_eq!(stage.dues(&job).await, ["2027-03-01T00:11:00.000Z"]);
}

#[tokio::test]
async fn what_is_paused_or_deleted_between_the_tick_and_the_run_does_not_run() {
    let stage = Stage::new().await;
    let deleted = stage.made(json!({"name": "deleted", "schedule": {"every_seconds": 60}})).await;
    let paused = stage.made(json!({"name": "paused", "schedule": {"every_seconds": 60}})).await;
    stage.clock.set(at("2027-03-01T00:01:00Z"));
    stage.scheduler.run().await.unwrap();
    stage.jobs.catalogue.delete(deleted.id.as_str(), None).await.unwrap();
    let paused = stage.jobs.enable(paused.id.as_str(), None, false).await.unwrap();
    stage.pass("2027-03-01T00:05:30Z").await;
    assert_eq!(stage.memory.all_tasks(), []);
    assert_eq!(stage.memory.earliest().await.unwrap(), None, "nothing of them is left in the index");
    // What was due while it was paused stays left out.
    let resumed = stage.jobs.enable(paused.id.as_str(), None, true).await.unwrap();
    stage.pass("2027-03-01T00:07:00Z").await;
    assert_eq!(stage.dues(&resumed).await, ["2027-03-01T00:06:30.000Z"]);
}

#[tokio::test]
async fn a_run_that_is_asked_for_is_done_whatever_else_holds() {
    let stage = Stage::new().await;
    let never = json!({"schedule": {"every_seconds": 3600}, "when": "false", "enabled": false});
    let job = stage.made(never).await;
    let event = stage.jobs.run(job.id.as_str()).await.unwrap();
    stage.work().await;
    assert_eq!(stage.tasks(&job).len(), 1);
    assert_eq!(stage.tasks(&job)[0].event, event);
    assert_eq!(stage.payload(event).await["asked"], true);
    assert!(matches!(stage.jobs.run("jb_none").await, Err(NotMade::Gone("job"))));
}

#[tokio::test]
async fn a_job_that_is_to_go_goes_once_its_last_run_is_over() {
    let stage = Stage::new().await;
    let once = json!({"schedule": {"once": "2027-03-01T00:01:00Z"}, "auto_remove": true});
    let job = stage.made(once.clone()).await;
    stage.made(json!({"name": "stays", "schedule": {"once": "2027-03-01T00:01:00Z"}})).await;
    let names = async || {
        stage.jobs.sweep().await.unwrap();
        let jobs = stage.jobs.catalogue.list().await.unwrap();
        jobs.into_iter().map(|job| job.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["job", "stays"]);
    stage.clock.set(at("2027-03-01T00:01:00Z"));
    assert_eq!(names().await, ["job", "stays"], "it is due, and did not run yet");
    stage.work().await;
    assert_eq!(names().await, ["job", "stays"], "its run is not over");
    stage.end(&job, bellhop_core::task::TaskStatus::Succeeded).await;
    assert_eq!(names().await, ["stays"]);
    // Its name is free, and what it did stays.
    assert_eq!(stage.dues(&job).await.len(), 1);
    let again = json!({"schedule": {"once": "2027-03-01T00:02:00Z"}, "auto_remove": true});
    stage.made(again).await;
    assert_eq!(stage.clock.now(), at("2027-03-01T00:01:00Z"));
}
