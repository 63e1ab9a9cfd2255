//! What proved requests ask for besides being taken in. What is read is borrowed, so that an event costs no allocation.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::reply::{echoable, signable};
use super::{Greeting, LONGEST_BODY, Reply, speaks_of, unmarked, wanted};
use crate::sender::{Handshake, Sender};
use crate::verify::{Key, Refusal, Verified, is_own_host};

/// What a proved POST asks for; `None` where it is an event and nothing else.
pub fn greeting(verified: &Verified<'_>, keys: &[Key]) -> Option<Greeting> {
    let body = verified.body();
    let answer = match verified.sender().handshake {
        Handshake::SlackChallenge => slack(body)?,
        Handshake::Zoom => zoom(body, keys.get(verified.matched_key()?)?)?,
        Handshake::Twitch => twitch(verified)?,
        Handshake::EventGrid => event_grid(body)?,
        Handshake::Monday => monday(body)?,
        Handshake::Lark => lark(body)?,
        Handshake::GoogleChannel => google_channel(verified)?,
        Handshake::Viber => hello(body, "event", "webhook")?,
        Handshake::Figma => hello(body, "event_type", "PING")?,
        Handshake::DiscordPing => discord(body)?,
        Handshake::Xero => xero(body)?,
        Handshake::XCrc => not_an_answer_of_ours(body)?,
        Handshake::SnsConfirm => return sns(verified.sender(), body).map(Greeting::Visit),
        _ => return None,
    };
    Some(answer.map_or_else(Greeting::Refused, Greeting::Reply))
}

/// An answer, or why there is none; `None` where the request is an event.
type Answer = Option<Result<Reply, Refusal>>;

/// `url_verification`: the challenge is sent back.
fn slack(body: &[u8]) -> Answer {
    Some(url_verification(body)?.map(|challenge| Reply::text(&challenge)))
}

/// The same, in JSON.
fn lark(body: &[u8]) -> Answer {
    Some(url_verification(body)?.map(|challenge| Reply::json(&json!({ "challenge": challenge }))))
}

/// The first message of a channel, which says that it is there.
///
/// Facts: <https://developers.google.com/workspace/calendar/api/guides/push>.
fn google_channel(verified: &Verified<'_>) -> Answer {
    let state = verified.headers().single("x-goog-resource-state");
    (state == Ok(Some(b"sync"))).then(|| Ok(Reply::bare(200)))
}

/// An event that only says hello, by this field of its body.
fn hello(body: &[u8], field: &str, word: &str) -> Answer {
    if !speaks_of(body, word) {
        return None;
    }
    let said: serde_json::Value = serde_json::from_slice(body).ok()?;
    (said.get(field)?.as_str()? == word).then(|| Ok(Reply::bare(200)))
}

/// The challenge of a `url_verification`.
fn url_verification(body: &[u8]) -> Option<Result<Cow<'_, str>, Refusal>> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        challenge: Cow<'a, str>,
    }
    if !speaks_of(body, "url_verification") {
        return None;
    }
    let Body { kind, challenge } = wanted(body)?;
    (kind == "url_verification").then(|| echoable(&challenge, "challenge").map(drop).map(|()| challenge))
}

/// `endpoint.url_validation`: the token is sent back with its hash under the key that matched.
fn zoom(body: &[u8], key: &Key) -> Answer {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        event: Cow<'a, str>,
        #[serde(borrow)]
        payload: Payload<'a>,
    }
    #[derive(Deserialize)]
    struct Payload<'a> {
        #[serde(borrow, rename = "plainToken")]
        plain_token: Cow<'a, str>,
    }
    if !speaks_of(body, "endpoint.url_validation") {
        return None;
    }
    let Body { event, payload } = wanted(body)?;
    let mut mac = key.mac()?;
    (event == "endpoint.url_validation").then(|| {
        let token = signable(&payload.plain_token, "plainToken")?;
        mac.update(token.as_bytes());
        let encrypted = hex::encode(mac.finish().bytes());
        Ok(Reply::json(&json!({ "plainToken": token, "encryptedToken": encrypted })))
    })
}

