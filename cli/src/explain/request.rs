//! A saved HTTP request: as it goes over the wire, or as JSON.

use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;

/// The longest request that is read.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Saved {
    /// The method.
    pub(super) method: String,
    /// The path and query, with the protocol and host before it where the request says those.
    pub(super) url: String,
    /// The headers, by lower-case name.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    /// The body's exact bytes.
    pub(super) body: Vec<u8>,
}

/// A request as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "post")]
    method: String,
    #[serde(default = "root")]
    url: String,
    #[serde(default)]
    headers: Value,
    body: Option<String>,
    body_base64: Option<String>,
}

/// The method of a request that says none.
fn post() -> String {
    "POST".to_owned()
}

/// The URL of a request that says none.
fn root() -> String {
    "/".to_owned()
}

impl Saved {
    /// Reads a file, or standard input.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
        let mut bytes = Vec::new();
        match file {
            Some(file) => std::fs::File::open(file).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)),
            None => std::io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes),
        }
        .map_err(|why| Failure::new(&format!("{name} cannot be read"), why))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Failure(format!("{name} has more than 64 MiB: no sender sends as much")));
        }
        Self::parse(&bytes).map_err(|why| Failure(format!("{name} is no saved request: {why}")))
    }

    /// Reads a request as it goes over the wire, or as JSON.
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        match bytes.trim_ascii_start().first() {
            None => Err("it is empty; save the request line, the headers, an empty line and the body".to_owned()),
            Some(b'{') => Self::from_json(bytes),
            Some(_) => Self::from_wire(bytes),
        }
    }

    /// Reads a request as it goes over the wire; the lines of the head may end with or without a carriage return.
    fn from_wire(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = bytes;
        let mut line = || {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let (line, after) = end.map_or((rest, &[][..]), |end| (&rest[..end], &rest[end + 1..]));
            rest = after;
            line.strip_suffix(b"\r").unwrap_or(line)
        };
        let (method, url) = request_line(line())?;
        let mut headers = Vec::new();
        loop {
            let header = line();
            if header.is_empty() {
                break;
            }
            let number = headers.len() + 2;
            let colon = header.iter().position(|byte| *byte == b':');
            let (name, value) = colon.map(|at| (&header[..at], &header[at + 1..])).ok_or_else(|| {
                format!("line {number} is no header such as `content-type: application/json`; is an empty line missing before the body?")
            })?;
            let name =
                header_name(name).ok_or_else(|| format!("line {number} has no header's name before its colon"))?;
            headers.push((name, value.trim_ascii().to_vec()));
        }
        Ok(Self { method, url, headers, body: rest.to_vec() })
    }

    /// Reads a request as JSON.
    fn from_json(bytes: &[u8]) -> Result<Self, String> {
        // The parser's own words may repeat a value, which may be a secret.
        let written: Written = serde_json::from_slice(bytes).map_err(|why| {
            format!(
                "line {} of the JSON is not as `{{\"method\",\"url\",\"headers\",\"body\" or \"body_base64\"}}`",
                why.line()
            )
        })?;
        let body = match (written.body, written.body_base64) {
            (Some(_), Some(_)) => return Err("it has both `body` and `body_base64`; leave one out".to_owned()),
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => STANDARD.decode(text.trim()).map_err(|_| "`body_base64` is not base64".to_owned())?,
            (None, None) => Vec::new(),
        };
        let (method, url) = request_line(format!("{} {}", written.method, written.url).as_bytes())?;
        Ok(Self { method, url, headers: json_headers(&written.headers)?, body })
    }

    /// The protocol, host and port, where the request says them, else nothing; and the path and query.
    pub(super) fn url(&self) -> (&str, &str) {
        let Some(start) = self.url.find("://").filter(|_| !self.url.starts_with('/')).map(|at| at + 3) else {
            return ("", &self.url);
        };
        let end = self.url.get(start..).and_then(|rest| rest.find('/')).map(|at| start + at);
        end.and_then(|end| self.url.split_at_checked(end)).unwrap_or((&self.url, "/"))
    }

    /// The headers as they are lent to a verifier.
    pub(super) fn pairs(&self) -> Vec<(&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect()
    }
}

/// The method and the URL of a request line.
fn request_line(line: &[u8]) -> Result<(String, String), String> {
    let wrong = || "it does not begin with a line such as `POST /webhook/github HTTP/1.1`".to_owned();
    let line = std::str::from_utf8(line).map_err(|_| wrong())?;
    let mut words = line.split(' ');
    let (method, url, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next());
    let is_method = !method.is_empty() && method.len() < 20 && method.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_url = ["/", "http://", "https://"].iter().any(|start| url.starts_with(start));
    let is_version = version.is_none_or(|version| version.starts_with("HTTP/"));
    if is_method && is_url && is_version && words.next().is_none() {
        Ok((method.to_owned(), url.to_owned()))
    } else {
        Err(wrong())
    }
}

