//! Requests as text: a line with sender, method, target and moment, then headers, an empty line and the body.

use bellhop_core::time::Timestamp;
use bellhop_senders::inbound::{Headers, Inbound, Url};

/// Where the requests are sent to.
pub const BASE: &str = "https://hooks.example.com";

/// A request in parts that can be changed.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The configured public URL.
    pub base: String,
    /// The path and query.
    pub target: String,
    /// When it comes in, in Unix seconds.
    pub at: u64,
    /// The headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads a request, and the name of the sender that it is for.
    pub fn read(data: &[u8]) -> Option<(&str, Self)> {
        let (first, rest) = split(data, b"\n")?;
        let (head, body) = match rest.strip_prefix(b"\n") {
            Some(body) => (&b""[..], body),
            None => split(rest, b"\n\n").unwrap_or((rest, b"")),
        };
        let mut words = std::str::from_utf8(first).ok()?.splitn(4, ' ');
        let (sender, method, at, target) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let request = Self {
            method: method.to_owned(),
            base: BASE.to_owned(),
            target: target.to_owned(),
            at: at.parse().ok()?,
            headers: read_headers(head),
            body: body.to_vec(),
        };
        Some((sender, request))
    }

    /// Writes the request as it is read.
    pub fn write(&self, sender: &str) -> Vec<u8> {
        let mut text = format!("{sender} {} {} {}\n", self.method, self.at, self.target).into_bytes();
        for (name, value) in &self.headers {
            text.extend([name.as_bytes(), b": ", value, b"\n"].concat());
        }
        text.push(b'\n');
        text.extend(&self.body);
        text
    }

    /// The headers as they are lent to a verifier.
    pub fn pairs(&self) -> Vec<(&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect()
    }

    /// The request with its headers lent by [`Request::pairs`].
    pub fn inbound<'a>(&'a self, pairs: &'a [(&'a str, &'a [u8])]) -> Inbound<'a> {
        let url = Url::new(&self.base, &self.target);
        Inbound { method: &self.method, url, ..Inbound::new(Headers::new(pairs), &self.body) }
    }

    /// The moment it comes in.
    pub const fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.at)
    }

    /// The same with one header in place of those of its name.
    pub fn with_header(&self, name: &str, value: &[u8]) -> Self {
        let mut headers = self.headers.clone();
        headers.retain(|(there, _)| there != name);
        headers.push((name.to_owned(), value.to_vec()));
        Self { headers, ..self.clone() }
    }

    /// The first value of a header; empty where there is none.
    pub fn header(&self, name: &str) -> &[u8] {
        self.headers.iter().find(|(there, _)| there == name).map_or(b"", |(_, value)| value)
    }
}

/// Reads lines of headers; a line without a colon is none.
pub fn read_headers(text: &[u8]) -> Vec<(String, Vec<u8>)> {
    let lines = text.split(|byte| *byte == b'\n').filter_map(|line| split(line, b":"));
    lines
        .map(|(name, value)| {
            (String::from_utf8_lossy(name).to_ascii_lowercase(), value.strip_prefix(b" ").unwrap_or(value).to_vec())
        })
        .collect()
}

/// The bytes before and after the first occurrence of some others.
pub fn split<'a>(data: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = data.windows(at.len()).position(|window| window == at)?;
    Some((data.get(..place)?, data.get(place + at.len()..)?))
}
