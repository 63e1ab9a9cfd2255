//! What a signature covers, given to the hash part by part.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::candidates::single_pair;
use super::mac::sha256;
use super::token::parameter;
use super::{Refusal, escape, proof};
use crate::body::{form, part_text};
use crate::inbound::{Inbound, Url};
use crate::json::Value;
use crate::json::scan::{Fields, Raw};
use crate::sender::{Part, text_at};

/// The most fields of a form that is signed field by field.
const MOST_FIELDS: usize = 1_000;

/// A request as the parts of its signed content are read from it.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// The request.
    pub(crate) inbound: Inbound<'a>,
    /// The header with the signature, where it is written in pairs, and its name.
    pub(crate) pairs: (&'a str, &'static str),
    /// What may stand between the pairs.
    pub(crate) separators: &'static str,
    /// The body's JSON, or the part of it that is signed on its own; without any fields where the scheme needs none.
    pub(crate) document: &'a dyn Document,
    /// The secret's text, where that is signed too.
    pub(crate) name: &'a str,
    /// Which spelling of the URL to try.
    pub(crate) port: Port,
}

/// What fields are read from: JSON as it was sent, or a tree.
pub(crate) trait Document {
    /// The text, number or truth at a path, as text.
    fn text(&self, path: &str) -> Option<Cow<'_, str>>;

    /// The text at a path.
    fn string(&self, path: &str) -> Option<Cow<'_, str>>;
}

impl Document for Fields<'_> {
    fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        self.text(path)
    }

    fn string(&self, path: &str) -> Option<Cow<'_, str>> {
        self.get(path).and_then(Raw::string)
    }
}

impl Document for Value {
    fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        text_at(self, path)
    }

    fn string(&self, path: &str) -> Option<Cow<'_, str>> {
        self.get(path)?.as_str().map(Cow::Borrowed)
    }
}

/// A spelling of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// Without a port.
    Without,
    /// With its port, or the usual one of its protocol.
    With,
}

/// Gives the content to a sink, part by part.
pub(crate) fn feed(parts: &[Part], reading: Reading<'_>, sink: &mut dyn FnMut(&[u8])) -> Result<(), Refusal> {
    parts.iter().try_for_each(|part| feed_part(*part, reading, sink))
}

/// Gives one part to a sink.
fn feed_part(part: Part, reading: Reading<'_>, sink: &mut dyn FnMut(&[u8])) -> Result<(), Refusal> {
    let Reading { inbound, document, .. } = reading;
    match part {
        Part::Body => sink(inbound.body),
        Part::Text(text) => sink(text.as_bytes()),
        Part::Header(name) => sink(proof(inbound.headers, name)?),
        Part::Pair(key) => sink(pair(reading, key)?.as_bytes()),
        Part::Field(path) => sink(document.text(path).ok_or(Refusal::MissingField(path))?.as_bytes()),
        Part::OptionalField(path) => sink(document.text(path).unwrap_or_default().as_bytes()),
        Part::FormField(name) => sink(&form_field(inbound, name)?),
        Part::Secret => sink(reading.name.as_bytes()),
        Part::Method => sink(inbound.method.as_bytes()),
        Part::Url => [known(inbound.url)?.base(), inbound.url.target()].iter().for_each(|piece| sink(piece.as_bytes())),
        Part::UrlAnyPort => feed_url(known(inbound.url)?, reading.port, sink),
        Part::UrlHubspot => escape::hubspot(known(inbound.url)?, sink),
        Part::UrlContentful => escape::contentful(inbound.url, sink),
        Part::Path => [base_path(inbound.url), inbound.url.path()].iter().for_each(|piece| sink(piece.as_bytes())),
        Part::Query => sink(inbound.url.query().as_bytes()),
        Part::QuerySorted => feed_sorted_query(inbound.url.query(), sink),
        Part::Form => feed_form(inbound, sink)?,
        Part::FormOrBodyHash => match body_hash(inbound)? {
            true => {}
            false => feed_form(inbound, sink)?,
        },
        Part::BodySha256 => sink(&sha256(inbound.body)),
        Part::BodySha256Hex => sink(hex::encode(sha256(inbound.body)).as_bytes()),
        Part::BodySha256Base64 => sink(STANDARD.encode(sha256(inbound.body)).as_bytes()),
        Part::BodyCrc32 => sink(crc32fast::hash(inbound.body).to_string().as_bytes()),
        Part::ListedValues(key) => {
            for (index, name) in pair(reading, key)?.split_ascii_whitespace().enumerate() {
                sink(if index == 0 { b"" } else { b"." });
                sink(listed(reading, name)?);
            }
        }
        Part::ListedHeaders(header) => {
            let names = std::str::from_utf8(proof(inbound.headers, header)?).map_err(|_| Refusal::Malformed(header))?;
            for (index, name) in names.split(',').enumerate() {
                sink(if index == 0 { b"" } else { b";" });
                sink(name.as_bytes());
                sink(b":");
                sink(listed(reading, name)?.trim_ascii());
            }
        }
        Part::Sns => feed_sns(document, sink)?,
        Part::Manifest => feed_manifest(reading, sink)?,
    }
    Ok(())
}

