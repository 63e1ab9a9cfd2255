//! Requests that go back and forth between us and those who vouch for a sender, and the ways to spoil them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::inbound::{Headers, Inbound, Url};
use bellhop_senders::sender::{Carrier, Part, Scheme, Sender, Shape, Signed, TokenPlace, values_at};
use bellhop_senders::sign::{Outline, post};
use bellhop_senders::verify::{FetchedKey, Key, KeyRequest, Wanted, verify, wanted_key};
use serde::{Deserialize, Serialize};

/// What senders call.
const BASE: &str = "https://hooks.example.com";

/// A POST, and what the hook knows.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    #[serde(with = "base64_text")]
    pub(super) body: Vec<u8>,
    /// The hook's secret.
    pub(super) secret: String,
    /// What is found where the sender's public key is fetched from.
    pub(super) key: String,
}

impl Request {
    /// A request of this sender before it is signed.
    pub(super) fn unsigned(sender: &Sender, body: &[u8], secret: &str) -> Self {
        let headers = sender.sample().headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let url = format!("{BASE}/webhook/{}?door=1", sender.name);
        Self { url, headers: headers.collect(), body: body.to_vec(), secret: secret.to_owned(), key: String::new() }
    }

    /// The same request, signed by us; `None` where only the sender itself can.
    pub(super) fn signed(&self, sender: &'static Sender, at: u64) -> Option<Self> {
        let secret = Secret::new(self.secret.as_str()).ok()?;
        let url = Url::new(BASE, self.target());
        let outline = Outline { url, body: Some(&self.body), event_type: sender.sample().event_type, id: "evt_1" };
        let post = post(sender, Some(&secret), outline, Timestamp::from_seconds(at)).ok()?;
        let (url, headers) = (format!("{BASE}{}", post.target), post.headers.into_iter().collect());
        Some(Self { url, headers, body: post.body, ..self.clone() })
    }

    /// The path and query.
    fn target(&self) -> &str {
        self.url.strip_prefix(BASE).unwrap_or_default()
    }

    /// Why we refuse the request.
    pub(super) fn judged(&self, sender: &'static Sender, at: u64) -> Result<(), String> {
        let told = |error: &dyn std::fmt::Display| error.to_string();
        let secret = Secret::new(self.secret.as_str()).map_err(|e| told(&e))?;
        let key = Key::new(sender, &secret).map_err(|e| told(&e))?;
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let url = Url::new(BASE, self.target());
        let inbound = Inbound { url, ..Inbound::new(Headers::new(&headers), &self.body) };
        let wanted = wanted_key(sender, inbound).map_err(|e| told(&e))?;
        // A certificate that is built in has another in its place, by which the sender's part can be played.
        let root = || KeyRequest { url: String::new(), id: None, kind: Wanted::Root };
        let plays = matches!(sender.scheme, Scheme::AppStore(_)).then(root);
        let fetched = wanted.or(plays).map(|request| FetchedKey::read(request, self.key.as_bytes())).transpose();
        let fetched = fetched.map_err(|e| told(&e))?;
        let verified = verify(sender, &[key], inbound, fetched.as_ref(), Timestamp::from_seconds(at));
        verified.map(|_| ()).map_err(|e| told(&e))
    }

