//! How a service that speaks JSON says no.

use bellhop_app::ports::PortError;
use bellhop_net::Reply;
use serde::Deserialize;

use crate::value::Row;

/// Why a call came to nothing.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// The service's code for it, without its namespace; empty where no answer came, or none that is one.
    pub(crate) code: String,
    /// The service's sentence, or what broke on the way to it.
    pub(crate) why: String,
    /// The row that stood in the way of a conditional write, where the write asked for it.
    pub(crate) row: Option<Row>,
}

/// The answer itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    #[serde(rename = "__type")]
    kind: String,
    message: String,
    #[serde(rename = "Message")]
    sentence: String,
    #[serde(rename = "Item")]
    item: Option<Row>,
}

impl Refusal {
    /// No answer came.
    pub(crate) fn unanswered(why: String) -> Self {
        Self { why, ..Self::default() }
    }

    /// Reads an answer other than 2xx.
    pub(crate) fn read(reply: &Reply) -> Self {
        let said: Said = serde_json::from_slice(&reply.body).unwrap_or_default();
        let header = reply.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let kind = if said.kind.is_empty() { header.unwrap_or_default() } else { &said.kind };
        let kind = kind.split(':').next().unwrap_or_default();
        let code = kind.rsplit('#').next().unwrap_or_default().to_owned();
        let why = match [said.message, said.sentence].into_iter().find(|text| !text.is_empty()) {
            Some(why) => why,
            None if code.is_empty() => format!("the service answered {}", reply.status),
            None => "no reason given".to_owned(),
        };
        Self { code, why, row: said.item }
    }

    /// Whether it was the call's condition that did not hold.
    pub(crate) fn is_of_condition(&self) -> bool {
        self.code == "ConditionalCheckFailedException"
    }

    /// As an error that says what failed.
    pub(crate) fn as_error(&self, what: &str) -> PortError {
        match self.code.as_str() {
            "" => PortError::new(what, &self.why),
            code => PortError::new(what, format_args!("{code}: {}", self.why)),
        }
    }
}

/// Says what failed.
pub(crate) fn failed(what: &str) -> impl Fn(Refusal) -> PortError {
    move |refusal| refusal.as_error(what)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn codes_are_read_wherever_services_put_them() {
        let read = |body: &str, header: Option<&'static str>| {
            let headers = header.map(|value| ("x-amzn-errortype".parse().unwrap(), value.parse().unwrap()));
            let headers = HeaderMap::from_iter(headers);
            let reply =
                Reply { status: StatusCode::BAD_REQUEST, headers, body: body.to_owned().into(), is_whole: true };
            let refusal = Refusal::read(&reply);
            (refusal.code.clone(), refusal.as_error("no").to_string())
        };
        for (body, header, code, text) in [
            (r#"{"__type":"com.amazonaws.x#Throttling","message":"m"}"#, None, "Throttling", "no: Throttling: m"),
            (r#"{"__type":"A","Message":"m","message":"n"}"#, None, "A", "no: A: n"),
            ("{}", Some("B:http://internal.amazon.com/"), "B", "no: B: no reason given"),
            ("<html>", None, "", "no: the service answered 400 Bad Request"),
        ] {
            assert_eq!(read(body, header), (code.to_owned(), text.to_owned()), "{body}");
        }
    }
}
