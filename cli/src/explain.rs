//! `bellhop explain`: why a saved request was refused, in plain words and with the fix.

mod request;
mod side;
mod stored;

use std::path::PathBuf;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::{Clock as _, Fetch as _};
use bellhop_core::secret::Secret;
use bellhop_http::HttpFetch;
use bellhop_senders::explain::{Case, Finding, explain};
use bellhop_senders::inbound::{Headers, Inbound, Url};
use bellhop_senders::sender::Sender;
use bellhop_senders::verify::{FetchedKey, Key, question, wanted_key};
use clap::Args;

use crate::failure::Failure;
use crate::print::{plain, say};
use crate::server::Server;
use crate::when::Moment;
use request::Saved;
use side::Side;

/// Find out why a saved request was refused.
///
/// Reads one HTTP request and checks it as a hook would. Where it is refused, everything that is nearly right is tried:
/// another spelling of the secret, the header, the body or the URL, other hooks' secrets, other senders. Nothing is sent
/// anywhere, but to a sender that is asked for the key it signs with, and no secret is printed.
///
/// The request is text as it goes over the wire: the request line, the headers, an empty line, then the body's exact bytes;
/// or JSON: {"method":"POST","url":"/webhook/github","headers":{"x-a":"b"},"body":"…"}, where `body_base64` may stand in
/// place of `body`. An editor that adds a line break at the end changes the body; the head's Content-Length shows it.
#[derive(Args)]
#[command(after_help = "Examples:
  bellhop explain --sender github --secret env:GITHUB_WEBHOOK_SECRET < request.txt
  bellhop explain --config bellhop.toml --hook my-repos < request.txt
  bellhop explain --hook my-repos --at 2026-11-21T07:36:45Z request.txt
  bellhop explain --sender twilio --secret file:token.txt --url https://hooks.example.com < request.txt
  bellhop explain --hook my-repos --event 01a1fc53-7c1e-7d30-9f0a-0c7a2b9d1e4f

Ends with an error unless the request is accepted, so that scripts can ask too.")]
pub(crate) struct Explain {
    /// The saved request; standard input unless said.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The hook's sender; `bellhop senders` lists them.
    #[arg(long, value_name = "NAME", required_unless_present_any = ["hook", "event"])]
    sender: Option<String>,
    /// The hook's secret, `env:NAME` or `file:PATH`; several times for several. `BELLHOP_SECRET` unless said.
    #[arg(long, value_name = "REF", conflicts_with = "hook")]
    secret: Vec<String>,
    /// Another hook's secret to try: its name, `=`, `env:NAME` or `file:PATH`; several times for several.
    #[arg(long, value_name = "NAME=REF")]
    other: Vec<String>,
    /// What senders call, as in the configuration's `public_url`; only senders that sign the URL need it.
    #[arg(long, value_name = "PUBLIC_URL")]
    url: Option<String>,
    /// When the request came in: a moment `2026-11-21T07:36:45Z`, or how long ago `2h`; now unless said.
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    at: Option<Moment>,
    /// The hook in the configuration whose sender and secrets to take; all other hooks' secrets are tried as well.
    #[arg(long, value_name = "NAME", conflicts_with = "sender")]
    hook: Option<String>,
    /// The configuration file that the hook is in.
    #[arg(long, value_name = "FILE", default_value = "bellhop.toml", conflicts_with_all = ["sender", "secret"])]
    config: PathBuf,
    /// Look at an event that a server has stored instead of a saved request; credentials in its headers are not stored.
    #[arg(long, value_name = "ID", conflicts_with = "file")]
    event: Option<String>,
    /// That server's URL; its admin token comes from `BELLHOP_ADMIN_TOKEN`.
    #[arg(long, value_name = "URL", env = "BELLHOP_URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// Send that token over plain `http://` to another machine, where everybody on the way can read it.
    #[arg(long)]
    insecure_http: bool,
}

