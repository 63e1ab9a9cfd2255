//! Takes requests in: finds the hooks of the path, checks address, size, proof and limit, writes one message, answers.
//!
//! In two steps, so that nothing is read of a body that a look at the head already refuses.

use std::net::IpAddr;
use std::sync::Arc;

use bellhop_core::event::{Proof, kept_headers};
use bellhop_core::id::EventId;
use bellhop_core::inbound::{Headers, Inbound};
use bellhop_core::inbox::Message;
use bellhop_core::verify::{Refusal, Verified, verify};

use crate::answer::Refused;
use crate::doors::{Door, DoorCache, Doors};
use crate::limiter::Limiter;
use crate::ports::{Clock, Inbox};

/// The front door.
pub struct Ingress {
    doors: Arc<DoorCache>,
    inbox: Arc<dyn Inbox>,
    clock: Arc<dyn Clock>,
    limiter: Limiter,
}

/// A request whose head passed; its body may be read now.
#[derive(Debug)]
pub struct Admitted {
    doors: Arc<Doors>,
    path: String,
    source_ip: Option<IpAddr>,
    /// How many bytes of a body to read before giving up.
    pub max_body_bytes: u64,
}

impl Ingress {
    /// An ingress over these ports.
    pub fn new(doors: Arc<DoorCache>, inbox: Arc<dyn Inbox>, clock: Arc<dyn Clock>) -> Self {
        Self { doors, inbox, clock, limiter: Limiter::default() }
    }

    /// Looks at a request's head: its hook path, where it comes from and its headers.
    pub async fn admit(
        &self,
        path: &str,
        source_ip: Option<IpAddr>,
        headers: Headers<'_>,
    ) -> Result<Admitted, Refused> {
        let doors = self.doors.doors().await.map_err(|error| {
            log::error!(error:%; "hooks could not be read");
            Refused::unavailable()
        })?;
        let here = doors.at(path);
        if here.is_empty() {
            let answer = Refused::new(404, "not_found", "no hook has this path");
            return Err(refused(here, path, source_ip, "no such path", answer));
        }
        let max_body_bytes = open_doors(here, source_ip)
            .map(|door| door.hook.max_body_bytes)
            .max()
            .ok_or_else(|| refused(here, path, source_ip, "closed", closed(here)))?;
        check_head(headers, max_body_bytes).map_err(|answer| refused(here, path, source_ip, answer.code, answer))?;
        Ok(Admitted { doors, path: path.to_owned(), source_ip, max_body_bytes })
    }