    /// What is wrong in each of several ways; a request of the same sender by another secret or key helps.
    pub(super) fn spoiled(&self, scheme: &Scheme, other: &Self) -> Vec<(String, Self)> {
        let mut all = Vec::new();
        let mut add = |name: &str, request: Self| all.push((name.to_owned(), request));
        let proof = self.proof(scheme);
        let (start, end) = signature(scheme, &proof);
        let with = |text: String| self.with_proof(scheme, Some(&text));
        add("no proof", self.with_proof(scheme, None));
        add("an empty proof", with(String::new()));
        add("half a proof", with(proof[..(start + end) / 2].to_owned()));
        add("another proof", with(changed(&proof, start + 4)));
        let names_account = match scheme {
            Scheme::Jwt(jwt) => jwt.recipient.is_some(),
            scheme => matches!(scheme, Scheme::AppStore(_)),
        };
        if names_account {
            add("another account", Self { secret: other_account(&self.secret), ..self.clone() });
        } else if other.secret != self.secret && !matches!(scheme, Scheme::Jwt(jwt) if jwt.key.is_some()) {
            add("another secret", Self { secret: other.secret.clone(), ..self.clone() });
        }
        if !self.key.is_empty() {
            add("another key", Self { key: other.key.clone(), ..self.clone() });
        }
        let is_token = matches!(scheme, Scheme::Jwt(jwt) if jwt.body_hash.is_none());
        if is_token || matches!(scheme, Scheme::Token(_) | Scheme::AppStore(_)) {
            add("a longer proof", with(format!("{proof}0")));
            add("the proof of another", with(other.proof(scheme)));
            return all;
        }
        let body = String::from_utf8_lossy(&self.body);
        let middle = body.char_indices().position(|(at, c)| at >= body.len() / 2 && c.is_ascii_lowercase());
        let inside = INSIDE.iter().find(|(text, _)| body.contains(text));
        let other_body = match inside {
            Some((text, instead)) => body.replace(text, instead).into_bytes(),
            None => changed(&body, middle.expect("a body has letters")).into_bytes(),
        };
        if inside.is_some() || scheme.covers_body() {
            add("another body", Self { body: other_body, ..self.clone() });
        }
        if inside.is_none() && scheme.covers_body() {
            add("a longer body", Self { body: [self.body.as_slice(), b" "].concat(), ..self.clone() });
        }
        let Scheme::Signed(Signed { content, .. }) = scheme else { return all };
        for part in *content {
            match part {
                Part::Header(name) => {
                    let mut headers = self.headers.clone();
                    let value = headers.get_mut(*name).expect("what is signed is there");
                    let last = value.rfind(|c: char| c.is_ascii_digit()).expect("it has a digit");
                    *value = changed(value, value[..last].chars().count());
                    add(&format!("another {name}"), Self { headers, ..self.clone() });
                }
                Part::Url => add("another URL", Self { url: format!("{}0", self.url), ..self.clone() }),
                _ => {}
            }
        }
        all
    }

    /// The text that carries the signature, or the token.
    fn proof(&self, scheme: &Scheme) -> String {
        match scheme {
            Scheme::Token(TokenPlace::Query(_) | TokenPlace::Form(_)) => self.secret.clone(),
            Scheme::Token(TokenPlace::Field(path)) => self.field(path.split('|').next().unwrap_or_default()),
            Scheme::AppStore(_) => self.field(scheme.carrier()),
            Scheme::Signed(Signed { place: Carrier::Field(path), each, .. }) => self.field(&within(each, path)),
            _ => self.headers[scheme.carrier()].clone(),
        }
    }

    /// The JSON that the proof stands in: the body, or the field `json` of a form.
    fn document(&self) -> Vec<u8> {
        let field = form_urlencoded::parse(&self.body).find(|(name, _)| name == "json");
        field.map_or_else(|| self.body.clone(), |(_, text)| text.into_owned().into_bytes())
    }

    /// The request with another document in the place of its own.
    fn with_document(&self, text: &str) -> Self {
        let is_form = self.body.starts_with(b"json=");
        let body = match is_form {
            true => form_urlencoded::Serializer::new(String::new()).append_pair("json", text).finish(),
            false => text.to_owned(),
        };
        Self { body: body.into_bytes(), ..self.clone() }
    }

    /// The text of a field of the body.
    fn field(&self, path: &str) -> String {
        let body = bellhop_core::json::read(&self.document()).expect("the body is JSON");
        let found = values_at(&body, path).expect("the field is there");
        found[0].as_str().expect("it is text").to_owned()
    }

