//! The HTTP API's request (payload format 2.0): only what is used of it, read in one pass.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// The parts of a request that are used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    pub(crate) raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    pub(crate) headers: HeaderPairs,
    pub(crate) request_context: RequestContext,
    #[serde(default)]
    pub(crate) body: Option<String>,
    #[serde(default)]
    pub(crate) is_base64_encoded: bool,
}

/// Where a request came in.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RequestContext {
    pub(crate) http: HttpPart,
}

/// The request line, and who sent it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpPart {
    pub(crate) method: String,
    #[serde(default)]
    source_ip: Option<String>,
}

/// Header names, in lower case, with their values.
#[derive(Debug, Clone)]
pub(crate) struct HeaderPairs(Vec<(String, String)>);

impl Event {
    /// The address of whoever sent the request.
    pub(crate) fn source_ip(&self) -> Option<IpAddr> {
        self.request_context.http.source_ip.as_deref()?.parse().ok()
    }

    /// The path and query.
    pub(crate) fn target(&self) -> Cow<'_, str> {
        match self.raw_query_string.as_str() {
            "" => Cow::Borrowed(&self.raw_path),
            query => Cow::Owned(format!("{}?{query}", self.raw_path)),
        }
    }

    /// The body as it stands in the event.
    pub(crate) fn body(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }
}

impl HeaderPairs {
    /// The headers as pairs of a lower-case name and a value.
    pub(crate) fn pairs(&self) -> Vec<(&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }
}

impl<'de> Deserialize<'de> for HeaderPairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = HeaderPairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of header names and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderPairs, A::Error> {
                let mut pairs = Vec::with_capacity(24);
                while let Some((mut name, value)) = map.next_entry::<String, Option<String>>()? {
                    name.make_ascii_lowercase();
                    pairs.push((name, value.unwrap_or_default()));
                }
                Ok(HeaderPairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Event {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_used_is_read_and_the_rest_passed_over() {
        let event = read(
            r#"{"version":"2.0","rawPath":"/webhook/a","headers":{"X-Odd":"1","b":"c\"d","c":null},"body":"plain",
            "requestContext":{"http":{"method":"POST","sourceIp":"192.0.2.7","path":"/webhook/a"},"stage":"$default"}}"#,
        );
        assert_eq!((event.raw_path.as_str(), event.body()), ("/webhook/a", "plain"));
        assert_eq!(event.target(), "/webhook/a");
        let query = read(
            r#"{"rawPath":"/a","rawQueryString":"b=%20","headers":{},"requestContext":{"http":{"method":"GET"}}}"#,
        );
        assert_eq!(query.target(), "/a?b=%20");
        assert_eq!(event.headers.pairs(), [("x-odd", &b"1"[..]), ("b", b"c\"d"), ("c", b"")]);
        assert_eq!(event.source_ip(), Some("192.0.2.7".parse().unwrap()));
        assert!(!event.is_base64_encoded);
    }

    #[test]
    fn a_request_may_have_no_body_and_an_odd_address() {
        for body in ["", r#","body":null"#] {
            let json = format!(
                r#"{{"rawPath":"/","headers":{{}},"requestContext":{{"http":{{"method":"GET","sourceIp":""}}}}{body}}}"#
            );
            let event = read(&json);
            assert_eq!((event.body(), event.source_ip()), ("", None));
        }
    }

    #[test]
    fn another_trigger_is_no_request() {
        assert!(serde_json::from_str::<Event>(r#"{"Records":[]}"#).is_err());
    }
}
