//! What is sent: the sender's request for a URL, a secret and an event.

use std::io::Read as _;
use std::path::Path;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock as _;
use bellhop_core::id::EventId;
use bellhop_core::secret::Secret;
use bellhop_senders::inbound::Url;
use bellhop_senders::sender::{Place, Sender};
use bellhop_senders::sign::{Outline, Post, Unsignable, post, told_apart};

use super::Send;
use crate::failure::Failure;
use crate::print::plain;
use crate::{secret, senders};

/// The longest body that is sent.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What is sent, again and again.
pub(super) struct Plan {
    /// The sender.
    pub(super) sender: &'static Sender,
    /// The URL as it was given.
    pub(super) to: String,
    /// Its protocol, host and port.
    base: String,
    /// Its path and query.
    target: String,
    secret: Option<Secret>,
    event: Option<String>,
    body: Body,
}

/// Where the body comes from.
enum Body {
    /// The sender's sample.
    Sample,
    /// A body that is kept for the event's type, with the headers it needs.
    Kept(Vec<u8>, Vec<(String, String)>),
    /// A file, as it is.
    Given(Vec<u8>),
}

/// A request that was made.
pub(super) struct Made {
    /// The request.
    pub(super) post: Post,
    /// Its delivery id, where the sender has such ids.
    pub(super) id: String,
    /// Its event's type, where that is known.
    pub(super) event: Option<String>,
}

impl Plan {
    /// Reads what was asked for; whatever is wrong with it is told before anything is sent.
    pub(super) fn of(send: &Send) -> Result<Self, Failure> {
        let sender = senders::named(&send.sender)?;
        let (base, target) = parts(&send.to)?;
        let secret = secret_for(sender, send.secret.as_deref())?;
        let event = send.event.clone();
        let body = match (&send.body, &event) {
            (Some(file), _) => Body::Given(read(file)?),
            (None, Some(event)) => kept(sender, event)?,
            (None, None) => Body::Sample,
        };
        if let (Body::Given(_), Some(_), None) = (&body, &event, sender.event_type.header()) {
            return Err(Failure(format!("{}, so it is in the file already: leave it out here", said(sender))));
        }
        Ok(Self { sender, to: send.to.clone(), base, target, secret, event, body })
    }

    /// Makes one request, signed now, with a delivery id of its own.
    pub(super) fn make(&self) -> Result<Made, Failure> {
        self.make_with(self.secret.as_ref())
    }

    /// The same with another secret.
    pub(super) fn make_with(&self, secret: Option<&Secret>) -> Result<Made, Failure> {
        let now = SystemClock.now();
        let mut random = [0; 10];
        SystemClock.random(&mut random);
        let id = EventId::new(now, &random).to_string();
        let (body, headers) = match &self.body {
            Body::Sample => (Some(told_apart(self.sender, self.sender.sample().body.as_bytes(), &id)), [].as_slice()),
            Body::Kept(body, headers) => (Some(told_apart(self.sender, body, &id)), headers.as_slice()),
            Body::Given(body) => (Some(body.clone()), [].as_slice()),
        };
        let url = Url::new(&self.base, &self.target);
        let outline = Outline { url, body: body.as_deref(), event_type: self.event.as_deref(), id: &id };
        let mut post = post(self.sender, secret, outline, now).map_err(|why| self.unsignable(why))?;
        for (name, value) in headers {
            if post.headers.iter().all(|(there, _)| there != name) {
                post.headers.push((name.clone(), value.clone()));
            }
        }
        let sampled = self.sender.sample().event_type.filter(|_| matches!(self.body, Body::Sample));
        let event = self.event.clone().or_else(|| sampled.map(str::to_owned));
        Ok(Made { post, id, event })
    }

    /// The URL with this path and query.
    pub(super) fn url(&self, target: &str) -> String {
        format!("{}{target}", self.base)
    }

