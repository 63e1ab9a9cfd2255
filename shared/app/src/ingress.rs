//! Takes requests in: finds the hooks of the path, checks address, size, proof and limit, writes one message, answers.
//!
//! In two steps, so that nothing is read of a body that a look at the head already refuses.

mod cost;
mod explained;
mod head;
mod page;
mod refusals;
mod reply;
mod sampled;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bellhop_core::delivery::query_fingerprint;
use bellhop_core::event::{Proof, hide_parameters, kept_body, kept_headers};
use bellhop_core::hook::DoorHook;
use bellhop_core::id::EventId;
use bellhop_core::inbox::Message;
use bellhop_core::trace::Trace;
use bellhop_senders::handshake::{Greeting, Host, Introduction, Reply, greeting, introduction, knock};
use bellhop_senders::inbound::{Headers, Inbound, Url};
use bellhop_senders::sender::{Answer, Sender};
use bellhop_senders::verify::{Refusal, Verified};

use crate::answer::Refused;
use crate::budget::{Budget, Shares};
use crate::doors::{Door, DoorCache, Doors};
use crate::keys::{PublishedKeys, Unproved};
use crate::limiter::Limiter;
use crate::metrics::{Cause, METRICS};
use crate::offers::Offers;
use crate::ports::{Clock, Inbox, Orders};
use crate::spans;
use head::{check_head, promised_bytes, too_large};
use refusals::{Knock, Refusals};

pub use reply::{at_door, healthy};

/// How many offered secrets a minute are kept: a sender makes one, and offers it again where it is not answered.
const OFFERED: Shares = Shares { all: 120, reserve: 60, hook: 40, source: 10 };

/// What the front door works with.
pub struct Parts {
    /// The hooks with their secrets.
    pub doors: Arc<DoorCache>,
    /// Where events are written down.
    pub inbox: Arc<dyn Inbox>,
    /// Who records refusals.
    pub orders: Arc<dyn Orders>,
    /// What counts requests.
    pub limiter: Limiter,
    /// The keys that senders publish.
    pub keys: PublishedKeys,
    /// The secrets that senders offer.
    pub offers: Offers,
    /// The time, and randomness.
    pub clock: Arc<dyn Clock>,
}

/// The front door.
pub struct Ingress {
    parts: Parts,
    refusals: Refusals,
    offered: Mutex<Budget>,
}

/// What became of an accepted request.
#[derive(Debug)]
pub enum Taken {
    /// It is an event, which is durable.
    Event {
        /// The event's id.
        id: EventId,
        /// What its sender wants to hear, where Bellhop's own answer will not do.
        answer: Option<&'static Answer>,
    },
    /// It was a handshake, and this is the answer.
    Greeted(Reply),
}

/// A request whose head passed; its body may be read now.
#[derive(Debug)]
pub struct Admitted {
    doors: Arc<Doors>,
    path: String,
    source_ip: Option<IpAddr>,
    by_page: bool,
    /// How many bytes of a body to read before giving up.
    pub max_body_bytes: u64,
}

/// The head of a request, as far as a signature may cover it.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path and query as received.
    pub target: &'a str,
    /// The headers.
    pub headers: Headers<'a>,
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
    /// Too many bytes of bodies are held already.
    NoRoom,
}

impl Ingress {
    /// A front door of these parts.
    pub fn new(parts: Parts) -> Self {
        let refusals = Refusals::new(Arc::clone(&parts.orders), Arc::clone(&parts.clock));
        let offered = Mutex::new(Budget::new(OFFERED, parts.clock.now()));
        Self { parts, refusals, offered }
    }

    /// Looks at a request's head: its hook path, where it comes from and its headers.
    pub async fn admit(
        &self,
        path: &str,
        source_ip: Option<IpAddr>,
        headers: Headers<'_>,
    ) -> Result<Admitted, Refused> {
        let doors = self.parts.doors.doors().await.map_err(|error| {
            log::error!(error:%; "hooks could not be read");
            Refused::unavailable()
        })?;
        let here = doors.at(path);
        let by_page = page::matters_to(here) && page::is_foreign(headers, &doors.public_url);
        let knock = Knock { here, path, source_ip, by_page };
        match check_head(&knock, headers) {
            Ok(max_body_bytes) => Ok(Admitted { path: path.to_owned(), source_ip, by_page, max_body_bytes, doors }),
            Err((cause, answer)) => {
                let promised = promised_bytes(headers).unwrap_or_default();
                Err(self.refusals.refuse(&knock, cause, promised, answer).await)
            }
        }
    }