    /// The request with another proof in the place of its own, or with none.
    fn with_proof(&self, scheme: &Scheme, text: Option<&str>) -> Self {
        let (mut request, proof) = (self.clone(), self.proof(scheme));
        let in_body = matches!(
            scheme,
            Scheme::Token(TokenPlace::Field(_))
                | Scheme::AppStore(_)
                | Scheme::Signed(Signed { place: Carrier::Field(_), .. })
        );
        if in_body {
            let document = self.document();
            let body = String::from_utf8_lossy(&document);
            let quoted = |text: &str| format!("\"{text}\"");
            request = self.with_document(&body.replace(&quoted(&proof), &text.map_or("null".to_owned(), quoted)));
        } else if let Scheme::Token(TokenPlace::Form(_)) = scheme {
            let body = String::from_utf8_lossy(&self.body);
            let other = text.map_or_else(|| body.replace("token", "other"), |text| body.replace(&proof, text));
            request.body = other.into_bytes();
        } else if let Scheme::Token(TokenPlace::Query(name)) = scheme {
            let pair = text.map_or("other=1".to_owned(), |text| format!("{name}={text}"));
            request.url = self.url.replace(&format!("{name}={proof}"), &pair);
        } else {
            request.headers.remove(scheme.carrier());
            request.headers.extend(text.map(|text| (scheme.carrier().to_owned(), text.to_owned())));
        }
        request
    }
}

/// Another account of the same form.
fn other_account(account: &str) -> String {
    format!("x{account}")
}

/// Texts in the bodies of senders that sign a part of theirs, each with another one: in the part that is signed.
const INSIDE: &[(&str, &str)] = &[
    ("door-is-slow", "door-is-fast"),
    ("HELLO-0001", "HELLO-0002"),
    ("signature_request_sent", "signature_request_seen"),
];

/// The path of a field within each part of a body.
fn within(each: &Option<&str>, path: &str) -> String {
    each.map_or(path.to_owned(), |each| format!("{each}.{path}"))
}

/// Where in a proof the signature or token itself is.
fn signature(scheme: &Scheme, proof: &str) -> (usize, usize) {
    let from = |start: usize| (start, proof.len());
    match scheme {
        Scheme::Jwt(_) => from(proof.rfind('.').expect("a token has dots") + 1),
        Scheme::Token(TokenPlace::Header { prefix, .. }) => from(prefix.len()),
        Scheme::Token(TokenPlace::Basic) => from("Basic ".len()),
        Scheme::Token(_) | Scheme::None => from(0),
        // In the middle of its last part, the signature.
        Scheme::AppStore(_) => from(proof.rfind('.').expect("a document has dots") + 1),
        Scheme::Signed(Signed { shape: Shape::Whole(prefix) | Shape::List { prefix, .. }, .. }) => from(prefix.len()),
        Scheme::Signed(Signed { shape: Shape::Pairs { separators, signature }, .. }) => {
            let pair = format!("{signature}=");
            // In base64 the same letters may end a signature.
            let begins = |at: &usize| proof[..*at].chars().next_back().is_none_or(|c| separators.contains(c));
            let start = proof.match_indices(&pair).map(|(at, _)| at).filter(begins).last();
            let start = start.expect("the pair is there") + pair.len();
            (start, proof[start..].find(|c| separators.contains(c)).map_or(proof.len(), |length| start + length))
        }
    }
}

/// The text with one of its letters or digits changed, counted in characters.
fn changed(text: &str, place: usize) -> String {
    let other = |c: char| if c == '0' { '1' } else { '0' };
    text.chars().enumerate().map(|(at, c)| if at == place { other(c) } else { c }).collect()
}

/// Bytes as they stand in JSON.
mod base64_text {
    use super::{Engine, STANDARD};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes them.
    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    /// Reads them.
    pub(super) fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
