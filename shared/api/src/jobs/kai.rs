//! `POST /api/schedule`: jobs as Kai's clients make them.

use axum::extract::State;
use axum::{Extension, Json};
use bellhop_core::config::{ActionSpec, JobSpec, Problem};
use bellhop_core::schedule::ScheduleSpec;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::super::auth::Caller;
use super::super::body::{Answered, Body, invalid};
use super::super::hooks::not_made;
use crate::{Api, failed};
use bellhop_app::catalogue::NotMade;

/// How often a name is tried that another job has, each time with another number.
const NAMES: u32 = 100;

/// How a job's prompt becomes the text of its message.
const TEXT: &str = "{{ payload.data.prompt }}";

/// A job, as Kai has it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KaiJob {
    /// Its name.
    name: String,
    /// What a reminder says.
    prompt: String,
    /// `once`, `interval`, `daily` or `cron`.
    schedule_type: String,
    /// `{"run_at"}`, `{"seconds"}`, `{"times": ["HH:MM"]}` or `{"expression", "timezone"}`; as an object, or as JSON in a
    /// string.
    #[schema(value_type = Object)]
    schedule_data: Value,
    /// `reminder`, unless said.
    #[serde(default)]
    job_type: Option<String>,
    /// Whether it is deleted once its last run is over.
    #[serde(default)]
    auto_remove: bool,
    /// Whether an agent also tells of checks that found nothing.
    #[serde(default)]
    notify_on_check: bool,
    /// What it does; a message to the operator's chat unless said.
    #[serde(default)]
    actions: Vec<ActionSpec>,
}

/// What a job's schedule is, by its type.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Data {
    run_at: Option<String>,
    seconds: Option<u64>,
    times: Option<Vec<String>>,
    expression: Option<String>,
    timezone: Option<String>,
}

/// A job that was made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Scheduled {
    /// Its id.
    pub job_id: String,
    /// Its name; a number is behind the one that was asked for where another job has that.
    pub name: String,
}

/// Makes a job, as Kai's clients do.
#[utoipa::path(post, path = "/api/schedule", tag = "jobs", request_body = KaiJob, responses(
    (status = 200, description = "The job", body = Scheduled),
    (status = 400, description = "The body is not JSON"),
    (status = 409, description = "A hundred jobs have this name"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong; each is named"),
))]
pub(super) async fn schedule(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Body(job): Body<KaiJob>,
) -> Answered<Json<Scheduled>> {
    let chat = api.jobs.operator_chat().await.map_err(failed)?;
    let spec = job.spec(chat).map_err(|problem| invalid(&[problem]))?;
    let mut name = spec.name.clone();
    for number in 2..=NAMES {
        match api.jobs.create(JobSpec { name: name.clone(), ..spec.clone() }, caller.secrets()).await {
            Ok(job) => return Ok(Json(Scheduled { job_id: job.id.to_string(), name: job.name })),
            Err(NotMade::NameTaken(..)) => name = format!("{} ({number})", spec.name),
            Err(why) => return Err(not_made(why)),
        }
    }
    Err(not_made(NotMade::NameTaken("job", spec.name)))
}

impl KaiJob {
    /// The same as a job of ours, which tells a chat where it names no actions.
    fn spec(self, chat: Option<String>) -> Result<JobSpec, Problem> {
        let wrong = |field: &str, message: &str| Problem { field: field.to_owned(), message: message.to_owned() };
        match self.job_type.as_deref() {
            None | Some("reminder") => {}
            Some("agent" | "claude") => {
                let what = "this version has no agents: write `reminder`, or make a job with a `forward` to your agent";
                return Err(wrong("job_type", what));
            }
            Some(_) => return Err(wrong("job_type", "`reminder` or `agent`")),
        }
        if self.notify_on_check {
            return Err(wrong("notify_on_check", "only an agent checks something: leave it out of a reminder"));
        }
        if self.prompt.trim().is_empty() {
            return Err(wrong("prompt", "say what the reminder says: `\"prompt\": \"Water the plants\"`"));
        }
        let schedule = read(&self.schedule_type, self.schedule_data)?;
        let actions = match (self.actions.is_empty(), chat) {
            (false, _) => self.actions,
            (true, Some(chat)) => vec![message(&chat)],
            (true, None) => {
                let what = "there is no chat to remind: set `telegram.operator_chat` in the configuration, or name \
                            actions: `\"actions\": [{\"kind\": \"telegram\", \"chat\": \"123456789\"}]`";
                return Err(wrong("actions", what));
            }
        };
        let data = Map::from_iter([("prompt".to_owned(), Value::String(self.prompt))]);
        let auto_remove = Some(self.auto_remove);
        Ok(JobSpec { name: self.name, schedule, data: Some(data), actions, auto_remove, ..JobSpec::default() })
    }
}

/// A message to a chat that says the prompt.
fn message(chat: &str) -> ActionSpec {
    let fields = [("chat".to_owned(), json!(chat)), ("template".to_owned(), json!(TEXT))];
    ActionSpec { kind: "telegram".to_owned(), fields: fields.into_iter().collect() }
}

/// Reads a schedule by its type.
fn read(kind: &str, data: Value) -> Result<ScheduleSpec, Problem> {
    let example = match kind {
        "once" => "{\"run_at\": \"2027-01-31T09:00:00+01:00\"}",
        "interval" => "{\"seconds\": 3600}",
        "daily" => "{\"times\": [\"09:00\", \"17:30\"]}",
        "cron" => "{\"expression\": \"0 9 * * 1-5\", \"timezone\": \"Europe/Berlin\"}",
        _ => {
            let message = "`once`, `interval`, `daily` or `cron`".to_owned();
            return Err(Problem { field: "schedule_type".to_owned(), message });
        }
    };
    let wrong = || Problem { field: "schedule_data".to_owned(), message: format!("for `{kind}`, write `{example}`") };
    let data = match data {
        Value::String(text) => serde_json::from_str(&text).map_err(|_| wrong())?,
        data => data,
    };
    let Data { run_at, seconds, times, expression, timezone } = serde_json::from_value(data).map_err(|_| wrong())?;
    let given = [run_at.is_some(), seconds.is_some(), times.is_some(), expression.is_some()];
    let wanted = ["once", "interval", "daily", "cron"].map(|name| name == kind);
    if given != wanted {
        return Err(wrong());
    }
    Ok(ScheduleSpec { once: run_at, every_seconds: seconds, daily: times, cron: expression, timezone })
}
