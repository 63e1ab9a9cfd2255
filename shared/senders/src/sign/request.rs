//! Whole requests, as a sender would post them: to try a hook out, and to send samples from the command line.

use super::{Draft, Unsignable, body, sign_with};
use crate::inbound::{Headers, Inbound, Url};
use crate::json::{self, Value};
use crate::secret::Secret;
use crate::sender::{Place, Sender, text_at};
use crate::time::Timestamp;

/// The field that tells samples apart whose senders have no delivery id in their bodies.
const MARK: &str = "bellhop_delivery";

/// What is to be sent; what is left out is as in the sender's sample.
#[derive(Debug, Clone, Copy)]
pub struct Outline<'a> {
    /// Where it is sent to, as the sender would call it.
    pub url: Url<'a>,
    /// The body.
    pub body: Option<&'a [u8]>,
    /// The event's type, for senders that put it into a header.
    pub event_type: Option<&'a str>,
    /// The id of the delivery; not empty.
    pub id: &'a str,
}

/// A POST as a sender makes it. Its parts may hold the secret: they are not for showing.
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    /// The headers, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The path and query.
    pub target: String,
}

/// The request that a sender would make; signed where there is a secret.
pub fn post(
    sender: &'static Sender,
    secret: Option<&Secret>,
    outline: Outline<'_>,
    now: Timestamp,
) -> Result<Post, Unsignable> {
    let Outline { url, body, event_type, id } = outline;
    let mut post = Post {
        headers: Vec::new(),
        body: body.map_or_else(|| with_id(sender, sender.sample().body.as_bytes(), id), <[u8]>::to_vec),
        target: url.target().to_owned(),
    };
    for (name, value) in sender.sample().headers {
        post.set(name, value);
    }
    if let (Some(name), Some(event_type)) = (sender.event_type.header(), event_type.or(sender.sample().event_type)) {
        post.set(name, event_type);
    }
    if let Some(name) = sender.delivery_id.header() {
        post.set(name, id);
    }
    if let Some(secret) = secret {
        let draft = Draft { method: "POST", url, body: &post.body, id };
        let proof = sign_with(sender, secret, draft, &post.headers, now)?;
        for (name, value) in &proof.headers {
            post.set(name, value);
        }
        for parameter in &proof.query {
            post.target.push(if post.target.contains('?') { '&' } else { '?' });
            post.target.push_str(parameter);
        }
        post.body = proof.body.unwrap_or(post.body);
    }
    Ok(post)
}

/// A body that is unlike that of every other delivery: with this delivery id, or with it in a field of our own where the
/// sender has none in its body, as equal bodies may be copies of one delivery.
pub fn told_apart(sender: &Sender, body: &[u8], id: &str) -> Vec<u8> {
    if let Some(body) = identified(sender, body, id) {
        return body;
    }
    match json::read(body) {
        Ok(Value::Object(mut fields)) => {
            fields.insert(MARK, id);
            Value::Object(fields).to_string().into_bytes()
        }
        _ => body.to_vec(),
    }
}

/// A body with this delivery id, where the sender's ids stand in the body and this one has one.
pub fn with_id(sender: &Sender, body: &[u8], id: &str) -> Vec<u8> {
    identified(sender, body, id).unwrap_or_else(|| body.to_vec())
}

/// A body with this delivery id; `None` where it has none of its own.
fn identified(sender: &Sender, body: &[u8], id: &str) -> Option<Vec<u8>> {
    let mut document = json::read(body).ok()?;
    let field = id_field(sender.delivery_id, &document)?;
    body::set(&mut document, field, id);
    Some(document.to_string().into_bytes())
}

/// The field of a body that tells deliveries apart; `None` where that is a header, or nothing does.
fn id_field(place: Place, document: &Value) -> Option<&'static str> {
    let names_one = |path: &&str| {
        let last = path.rsplit('.').next().unwrap_or_default().to_lowercase();
        ["hash", "id", "reference", "timestamp", "token"].iter().any(|end| last.ends_with(end))
    };
    match place {
        Place::Field(path) => text_at(document, path).map(|_| path),
        Place::Join(places) => places.iter().filter_map(|place| id_field(*place, document)).find(names_one),
        Place::First([Place::Header(_), ..]) => None,
        Place::First(places) => places.iter().find_map(|place| id_field(*place, document)),
        Place::Nowhere | Place::Header(_) | Place::Key(_) => None,
    }
}

impl Post {
    /// Sets a header, in place of the one of this name.
    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(there, _)| there != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The headers as they are lent to a verifier.
    pub fn pairs(&self) -> Vec<(&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    /// The request as it would come in at this public URL, with its headers lent by [`Post::pairs`].
    pub const fn inbound<'a>(&'a self, public_url: &'a str, pairs: &'a [(&'a str, &'a [u8])]) -> Inbound<'a> {
        let url = Url::new(public_url, self.target.as_str());
        Inbound { headers: Headers::new(pairs), body: self.body.as_slice(), source_ip: None, method: "POST", url }
    }
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a POST of {} bytes", self.body.len())
    }
}