/// The value of a pair in the signature's header.
fn pair<'a>(reading: Reading<'a>, key: &str) -> Result<&'a str, Refusal> {
    let (text, header) = reading.pairs;
    let value = single_pair(reading.separators, text, key).filter(|value| !value.is_empty());
    value.ok_or(Refusal::Malformed(header))
}

/// The value of a header that the request itself names among the signed ones.
fn listed<'a>(reading: Reading<'a>, name: &str) -> Result<&'a [u8], Refusal> {
    let (_, header) = reading.pairs;
    let value = reading.inbound.headers.single(&name.to_ascii_lowercase()).map_err(|_| Refusal::Doubled(header))?;
    value.ok_or(Refusal::Malformed(header))
}

/// A URL whose public part is configured.
fn known(url: Url<'_>) -> Result<Url<'_>, Refusal> {
    if url.is_known() { Ok(url) } else { Err(Refusal::NoPublicUrl) }
}

/// The path within the public URL: empty for most.
fn base_path(url: Url<'_>) -> &str {
    let rest = url.base().split_once("://").map_or("", |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
}

/// The one value of a field of a form body, in several parts or not.
pub(super) fn any_form_field<'a>(inbound: Inbound<'a>, name: &'static str) -> Result<Cow<'a, [u8]>, Refusal> {
    match inbound.headers.text("content-type") {
        Some(kind) if is_multipart(kind) => part_text(kind, inbound.body, name).ok_or(Refusal::MissingField(name)),
        _ => form_field(inbound, name),
    }
}

/// The one value of a field of a form body.
pub(crate) fn form_field<'a>(inbound: Inbound<'a>, name: &'static str) -> Result<Cow<'a, [u8]>, Refusal> {
    form::only(inbound.body, name).ok_or(Refusal::MissingField(name))
}

/// Whether a content type is one of bodies of several parts.
fn is_multipart(kind: &str) -> bool {
    kind.trim_start().get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/"))
}

/// The URL in one of its spellings.
fn feed_url(url: Url<'_>, port: Port, sink: &mut dyn FnMut(&[u8])) {
    let base = url.base();
    let start = base.find("://").map_or(0, |at| at + 3);
    let end = base.get(start..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| start + at);
    let (head, path) = base.split_at_checked(end).unwrap_or((base, ""));
    let (protocol, authority) = head.split_at_checked(start).unwrap_or(("", head));
    let colon = authority.rfind(':').filter(|at| authority.get(*at..).is_some_and(|rest| !rest.contains(']')));
    let (host, given) = colon.and_then(|at| authority.split_at_checked(at)).unwrap_or((authority, ""));
    let usual = if protocol == "http://" { ":80" } else { ":443" };
    let port = match port {
        Port::Without => "",
        Port::With if given.is_empty() => usual,
        Port::With => given,
    };
    [protocol, host, port, path, url.target()].iter().for_each(|piece| sink(piece.as_bytes()));
}

/// The query's pairs as received, in the order of their names.
fn feed_sorted_query(query: &str, sink: &mut dyn FnMut(&[u8])) {
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_by_key(|pair| pair.split_once('=').map_or(*pair, |(name, _)| name));
    for (index, pair) in pairs.iter().enumerate() {
        sink(if index == 0 { b"" } else { b"&" });
        sink(pair.as_bytes());
    }
}

/// A form's fields, each name followed by its value, sorted, each once. They are decoded in one piece, which is no longer
/// than the body.
fn feed_form(inbound: Inbound<'_>, sink: &mut dyn FnMut(&[u8])) -> Result<(), Refusal> {
    let count = form::written(inbound.body).take(MOST_FIELDS + 1).count();
    let kind = inbound.headers.text("content-type").unwrap_or_default();
    // What is called something else would later be read as that.
    if count > MOST_FIELDS || !form::is_taken_for_one(kind, inbound.body) {
        return Err(Refusal::Unparsable);
    }
    let mut decoded = Vec::with_capacity(inbound.body.len());
    let mut add = |text: &[u8]| {
        let start = decoded.len();
        form::decode(text, &mut decoded);
        start..decoded.len()
    };
    let fields: Vec<_> = form::written(inbound.body).map(|(name, value)| (add(name), add(value))).collect();
    let text = |range: &std::ops::Range<usize>| decoded.get(range.clone()).unwrap_or_default();
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (text(name), text(value))).collect();
    fields.sort_unstable();
    fields.dedup();
    for (name, value) in fields {
        sink(name);
        sink(value);
    }
    Ok(())
}

/// Whether the query carries the body's hash; a wrong one is a refusal.
fn body_hash(inbound: Inbound<'_>) -> Result<bool, Refusal> {
    const NAME: &str = "bodySHA256";
    let mut hashes = form_urlencoded::parse(inbound.url.query().as_bytes()).filter(|(name, _)| name == NAME);
    match (hashes.next(), hashes.next()) {
        (None, _) => Ok(false),
        (Some((_, hash)), None) => {
            let mut given = [0; 32];
            let read = hex::decode_to_slice(hash.as_bytes(), &mut given);
            if read.is_ok() && given == sha256(inbound.body) { Ok(true) } else { Err(Refusal::WrongBodyHash(NAME)) }
        }
        (Some(_), Some(_)) => Err(Refusal::DoubledParameter(NAME)),
    }
}

/// The manifest of `Mercado Pago`; what the request lacks is left out, but for the time.
///
/// Facts: `WebhookSignatureValidator` of mercadopago/sdk-nodejs.
fn feed_manifest(reading: Reading<'_>, sink: &mut dyn FnMut(&[u8])) -> Result<(), Refusal> {
    let id = match parameter(reading.inbound.url.query(), "data.id") {
        Err(Refusal::MissingParameter(_)) => None,
        found => Some(found?.to_lowercase()),
    };
    let request = reading.inbound.headers.single("x-request-id").map_err(|_| Refusal::Doubled("x-request-id"))?;
    let parts = [
        ("id:", id.as_deref().map(str::as_bytes)),
        ("request-id:", request.filter(|value| !value.is_empty())),
        ("ts:", Some(pair(reading, "ts")?.as_bytes())),
    ];
    for (name, value) in parts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        [name.as_bytes(), value, b";"].into_iter().for_each(&mut *sink);
    }
    Ok(())
}

