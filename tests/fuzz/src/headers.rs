//! Proofs in headers and in the URL.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::{ClockPlace, Part, Scheme, Shape, TokenPlace, Unit};
use serde_json::Value;

use super::request::{Request, read_headers, split};
use super::stage::{STAGES, Stage};

/// The first byte chooses one of the stages that fit; the rest is for it.
pub fn chosen(data: &[u8], fits: impl Fn(&Stage) -> bool) -> Option<(&'static Stage, &[u8])> {
    let (first, rest) = data.split_first()?;
    let fitting: Vec<_> = STAGES.iter().filter(|stage| fits(stage)).collect();
    let stage = fitting.get(usize::from(*first) % fitting.len().max(1))?;
    Some((stage, rest))
}

/// The header with a stage's signature or token; empty where it is elsewhere.
pub fn carrier(stage: &Stage) -> &'static str {
    let name = stage.scheme().carrier();
    if stage.good.headers.iter().any(|(there, _)| there == name) { name } else { "" }
}

/// Puts the input into the header of a stage that fits.
fn in_header(data: &[u8], fits: impl Fn(&Stage) -> bool) -> bool {
    let Some((stage, value)) = chosen(data, |stage| !carrier(stage).is_empty() && fits(stage)) else { return false };
    stage.verify(&stage.good.with_header(carrier(stage), value)).is_ok()
}

/// The shape of a stage's header.
pub fn shape(stage: &Stage) -> Option<Shape> {
    stage.signature().filter(|_| !carrier(stage).is_empty()).map(|signed| signed.shape)
}

/// Whether a stage's header is of pairs, as Stripe's is.
pub fn is_pairs(stage: &Stage) -> bool {
    matches!(shape(stage), Some(Shape::Pairs { .. })) && stage.sender.name != "circleci"
}

/// Whether a stage's header is a list, as that of Standard Webhooks is.
pub fn is_list(stage: &Stage) -> bool {
    matches!(shape(stage), Some(Shape::List { .. }))
}

/// Whether a stage's header is one signature.
pub fn is_whole(stage: &Stage) -> bool {
    matches!(shape(stage), Some(Shape::Whole(_)))
}

/// Headers of pairs, as Stripe's.
pub fn pairs_header(data: &[u8]) -> bool {
    in_header(data, is_pairs)
}

/// Headers with a list of signatures, as that of Standard Webhooks.
pub fn list_header(data: &[u8]) -> bool {
    in_header(data, is_list)
}

/// Headers with one signature, in every encoding.
pub fn whole_header(data: &[u8]) -> bool {
    in_header(data, is_whole)
}

/// `CircleCI`'s list of versions.
pub fn circleci_header(data: &[u8]) -> bool {
    in_header(data, |stage| stage.sender.name == "circleci")
}

/// Whether a stage proves itself by a token in a header.
pub fn is_token(stage: &Stage) -> bool {
    matches!(stage.scheme(), Scheme::Token(TokenPlace::Header { .. } | TokenPlace::Basic))
}

/// Tokens in headers, user names and passwords among them.
pub fn token(data: &[u8]) -> bool {
    in_header(data, is_token)
}

/// Whether a stage proves itself by a token in the query.
pub fn is_query_token(stage: &Stage) -> bool {
    matches!(stage.scheme(), Scheme::Token(TokenPlace::Query(_)))
}

/// Tokens in the query.
pub fn query_token(data: &[u8]) -> bool {
    let Some((stage, query)) = chosen(data, is_query_token) else { return false };
    let target = format!("/webhook/p?{}", String::from_utf8_lossy(query));
    stage.verify(&Request { target, ..stage.good.clone() }).is_ok()
}

/// Whether a stage proves itself by a JSON Web Token.
pub fn is_jwt(stage: &Stage) -> bool {
    matches!(stage.scheme(), Scheme::Jwt(_))
}

/// JSON Web Tokens: as they come where the second byte is even, else claims that are rightly signed.
pub fn jwt(data: &[u8]) -> bool {
    let Some((stage, rest)) = chosen(data, is_jwt) else { return false };
    let Some((how, rest)) = rest.split_first() else { return false };
    if how % 2 == 0 {
        return stage.verify(&stage.good.with_header(carrier(stage), rest)).is_ok();
    }
    let head = match how / 2 {
        0 => r#"{"alg":"HS512","typ":"JWT"}"#,
        1 => r#"{"alg":"none"}"#,
        _ => r#"{"alg":"HS256","typ":"JWT"}"#,
    };
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(rest));
    let algorithm = if head.contains("HS512") { "hmac-sha512" } else { "hmac-sha256" };
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(keyed_hash(algorithm, stage, input.as_bytes())));
    let Scheme::Jwt(scheme) = stage.scheme() else { return false };
    let request = stage.good.with_header(scheme.header, token.as_bytes());
    let pairs = request.pairs();
    let inbound = request.inbound(&pairs);
    let passed = bellhop_senders::verify::verify(stage.sender, &stage.keys, inbound, None, request.now()).is_ok();
    // Whoever has the secret may claim what he will; what he claims of the body must be true.
    let claimed = serde_json::from_slice::<Value>(rest).unwrap_or_default();
    let hash = |claims: &Value| Some(claims.get(scheme.body_hash?)?.as_str()?.to_ascii_lowercase());
    let is_true = hash(&claimed) == claims(stage).as_ref().and_then(hash);
    assert!(!passed || is_true && !head.contains("none"), "{}: {}", stage.sender.name, rest.escape_ascii());
    passed
}

