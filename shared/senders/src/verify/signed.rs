//! The family of signatures over the request, keyed hashes and public keys alike.

use std::borrow::Cow;

use super::candidates::{MOST_SIGNATURES, Room, candidates, single_pair};
use super::content::{Document, Port, Reading, any_form_field, feed, form_field, read_for};
use super::fetched::{FetchedKey, request_for};
use super::key::Form;
use super::mac::Sum;
use super::public::PublicKey;
use super::{Key, Refusal, clock, proof};
use crate::inbound::Inbound;
use crate::json::scan::{Fields, Raw};
use crate::sender::{Algorithm, Carrier, ClockPlace, Hash, Part, Scheme, Shape, Signed};
use crate::time::Timestamp;
use subtle::ConstantTimeEq;

/// The field that says with which hash it is signed.
const VERSION: &str = "SignatureVersion";

/// How many sets of pairs one header may carry: one for each secret that counts while they change.
const MOST_SETS: usize = 4;

/// What the content comes to, ready to be compared with signatures.
enum Computed<'a> {
    Sum(Sum),
    Message(&'a PublicKey, Hash, Cow<'a, [u8]>),
}

/// What is needed to check one signed part of a request.
#[derive(Clone, Copy)]
struct Check<'a> {
    scheme: &'static Signed,
    key: &'a Key,
    public: Option<&'a PublicKey>,
    inbound: Inbound<'a>,
    now: Timestamp,
}

/// Checks a request's signatures with one key.
pub(super) fn check(
    family: &'static Scheme,
    scheme: &'static Signed,
    key: &Key,
    inbound: Inbound<'_>,
    fetched: Option<&FetchedKey>,
    now: Timestamp,
) -> Result<(), Refusal> {
    for (name, value) in scheme.require {
        if proof(inbound.headers, name)? != value.as_bytes() {
            return Err(Refusal::Malformed(name));
        }
    }
    let public = match (scheme.key, key.form()) {
        (Some(place), _) => {
            let request = request_for(family, place, inbound)?;
            fetched.filter(|fetched| fetched.answers(&request, now)).and_then(FetchedKey::key)
        }
        (None, Form::Public(public)) => Some(public),
        (None, _) => None,
    };
    let check = Check { scheme, key, public, inbound, now };
    if !scheme.reads_document() {
        return check.part(&Fields::at([]));
    }
    let text = document(scheme, inbound)?;
    let Some(path) = scheme.each else {
        let fields = fields(scheme, &text)?;
        check_bind(check, &fields)?;
        return check.part(&fields);
    };
    let mut checked = Err(Refusal::MissingField(path));
    let whole = Raw::of(&text).ok_or(Refusal::Unparsable)?.each(path, &mut |part| {
        checked = fields(scheme, part.bytes()).and_then(|fields| check.part(&fields));
        checked.is_ok().then_some(())
    });
    match (whole, checked) {
        (None, Ok(())) => Err(Refusal::MissingField(path)),
        (_, checked) => checked,
    }
}

/// What a scheme reads of a JSON text; of what is none, a refusal.
pub(crate) fn fields<'a>(scheme: &'static Signed, text: &'a [u8]) -> Result<Fields<'a>, Refusal> {
    let own = match scheme.place {
        Carrier::Field(path) => Some(path),
        Carrier::Headers(_) | Carrier::Numbered(_) => None,
    };
    let version = (scheme.algorithm == Algorithm::RsaByVersion).then_some(VERSION);
    let parts = scheme.content.iter().chain(scheme.bind).flat_map(read_for);
    let mut fields = Fields::at(own.into_iter().chain(version).chain(parts));
    fields.find(text).ok_or(Refusal::Unparsable)?;
    Ok(fields)
}

/// The JSON of the body, or of the form's field that is signed.
fn document<'a>(scheme: &Signed, inbound: Inbound<'a>) -> Result<Cow<'a, [u8]>, Refusal> {
    let signed = scheme.content.iter().find_map(|part| match part {
        Part::FormField(name) => Some(*name),
        _ => None,
    });
    match (scheme.document, signed) {
        (Some(name), _) => any_form_field(inbound, name),
        (None, Some(name)) => form_field(inbound, name),
        (None, None) => Ok(Cow::Borrowed(inbound.body)),
    }
}

/// Checks that the body speaks of what the secret names.
fn check_bind(check: Check<'_>, document: &dyn Document) -> Result<(), Refusal> {
    if check.scheme.bind.is_empty() {
        return Ok(());
    }
    let mut named = Vec::new();
    feed(check.scheme.bind, check.reading(document, ""), &mut |bytes| named.extend_from_slice(bytes))?;
    let same = bool::from(named.ct_eq(check.key.name().as_bytes()));
    if same { Ok(()) } else { Err(Refusal::AnotherAccount) }
}

