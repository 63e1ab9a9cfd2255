//! A proved request, and the many ways to spoil it.

use super::*;
use crate::inbound::Url;
use crate::secret::Secret;
use crate::sender::{Carrier, ClockPlace, Encoding, Shape, TokenPlace};
use crate::sign::{Draft, sign_request};

/// Where the requests of these tests are sent to.
pub(super) const BASE: &str = "https://hooks.example.com";

/// A request with what is needed to check it.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) sender: &'static Sender,
    pub(super) secret: String,
    pub(super) fetched: Option<FetchedKey>,
    pub(super) base: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A request of this sender, signed by our own signer.
    pub(super) fn signed(sender: &'static Sender, secret: &str, body: &[u8]) -> Self {
        let target = "/webhook/p?a=1";
        let draft = Draft { method: "POST", url: Url::new(BASE, target), body, id: "msg_1" };
        let proof = sign_request(sender, &Secret::new(secret).unwrap(), draft, Timestamp::from_seconds(NOW)).unwrap();
        Self {
            sender,
            secret: secret.to_owned(),
            fetched: None,
            base: BASE.to_owned(),
            method: "POST".to_owned(),
            target: proof.query.iter().fold(target.to_owned(), |target, parameter| format!("{target}&{parameter}")),
            headers: proof.headers,
            body: proof.body.unwrap_or_else(|| body.to_vec()),
        }
    }

    pub(super) fn inbound<'a>(&'a self, pairs: &'a [(&'a str, &'a [u8])]) -> Inbound<'a> {
        let url = Url::new(&self.base, &self.target);
        Inbound { url, method: &self.method, ..Inbound::new(Headers::new(pairs), &self.body) }
    }

    pub(super) fn pairs(&self) -> Pairs<'_> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    /// Checks it at this moment, with its own secret.
    pub(super) fn check(&self, now: u64) -> Checked {
        self.check_with(&self.secret, now)
    }

    /// Checks it at this moment, with this secret.
    pub(super) fn check_with(&self, secret: &str, now: u64) -> Checked {
        let keys: Vec<_> = Key::new(self.sender, &Secret::new(secret).unwrap()).into_iter().collect();
        let pairs = self.pairs();
        let inbound = self.inbound(&pairs);
        verify(self.sender, &keys, inbound, self.fetched.as_ref(), Timestamp::from_seconds(now))
            .map(|verified| verified.matched_key())
    }

    /// The scheme its secret is for.
    pub(super) fn scheme(&self) -> &'static Scheme {
        self.sender.scheme_for(&self.secret)
    }

    /// The same with one header changed, or taken away.
    pub(super) fn with(&self, at: usize, value: Option<String>) -> Self {
        let mut other = self.clone();
        match value {
            Some(value) => other.headers[at].1 = value,
            None => drop(other.headers.remove(at)),
        }
        other
    }

    /// The same with one of its headers spoiled.
    pub(super) fn with_spoiled_headers(&self) -> Vec<(String, Self)> {
        let mut all = Vec::new();
        for (at, (name, value)) in self.headers.iter().enumerate() {
            let right = self.bare(value);
            for spoiled in spoil(value, self.is_several(), self.ignores_case()) {
                if self.bare(&spoiled) == right {
                    continue;
                }
                all.push((format!("{name}: {spoiled:?}"), self.with(at, Some(spoiled))));
            }
            all.push((format!("{name} absent"), self.with(at, None)));
            if self.is_repeated() && name == self.scheme().carrier() {
                continue;
            }
            let mut doubled = self.clone();
            doubled.headers.push((name.clone(), value.clone()));
            all.push((format!("{name} doubled"), doubled));
            let mut stranger = self.clone();
            stranger.headers.insert(0, (name.clone(), "x".to_owned()));
            all.push((format!("{name} after a stranger's"), stranger));
        }
        all
    }

    /// The same with every odd moment in the place of its own.
    pub(super) fn with_odd_times(&self) -> Vec<(String, Self)> {
        let Scheme::Signed(Signed { timestamp: Some(clock), .. }) = self.scheme() else { return Vec::new() };
        let mut all = Vec::new();
        for time in ODD_TIMES {
            let other = match clock.place {
                ClockPlace::Header(name) => {
                    let at = self.headers.iter().position(|(there, _)| there == name).unwrap();
                    self.with(at, Some((*time).to_owned()))
                }
                // Spaces may stand around pairs.
                ClockPlace::Pair(_) if time.ends_with(' ') => continue,
                ClockPlace::Pair(key) => {
                    let (at, (_, value)) = self.headers.iter().enumerate().next_back().unwrap();
                    let start = value.find(&format!("{key}=")).unwrap() + key.len() + 1;
                    let rest = value[start..].find([',', ';']).map_or("", |end| &value[start + end..]);
                    self.with(at, Some(format!("{}{time}{rest}", &value[..start])))
                }
                ClockPlace::Field(path) => self.with_field(path, time),
            };
            all.push((format!("time {time:?}"), other));
        }
        all
    }

    /// The same with one field of its body changed.
    pub(super) fn with_field(&self, path: &str, text: &str) -> Self {
        let mut document: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        let place = path.split('.').fold(&mut document, |value, step| match step.parse::<usize>() {
            Ok(index) if value.is_array() => &mut value[index],
            _ => &mut value[step],
        });
        *place = text.into();
        Self { body: document.to_string().into_bytes(), ..self.clone() }
    }

    /// The same with one bit or byte of its body changed.
    pub(super) fn with_spoiled_bodies(&self) -> Vec<(String, Self)> {
        let length = self.body.len();
        let mut all: Vec<(String, Vec<u8>)> = Vec::new();
        for at in 0..length.min(40) {
            let mut flipped = self.body.clone();
            flipped[at] ^= 1 << (at % 7);
            all.push((format!("bit of byte {at}"), flipped));
            all.push((format!("cut at {at}"), self.body[..at].to_vec()));
        }
        for more in [&b"\n"[..], b" ", b"\0", b"x", b"\r\n", b"{}"] {
            all.push((format!("{more:?} after it"), [&self.body, more].concat()));
            all.push((format!("{more:?} before it"), [more, &self.body].concat()));
        }
        all.into_iter().map(|(what, body)| (what, Self { body, ..self.clone() })).collect()
    }

    /// A signature without what need not stand before it.
    fn bare<'a>(&self, value: &'a str) -> &'a str {
        match self.scheme() {
            Scheme::Signed(Signed { shape: Shape::Whole(prefix) | Shape::List { prefix, .. }, writing, .. })
                if writing.bare =>
            {
                value.strip_prefix(prefix).unwrap_or(value)
            }
            _ => value,
        }
    }

    /// Whether its header may be there more than once.
    fn is_repeated(&self) -> bool {
        matches!(self.scheme(), Scheme::Signed(signed) if signed.writing.repeated)
    }

    /// Whether its header may carry several signatures.
    fn is_several(&self) -> bool {
        matches!(self.scheme(), Scheme::Signed(signed) if !matches!(signed.shape, Shape::Whole(_)))
    }

    /// Whether letters of either case stand for the same bytes.
    fn ignores_case(&self) -> bool {
        match self.scheme() {
            Scheme::Signed(signed) => signed.encoding == Encoding::Hex,
            Scheme::Token(place) => !matches!(place, TokenPlace::Header { prefix: "", .. }),
            Scheme::Jwt(jwt) => !jwt.prefix.is_empty(),
            Scheme::AppStore(_) | Scheme::None => false,
        }
    }

    /// The path of the field with its signature, where it is there.
    pub(super) fn signature_field(&self) -> Option<String> {
        match self.scheme() {
            // A field of JSON that is a field of a form is another matter.
            Scheme::Signed(Signed { document: Some(_), .. }) => None,
            Scheme::Signed(Signed { place: Carrier::Field(path), each, .. }) => {
                Some(each.map_or_else(|| (*path).to_owned(), |each| format!("{each}.{path}").replace('*', "0")))
            }
            Scheme::Token(TokenPlace::Field(path)) => Some(path.split('|').next()?.replace('*', "0")),
            _ => None,
        }
    }
}

