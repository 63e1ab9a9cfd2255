//! Takes requests in: finds the hooks of the path, checks address, size, proof and limit, writes one message, answers.
//!
//! In two steps, so that nothing is read of a body that a look at the head already refuses.

mod refusals;

use std::net::IpAddr;
use std::sync::Arc;

use bellhop_core::event::{Proof, kept_headers};
use bellhop_core::id::EventId;
use bellhop_core::inbound::{Headers, Inbound};
use bellhop_core::inbox::Message;
use bellhop_core::trace::Trace;
use bellhop_core::verify::{Refusal, Verified, verify};

use crate::answer::Refused;
use crate::doors::{Door, DoorCache, Doors};
use crate::limiter::Limiter;
use crate::metrics::{Cause, METRICS};
use crate::ports::{Clock, Inbox, Orders};
use crate::spans;
use refusals::{Knock, Refusals};

/// The front door.
pub struct Ingress {
    doors: Arc<DoorCache>,
    inbox: Arc<dyn Inbox>,
    clock: Arc<dyn Clock>,
    limiter: Limiter,
    refusals: Refusals,
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

/// Why the body of an admitted request was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It has more bytes than the hook takes.
    TooLarge,
    /// It broke off, or what carried it was damaged.
    BrokenOff,
    /// It did not arrive in time.
    TooSlow,
}

impl Ingress {
    /// An ingress over these ports.
    pub fn new(
        doors: Arc<DoorCache>,
        inbox: Arc<dyn Inbox>,
        orders: Arc<dyn Orders>,
        limiter: Limiter,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let refusals = Refusals::new(orders, Arc::clone(&clock));
        Self { doors, inbox, clock, limiter, refusals }
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
        let knock = Knock { here: doors.at(path), path, source_ip };
        match check_head(&knock, headers) {
            Ok(max_body_bytes) => Ok(Admitted { path: path.to_owned(), source_ip, max_body_bytes, doors }),
            Err((cause, answer)) => {
                let promised = promised_bytes(headers).unwrap_or_default();
                Err(self.refusals.refuse(&knock, cause, promised, answer).await)
            }
        }
    }

    /// Checks an admitted request's proof over its body and writes the event down; durable when this returns its id.
    pub async fn accept(&self, admitted: &Admitted, headers: Headers<'_>, body: &[u8]) -> Result<EventId, Refused> {
        let (knock, now, bytes) = (admitted.knock(), self.clock.now(), body.len() as u64);
        let inbound = Inbound { headers, body, source_ip: admitted.source_ip };
        let mut proved: Vec<(&Door, Verified<'_>)> = Vec::with_capacity(1);
        let mut refusal = Refusal::NoSecret;
        let mut too_large = true;
        for door in open_doors(knock.here, admitted.source_ip) {
            if bytes > door.hook.max_body_bytes {
                continue;
            }
            too_large = false;
            match verify(door.sender, &door.keys, inbound, now) {
                Ok(verified) => proved.push((door, verified)),
                Err(cause) => refusal = cause,
            }
        }
        let Some((_, first)) = proved.first() else {
            if too_large {
                return Err(self.unread(admitted, Unread::TooLarge, bytes).await);
            }
            let answer = Refused::new(401, "unauthorized", "the signature is missing, wrong or too old");
            let stale = matches!(refusal, Refusal::Stale(_));
            let answer = answer.because(if stale { Cause::Stale } else { Cause::Signature });
            return Err(self.refusals.refuse(&knock, &refusal.to_string(), bytes, answer).await);
        };
        let hooks = proved.iter().map(|(door, _)| &door.hook);
        if let Err(seconds) = self.limiter.pass(hooks, admitted.doors.rate_per_minute, now).await {
            let answer = Refused::new(429, "too_many_requests", "more requests than this hook takes in a minute");
            return Err(self.refusals.refuse(&knock, "over the limit", bytes, answer.after(seconds)).await);
        }
        let message = self.message(admitted, first, &proved);
        self.inbox.put(&message).await.map_err(|error| {
            log::error!(event:% = message.id, error:%; "inbox could not be written");
            Refused::unavailable()
        })?;
        METRICS.accepted.add(1);
        let hook = proved.first().map_or("", |(door, _)| door.hook.id.as_str());
        let trace = Trace::of(message.id, message.headers.iter().map(|(name, value)| (*name, value.as_str())));
        spans::accepted(message.id, trace, hook, now, || self.clock.now());
        log::info!(event:% = message.id, trace = trace.id_beside(message.id), hook, sender = message.sender, bytes; "accepted");
        Ok(message.id)
    }

    /// Refuses an admitted request whose body could not be read; so many bytes of it had come.
    pub async fn unread(&self, admitted: &Admitted, why: Unread, bytes: u64) -> Refused {
        let (cause, answer) = match why {
            Unread::TooLarge => ("too large", too_large(admitted.max_body_bytes)),
            Unread::BrokenOff => ("broken off", Refused::new(400, "bad_request", "the body broke off")),
            Unread::TooSlow => ("too slow", Refused::new(408, "too_slow", "the body took too long to arrive")),
        };
        self.refusals.refuse(&admitted.knock(), cause, bytes, answer).await
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
            secret: verified.matched_key().and_then(|key| door.places.get(key).copied()),
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
            test: false,
        }
    }
}

/// The doors that take requests from this address.
fn open_doors(doors: &[Arc<Door>], source_ip: Option<IpAddr>) -> impl Iterator<Item = &Door> {
    doors.iter().map(Arc::as_ref).filter(move |door| door.is_active() && door.allows(source_ip))
}

/// Looks at the head alone: how long a body may be, or why the request is refused, for the operator and for the caller.
fn check_head(knock: &Knock<'_>, headers: Headers<'_>) -> Result<u64, (&'static str, Refused)> {
    let here = knock.here;
    if here.is_empty() {
        return Err(("no such path", Refused::new(404, "not_found", "no hook has this path")));
    }
    let longest = open_doors(here, knock.source_ip).map(|door| door.hook.max_body_bytes).max();
    let Some(max_body_bytes) = longest else {
        return Err(match here.iter().any(|door| door.is_active()) {
            true => {
                ("address not allowed", Refused::new(403, "forbidden", "requests from this address are not allowed"))
            }
            false => ("disabled", Refused::new(403, "disabled", "every hook of this path is disabled")),
        });
    };
    let encoded = |(name, value): (&str, &[u8])| {
        name == "content-encoding" && !value.trim_ascii().eq_ignore_ascii_case(b"identity")
    };
    if headers.iter().any(encoded) {
        let message = "send the body as it is: a content-encoding other than identity is not taken";
        return Err(("encoded", Refused::new(415, "unsupported_encoding", message)));
    }
    if promised_bytes(headers).is_some_and(|length| length > max_body_bytes) {
        return Err(("too large", too_large(max_body_bytes)));
    }
    Ok(max_body_bytes)
}

/// The length of the body, as its head promises it.
fn promised_bytes(headers: Headers<'_>) -> Option<u64> {
    headers.text("content-length").and_then(|length| length.trim().parse().ok())
}

/// 413.
fn too_large(max_body_bytes: u64) -> Refused {
    Refused::new(413, "too_large", format!("this hook takes bodies of {max_body_bytes} bytes at most"))
}

impl Admitted {
    /// The request as it knocked.
    fn knock(&self) -> Knock<'_> {
        Knock { here: self.doors.at(&self.path), path: &self.path, source_ip: self.source_ip }
    }
}

#[cfg(test)]
pub(crate) mod fakes;

#[cfg(test)]
mod tests;
