//! Where the fuzzer begins: inputs made of the stages' own requests.

use bellhop_senders::sender::{Scheme, Sender};
use bellhop_senders::sign::{Outline, post};

use super::bodies::{is_body_token, stage};
use super::headers::{
    carrier, claims, has_clock, is_jwt, is_list, is_pairs, is_query_token, is_token, is_whole, lists_headers, shape,
    signs_url,
};
use super::request::{BASE, Request};
use super::stage::{STAGES, Stage};

/// Moments as nobody should write them, and some that are right.
const MOMENTS: &[&str] = &[
    "1700000000",
    "1700000000000",
    "2023-11-14T22:13:20Z",
    "2023-11-14T23:13:20.123456789+01:00[Europe/Berlin]",
    "Tue, 14 Nov 2023 22:13:20 GMT",
    "-1",
    "1e9",
    "NaN",
    "99999999999999999999",
];

/// The bodies that events are seeded with, after their content types.
const BODIES: &[&str] = &[
    "content-type: application/x-www-form-urlencoded\n\npayload=%7B%22a%22%3A1%7D&a=1&a=2",
    "content-type: application/xml\n\n<a b=\"1\"><c>x &amp; y</c><c><![CDATA[z]]></c><d/></a>",
    "content-type: application/cloudevents+json\n\n{\"specversion\":\"1.0\",\"type\":\"a\",\"source\":\"b\",\"id\":\"c\",\"data\":{\"d\":1}}",
    "content-type: multipart/form-data; boundary=b\n\n--b\r\nContent-Disposition: form-data; name=\"a\"; filename*=UTF-8''%C3%A9\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nSGk=\r\n--b\r\n\r\nx\r\n--b--\r\n",
    "content-type: text/plain; charset=utf-16\n\n\u{feff}{\"half\":\"\\ud83d\",\"far\":1e400}",
    "ce-specversion: 1.0\nce-type: a\nce-source: %C3%A9\nce-id: c\ncontent-type: text/plain\n\nhello",
];

/// The inputs that a target begins with.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let header = |stage: &Stage| vec![stage.good.header(carrier(stage)).to_vec()];
    let in_header = |fits: fn(&Stage) -> bool| each(|stage| !carrier(stage).is_empty() && fits(stage), header);
    let body = |name: &str| {
        let stages = STAGES.iter().filter(|stage| stage.sender.name == name);
        stages.filter(|stage| !stage.good.target.contains("SHA256")).map(|stage| stage.good.body.clone()).collect()
    };
    match target {
        "pairs_header" => in_header(is_pairs),
        "list_header" => in_header(is_list),
        "whole_header" => in_header(is_whole),
        "circleci_header" => in_header(|stage| stage.sender.name == "circleci" && shape(stage).is_some()),
        "token" => in_header(is_token),
        "query_token" => each(is_query_token, |stage| vec![query(stage).to_vec()]),
        "body_token" => each(is_body_token, |stage| vec![stage.good.body.clone()]),
        "timestamps" => each(has_clock, |_| MOMENTS.iter().map(|moment| moment.as_bytes().to_vec()).collect()),
        "jwt" => each(is_jwt, |stage| {
            let claims = claims(stage).unwrap_or_default().to_string();
            vec![[b"\0", stage.good.header(carrier(stage))].concat(), [b"\x09", claims.as_bytes()].concat()]
        }),
        "listed_headers" => each(lists_headers, |stage| {
            let lines = stage.good.headers.iter().map(|(name, value)| [name.as_bytes(), b": ", value].concat());
            vec![lines.collect::<Vec<_>>().join(&b'\n')]
        }),
        "signed_urls" => each(signs_url, |stage| {
            [("", stage.good.target.as_str()), ("https://hooks.example.com:443", "/%2f%3A?b=%20&a=%e9&a")]
                .map(|(base, target)| format!("{base}\n{target}").into_bytes())
                .into()
        }),
        "adyen" => body("adyen"),
        "app_store" => body("app-store-sandbox"),
        "mailgun" => body("mailgun"),
        "sns" => body("aws-sns"),
        "travis_form" => body("travis"),
        "twilio_form" => body("twilio"),
        "twilio_body_hash" => {
            let line = |stage: &Stage| [query(stage), b"\n", &stage.good.body].concat();
            stage("twilio", true).map(line).into_iter().collect()
        }
        "fetched_key" => (0..3)
            .zip(["aws-sns", "travis", "plaid"])
            .filter_map(|(kind, name)| Some([&[kind], stage(name, false)?.found.as_bytes()].concat()))
            .collect(),
        "public_key" => each(|stage| !stage.sender.is_unsigned(), |stage| vec![stage.secret.expose().into()]),
        "condition" => super::programs::conditions(),
        "event_body" => events(),
        "fields" | "json" => {
            STAGES.iter().map(|stage| stage.good.body.clone()).filter(|body| body.starts_with(b"{")).collect()
        }
        "handshakes" => whole_requests().into_iter().chain(calls()).collect(),
        "template" => super::programs::templates(),
        "any_request" | "explained" => whole_requests(),
        _ => Vec::new(),
    }
}