    /// Answers a GET, HEAD or OPTIONS of an admitted sender, where one of the hooks shakes hands that way.
    pub async fn greet(&self, admitted: &Admitted, head: Head<'_>) -> Result<Reply, Refused> {
        let (inbound, now) = (admitted.inbound(head, b""), self.parts.clock.now());
        let mut refusal = None;
        for door in open_doors(admitted.knock()) {
            let rate_per_minute = door.hook.rate_per_minute;
            match knock(Host { sender: door.sender, keys: &door.keys, rate_per_minute }, inbound, now) {
                Ok(None) => {}
                Ok(Some(reply)) => return Ok(answered(door, reply)),
                Err(cause) => refusal = Some(cause),
            }
        }
        match refusal {
            None => Err(Refused::method("POST")),
            Some(cause) => Err(self.unproved(admitted, cause, String::new, 0).await),
        }
    }

    /// Checks an admitted request's proof over its body and writes the event down; durable when this returns its id.
    pub async fn accept(&self, admitted: &Admitted, head: Head<'_>, body: &[u8]) -> Result<Taken, Refused> {
        let (knock, now, bytes) = (admitted.knock(), self.parts.clock.now(), body.len() as u64);
        let inbound = admitted.inbound(head, body);
        let mut proved: Vec<(&Door, Verified<'_>)> = Vec::with_capacity(1);
        let mut refused: Option<(&Door, Refusal)> = None;
        for door in open_doors(knock) {
            if bytes > door.max_body_bytes() {
                continue;
            }
            if let Some(introduction) = introduction(door.sender, inbound) {
                return self.introduced(admitted, door, introduction, bytes).await.map(Taken::Greeted);
            }
            match self.parts.keys.prove(door, inbound, now).await {
                Ok(verified) => proved.push((door, verified)),
                Err(Unproved::Refused(cause)) => refused = Some((door, cause)),
                Err(Unproved::Unavailable) => return Err(Refused::unavailable()),
            }
        }
        let Some((door, first)) = proved.first() else {
            return Err(match refused {
                None => self.unread(admitted, Unread::TooLarge, bytes).await,
                Some((door, refusal)) => {
                    let explain = || explained::findings(&admitted.doors, door, inbound, refusal, now);
                    self.unproved(admitted, refusal, explain, bytes).await
                }
            });
        };
        let visited = match greeting(first, &door.keys) {
            Some(Greeting::Reply(reply)) => {
                return self.greeted(admitted, door, reply, bytes).await.map(Taken::Greeted);
            }
            Some(Greeting::Refused(cause)) => return Err(self.unproved(admitted, cause, String::new, bytes).await),
            Some(Greeting::Visit(url)) => Some(url),
            None => None,
        };
        self.limited(admitted, proved.iter().map(|(door, _)| &door.hook), bytes).await?;
        if let Some(url) = visited
            && !self.parts.keys.visit(&url).await
        {
            return Err(Refused::unavailable());
        }
        // A proof that is a secret ends here, whichever hook of the path it is for.
        let kept = kept_body(knock.here.iter().map(|door| door.sender), first.body());
        let message = self.message(admitted, first, &proved, &kept);
        self.parts.inbox.put(&message).await.map_err(|error| {
            log::error!(event:% = message.id, error:%; "inbox could not be written");
            Refused::unavailable()
        })?;
        METRICS.accepted.add(1);
        let hook = proved.first().map_or("", |(door, _)| door.hook.id.as_str());
        let trace = Trace::of(message.id, message.headers.iter().map(|(name, value)| (*name, value.as_str())));
        spans::accepted(message.id, trace, hook, now, || self.parts.clock.now());
        log::info!(event:% = message.id, trace = trace.id_beside(message.id), hook, sender = message.sender, bytes; "accepted");
        Ok(Taken::Event { id: message.id, answer: first.sender().answer(first.body()) })
    }

    /// Keeps what a sender brought with its introduction, and answers it.
    async fn introduced(
        &self,
        admitted: &Admitted,
        door: &Door,
        introduction: Introduction,
        bytes: u64,
    ) -> Result<Reply, Refused> {
        if let Some(secret) = &introduction.offer {
            if !self.takes_offer(door, admitted) {
                return Err(self.too_many(admitted, 60, bytes).await);
            }
            self.parts.offers.keep(&door.hook.id, secret, admitted.source_ip).await.map_err(|error| {
                log::error!(hook = door.hook.id.as_str(), error:%; "an offered secret could not be kept");
                Refused::unavailable()
            })?;
        }
        Ok(answered(door, introduction.reply))
    }

    /// Whether to keep one more secret that was offered to a hook from there.
    fn takes_offer(&self, door: &Door, admitted: &Admitted) -> bool {
        let mut budget = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        budget.take(&door.hook.id, admitted.source_ip, self.parts.clock.now())
    }

    /// Answers a proved handshake, within the hook's limit.
    async fn greeted(&self, admitted: &Admitted, door: &Door, reply: Reply, bytes: u64) -> Result<Reply, Refused> {
        self.limited(admitted, [&door.hook].into_iter(), bytes).await?;
        Ok(answered(door, reply))
    }

    /// Lets a request pass as long as its hooks take more of them in this minute.
    async fn limited<'h>(
        &self,
        admitted: &Admitted,
        hooks: impl Iterator<Item = &'h DoorHook> + Clone,
        bytes: u64,
    ) -> Result<(), Refused> {
        let now = self.parts.clock.now();
        match self.parts.limiter.pass(hooks, admitted.doors.rate_per_minute, now).await {
            Ok(()) => Ok(()),
            Err(seconds) => Err(self.too_many(admitted, seconds, bytes).await),
        }
    }

