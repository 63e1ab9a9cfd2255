//! What the front door answers.

use std::borrow::Cow;

use bellhop_core::door::Door;
use bellhop_senders::handshake::Reply;
use http::Method;

use super::Taken;
use crate::answer::Refused;

/// The header with an event's id, where the answer is one that its sender wants.
const EVENT_HEADER: &str = "x-bellhop-event";

/// What the health check answers.
pub fn healthy() -> Reply {
    json(r#"{"status":"ok"}"#)
}

impl Taken {
    /// The answer to an accepted request.
    pub fn into_reply(self) -> Reply {
        match self {
            Self::Event { id, answer: None } => json(format!(r#"{{"id":"{id}","status":"accepted"}}"#)),
            Self::Event { id, answer: Some(answer) } => Reply {
                status: answer.status,
                content_type: answer.content_type,
                headers: vec![(EVENT_HEADER, id.to_string())],
                body: answer.body.into(),
            },
            Self::Greeted(reply) => reply,
        }
    }
}

/// 200 with a JSON body.
fn json(body: impl Into<Cow<'static, str>>) -> Reply {
    Reply { status: 200, content_type: "application/json", headers: Vec::new(), body: body.into() }
}

/// Finds the door of a request, or refuses a way of knocking that it does not know.
pub fn at_door<'a>(method: &Method, path: &'a str) -> Result<Door<'a>, Refused> {
    match Door::at(path) {
        None => Err(Refused::new(404, "not_found", "nothing is here; hooks are at /webhook/{path}")),
        Some((endpoint, door)) if endpoint.takes(method.as_str()) => Ok(door),
        Some((endpoint, _)) => Err(Refused::method(endpoint.methods().first().copied().unwrap_or_default())),
    }
}