/// `webhook_callback_verification`: the challenge is sent back.
fn twitch(verified: &Verified<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        challenge: Cow<'a, str>,
    }
    let kind = verified.headers().single("twitch-eventsub-message-type");
    if kind != Ok(Some(b"webhook_callback_verification")) {
        return None;
    }
    let Body { challenge } = wanted(verified.body())?;
    Some(echoable(&challenge, "challenge").map(Reply::text))
}

/// `SubscriptionValidationEvent`: its code is sent back.
fn event_grid(body: &[u8]) -> Answer {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(borrow, rename = "eventType")]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        data: Data<'a>,
    }
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow, rename = "validationCode")]
        code: Cow<'a, str>,
    }
    if !speaks_of(body, "SubscriptionValidationEvent") {
        return None;
    }
    let (Event { kind, data },) = wanted(body)?;
    (kind == "Microsoft.EventGrid.SubscriptionValidationEvent").then(|| {
        let code = echoable(&data.code, "validationCode")?;
        Ok(Reply::json(&json!({ "validationResponse": code })))
    })
}

/// A challenge alone: it is sent back.
fn monday(body: &[u8]) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body<'a> {
        #[serde(borrow)]
        challenge: Cow<'a, str>,
    }
    if !speaks_of(body, "challenge") {
        return None;
    }
    let Body { challenge } = wanted(body)?;
    Some(echoable(&challenge, "challenge").map(|challenge| Reply::json(&json!({ "challenge": challenge }))))
}

/// PING: type 1 of an interaction, type 0 of a webhook event. Type 1 of a webhook event has an event.
fn discord(body: &[u8]) -> Answer {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "type")]
        kind: u64,
        event: Option<IgnoredAny>,
    }
    if body.len() > LONGEST_BODY {
        return None;
    }
    let Body { kind, event } = wanted(body)?;
    match (kind, event) {
        // Discord wants a content type here too.
        (0, None) => Some(Ok(Reply { content_type: "application/json", ..Reply::bare(204) })),
        (1, None) => Some(Ok(Reply::json(&json!({ "type": 1 })))),
        _ => None,
    }
}

/// The intent to receive: no events. A body in the answer would be a failure.
fn xero(body: &[u8]) -> Answer {
    #[derive(Deserialize)]
    struct Body {
        events: Vec<IgnoredAny>,
        #[serde(rename = "entropy")]
        _entropy: IgnoredAny,
    }
    if !speaks_of(body, "entropy") {
        return None;
    }
    let Body { events, .. } = wanted(body)?;
    events.is_empty().then(|| Ok(Reply::bare(200)))
}

/// Refuses a body that X did not write: the hash of any `crc_token` is there for the asking, and none is JSON's.
fn not_an_answer_of_ours(body: &[u8]) -> Answer {
    (!unmarked(body).starts_with(b"{")).then_some(Err(Refusal::Unparsable))
}

/// `SubscriptionConfirmation`: the address to visit, where it is one of Amazon's own.
fn sns(sender: &Sender, body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, rename = "Type")]
        kind: Cow<'a, str>,
        #[serde(borrow, rename = "SubscribeURL")]
        url: Cow<'a, str>,
        #[serde(borrow, rename = "TopicArn")]
        topic: Cow<'a, str>,
    }
    if !speaks_of(body, "SubscriptionConfirmation") {
        return None;
    }
    let Body { kind, url, topic } = wanted(body)?;
    let (host, rest) = url.strip_prefix("https://")?.split_once('/')?;
    let own = is_own_host(sender.scheme.key_place()?, host, Some(&topic));
    let confirms = rest.starts_with("?Action=ConfirmSubscription&") && echoable(rest, "SubscribeURL").is_ok();
    let visited = kind == "SubscriptionConfirmation" && own && confirms;
    visited.then(|| url.into_owned())
}
