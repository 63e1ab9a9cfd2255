//! One flipped bit, anywhere in what is proved: every single one is tried.

use super::negatives::{body, covers_body, is_ours, secret};
use super::request::Request;
use super::*;
use crate::sender::{Carrier, Part, SecretFormat};

/// All of a text's neighbours by one bit, as far as they are text.
fn flipped(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..text.len() * 8).map(|at| {
        let mut other = text.to_vec();
        other[at / 8] ^= 1 << (at % 8);
        other
    })
}

/// The same as [`flipped`], of texts that must stay UTF-8.
fn flipped_text(text: &str) -> impl Iterator<Item = String> {
    flipped(text.as_bytes()).filter_map(|bytes| String::from_utf8(bytes).ok())
}

/// The fields of the body that are signed on their own, and the signature.
fn signed_fields(request: &Request) -> Vec<String> {
    let Scheme::Signed(signed @ Signed { place: Carrier::Field(_), .. }) = request.scheme() else {
        return request.signature_field().into_iter().collect();
    };
    let within =
        |path: &str| signed.each.map_or_else(|| path.to_owned(), |each| format!("{each}.{path}").replace('*', "0"));
    let of_part = |part: &Part| match part {
        Part::Field(path) | Part::OptionalField(path) => Some(within(path)),
        _ => None,
    };
    let document = crate::json::read(&request.body).unwrap();
    let there = |path: &String| crate::sender::text_at(&document, path).is_some();
    signed.content.iter().filter_map(of_part).chain(request.signature_field()).filter(there).collect()
}

/// Whether two texts mean the same here: the case of hexadecimal digits and of words like `Bearer` is free.
fn same(request: &Request, one: &str, other: &str) -> bool {
    let token_start = match request.scheme() {
        Scheme::Token(crate::sender::TokenPlace::Header { prefix, .. }) => prefix.len(),
        Scheme::Token(crate::sender::TokenPlace::Basic) => "Basic ".len(),
        Scheme::Jwt(jwt) => jwt.prefix.len(),
        Scheme::Signed(signed) if signed.encoding == crate::sender::Encoding::Hex => one.len(),
        _ => 0,
    };
    one.eq_ignore_ascii_case(other) && one.get(token_start..) == other.get(token_start..)
}

/// Refuses every neighbour of a request; says how many there were.
fn refuse_neighbours(request: &Request) -> usize {
    let name = request.sender.name;
    assert_eq!(request.check(NOW), Ok(Some(0)), "{name}");
    let mut tried = 0;
    let mut refuse = |what: &str, other: Request| {
        assert!(other.check(NOW).is_err(), "{name} accepted another {what}: {:?} {:?}", other.headers, other.target);
        tried += 1;
    };
    for (at, (header, value)) in request.headers.iter().enumerate() {
        for other in flipped_text(value).filter(|other| !same(request, value, other)) {
            refuse(header, request.with(at, Some(other)));
        }
    }
    if covers_body(request) {
        // An escape of a form may be written in either case.
        let fields = |body: &[u8]| form_urlencoded::parse(body).into_owned().collect::<Vec<_>>();
        let is_form = request.body.first() != Some(&b'{');
        let means_another = |body: &Vec<u8>| !is_form || fields(body) != fields(&request.body);
        let others = flipped(&request.body).filter(means_another);
        others.for_each(|body| refuse("body", Request { body, ..request.clone() }));
    }
    for path in signed_fields(request) {
        let document = crate::json::read(&request.body).unwrap();
        let text = crate::sender::text_at(&document, &path).unwrap().into_owned();
        let is_signature = request.signature_field().as_ref() == Some(&path);
        for other in flipped_text(&text).filter(|other| !is_signature || !same(request, &text, other)) {
            refuse(&path, request.with_field(&path, &other));
        }
    }
    if let Scheme::Token(crate::sender::TokenPlace::Form(_)) = request.scheme() {
        let whole = String::from_utf8(request.body.clone()).unwrap();
        for other in flipped_text(&request.secret) {
            let written: String = form_urlencoded::byte_serialize(other.as_bytes()).collect();
            refuse("form", Request { body: whole.replace(&request.secret, &written).into_bytes(), ..request.clone() });
        }
    }
    let signs = |parts: &[Part]| match request.scheme() {
        Scheme::Signed(signed) => signed.content.iter().any(|part| parts.contains(part)),
        _ => false,
    };
    let in_jwt = matches!(request.scheme(), Scheme::Jwt(jwt) if jwt.url_hash.is_some());
    let in_query = matches!(request.scheme(), Scheme::Token(crate::sender::TokenPlace::Query(_)));
    if in_jwt || in_query || signs(&[Part::Url, Part::UrlAnyPort, Part::UrlHubspot, Part::UrlContentful]) {
        let from = if in_query { request.target.rfind('=').unwrap() } else { 0 };
        for target in flipped_text(&request.target).filter(|target| target.get(..from) == request.target.get(..from)) {
            refuse("target", Request { target, ..request.clone() });
        }
    }
    if in_jwt || signs(&[Part::Url, Part::UrlAnyPort, Part::UrlHubspot]) {
        flipped_text(&request.base).for_each(|base| refuse("URL", Request { base, ..request.clone() }));
    }
    if signs(&[Part::Method]) {
        flipped_text("POST").for_each(|method| refuse("method", Request { method, ..request.clone() }));
    }
    tried
}

#[test]
fn one_flipped_bit_of_what_is_signed_is_enough() {
    // JSON in a form has tests of its own, in `senders`.
    let in_form = |sender: &Sender| matches!(&sender.scheme, Scheme::Signed(Signed { document: Some(_), .. }));
    for sender in Sender::all().iter().filter(|sender| is_ours(sender) && !in_form(sender)) {
        let request = Request::signed(sender, &secret(sender, 0), body(sender));
        let tried = refuse_neighbours(&request);
        assert!(tried > 100, "{}: only {tried}", sender.name);
    }
    let gitlab = Sender::named("gitlab").unwrap();
    let signed = Request::signed(gitlab, &format!("whsec_{}", STANDARD.encode([7; 32])), b"{}");
    assert!(matches!(signed.scheme(), Scheme::Signed(signed) if signed.secret == SecretFormat::Whsec));
    refuse_neighbours(&signed);
    let twilio = Sender::named("twilio").unwrap();
    let hashed = Request::signed(twilio, "secret", br#"{"hello":"octo"}"#);
    assert!(hashed.target.contains("bodySHA256="));
    refuse_neighbours(&hashed);
}

#[test]
fn one_flipped_bit_of_what_a_sender_signed_is_enough() {
    for (request, _) in super::asymmetric::all() {
        refuse_neighbours(&request);
    }
}