/// A header's name in lower case; `None` where it is none.
fn header_name(name: &[u8]) -> Option<String> {
    let name = http::HeaderName::from_bytes(name).ok()?;
    Some(name.as_str().to_owned())
}

/// The headers of a request as JSON: an object of texts or of lists of texts, or a list of pairs.
fn json_headers(headers: &Value) -> Result<Vec<(String, Vec<u8>)>, String> {
    let wrong = || "`headers` is an object of texts or of lists of texts, or a list of pairs".to_owned();
    let pairs: Vec<(&str, &Value)> = match headers {
        Value::Null => Vec::new(),
        Value::Object(object) => object.iter().map(|(name, value)| (name.as_str(), value)).collect(),
        Value::Array(pairs) => pairs
            .iter()
            .map(|pair| match pair.as_array().map(Vec::as_slice) {
                Some([Value::String(name), value]) => Ok((name.as_str(), value)),
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(wrong()),
    };
    let mut all = Vec::new();
    for (name, value) in pairs {
        let name = header_name(name.as_bytes()).ok_or_else(wrong)?;
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            all.push((name.clone(), value.as_str().ok_or_else(wrong)?.trim().as_bytes().to_vec()));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of these parts.
    fn saved(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Saved {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        Saved { method: "POST".to_owned(), url: url.to_owned(), headers, body: body.to_vec() }
    }

    #[test]
    fn the_body_keeps_every_byte() {
        let both = [("x-a", "b: c"), ("x-a", "d")];
        for (text, expected) in [
            (
                &b"POST /p?a=1 HTTP/1.1\r\nX-A: b: c \r\nx-a:d\r\n\r\n\r\n{ }\n\xff"[..],
                saved("/p?a=1", &both, b"\r\n{ }\n\xff"),
            ),
            (b"POST /p HTTP/1.0\nX-A:\tb: c\nX-a: d\n\nx\r\n", saved("/p", &both, b"x\r\n")),
            (b"POST https://h.example/p HTTP/2\n\n", saved("https://h.example/p", &[], b"")),
            (b"POST /p", saved("/p", &[], b"")),
            (b"POST /p\nx-a: d", saved("/p", &[("x-a", "d")], b"")),
            (
                br#" {"method":"POST","url":"/p","headers":{"X-A":["b: c","d"]},"body":"{}\n"}"#,
                saved("/p", &both, b"{}\n"),
            ),
            (
                br#"{"url":"/p","headers":[["x-a","b: c"],["X-A"," d"]],"body_base64":"/w=="}"#,
                saved("/p", &both, b"\xff"),
            ),
            (b"{}", saved("/", &[], b"")),
        ] {
            assert_eq!(Saved::parse(text), Ok(expected), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn what_is_no_request_is_told_without_repeating_it() {
        for (text, words) in [
            (&b""[..], "it is empty"),
            (b"\n \r\n", "it is empty"),
            (b"hunter2", "begin with a line"),
            (b"post /p HTTP/1.1\n\n", "begin with a line"),
            (b"POST p HTTP/1.1\n\n", "begin with a line"),
            (b"POST /a hunter2\n\n", "begin with a line"),
            (b"POST /a HTTP/1.1 x\n\n", "begin with a line"),
            (b"HTTP/1.1 200 OK\n\n", "begin with a line"),
            (b"\xff\xfe", "begin with a line"),
            (b"POST /a HTTP/1.1\nx-a: b\nhunter2\n", "line 3 is no header"),
            (b"POST /a HTTP/1.1\nhunter2 x: b\n\n", "line 2 has no header's name"),
            (b"{\"hunter2\": 1}", "line 1 of the JSON"),
            (b"{\n\"body\": hunter2}", "line 2 of the JSON"),
            (br#"{"body":"hunter2","body_base64":"aHVudGVyMg=="}"#, "leave one out"),
            (br#"{"body_base64":"hunter2!"}"#, "not base64"),
            (br#"{"headers":"hunter2"}"#, "`headers` is an object"),
            (br#"{"headers":{"x-a":7}}"#, "`headers` is an object"),
            (br#"{"headers":{"hunter2 x":"y"}}"#, "`headers` is an object"),
            (br#"{"headers":["hunter2"]}"#, "`headers` is an object"),
            (br#"{"url":"hunter2"}"#, "begin with a line"),
        ] {
            let error = Saved::parse(text).unwrap_err();
            assert!(error.contains(words) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_url_is_told_from_its_path() {
        for (url, origin, target) in [
            ("/p?u=http://x", "", "/p?u=http://x"),
            ("https://h.example:8443/p/q?a", "https://h.example:8443", "/p/q?a"),
            ("http://h.example", "http://h.example", "/"),
        ] {
            let saved = saved(url, &[], b"");
            assert_eq!(saved.url(), (origin, target));
        }
    }
}
