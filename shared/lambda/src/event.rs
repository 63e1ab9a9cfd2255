//! The HTTP API's request (payload format 2.0), read without copying what need not be copied.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// The parts of a request that are used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event<'a> {
    #[serde(borrow)]
    pub(crate) raw_path: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) headers: HeaderPairs<'a>,
    #[serde(borrow)]
    pub(crate) request_context: RequestContext<'a>,
    #[serde(borrow, default)]
    pub(crate) body: Text<'a>,
    #[serde(default)]
    pub(crate) is_base64_encoded: bool,
}

/// Where a request came in.
#[derive(Debug, Deserialize)]
pub(crate) struct RequestContext<'a> {
    #[serde(borrow)]
    pub(crate) http: HttpPart<'a>,
}

/// The request line, and who sent it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpPart<'a> {
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    #[serde(borrow, default)]
    source_ip: Text<'a>,
}

/// Header names, in lower case, with their values.
#[derive(Debug)]
pub(crate) struct HeaderPairs<'a>(Vec<(Text<'a>, Text<'a>)>);

/// A text, borrowed where it has no escapes; empty where it is null.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Event<'_> {
    /// The address of whoever sent the request.
    pub(crate) fn source_ip(&self) -> Option<IpAddr> {
        self.request_context.http.source_ip.0.parse().ok()
    }
}

impl HeaderPairs<'_> {
    /// The headers as pairs of a lower-case name and a value.
    pub(crate) fn pairs(&self) -> Vec<(&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.0.as_ref(), value.0.as_bytes())).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or null")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for HeaderPairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = HeaderPairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of header names and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderPairs<'de>, A::Error> {
                let mut pairs = Vec::with_capacity(24);
                while let Some((Text(name), value)) = map.next_entry::<Text<'de>, _>()? {
                    let name = match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                        true => Cow::Owned(name.to_ascii_lowercase()),
                        false => name,
                    };
                    pairs.push((Text(name), value));
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

    fn read(json: &str) -> Event<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_has_no_escapes_is_borrowed() {
        let event = read(
            r#"{"version":"2.0","rawPath":"/webhook/a","headers":{"X-Odd":"1","b":"c\"d"},"body":"plain",
            "requestContext":{"http":{"method":"POST","sourceIp":"192.0.2.7","path":"/webhook/a"},"stage":"$default"}}"#,
        );
        assert!(matches!(event.body.0, Cow::Borrowed("plain")));
        assert!(matches!(event.raw_path, Cow::Borrowed("/webhook/a")));
        assert_eq!(event.headers.pairs(), [("x-odd", &b"1"[..]), ("b", b"c\"d")]);
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
            assert_eq!((event.body.0.as_ref(), event.source_ip()), ("", None));
        }
    }

    #[test]
    fn another_trigger_is_no_request() {
        assert!(serde_json::from_str::<Event<'_>>(r#"{"Records":[]}"#).is_err());
    }
}