    /// Refuses a request that is one too many, for so many seconds.
    async fn too_many(&self, admitted: &Admitted, seconds: u64, bytes: u64) -> Refused {
        let answer = Refused::new(429, "too_many_requests", "more requests than this hook takes in a minute");
        self.refusals.refuse(&admitted.knock(), "over the limit", bytes, answer.after(seconds)).await
    }

    /// Refuses an admitted request that is not its sender's; what `explain` says of it is for the operator alone.
    async fn unproved(
        &self,
        admitted: &Admitted,
        refusal: Refusal,
        explain: impl FnOnce() -> String,
        bytes: u64,
    ) -> Refused {
        let answer = match refusal {
            Refusal::Unparsable => Refused::new(400, "bad_request", "the body is not what this sender sends"),
            Refusal::TooLong(most) => too_large(most),
            Refusal::Challenge(_) => Refused::new(400, "bad_request", "the challenge is not one of this sender's"),
            _ => Refused::new(401, "unauthorized", "the signature is missing, wrong or too old"),
        };
        let stale = matches!(refusal, Refusal::Stale(_));
        let answer = answer.because(if stale { Cause::Stale } else { Cause::Signature });
        self.refusals.refuse_explained(&admitted.knock(), &refusal.to_string(), explain, bytes, answer).await
    }

    /// Refuses an admitted request whose body could not be read; so many bytes of it had come.
    pub async fn unread(&self, admitted: &Admitted, why: Unread, bytes: u64) -> Refused {
        let (cause, answer) = match why {
            Unread::TooLarge => ("too large", too_large(admitted.max_body_bytes)),
            Unread::BrokenOff => ("broken off", Refused::new(400, "bad_request", "the body broke off")),
            Unread::TooSlow => ("too slow", Refused::new(408, "too_slow", "the body took too long to arrive")),
            Unread::NoRoom => ("no room", Refused::busy()),
        };
        self.refusals.refuse(&admitted.knock(), cause, bytes, answer).await
    }

    /// The inbox message of a proved request.
    fn message<'a>(
        &self,
        admitted: &'a Admitted,
        first: &Verified<'a>,
        proved: &[(&Door, Verified<'_>)],
        body: &'a [u8],
    ) -> Message<'a> {
        let now = self.parts.clock.now();
        let mut random = [0; 10];
        self.parts.clock.random(&mut random);
        let proof = |(door, verified): &(&Door, Verified<'_>)| {
            let secret = verified.matched_key().and_then(|key| door.places.get(key).copied());
            Proof::new(door.hook.owner(), secret)
        };
        let senders = || admitted.knock().here.iter().map(|door| door.sender);
        let secret_parameters = || senders().filter_map(Sender::secret_parameter);
        let mut headers = kept_headers(senders(), first.headers());
        hide_parameters(&mut headers, first.query(), secret_parameters());
        Message {
            id: EventId::new(now, &random),
            path: &admitted.path,
            sender: first.sender().name,
            event_type: first.event_type(),
            delivery_id: first.delivery_id(),
            received_at: now,
            source_ip: admitted.source_ip,
            query: query_fingerprint(first.query(), secret_parameters()),
            headers,
            owners: proved.iter().map(proof).collect(),
            body,
            test: false,
        }
    }
}

/// Logs a handshake and passes its answer on.
///
/// What proved nothing is not counted: whoever knows the path could use up the limit of the hook's events.
fn answered(door: &Door, reply: Reply) -> Reply {
    log::info!(hook = door.hook.id.as_str(), sender = door.sender.name, status = reply.status; "handshake answered");
    reply
}

/// The doors that take requests from this address, and from whoever makes it ask.
fn open_doors(knock: Knock<'_>) -> impl Iterator<Item = &Door> {
    let Knock { here, source_ip, by_page, .. } = knock;
    let open = move |door: &&Door| door.is_active() && door.allows(source_ip) && !(by_page && door.knows_by_address());
    here.iter().map(Arc::as_ref).filter(open)
}

impl Admitted {
    /// The whole request, with its body.
    fn inbound<'a>(&'a self, head: Head<'a>, body: &'a [u8]) -> Inbound<'a> {
        let Head { method, target, headers } = head;
        Inbound { headers, body, source_ip: self.source_ip, method, url: Url::new(&self.doors.public_url, target) }
    }

    /// The request as it knocked.
    fn knock(&self) -> Knock<'_> {
        let Self { path, source_ip, by_page, doors, .. } = self;
        Knock { here: doors.at(path), path, source_ip: *source_ip, by_page: *by_page }
    }
}

#[cfg(test)]
mod tests;
