//! All that is known of one sender.

use bellhop_senders::sender::{Sender, Verification};
use serde_json::{Value, json};

/// What the set-up steps call the address that the sender calls.
const ITS_URL: &str = "the hook's URL";

/// A sender for people, line by line.
pub(super) fn lines(sender: &Sender, urls: &[String]) -> Vec<String> {
    let facts = sender.facts();
    let unknown = || "not documented".to_owned();
    let rows = [
        ("documentation", facts.docs.to_owned()),
        ("category", facts.category.to_owned()),
        ("in a hook", format!("sender = \"{}\"", sender.name)),
        ("proves itself by", sender.proof_in_words()),
        ("checked against", facts.verified.words().to_owned()),
        ("read for it", facts.source.to_owned()),
        ("event type", sender.event_type.words()),
        ("delivery id", sender.delivery_id.words()),
        ("same delivery", sender.repeats_in_words()),
        ("handshake", sender.handshake.words().to_owned()),
        ("answered with", sender.answers_in_words()),
        ("wants an answer", facts.deadline_seconds.map_or_else(unknown, |seconds| format!("within {seconds} s"))),
        ("delivers again", if facts.retries.is_empty() { unknown() } else { facts.retries.to_owned() }),
        ("longest body", sender.longest_body_in_words()),
        ("hook's URL", urls.join(", ")),
    ];
    let mut lines = vec![format!("{} ({})", facts.title, sender.name)];
    if facts.verified == Verification::Unverified {
        lines.push(
            "⚠ unverified: nothing of the provider's own describes this scheme; try it before relying on it".to_owned(),
        );
    }
    lines.push(String::new());
    let said = rows.into_iter().filter(|(_, said)| !said.is_empty());
    lines.extend(said.map(|(what, said)| format!("{what:17} {}", said.replace('`', ""))));
    lines.extend([String::new(), "To set it up:".to_owned()]);
    let steps = facts.setup.iter().enumerate();
    lines.extend(steps.map(|(at, step)| format!("{:3}. {}", at + 1, filled(step, urls.first()))));
    lines
}

/// A sender for programs.
pub(super) fn json(sender: &Sender, url: Option<&String>) -> Value {
    let facts = sender.facts();
    json!({
        "name": sender.name,
        "title": facts.title,
        "docs": said(facts.docs),
        "source": said(facts.read()),
        "category": facts.category,
        "family": sender.family(),
        "proof": sender.proof_in_words(),
        "verified": facts.verified.name(),
        "event_type": said(&sender.event_type.words()),
        "delivery_id": said(&sender.delivery_id.words()),
        "same_delivery": sender.repeats_in_words(),
        "handshake": said(sender.handshake.words()),
        "answered_with": said(&sender.answers_in_words()),
        "deadline_seconds": facts.deadline_seconds,
        "retries": said(facts.retries),
        "max_body_bytes": facts.max_body_bytes,
        "max_proof_bytes": sender.max_proof_bytes(),
        "setup": facts.setup.iter().map(|step| filled(step, url)).collect::<Vec<_>>(),
    })
}

/// A text, null where there is none.
fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A step with the hook's URL in it, where that is known.
fn filled(step: &str, url: Option<&String>) -> String {
    url.map_or_else(|| step.to_owned(), |url| step.replace(ITS_URL, &format!("{ITS_URL} ({url})")))
}
