//! The Telegram Bot API.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{Bot, BotAnswer, BotApi, BotMessage, PortError, PortResult};
use bellhop_core::action::telegram::{Document, Style};
use bellhop_core::address::PrivateHosts;
use bellhop_net::{Failure, Kind, Limits};
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::Full;
use serde_json::{Map, Value, json};

use crate::client::{self, GuardedClient};

/// How long a call may take; well under the lease of the task it is for.
const CALL_TIME: Duration = Duration::from_secs(15);

/// How much of an answer is read, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// The Bot API over HTTP.
#[derive(Clone)]
pub struct HttpBot {
    pub(crate) client: GuardedClient,
}

impl HttpBot {
    /// A Bot API without connections yet: at public addresses over https, and at these hosts wherever they are.
    pub fn new(hosts: PrivateHosts) -> Self {
        Self { client: client::guarded(hosts) }
    }
}

#[async_trait]
impl BotApi for HttpBot {
    async fn send_message(&self, bot: &Bot, message: &BotMessage<'_>) -> PortResult<BotAnswer> {
        // The token is part of the URL, so no error may repeat the URL.
        let failed = |why: Failure| PortError::new("the Bot API was not reached", why);
        let Call { method, content_type, body } = Call::of(message);
        let url = format!("{}/bot{}/{method}", bot.api_base, bot.token.expose());
        let request = Request::post(url)
            .header(CONTENT_TYPE, content_type)
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| failed(Kind::BadRequest.into()))?;
        let reply = self.client.send(request, &Limits::whole(CALL_TIME, MOST_BYTES)).await.map_err(failed)?;
        Ok(BotAnswer { status: reply.status.as_u16(), body: reply.body.to_vec() })
    }
}

/// A call of the Bot API.
struct Call {
    method: &'static str,
    content_type: String,
    body: String,
}

impl Call {
    /// The call that a message asks for.
    fn of(message: &BotMessage<'_>) -> Self {
        let json = "application/json";
        match (message.document, message.edits) {
            (Some(document), _) => {
                let (content_type, body) = multipart(&parameters(message, "caption"), document);
                Self { method: "sendDocument", content_type, body }
            }
            (None, Some(id)) => {
                let mut parameters = parameters(message, "text");
                parameters.insert("message_id".to_owned(), id.into());
                Self { method: "editMessageText", content_type: json.to_owned(), body: json_of(parameters) }
            }
            (None, None) => {
                let parameters = parameters(message, "text");
                Self { method: "sendMessage", content_type: json.to_owned(), body: json_of(parameters) }
            }
        }
    }
}

/// The parameters that the methods have in common; the text stands in `text_field`.
fn parameters(message: &BotMessage<'_>, text_field: &str) -> Map<String, Value> {
    let Style { topic, silent, link_preview } = message.style;
    let mut parameters = Map::new();
    let mut set = |name: &str, value: Value| drop(parameters.insert(name.to_owned(), value));
    set("chat_id", message.chat.parse::<i64>().map_or_else(|_| json!(message.chat), |id| json!(id)));
    set(text_field, message.text.into());
    if message.html {
        set("parse_mode", "HTML".into());
    }
    if message.document.is_none() && !link_preview {
        set("link_preview_options", json!({"is_disabled": true}));
    }
    // An edited message stays where it is, and makes no sound.
    if message.edits.is_none() {
        if let Some(topic) = topic {
            set("message_thread_id", topic.into());
        }
        if silent {
            set("disable_notification", true.into());
        }
    }
    parameters
}

/// Parameters as JSON.
fn json_of(parameters: Map<String, Value>) -> String {
    Value::Object(parameters).to_string()
}

/// Parameters and a document as a form (RFC 7578); nobody who wrote them could foretell what stands between its parts.
fn multipart(parameters: &Map<String, Value>, document: &Document) -> (String, String) {
    let random = || RandomState::new().build_hasher().finish();
    let boundary = format!("bellhop-{:016x}{:016x}", random(), random());
    let mut form = String::with_capacity(document.text.len() + 1024);
    for (name, value) in parameters {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        form.push_str(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    form.push_str(&format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"document\"; filename=\"{}\"\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n--{boundary}--\r\n",
        document.name, document.text
    ));
    (format!("multipart/form-data; boundary={boundary}"), form)
}
