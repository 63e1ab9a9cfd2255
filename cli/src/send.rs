//! `bellhop send`: sample events, signed as their sender signs them; one, or many as a load test.

mod curl;
mod load;
mod request;

use std::path::PathBuf;

use bellhop_http::Client;
use clap::Args;

use crate::failure::Failure;
use crate::print::{say, show};
use crate::when::seconds;
use request::Plan;

/// Send a sample event to a URL, signed as its sender signs it now.
///
/// Prints the answer's status and body; ends with an error where that is not 2xx. With --count or --rate it sends many,
/// each with its own delivery id and its own signature, and prints how they were answered and how fast.
///
/// The URL is taken for the one that the sender calls: senders that sign it (Twilio, Square, Trello …) sign this one, so it
/// must be what the hook's `public_url` says. Some senders keep a private key (Discord, AWS SNS, Plaid …): nobody else
/// can sign for those, and `bellhop test HOOK` tries their hooks.
#[derive(Args)]
#[command(after_help = "Examples:
  bellhop send github --to http://127.0.0.1:8080/webhook/github --secret env:GITHUB_WEBHOOK_SECRET
  bellhop send github pull_request --to http://127.0.0.1:8080/webhook/github --secret file:secret.txt
  bellhop send stripe --to https://hooks.example.com/webhook/pay --body event.json
  bellhop send slack --to http://127.0.0.1:8080/webhook/slack --show
  bellhop send github --to http://127.0.0.1:8080/webhook/github --rate 200 --for 30s
  bellhop send github --to http://127.0.0.1:8080/webhook/github --count 1000 --concurrency 20

The secret is a reference, env:NAME or file:PATH, or stands itself in the variable BELLHOP_SECRET.
--secret takes the secret itself too, but then every user of this machine sees it in the list of processes.")]
pub(crate) struct Send {
    /// The sender's name; `bellhop senders` lists them.
    sender: String,
    /// The event's type: picks a body that is kept for it, and the header of senders that write it into one.
    event: Option<String>,
    /// Where to send it, with the hook's path: `http://127.0.0.1:8080/webhook/github`.
    #[arg(long, value_name = "URL")]
    to: String,
    /// The hook's secret: `env:NAME` or `file:PATH`. `BELLHOP_SECRET` unless said.
    #[arg(long, value_name = "REF")]
    secret: Option<String>,
    /// Send this file's bytes, `-` for standard input, instead of a sample; a delivery id in it stays as it is.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// Send nothing: print the request as a curl command, without the secret.
    #[arg(long, visible_alias = "dry-run", conflicts_with_all = ["count", "rate"])]
    show: bool,
    /// How many to send, each as soon as one of the last has its answer; with --rate, how many at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: Option<u32>,
    /// How many to send in a second, whether or not the last were answered.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
    /// For how long to keep the rate: seconds, or `30s`, `5m`.
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds, requires = "rate", conflicts_with = "count")]
    duration: Option<u64>,
    /// How many may wait for their answers at once; 10 unless said, 200 with --rate.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: Option<u16>,
}

impl Send {
    /// Makes the request, and shows or sends it.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let many = self.many()?;
        let plan = Plan::of(&self)?;
        if self.show {
            show(&curl::command(&plan)?);
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Failure::new("no runtime", e))?;
        match many {
            None => runtime.block_on(one(&plan)),
            Some(many) => runtime.block_on(load::run(plan, many)),
        }
    }

    /// How many to send and how fast; `None` for one.
    fn many(&self) -> Result<Option<load::Many>, Failure> {
        let (count, gap_us) = match (self.rate, self.duration, self.count) {
            (None, _, None) if self.concurrency.is_some() => {
                return Err(Failure("--concurrency goes with --count or --rate".to_owned()));
            }
            (None, _, None) => return Ok(None),
            (None, _, Some(count)) => (u64::from(count), 0),
            (Some(rate), Some(ms), _) => ((u64::from(rate) * ms / 1000).max(1), 1_000_000 / u64::from(rate)),
            (Some(rate), None, Some(count)) => (u64::from(count), 1_000_000 / u64::from(rate)),
            (Some(_), None, None) => {
                return Err(Failure("say for how long with --for, or how many with --count".to_owned()));
            }
        };
        let concurrency = self.concurrency.unwrap_or(if gap_us > 0 { 200 } else { 10 });
        Ok(Some(load::Many { count, gap_us, concurrency }))
    }
}

/// Sends one and prints its answer.
async fn one(plan: &Plan) -> Result<(), Failure> {
    let made = plan.make()?;
    let event = made.event.map(|event| format!(", event {event}")).unwrap_or_default();
    say(&format!(
        "POST {} as {}{event}, delivery {}, {} bytes",
        plan.to,
        plan.sender.name,
        made.id,
        made.post.body.len()
    ));
    let url = plan.url(&made.post.target);
    let (status, answer) = Client::new()
        .post(&url, &made.post.headers, made.post.body)
        .await
        .map_err(|why| Failure::new(&format!("{} was not reached", plan.to), why))?;
    say(&status.to_string());
    show(&String::from_utf8_lossy(&answer));
    if (200..300).contains(&status) {
        return Ok(());
    }
    let hint = if status == 401 { "; the server's log says why, and `bellhop explain` finds out" } else { "" };
    Err(Failure(format!("the answer is {status}, not 2xx{hint}")))
}