impl<'a> Check<'a> {
    /// Checks one signed part: the whole body, or one of its items.
    fn part(self, document: &dyn Document) -> Result<(), Refusal> {
        match self.scheme.place {
            Carrier::Field(path) => {
                let text = document.text(path).ok_or(Refusal::MissingField(path))?;
                self.texts(&[&text], document, Refusal::MalformedField(path), Refusal::WrongField(path))
            }
            Carrier::Headers(_) | Carrier::Numbered(_) => {
                let name = self.scheme.place.name();
                let mut room = [""; MOST_SIGNATURES];
                let found = self.carried(&mut room)?;
                let texts = room.get(..found).unwrap_or_default();
                let Some(first) = texts.first() else { return Err(Refusal::Missing(name)) };
                let checked =
                    |texts: &[&str]| self.texts(texts, document, Refusal::Malformed(name), Refusal::Mismatch(name));
                match self.scheme.writing.sets {
                    None => checked(texts),
                    Some(between) => {
                        let sets = first.split(between).filter(|set| !set.is_empty()).take(MOST_SETS);
                        let failed = Err(Refusal::Malformed(name));
                        sets.fold(failed, |before, set| before.or_else(|_| checked(&[set])))
                    }
                }
            }
        }
    }

    /// Finds the headers that carry signatures, and says how many they are; one that is empty is not there.
    fn carried(self, room: &mut [&'a str]) -> Result<usize, Refusal> {
        let headers = self.inbound.headers;
        let carrier = self.scheme.place.name();
        let mut found = 0;
        let mut take = |name: &'static str, value: &'a [u8]| {
            let text = std::str::from_utf8(value).map_err(|_| Refusal::Malformed(name))?;
            if let Some(place) = room.get_mut(found).filter(|_| !text.is_empty()) {
                *place = text;
                found += 1;
            }
            Ok(())
        };
        match self.scheme.place {
            Carrier::Headers(names) if self.scheme.writing.repeated => {
                let named = headers
                    .iter()
                    .filter_map(|(found, value)| names.iter().find(|name| **name == found).map(|name| (*name, value)));
                named.into_iter().try_for_each(|(name, value)| take(name, value))?;
            }
            Carrier::Headers(names) => {
                for name in names {
                    let value = headers.single(name).map_err(|_| Refusal::Doubled(name))?;
                    take(name, value.unwrap_or_default())?;
                }
            }
            Carrier::Numbered(first) => {
                let stem = first.trim_end_matches(|c: char| c.is_ascii_digit());
                let numbered = |name: &str| {
                    let number = name.strip_prefix(stem).unwrap_or_default();
                    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
                };
                for (name, value) in headers.iter().filter(|(name, _)| numbered(name)) {
                    headers.single(name).map_err(|_| Refusal::Doubled(carrier))?;
                    take(carrier, value)?;
                }
            }
            Carrier::Field(_) => {}
        }
        Ok(found)
    }

    /// Checks texts with signatures, of which any may match.
    fn texts(
        self,
        texts: &[&str],
        document: &dyn Document,
        malformed: Refusal,
        mismatch: Refusal,
    ) -> Result<(), Refusal> {
        let Signed { shape, writing, encoding, .. } = *self.scheme;
        let mut room = Room::new();
        let all =
            || texts.iter().filter(|text| !text.is_empty()).flat_map(|text| candidates(shape, writing.bare, text));
        if !all().any(|text| room.decode(encoding, text).is_some_and(|bytes| self.fits(bytes))) {
            return Err(malformed);
        }
        let pairs = texts.first().copied().unwrap_or_default();
        self.clock_before(pairs)?;
        for port in self.scheme.ports() {
            let computed = self.compute(Reading { port: *port, ..self.reading(document, pairs) })?;
            // Which signature matches is no secret; how much of one matches is, and the comparison hides it.
            if all().any(|text| room.decode(encoding, text).is_some_and(|bytes| computed.matches(bytes))) {
                return self.clock_after();
            }
        }
        Err(mismatch)
    }

    /// The request as the parts of its content are read.
    fn reading<'b>(self, document: &'b dyn Document, pairs: &'b str) -> Reading<'b>
    where
        'a: 'b,
    {
        let separators = match self.scheme.shape {
            Shape::Pairs { separators, .. } => separators,
            Shape::Whole(_) | Shape::List { .. } => "",
        };
        Reading {
            inbound: self.inbound,
            pairs: (pairs, self.scheme.place.name()),
            separators,
            document,
            name: self.key.name(),
            port: Port::Without,
        }
    }

    /// Whether a signature has a length that this algorithm's signatures have.
    fn fits(self, signature: &[u8]) -> bool {
        match self.scheme.algorithm {
            Algorithm::Hmac(hash) | Algorithm::Digest(hash) => signature.len() == hash.length(),
            Algorithm::Ed25519 => signature.len() == 64,
            Algorithm::EcdsaP256 => (8..=72).contains(&signature.len()),
            Algorithm::Rsa(_) | Algorithm::RsaByVersion => (256..=512).contains(&signature.len()),
        }
    }

    /// Computes what the content comes to.
    fn compute(self, reading: Reading<'_>) -> Result<Computed<'a>, Refusal> {
        let hash = match self.scheme.algorithm {
            Algorithm::Hmac(_) | Algorithm::Digest(_) => {
                let mut mac = self.key.mac().ok_or(Refusal::NoSecret)?;
                feed(self.scheme.content, reading, &mut |bytes| mac.update(bytes))?;
                return Ok(Computed::Sum(mac.finish()));
            }
            Algorithm::Ed25519 | Algorithm::EcdsaP256 => Hash::Sha256,
            Algorithm::Rsa(hash) => hash,
            Algorithm::RsaByVersion => match reading.document.text(VERSION).as_deref() {
                Some("1") => Hash::Sha1,
                Some("2") => Hash::Sha256,
                _ => return Err(Refusal::MissingField(VERSION)),
            },
        };
        let message = self.message(reading)?;
        Ok(Computed::Message(self.public.ok_or(Refusal::NoKey)?, hash, message))
    }

    /// The whole content; a body that is signed alone is lent.
    fn message(self, reading: Reading<'_>) -> Result<Cow<'a, [u8]>, Refusal> {
        if self.scheme.content == [Part::Body] {
            return Ok(Cow::Borrowed(self.inbound.body));
        }
        let whole = if self.scheme.content.contains(&Part::Body) { self.inbound.body.len() } else { 0 };
        let mut message = Vec::with_capacity(whole + 128);
        feed(self.scheme.content, reading, &mut |bytes| message.extend_from_slice(bytes))?;
        Ok(Cow::Owned(message))
    }

    /// Checks a moment that stands in the headers.
    fn clock_before(self, pairs: &str) -> Result<(), Refusal> {
        let Some(timestamp) = &self.scheme.timestamp else { return Ok(()) };
        let (text, name) = match timestamp.place {
            ClockPlace::Header(name) => {
                self.check_listed(name)?;
                let value = proof(self.inbound.headers, name)?;
                (std::str::from_utf8(value).map_err(|_| Refusal::Malformed(name))?, name)
            }
            ClockPlace::Pair(key) => {
                let name = self.scheme.place.name();
                let separators = self.reading(&Fields::at([]), pairs).separators;
                (single_pair(separators, pairs, key).ok_or(Refusal::Malformed(name))?, name)
            }
            ClockPlace::Field(_) => return Ok(()),
        };
        clock::check(timestamp, text, name, self.now)
    }

    /// Checks that the time is among the headers that the request itself names as signed, where it names them.
    fn check_listed(self, name: &'static str) -> Result<(), Refusal> {
        let Some(list) = self.scheme.content.iter().find_map(|part| match part {
            Part::ListedHeaders(list) => Some(*list),
            _ => None,
        }) else {
            return Ok(());
        };
        let mut names = proof(self.inbound.headers, list)?.split(|byte| *byte == b',');
        if names.any(|listed| listed.eq_ignore_ascii_case(name.as_bytes())) {
            Ok(())
        } else {
            Err(Refusal::Malformed(list))
        }
    }

    /// Checks a moment that stands in the body, now that the body is proved.
    fn clock_after(self) -> Result<(), Refusal> {
        let Some(timestamp) = &self.scheme.timestamp else { return Ok(()) };
        let ClockPlace::Field(path) = timestamp.place else { return Ok(()) };
        let mut fields = Fields::at([path]);
        fields.find(self.inbound.body).ok_or(Refusal::Unparsable)?;
        let text = fields.text(path).ok_or(Refusal::MissingField(path))?;
        clock::check(timestamp, &text, path, self.now)
    }
}

impl Computed<'_> {
    /// Whether this is a signature of what was computed.
    fn matches(&self, signature: &[u8]) -> bool {
        match self {
            Self::Sum(sum) => sum.matches(signature),
            Self::Message(key, hash, message) => key.signs(*hash, message, signature),
        }
    }
}

impl Signed {
    /// The spellings of the URL to try.
    fn ports(&self) -> &'static [Port] {
        match self.content.contains(&Part::UrlAnyPort) {
            true => &[Port::Without, Port::With],
            false => &[Port::Without],
        }
    }
}
