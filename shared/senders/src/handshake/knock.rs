//! GET, HEAD and OPTIONS: what is asked before anything is posted.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::reply::{echoable, signable};
use super::{Host, Reply};
use crate::inbound::Inbound;
use crate::sender::Handshake;
use crate::time::Timestamp;
use crate::verify::{Refusal, in_force, parameter, verify};

/// What a GET, HEAD or OPTIONS is answered; `None` where the sender shakes no hands that way.
pub fn knock(host: Host<'_>, inbound: Inbound<'_>, now: Timestamp) -> Result<Option<Reply>, Refusal> {
    match (host.sender.handshake, inbound.method) {
        (Handshake::HubChallenge, "GET") => subscribed(host, inbound, "hub.verify_token", now).map(plain),
        (Handshake::WebSub, "GET") => subscribed(host, inbound, "hub.topic", now).map(plain),
        (Handshake::Strava, "GET") => {
            let challenge = subscribed(host, inbound, "hub.verify_token", now)?;
            Ok(challenge.map(|challenge| Reply::json(&json!({ "hub.challenge": challenge }))))
        }
        (Handshake::XCrc, "GET") => x_crc(host, inbound, now),
        (Handshake::Dropbox, "GET") => echo(inbound, "challenge"),
        (Handshake::Onfleet, "GET") => echo(inbound, "check"),
        (Handshake::Okta, "GET") => okta(host, inbound, now),
        (Handshake::CloudEvents | Handshake::EventGrid, "OPTIONS") => permission(host, inbound, now),
        (Handshake::Head, "HEAD") | (Handshake::Get, "GET") => Ok(Some(Reply::bare(200))),
        _ => Ok(None),
    }
}

/// The challenge of a hub that was asked to subscribe, where this parameter is one of the hook's secrets for that.
///
/// Facts: <https://www.w3.org/TR/websub/#hub-verifies-intent>, and Meta's and Strava's relatives of it.
fn subscribed(
    host: Host<'_>,
    inbound: Inbound<'_>,
    named: &'static str,
    now: Timestamp,
) -> Result<Option<String>, Refusal> {
    if given(inbound, "hub.mode")?.as_deref() != Some("subscribe") {
        return Ok(None);
    }
    let token = parameter(inbound.url.query(), named)?;
    if !in_force(host.keys, now).any(|(_, key)| key.is_token(token.as_bytes())) {
        return Err(Refusal::WrongToken(named));
    }
    let challenge = parameter(inbound.url.query(), "hub.challenge")?;
    Ok(Some(echoable(&challenge, "hub.challenge")?.to_owned()))
}

/// A challenge as it is sent back.
fn plain(challenge: Option<String>) -> Option<Reply> {
    challenge.map(|challenge| Reply::text(&challenge))
}

/// Sends the keyed hash of `crc_token` back.
fn x_crc(host: Host<'_>, inbound: Inbound<'_>, now: Timestamp) -> Result<Option<Reply>, Refusal> {
    let Some(token) = given(inbound, "crc_token")? else { return Ok(None) };
    let token = signable(&token, "crc_token")?;
    let mut mac = in_force(host.keys, now).find_map(|(_, key)| key.mac()).ok_or(Refusal::NoSecret)?;
    mac.update(token.as_bytes());
    let response = format!("sha256={}", STANDARD.encode(mac.finish().bytes()));
    Ok(Some(Reply::json(&json!({ "response_token": response }))))
}

/// Sends a parameter back.
fn echo(inbound: Inbound<'_>, name: &'static str) -> Result<Option<Reply>, Refusal> {
    let Some(challenge) = given(inbound, name)? else { return Ok(None) };
    Ok(Some(Reply::text(echoable(&challenge, name)?)))
}

/// Sends the header's challenge back, once the request has the hook's secret.
fn okta(host: Host<'_>, inbound: Inbound<'_>, now: Timestamp) -> Result<Option<Reply>, Refusal> {
    let Some(challenge) = header(inbound, "x-okta-verification-challenge")? else { return Ok(None) };
    verify(host.sender, host.keys, inbound, None, now)?;
    let challenge = echoable(challenge, "x-okta-verification-challenge")?;
    Ok(Some(Reply::json(&json!({ "verification": challenge }))))
}

/// Allows an origin to post, as often as the hook takes requests.
///
/// Facts: <https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md>, section 4.
fn permission(host: Host<'_>, inbound: Inbound<'_>, now: Timestamp) -> Result<Option<Reply>, Refusal> {
    let Some(origin) = header(inbound, "webhook-request-origin")? else { return Ok(None) };
    // A token in the address is always there; one in a header need not come before the first event.
    let absent = |name| matches!(inbound.headers.single(name), Ok(None));
    if !host.sender.credential_header().is_some_and(absent) {
        verify(host.sender, host.keys, inbound, None, now)?;
    }
    let origin = echoable(origin, "webhook-request-origin")?;
    let headers = vec![
        ("allow", "POST".to_owned()),
        ("webhook-allowed-origin", origin.to_owned()),
        ("webhook-allowed-rate", host.rate_per_minute.to_string()),
    ];
    Ok(Some(Reply { headers, ..Reply::bare(200) }))
}

/// A parameter that begins a handshake, decoded; `None` where it is absent.
fn given<'a>(inbound: Inbound<'a>, name: &'static str) -> Result<Option<Cow<'a, str>>, Refusal> {
    let is_there = form_urlencoded::parse(inbound.url.query().as_bytes()).any(|(found, _)| found == name);
    if is_there { parameter(inbound.url.query(), name).map(Some) } else { Ok(None) }
}

/// A header that begins a handshake; `None` where it is absent.
fn header<'a>(inbound: Inbound<'a>, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    let value = inbound.headers.single(name).map_err(|_| Refusal::Doubled(name))?;
    value.map(|value| std::str::from_utf8(value).map_err(|_| Refusal::Challenge(name))).transpose()
}