/// The claims of a stage's own token.
pub fn claims(stage: &Stage) -> Option<Value> {
    let token = std::str::from_utf8(stage.good.header(carrier(stage))).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?).ok()
}

/// What a generic sender computes with a stage's secret.
pub fn keyed_hash(sender: &str, stage: &Stage, content: &[u8]) -> Vec<u8> {
    let sender = bellhop_senders::sender::Sender::named(sender);
    let headers = sender
        .and_then(|sender| bellhop_senders::sign::sign(sender, &stage.secret, content, "msg_1", stage.good.now()).ok());
    let text = headers.into_iter().flatten().last().map(|(_, value)| value).unwrap_or_default();
    hex::decode(text).unwrap_or_default()
}

/// Whether a stage's requests say when they were signed.
pub fn has_clock(stage: &Stage) -> bool {
    stage.signature().is_some_and(|signed| signed.timestamp.is_some())
}

/// Moments of every unit, in headers, pairs and fields of the body; those in the body are rightly signed where we can.
pub fn timestamps(data: &[u8]) -> bool {
    let Some((stage, text)) = chosen(data, has_clock) else { return false };
    let text = String::from_utf8_lossy(text);
    if let Some(moment) = Timestamp::from_rfc3339(&text) {
        let again = Timestamp::from_rfc3339(&moment.rfc3339());
        assert!(again.is_none_or(|again| again == moment), "{text} is written as {}", moment.rfc3339());
    }
    let Some(clock) = stage.signature().and_then(|signed| signed.timestamp) else { return false };
    let Some(mut request) = stage.with_time(&text) else { return false };
    let signed_anew = match (clock.place, stage.sender.name) {
        (ClockPlace::Field(_), "linear") => {
            let signature = hex::encode(keyed_hash("hmac-sha256", stage, &request.body));
            request = request.with_header("linear-signature", signature.as_bytes());
            true
        }
        (ClockPlace::Field(_), "mailgun") => {
            let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let content = format!("{text}{}", body["signature"]["token"].as_str().unwrap_or_default());
            body["signature"]["signature"] = hex::encode(keyed_hash("hmac-sha256", stage, content.as_bytes())).into();
            request.body = body.to_string().into_bytes();
            true
        }
        _ => false,
    };
    if !signed_anew {
        return stage.verify(&request).is_ok();
    }
    let pairs = request.pairs();
    let passed =
        bellhop_senders::verify::verify(stage.sender, &stage.keys, request.inbound(&pairs), None, request.now())
            .is_ok();
    let divisor = if clock.unit == Unit::Milliseconds { 1000 } else { 1 };
    let moment = text.parse::<u64>().map(|number| number / divisor);
    let is_now = moment.is_ok_and(|moment| moment.abs_diff(request.at) <= clock.tolerance_seconds);
    assert_eq!(passed, is_now && !text.starts_with('+'), "{}: {text}", stage.sender.name);
    passed
}

/// Whether a stage's signature covers headers that the request itself names.
pub fn lists_headers(stage: &Stage) -> bool {
    let lists = |part: &Part| matches!(part, Part::ListedHeaders(_) | Part::ListedValues(_));
    stage.signature().is_some_and(|signed| signed.content.iter().any(lists))
}

/// Lists of signed headers: the input stands in place of the headers of the same names.
pub fn listed_headers(data: &[u8]) -> bool {
    let Some((stage, rest)) = chosen(data, lists_headers) else { return false };
    let given = read_headers(rest);
    let mut request = stage.good.clone();
    request.headers.retain(|(name, _)| given.iter().all(|(other, _)| other != name));
    request.headers.extend(given);
    stage.verify(&request).is_ok()
}

/// Whether a stage's proof covers the URL.
pub fn signs_url(stage: &Stage) -> bool {
    let of_url = |part: &Part| {
        use Part::{Path, Query, QuerySorted, Url, UrlAnyPort, UrlContentful, UrlHubspot};
        matches!(part, Url | UrlAnyPort | UrlHubspot | UrlContentful | Path | Query | QuerySorted)
    };
    match stage.scheme() {
        Scheme::Signed(signed) => signed.content.iter().any(of_url),
        Scheme::Jwt(jwt) => jwt.url_hash.is_some(),
        Scheme::Token(_) | Scheme::AppStore(_) | Scheme::None => false,
    }
}

/// URLs in every spelling that is signed: a line with the configured public URL, empty for the right one, and the target.
pub fn signed_urls(data: &[u8]) -> bool {
    let Some((stage, rest)) = chosen(data, signs_url) else { return false };
    let Some((base, target)) = split(rest, b"\n") else { return false };
    let mut request = stage.good.clone();
    if !base.is_empty() {
        request.base = String::from_utf8_lossy(base).into_owned();
    }
    request.target = String::from_utf8_lossy(target).into_owned();
    stage.verify(&request).is_ok()
}
