//! The first POST of senders that cannot prove themselves yet. It looks like nothing else they send, and is no event.

use std::borrow::Cow;

use serde::Deserialize;

use super::reply::{echoable, is_secret};
use super::{Introduction, Reply, speaks_of, unmarked, wanted};
use crate::inbound::Inbound;
use crate::secret::Secret;
use crate::sender::{Handshake, Sender};
use crate::verify::parameter;

/// The introduction that an unproved POST is; `None` where it is something else.
pub fn introduction(sender: &'static Sender, inbound: Inbound<'_>) -> Option<Introduction> {
    match sender.handshake {
        Handshake::Asana => asana(inbound),
        Handshake::Notion => notion(inbound),
        Handshake::ValidationToken => validation_token(inbound),
        Handshake::BitbucketPing => bitbucket_ping(inbound),
        Handshake::WooCommercePing => woocommerce_ping(inbound),
        _ => None,
    }
}

/// The secret stands in a header, which is sent back; there is no event and no signature.
fn asana(inbound: Inbound<'_>) -> Option<Introduction> {
    let secret = std::str::from_utf8(inbound.headers.single("x-hook-secret").ok()??).ok()?;
    let nothing = matches!(unmarked(inbound.body).trim_ascii_end(), b"" | b"{}");
    if !nothing || !lacks(inbound, "x-hook-signature") || !is_secret(secret) {
        return None;
    }
    let reply = Reply { headers: vec![("x-hook-secret", secret.to_owned())], ..Reply::bare(200) };
    Some(Introduction { offer: Secret::new(secret).ok(), reply })
}

/// The secret is all that the body says.
fn notion(inbound: Inbound<'_>) -> Option<Introduction> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body<'a> {
        #[serde(borrow)]
        verification_token: Cow<'a, str>,
    }
    if !speaks_of(inbound.body, "verification_token") {
        return None;
    }
    let Body { verification_token } = wanted(inbound.body)?;
    if !is_secret(&verification_token) {
        return None;
    }
    Some(Introduction { offer: Secret::new(verification_token).ok(), reply: Reply::bare(200) })
}

/// The query has a token, which is sent back; the body has no event.
fn validation_token(inbound: Inbound<'_>) -> Option<Introduction> {
    let query = inbound.url.query();
    if !query.contains("validationToken=") || unmarked(inbound.body).starts_with(b"{") {
        return None;
    }
    let token = parameter(query, "validationToken").ok()?;
    let reply = Reply::text(echoable(&token, "validationToken").ok()?);
    Some(Introduction { offer: None, reply })
}

/// The test of a connection, which older servers do not sign.
///
/// Facts: runatlantis/atlantis issue 474; go-playground/webhooks, bitbucket-server.
fn bitbucket_ping(inbound: Inbound<'_>) -> Option<Introduction> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(default, rename = "test")]
        _test: bool,
    }
    let is_ping = inbound.headers.single("x-event-key") == Ok(Some(b"diagnostics:ping"));
    if !is_ping || !lacks(inbound, "x-hub-signature") {
        return None;
    }
    let body = inbound.body.trim_ascii();
    let nothing = body.is_empty() || (body.len() <= 64 && wanted::<Body>(body).is_some());
    nothing.then(|| Introduction { offer: None, reply: Reply::bare(200) })
}

/// The test of a new webhook, a form with its number, which is not signed.
///
/// Facts: `WC_Webhook::deliver_ping` of `WooCommerce`.
fn woocommerce_ping(inbound: Inbound<'_>) -> Option<Introduction> {
    let number = inbound.body.strip_prefix(b"webhook_id=")?;
    let is_number = (1..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
    let is_ping = is_number && lacks(inbound, "x-wc-webhook-signature");
    is_ping.then(|| Introduction { offer: None, reply: Reply::bare(200) })
}

/// Whether a header is not there at all.
fn lacks(inbound: Inbound<'_>, name: &str) -> bool {
    inbound.headers.single(name) == Ok(None)
}