/// What no clock says.
const ODD_TIMES: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "+1700000000",
    "1e9",
    "1.7e9",
    "1700000000.0",
    "0x6553f100",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999999999",
    "-9223372036854775808",
    "1700000000 ",
    " 1700000000",
    "1 700 000 000",
    "1_700_000_000",
    "１７００００００００",
    "0001700000000x",
    "now",
    "null",
    "true",
    "[]",
    "2023-13-40T99:99:99Z",
    "2023-11-14",
    "2023-11-14T22:13:20",
    "+999999-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "Tue, 99 Nov 2023 99:99:99 GMT",
];

/// A text in ways that none of them means the same.
pub(super) fn spoil(text: &str, several: bool, ignores_case: bool) -> Vec<String> {
    let mut all: Vec<String> = [
        "",
        " ",
        "x",
        "0",
        "null",
        "undefined",
        "\0",
        "é",
        "sha256=",
        "v1,",
        "v1=",
        "t=",
        ",,",
        "=",
        "Bearer ",
        "Basic ",
    ]
    .map(str::to_owned)
    .into();
    all.extend((0..text.len()).filter(|at| text.is_char_boundary(*at)).map(|at| text[..at].to_owned()));
    all.extend((1..text.len()).filter(|at| text.is_char_boundary(*at)).map(|at| text[at..].to_owned()));
    for more in ["0", "A", "z", "=", "é", "\0", "%00", "00"] {
        all.push(format!("{text}{more}"));
        all.push(format!("{more}{text}"));
    }
    if !several {
        for more in [" ", ",", ";", "\t", "\n"] {
            all.push(format!("{text}{more}"));
        }
        all.push(format!("{text},{text}"));
        all.push(format!("{text}, {text}"));
        all.push(format!("{text} {text}"));
    }
    if !ignores_case {
        all.push(text.to_uppercase());
        all.push(text.to_lowercase());
    }
    all.push(text.chars().rev().collect());
    all.push(hex::encode(text));
    all.push(STANDARD.encode(text));
    all.retain(|spoiled| spoiled != text);
    all.sort();
    all.dedup();
    all
}
