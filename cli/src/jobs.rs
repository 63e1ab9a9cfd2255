//! `bellhop jobs`: the jobs of a server.

mod add;

use bellhop_api::view::{JobView, Listed, RunAsked, RunView};
use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::print::say;
use crate::server::{Server, encoded};
use add::Add;

/// List, make, show, run, pause, resume and delete the jobs of a deployed stack or a running server.
#[derive(Args)]
pub(crate) struct Jobs {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// List the jobs.
    List,
    /// Make a job that reminds a Telegram chat.
    Add(Add),
    /// Show a job: its schedule in words, what comes next, and its last run.
    Show {
        /// The job, by name or id.
        job: String,
    },
    /// Run a job now, whether it is due or paused.
    Run {
        /// The job, by name or id.
        job: String,
    },
    /// Pause a job.
    Pause {
        /// The job, by name or id.
        job: String,
    },
    /// Have a paused job be due again.
    Resume {
        /// The job, by name or id.
        job: String,
    },
    /// Delete a job.
    Delete {
        /// The job, by name or id.
        job: String,
    },
    /// List the runs of a job, newest first.
    Runs {
        /// The job, by name or id.
        job: String,
    },
}

impl Jobs {
    /// Does what is asked; lists where nothing is.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let server = &self.server;
        match self.command.unwrap_or(Command::List) {
            Command::List => server.pages("/api/jobs", &[], |page: Listed<JobView>| {
                page.items.iter().for_each(|job| say(&line(job)));
                true
            }),
            Command::Add(add) => {
                let body = add.body()?;
                show(&server.call("POST", "/api/jobs", Some(body))?);
                Ok(())
            }
            Command::Show { job } => {
                show(&server.call("GET", &server.job_path(&job)?, None)?);
                Ok(())
            }
            Command::Run { job } => {
                let path = format!("{}/run", server.job_path(&job)?);
                let asked: RunAsked = server.call("POST", &path, None)?;
                say(&format!("it runs as event {}", asked.id));
                Ok(())
            }
            Command::Pause { job } => {
                let job: JobView = server.call("POST", &format!("{}/pause", server.job_path(&job)?), None)?;
                say(&format!("{} is paused", job.name));
                Ok(())
            }
            Command::Resume { job } => {
                let job: JobView = server.call("POST", &format!("{}/resume", server.job_path(&job)?), None)?;
                say(&format!("{} is due next at {}", job.name, next(&job)));
                Ok(())
            }
            Command::Delete { job } => {
                server.send("DELETE", &server.job_path(&job)?)?;
                say(&format!("{job} is deleted"));
                Ok(())
            }
            Command::Runs { job } => {
                let path = format!("{}/runs", server.job_path(&job)?);
                server.pages(&path, &[], |page: Listed<RunView>| {
                    page.items.iter().for_each(|run| say(&ran(run)));
                    true
                })
            }
        }
    }
}

impl Server {
    /// The path of the job with this name; an id stays as it is.
    fn job_path(&self, name: &str) -> Result<String, Failure> {
        let mut id = name.starts_with("jb_").then(|| name.to_owned());
        if id.is_none() {
            self.pages("/api/jobs", &[("name", Some(name))], |page: Listed<JobView>| {
                id = page.items.into_iter().find(|job| job.name == name).map(|job| job.id);
                id.is_none()
            })?;
        }
        let id = id.ok_or_else(|| Failure(format!("no job is called `{name}`; `bellhop jobs` lists them")))?;
        Ok(format!("/api/jobs/{}", encoded(&id)))
    }
}

/// When a job is due next, for a person: in its own zone where it has one.
fn next(job: &JobView) -> String {
    let shown = |due: &bellhop_api::view::DueView| due.local.clone().unwrap_or_else(|| due.at.clone());
    job.next_runs.first().map_or_else(|| "-".to_owned(), shown)
}

/// One job for a person.
fn line(job: &JobView) -> String {
    let JobView { id, status, schedule_words, name, last_run, .. } = job;
    let last = last_run.as_ref().map_or_else(|| "never ran".to_owned(), |run| format!("last {}", run.delivery));
    format!("{id}  {status:8}  next {:25}  {last:16}  {name}: {schedule_words}", next(job))
}

/// A job with all that people ask of it.
fn show(job: &JobView) {
    say(&line(job));
    if !job.description.is_empty() {
        say(&format!("  {}", job.description));
    }
    for due in &job.next_runs {
        let local = due.local.as_deref().map(|local| format!("  ({local} there)")).unwrap_or_default();
        say(&format!("  next {}{local}", due.at));
    }
    if let Some(run) = &job.last_run {
        say(&format!("  last {}", ran(run)));
    }
}

/// One run for a person.
fn ran(run: &RunView) -> String {
    let RunView { event, due_at, status, delivery, .. } = run;
    let asked = if run.asked { "  asked for" } else { "" };
    let reason = run.reason.as_deref().map(|reason| format!("  {reason}")).unwrap_or_default();
    format!("{due_at}  {status:8}  {delivery:10}  {event}{asked}{reason}")
}
