//! The Telegram Bot API.

use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{Bot, BotAnswer, BotApi, BotMessage, PortError, PortResult};
use bellhop_core::address::PrivateHosts;
use bellhop_net::{Failure, Kind, Limits};
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::Full;
use serde_json::json;

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
        let url = format!("{}/bot{}/sendMessage", bot.api_base, bot.token.expose());
        let request = Request::post(url)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body(message))))
            .map_err(|_| failed(Kind::BadRequest.into()))?;
        let reply = self.client.send(request, &Limits::whole(CALL_TIME, MOST_BYTES)).await.map_err(failed)?;
        Ok(BotAnswer { status: reply.status.as_u16(), body: reply.body.to_vec() })
    }
}

/// The parameters of `sendMessage`.
fn body(message: &BotMessage<'_>) -> String {
    let chat = message.chat.parse::<i64>().map_or_else(|_| json!(message.chat), |id| json!(id));
    let mut body = json!({
        "chat_id": chat,
        "text": message.text,
        "link_preview_options": {"is_disabled": true},
    });
    if message.html {
        body["parse_mode"] = "HTML".into();
    }
    body.to_string()
}