/// The fields that are signed of a notification by SNS, and of the others.
const NOTIFICATION: &[&str] = &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION: &[&str] = &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// The fields of an SNS message that are signed, each name and value on its own line.
fn feed_sns(document: &dyn Document, sink: &mut dyn FnMut(&[u8])) -> Result<(), Refusal> {
    let names = match document.text("Type").as_deref() {
        Some("Notification") => NOTIFICATION,
        Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => CONFIRMATION,
        _ => return Err(Refusal::MissingField("Type")),
    };
    for name in names {
        match document.string(name) {
            Some(value) => [name.as_bytes(), b"\n", value.as_bytes(), b"\n"].into_iter().for_each(&mut *sink),
            None if *name == "Subject" => {}
            None => return Err(Refusal::MissingField(name)),
        }
    }
    Ok(())
}

/// The fields of the body that a part is read from.
pub(super) fn read_for(part: &'static Part) -> impl Iterator<Item = &'static str> {
    let (one, several): (_, &[&[&str]]) = match part {
        Part::Field(path) | Part::OptionalField(path) => (Some(*path), &[]),
        Part::Sns => (None, &[NOTIFICATION, CONFIRMATION]),
        _ => (None, &[]),
    };
    one.into_iter().chain(several.iter().copied().flatten().copied())
}