    /// Whether the body is a file's, byte by byte.
    pub(super) const fn is_given(&self) -> bool {
        matches!(self.body, Body::Given(_))
    }

    /// Why the request cannot be signed.
    fn unsignable(&self, why: Unsignable) -> Failure {
        match why {
            Unsignable::OnlyItself => only_itself(self.sender),
            why => Failure(format!("a request of `{}` cannot be signed: {why}", self.sender.name)),
        }
    }
}

/// The secret that the sender's requests are signed with; `None` for an unsigned one.
fn secret_for(sender: &'static Sender, text: Option<&str>) -> Result<Option<Secret>, Failure> {
    if sender.is_unsigned() {
        return Ok(None);
    }
    if sender.new_secret(&[0; 32]).is_none() {
        return Err(only_itself(sender));
    }
    let secret = text.map(secret::given).transpose()?;
    match secret.map_or_else(secret::from_environment, |secret| Ok(Some(secret)))? {
        Some(secret) => Ok(Some(secret)),
        None => Err(Failure(format!(
            "`{}` signs its requests: give the hook's secret with `--secret env:NAME`, `--secret file:PATH` or in \
             BELLHOP_SECRET",
            sender.name
        ))),
    }
}

/// Why nobody signs for a sender with a private key.
fn only_itself(sender: &Sender) -> Failure {
    Failure(format!(
        "only {} itself can sign its requests, with a private key that nobody else has; `bellhop test HOOK` sends a sample \
         event to a hook of this sender without a signature",
        sender.facts().title
    ))
}

/// The protocol, host and port of a URL, and its path and query.
fn parts(text: &str) -> Result<(String, String), Failure> {
    let wrong = |why: &str| {
        Failure(format!("--to {}: {why}; write it whole, such as http://127.0.0.1:8080/webhook/github", plain(text)))
    };
    let uri: http::Uri = text.parse().map_err(|_| wrong("this is no URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong("it has no http:// or https:// before it"));
    };
    if !["http", "https"].contains(&scheme) {
        return Err(wrong("only http:// and https:// are sent to"));
    }
    if authority.as_str().contains('@') {
        return Err(Failure("--to has a user name or password in it; leave that out".to_owned()));
    }
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    Ok((format!("{scheme}://{authority}"), target.to_owned()))
}

/// A file's bytes; those of standard input for `-`.
fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let name = file.display();
    let failed = |why: &dyn std::fmt::Display| Failure::new(&format!("{name} cannot be read"), why);
    let mut bytes = Vec::new();
    match file.as_os_str() == "-" {
        true => std::io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)),
    }
    .map_err(|why| failed(&why))?;
    if bytes.len() as u64 > MOST_BYTES { Err(failed(&"it has more than 64 MiB")) } else { Ok(bytes) }
}

/// The body that is kept for an event's type; the sample where that will do with its type in a header.
fn kept(sender: &'static Sender, event: &str) -> Result<Body, Failure> {
    let cases = sender.cases();
    if let Some(case) = cases.iter().find(|case| case.event.as_deref() == Some(event)) {
        return Ok(Body::Kept(case.payload.to_string().into_bytes(), case.headers.clone()));
    }
    if sender.event_type.header().is_some() || sender.sample().event_type == Some(event) {
        return Ok(Body::Sample);
    }
    let mut known: Vec<_> =
        cases.iter().filter_map(|case| case.event.as_deref()).chain(sender.sample().event_type).collect();
    known.sort_unstable();
    known.dedup();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(Failure(format!(
        "{}, and no body is kept for `{}`; there are: {known}. Give another with --body",
        said(sender),
        plain(event)
    )))
}

/// Where a sender says its event's type, in words.
fn said(sender: &Sender) -> String {
    match sender.event_type {
        Place::Nowhere => format!("`{}` says no event type", sender.name),
        place => format!("`{}` says its event's type by {}", sender.name, place.words()),
    }
}
