//! The table of senders.

mod ids;
mod page;

use super::*;

/// Senders whose signature leaves out a part of the body; their set-up steps or texts say so.
const PARTIAL: &[&str] = &["adyen", "aws-sns", "dingtalk", "dropbox-sign", "mailgun", "mercado-pago", "travis"];

/// Those that sign with MD5, which nobody else may: it is broken, if not in a keyed hash yet.
const WITH_MD5: &[&str] = &["patreon"];

#[test]
fn every_row_is_usable() {
    assert!(Sender::all().len() >= 100, "only {} senders", Sender::all().len());
    for sender in Sender::all() {
        let name = sender.name;
        assert_eq!(Sender::named(name), Some(sender));
        assert!(!sender.facts().title.is_empty() && !sender.facts().setup.is_empty(), "{name}");
        let provider = sender.facts().category != "generic";
        assert!(sender.facts().docs.starts_with("https://") || !provider, "{name} says not where its documentation is");
        for scheme in std::iter::once(&sender.scheme).chain(sender.alternative.map(|other| &other.scheme)) {
            assert_eq!(scheme.carrier().is_empty(), *scheme == Scheme::None, "{name}");
            if let Scheme::Signed(signed) = scheme {
                assert_eq!(scheme.covers_body(), !PARTIAL.contains(&name), "{name} and its body");
                let is_md5 = matches!(signed.algorithm, Algorithm::Hmac(Hash::Md5) | Algorithm::Digest(Hash::Md5));
                assert_eq!(is_md5, WITH_MD5.contains(&name), "{name} and MD5");
                assert!(
                    signed.key.is_none() || !signed.bind.is_empty() || signed.content.contains(&Part::Secret),
                    "{name}"
                );
            }
        }
    }
    assert_eq!(Sender::named("nobody"), None);
}

impl Sample {
    /// The body with its fields at hand.
    pub(crate) fn payload(&self, sender: &str) -> crate::json::Value {
        let body = crate::body::Body::new(self.headers, self.body.as_bytes());
        let payload = body.read(Sender::named(sender)).payload;
        payload.unwrap_or_else(|| panic!("{sender}: the sample is neither JSON nor a form"))
    }
}

#[test]
fn header_names_are_in_lower_case() {
    for line in include_str!(concat!(env!("OUT_DIR"), "/senders.rs")).lines() {
        for (at, start) in line.match_indices("Header(\"") {
            let name = line[at + start.len()..].split('"').next().unwrap();
            assert_eq!(name, name.to_lowercase());
        }
    }
}

#[test]
fn every_sample_is_an_event_of_its_sender() {
    for sender in Sender::all() {
        let sample = sender.sample();
        let body = sample.payload(sender.name);
        let header = |name: &str| {
            let found = sample.headers.iter().find(|(found, _)| *found == name);
            found.map(|(_, value)| std::borrow::Cow::Borrowed(*value))
        };
        if sample.event_type.is_some() {
            assert_eq!(sender.event_type.read(&header, Some(&body)).as_deref(), sample.event_type, "{}", sender.name);
        }
        assert!(sample.body.lines().count() == 1 || sample.body.starts_with(['{', '[']), "{}", sender.name);
    }
}

#[test]
fn a_body_is_read_for_its_proof_up_to_what_its_sender_sends() {
    let named: Vec<_> = Sender::all().iter().filter(|sender| sender.proof_in_body()).map(|s| s.name).collect();
    let known = [
        "adyen",
        "app-store-sandbox",
        "app-store",
        "aws-sns",
        "dropbox-sign",
        "figma",
        "ko-fi",
        "lark",
        "mailgun",
        "mandrill",
        "mattermost",
        "microsoft-graph",
        "moyasar",
        "rocket-chat",
        "synology-chat",
        "travis",
        "twilio",
        "zulip",
    ];
    assert_eq!(named, known);
    for sender in Sender::all() {
        let most = sender.max_proof_bytes();
        assert_eq!(most.is_some(), sender.proof_in_body(), "{}", sender.name);
        assert!(sender.proof_bytes.is_none() || most.is_some(), "{}: no proof stands in its body", sender.name);
        // All of a form is signed by Mandrill, so that its bound is that of every body.
        let bound = if sender.name == "mandrill" { 26_214_400 } else { 1_048_576 };
        assert!(most.is_none_or(|most| (262_144..=bound).contains(&most)), "{}: {most:?}", sender.name);
        assert!(sender.is_costly() || !sender.proof_in_body(), "{}", sender.name);
    }
    let costly = |name: &str| Sender::named(name).unwrap().is_costly();
    assert!(costly("discord") && costly("paypal") && costly("plaid") && costly("standard-webhooks"));
    assert!(!costly("github") && !costly("bearer") && !costly("linear") && !costly("query-token"));
}
