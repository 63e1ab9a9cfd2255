//! Requests of the HTTP API at the front door.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bellhop_app::answer::Refused;
use bellhop_app::ingress::{Head, Ingress, Taken, Unread};
use bellhop_app::ingress::{at_door, healthy};
use bellhop_app::metrics::METRICS;
use bellhop_core::door::Door;
use bellhop_senders::handshake::Reply;
use bellhop_senders::inbound::Headers;
use lambda_runtime::LambdaEvent;
use serde::Serialize;

pub use crate::event::Event;

use crate::metrics::flush;

/// Within this time a sender has its answer, whatever becomes of our store.
const ANSWER_TIME: Duration = Duration::from_millis(2_800);

/// A request, with what the platform says of its invocation.
pub type Request = LambdaEvent<Event>;

/// The answer, as the HTTP API wants it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The HTTP status.
    pub status_code: u16,
    /// The headers.
    pub headers: BTreeMap<&'static str, Cow<'static, str>>,
    /// The body.
    pub body: String,
}

/// Answers a request at the front door.
pub async fn answer(ingress: &Ingress, request: &Request) -> Answer {
    let taken = tokio::time::timeout(ANSWER_TIME, take_in(ingress, &request.payload)).await.unwrap_or_else(|_| {
        log::error!(request = request.context.request_id.as_str(); "no answer from the store in time");
        Err(Refused::unavailable())
    });
    let mut answer = match taken {
        Ok(reply) => Answer::new(reply),
        Err(refused) => {
            METRICS.refused(&refused);
            Answer::refusal(&refused, &request.context.request_id)
        }
    };
    if request.payload.request_context.http.method == "HEAD" {
        answer.body.clear();
    }
    flush();
    answer
}

/// Takes a request in; the answer where it is accepted.
async fn take_in(ingress: &Ingress, event: &Event) -> Result<Reply, Refused> {
    let method = http::Method::from_bytes(event.request_context.http.method.as_bytes()).unwrap_or_default();
    let path = match at_door(&method, &event.raw_path)? {
        Door::Hook(path) => path,
        Door::Health => return Ok(healthy()),
    };
    let pairs = event.headers.pairs();
    let headers = Headers::new(&pairs);
    let admitted = ingress.admit(&path, event.source_ip(), headers).await?;
    let target = event.target();
    let head = Head { method: method.as_str(), target: &target, headers };
    if method != http::Method::POST {
        return ingress.greet(&admitted, head).await;
    }
    let body = match event.is_base64_encoded {
        true => match STANDARD.decode(event.body().as_bytes()) {
            Ok(body) => Cow::Owned(body),
            Err(_) => return Err(ingress.unread(&admitted, Unread::BrokenOff, 0).await),
        },
        false => Cow::Borrowed(event.body().as_bytes()),
    };
    ingress.accept(&admitted, head, &body).await.map(Taken::into_reply)
}

impl Answer {
    /// An answer.
    fn new(reply: Reply) -> Self {
        let mut headers: BTreeMap<_, _> = reply.headers.into_iter().map(|(name, value)| (name, value.into())).collect();
        if !reply.content_type.is_empty() {
            headers.insert("content-type", reply.content_type.into());
        }
        Self { status_code: reply.status, headers, body: reply.body.into_owned() }
    }

    /// A refusal.
    fn refusal(refused: &Refused, request_id: &str) -> Self {
        let headers = BTreeMap::from([("content-type", Cow::Borrowed("application/json"))]);
        let mut answer = Self { status_code: refused.status, headers, body: refused.body(request_id) };
        if let Some(seconds) = refused.retry_after {
            answer.headers.insert("retry-after", seconds.to_string().into());
        }
        if let Some(method) = refused.allow {
            answer.headers.insert("allow", method.into());
        }
        answer
    }
}