impl Explain {
    /// Prints what is found out; a request that is not accepted is a failure.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let server = Server::at(self.server.clone(), self.insecure_http);
        let stored = self.event.as_deref().map(|id| stored::event(&server, id)).transpose()?;
        let stored_sender = stored.as_ref().map(|stored| stored.sender.as_str());
        let side = Side::of(&self, stored_sender)?;
        let (saved, received) = match stored {
            Some(stored) => {
                stored.notes(side.sender).iter().for_each(|note| say(note));
                (stored.saved, Some(stored.received_at))
            }
            None => (Saved::read(self.file.as_deref())?, None),
        };
        let now = SystemClock.now();
        let at = self.at.map(|at| at.at(now)).or(received).unwrap_or(now);
        let (pairs, (origin, target)) = (saved.pairs(), saved.url());
        let url = Url::new(side.public_url.as_deref().unwrap_or(origin), target);
        let inbound =
            Inbound { headers: Headers::new(&pairs), body: &saved.body, source_ip: None, method: &saved.method, url };
        say(&format!("{} {}, {} headers, {} bytes", saved.method, shown(target), pairs.len(), saved.body.len()));
        say(&format!(
            "as {}, {}, at {}",
            side.sender.name,
            side.sender.proof_in_words().replace('`', ""),
            at.rfc3339()
        ));
        side.notes.iter().for_each(|note| say(note));
        let fetched = fetch(side.sender, &side.secrets, inbound);
        let others: Vec<(&str, &Secret)> = side.others.iter().map(|(name, secret)| (name.as_str(), secret)).collect();
        let (sender, secrets) = (side.sender, side.secrets.as_slice());
        let case = Case { sender, secrets, others: &others, inbound, fetched: fetched.as_ref(), now: at };
        told(&explain(case), self.at.is_none() && received.is_none())
    }
}

/// Prints the findings, each with its fix.
fn told(findings: &[Finding], at_is_now: bool) -> Result<(), Failure> {
    say("");
    let mut refused = false;
    for finding in findings {
        match finding {
            Finding::Accepted(_) => say(&format!("accepted: {finding}")),
            Finding::Refused(_) => {
                refused = true;
                say(&format!("refused: {finding}"));
            }
            _ => say(&format!("found: {finding}")),
        }
        // Of a refusal whose reason was found, the reason's fix is the one to try.
        let is_known = findings.len() > 1 && matches!(finding, Finding::Refused(_));
        let fix = if is_known { String::new() } else { finding.fix() };
        if !fix.is_empty() {
            say(&format!("  fix: {fix}"));
        }
        if at_is_now && matches!(finding, Finding::OnlyLate(_)) {
            say("  or was it saved a while ago? Then say with --at when it came in");
        }
    }
    if refused { Err(Failure("the request is refused".to_owned())) } else { Ok(()) }
}

/// The sender's own key, where its requests are checked with one that it publishes.
fn fetch(sender: &'static Sender, secrets: &[Secret], inbound: Inbound<'_>) -> Option<FetchedKey> {
    let request = wanted_key(sender, inbound).ok()??;
    let asked =
        secrets.iter().filter_map(|secret| Key::new(sender, secret).ok()).find_map(|key| question(&request, &key));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let found = runtime.block_on(HttpFetch::new().fetch(&request.url, asked.as_ref().map(Secret::expose)));
    match found.map(|content| FetchedKey::read(request, &content)) {
        Ok(Ok(key)) => Some(key),
        Ok(Err(why)) => {
            say(&format!("note: the sender's own key is of no use: {why}"));
            None
        }
        Err(why) => {
            say(&format!("note: the sender's own key could not be had: {}", plain(&why.to_string())));
            None
        }
    }
}

/// A path without its query, which may hold a token.
fn shown(target: &str) -> String {
    match target.split_once('?') {
        Some((path, _)) => format!("{path}?…"),
        None => target.to_owned(),
    }
}
