//! `bellhop jobs add`: a reminder, with its schedule as people say it.

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock as _;
use bellhop_core::schedule::{ScheduleSpec, duration, every};
use clap::Args;
use serde_json::json;

use crate::failure::Failure;

/// Make a job that reminds a Telegram chat.
#[derive(Args)]
pub(super) struct Add {
    /// Its name.
    #[arg(long)]
    name: String,
    /// How often: `weekday 09:00`, `day 09:00,17:30`, `monday 08:00`, `10 minutes`.
    #[arg(long, group = "when")]
    every: Option<String>,
    /// In how long, once: `90m`, `2h`, `1d`.
    #[arg(long = "in", group = "when")]
    within: Option<String>,
    /// When, once: `2027-01-31 09:00` in the zone, or RFC 3339.
    #[arg(long, group = "when")]
    at: Option<String>,
    /// A cron expression: `0 9 * * 1-5`.
    #[arg(long, group = "when")]
    cron: Option<String>,
    /// The time zone, `Europe/Berlin`; the server's own setting unless said.
    #[arg(long)]
    zone: Option<String>,
    /// The chat that is told.
    #[arg(long)]
    chat: String,
    /// What it says.
    #[arg(long)]
    text: String,
}

impl Add {
    /// The job as the API takes it.
    pub(super) fn body(&self) -> Result<String, Failure> {
        let mut schedule = self.schedule().map_err(Failure)?;
        schedule.in_zone(self.zone.as_deref());
        let body = json!({
            "name": self.name,
            "schedule": schedule,
            "data": { "text": self.text },
            "actions": [{ "kind": "telegram", "chat": self.chat, "template": "{{ payload.data.text }}" }],
        });
        Ok(body.to_string())
    }

    /// When it is due.
    fn schedule(&self) -> Result<ScheduleSpec, String> {
        let once = |moment| ScheduleSpec { once: Some(moment), ..ScheduleSpec::default() };
        match (&self.every, &self.within, &self.at, &self.cron) {
            (Some(text), ..) => every(text),
            (_, Some(text), ..) => {
                let seconds = duration(text)?;
                Ok(once(SystemClock.now().plus_ms(seconds.saturating_mul(1000)).rfc3339()))
            }
            (_, _, Some(text), _) => Ok(once(text.clone())),
            (.., Some(text)) => Ok(ScheduleSpec { cron: Some(text.clone()), ..ScheduleSpec::default() }),
            (None, None, None, None) => {
                Err("say when: `--every \"weekday 09:00\"`, `--in 2h`, `--at \"2027-01-31 09:00\"` or `--cron`"
                    .to_owned())
            }
        }
    }
}