    /// Checks an admitted request's proof over its body and writes the event down; durable when this returns its id.
    pub async fn accept(&self, admitted: &Admitted, headers: Headers<'_>, body: &[u8]) -> Result<EventId, Refused> {
        let (path, source_ip) = (admitted.path.as_str(), admitted.source_ip);
        let here = admitted.doors.at(path);
        let now = self.clock.now();
        let inbound = Inbound { headers, body, source_ip };
        let mut proved: Vec<(&Door, Verified<'_>)> = Vec::with_capacity(1);
        let mut refusal = Refusal::NoSecret;
        let mut too_large = true;
        for door in open_doors(here, source_ip) {
            if body.len() as u64 > door.hook.max_body_bytes {
                continue;
            }
            too_large = false;
            match verify(door.sender, &door.keys, inbound, now) {
                Ok(verified) => proved.push((door, verified)),
                Err(cause) => refusal = cause,
            }
        }
        let Some((_, first)) = proved.first() else {
            let (cause, answer) = match too_large {
                true => ("too large".to_owned(), too_large_answer(admitted.max_body_bytes)),
                false => (
                    refusal.to_string(),
                    Refused::new(401, "unauthorized", "the signature is missing, wrong or too old"),
                ),
            };
            return Err(refused(here, path, source_ip, &cause, answer));
        };
        let hooks = proved.iter().map(|(door, _)| &door.hook);
        self.limiter.pass(hooks, admitted.doors.rate_per_minute, now).map_err(|seconds| {
            let answer =
                Refused::new(429, "too_many_requests", "more requests than this hook takes in a minute").after(seconds);
            refused(here, path, source_ip, "over the limit", answer)
        })?;
        let message = self.message(admitted, first, &proved);
        self.inbox.put(&message).await.map_err(|error| {
            log::error!(event:% = message.id, error:%; "inbox could not be written");
            Refused::unavailable()
        })?;
        let hook = proved.first().map_or("", |(door, _)| door.hook.id.as_str());
        log::info!(event:% = message.id, hook, sender = message.sender, bytes = body.len(); "accepted");
        Ok(message.id)
    }

    /// The inbox message of a proved request.
    fn message<'a>(
        &self,
        admitted: &'a Admitted,
        first: &Verified<'a>,
        proved: &[(&Door, Verified<'_>)],
    ) -> Message<'a> {
        let now = self.clock.now();
        let mut random = [0; 10];
        self.clock.random(&mut random);
        let proof = |(door, verified): &(&Door, Verified<'_>)| Proof {
            hook: door.hook.id.clone(),
            secret: verified.matched_secret(),
        };
        Message {
            id: EventId::new(now, &random),
            path: &admitted.path,
            sender: first.sender().name,
            event_type: first.event_type(),
            delivery_id: first.delivery_id(),
            received_at: now,
            source_ip: admitted.source_ip,
            headers: kept_headers(first.sender(), first.headers()),
            hooks: proved.iter().map(proof).collect(),
            body: first.body(),
        }
    }
}

/// The doors that take requests from this address.
fn open_doors(doors: &[Arc<Door>], source_ip: Option<IpAddr>) -> impl Iterator<Item = &Door> {
    doors.iter().map(Arc::as_ref).filter(move |door| door.is_active() && door.hook.allows(source_ip))
}

/// Why no door of a path is open.
fn closed(doors: &[Arc<Door>]) -> Refused {
    if doors.iter().any(|door| door.is_active()) {
        return Refused::new(403, "forbidden", "requests from this address are not allowed");
    }
    Refused::new(403, "disabled", "every hook of this path is disabled")
}

/// Refuses a head that promises a body we would not take.
fn check_head(headers: Headers<'_>, max_body_bytes: u64) -> Result<(), Refused> {
    let encoded = |(name, value): (&str, &[u8])| {
        name == "content-encoding" && !value.trim_ascii().eq_ignore_ascii_case(b"identity")
    };
    if headers.iter().any(encoded) {
        let message = "send the body as it is: a content-encoding other than identity is not taken";
        return Err(Refused::new(415, "unsupported_encoding", message));
    }
    let promised = headers.text("content-length").and_then(|length| length.trim().parse::<u64>().ok());
    if promised.is_some_and(|length| length > max_body_bytes) {
        return Err(too_large_answer(max_body_bytes));
    }
    Ok(())
}

/// 413.
pub fn too_large_answer(max_body_bytes: u64) -> Refused {
    Refused::new(413, "too_large", format!("this hook takes bodies of {max_body_bytes} bytes at most"))
}

/// Logs a refusal for the operator and passes the caller's answer on.
///
/// A hook is named by its id: the path of an unsigned one is its secret. Only a path that is nobody's is named itself.
fn refused(here: &[Arc<Door>], path: &str, source_ip: Option<IpAddr>, cause: &str, answer: Refused) -> Refused {
    let (status, source) = (answer.status, source_ip.map(|ip| ip.to_string()).unwrap_or_default());
    match here.first() {
        Some(door) => log::info!(hook = door.hook.id.as_str(), status, source, cause; "refused"),
        None => {
            let path: String = path.chars().take(200).collect();
            log::info!(path, status, source, cause; "refused");
        }
    }
    answer
}