/// Inputs for each stage that fits, each after the byte that chooses the stage.
fn each(fits: impl Fn(&Stage) -> bool, inputs: impl Fn(&Stage) -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let fitting = (0u8..=u8::MAX).zip(STAGES.iter().filter(|stage| fits(stage)));
    fitting.flat_map(|(at, stage)| inputs(stage).into_iter().map(move |input| [vec![at], input].concat())).collect()
}

/// The query of a stage's request.
fn query(stage: &Stage) -> &[u8] {
    stage.good.target.split_once('?').map_or("", |(_, query)| query).as_bytes()
}

/// Every stage's request.
fn whole_requests() -> Vec<Vec<u8>> {
    STAGES.iter().map(|stage| stage.good.write(stage.sender.name)).collect()
}

/// The calls with which senders ask whether anyone is there.
fn calls() -> Vec<Vec<u8>> {
    const ASKING: &str =
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=x&challenge=1&crc_token=1&validationToken=1";
    let ask = |sender: &Sender| {
        ["GET", "HEAD", "OPTIONS", "POST"].map(|method| {
            let names = ["x-hook-secret", "x-okta-verification-challenge", "webhook-request-origin"];
            let request = Request {
                method: method.to_owned(),
                base: BASE.to_owned(),
                target: format!("/webhook/p?{ASKING}"),
                at: super::stage::SIGNED_AT,
                headers: names.map(|name| (name.to_owned(), b"eventemitter.example.com".to_vec())).into(),
                body: br#"{"type":"url_verification","challenge":"1","verification_token":"1"}"#.to_vec(),
            };
            request.write(sender.name)
        })
    };
    Sender::all().iter().flat_map(ask).collect()
}

/// The sample event of each sender, and a body of each kind.
fn events() -> Vec<Vec<u8>> {
    let samples = Sender::all().iter().filter_map(|sender| {
        let url = bellhop_senders::inbound::Url::new(BASE, "/webhook/p");
        let outline = Outline { url, body: None, event_type: sender.sample().event_type, id: "msg_1" };
        let post = post(sender, None, outline, bellhop_core::time::Timestamp::default()).ok()?;
        let head: String = post.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        Some([format!("{}\n{head}\n", sender.name).as_bytes(), &post.body].concat())
    });
    let kinds = BODIES.iter().map(|body| format!("cloudevents\n{body}").into_bytes());
    samples.chain(kinds).collect()
}

/// Whether a target is one whose every seed is accepted.
pub fn accepts_seeds(target: &str) -> bool {
    !matches!(target, "condition" | "event_body" | "handshakes" | "jwt" | "signed_urls" | "template" | "timestamps")
}

/// The stages whose request does not prove itself: there must be none.
pub fn broken() -> Vec<&'static str> {
    let proves = |stage: &&Stage| stage.verify(&stage.good).is_err() && *stage.scheme() != Scheme::None;
    STAGES.iter().filter(proves).map(|stage| stage.sender.name).collect()
}
