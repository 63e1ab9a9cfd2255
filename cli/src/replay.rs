//! `bellhop replay`: events done again.

use std::thread::sleep;
use std::time::Duration;

use bellhop_api::view::{ReplayAsked, ReplayView};
use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock as _;
use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::print::say;
use crate::server::{Server, encoded};
use crate::when::Moment;

/// How often to look how far it is.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Do events again: new tasks, same events.
#[derive(Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    server: Server,
    /// The events, by their ids.
    #[arg(required_unless_present = "from", conflicts_with_all = ["from", "to"])]
    events: Vec<String>,
    /// Those accepted from then on: a day, a moment, or how long ago (`2h`).
    #[arg(long, value_parser = Moment::parse)]
    from: Option<Moment>,
    /// Those accepted before then; now unless said.
    #[arg(long, value_parser = Moment::parse, requires = "from")]
    to: Option<Moment>,
    /// For this hook alone, by name or id.
    #[arg(long)]
    hook: Option<String>,
}

impl Replay {
    /// Asks for the replay and tells how far it is until it is over.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let now = SystemClock.now();
        let mut body = match self.from {
            Some(from) => json!({"from": from.at(now).rfc3339(), "to": self.to.map_or(now, |to| to.at(now)).rfc3339()}),
            None => json!({"events": self.events}),
        };
        if let Some(hook) = self.server.hook_id_of(self.hook.as_deref())? {
            body["hook"] = hook.into();
        }
        let asked: ReplayAsked = self.server.call("POST", "/api/events/replay", Some(body.to_string()))?;
        let id = asked.replay_id;
        say(&format!("replay {id} is under way; it goes on without this command"));
        let mut told = String::new();
        loop {
            let path = format!("/api/events/replays/{}", encoded(&id));
            let ReplayView { seen, replayed, tasks, finished_at, .. } = self.server.call("GET", &path, None)?;
            let line = format!("events looked at: {seen}, done again: {replayed}, tasks: {tasks}");
            if line != told {
                say(&line);
                told = line;
            }
            if finished_at.is_some() {
                return Ok(());
            }
            sleep(LOOK_EVERY);
        }
    }
}
