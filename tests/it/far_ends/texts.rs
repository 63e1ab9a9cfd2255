//! What the core renders for each far end, handed to the strict fakes: 10,000 generated texts, and the messages for every
//! sender's sample and cases. Nothing is refused, nobody is called, and everything is there.

use std::sync::Arc;
use std::time::Duration;

use bellhop_core::event::{Event, EventHead};
use bellhop_core::hook::Hook;
use bellhop_core::markup::{Length, Markup, Unit, parts};
use bellhop_core::telegram::{self, html as core_html};
use bellhop_core::template::{Context, Facts, message_for};
use bellhop_senders::sender::Sender;
use bellhop_tests::build::workspace;
use bellhop_tests::far_ends::discord::{CONTENT_LIMIT, FakeDiscord, TOKEN, WEBHOOK};
use bellhop_tests::far_ends::ntfy::{FakeNtfy, MESSAGE_LIMIT};
use bellhop_tests::far_ends::slack::blocks::SECTION_TEXT;
use bellhop_tests::far_ends::slack::{FakeSlack, HOOK};
use bellhop_tests::far_ends::{FarEnd, Rules};
use bellhop_tests::sink::Came;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::html;

/// The message for an event of a sender, in Telegram's HTML.
fn message(sender: &str, event_type: Option<&str>, headers: &[(String, String)], body: &str) -> String {
    let headers: Vec<_> = headers.iter().map(|(name, value)| json!([name, value])).collect();
    let head = json!({"id": "018bcfe5-6807-7000-8000-000000000000", "path": "door", "sender": sender,
        "event_type": event_type, "received_at": 1_700_000_000_007_u64, "headers": headers, "owners": [],
        "body_bytes": body.len()});
    let head: EventHead = serde_json::from_value(head).expect("the head of an event");
    let hook = json!({"id": "hk_1", "name": "my <door>", "path": "door", "sender": sender, "secrets": [],
        "rate_per_minute": 1, "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api", "created_at": 0,
        "updated_at": 0});
    let hook: Hook = serde_json::from_value(hook).expect("a hook");
    let payload = Event { head: head.clone(), body: body.as_bytes().to_vec() }.payload().map(Arc::new);
    let (payload, body) = (payload.as_ref(), body.as_bytes());
    let facts = Facts { event: &head, hook: hook.facts(), method: "POST", body, payload, test: false };
    let message = message_for(sender, event_type, None, &Context::new(&facts));
    assert_eq!(message.markup, Markup::Html);
    message.text
}

/// The messages for every sender's sample, and for our cases.
fn messages() -> Vec<String> {
    let mut all = Vec::new();
    for sender in Sender::all() {
        let sample = sender.sample();
        let headers: Vec<_> =
            sample.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.push(message(sender.name, sample.event_type, &headers, sample.body));
        let file = workspace().join(format!("shared/senders/cases/{}.json", sender.name));
        let cases = std::fs::read_to_string(file).unwrap_or_else(|_| "[]".to_owned());
        let cases: Vec<Value> = serde_json::from_str(&cases).expect("the cases are a list");
        for case in cases {
            all.push(message(sender.name, case["event"].as_str(), &[], &case["payload"].to_string()));
        }
    }
    assert!(all.len() > 150, "{} messages", all.len());
    all
}

/// What would call somebody, or be markup, where it is not kept from it.
const AWKWARD: [&str; 24] = [
    "@everyone ",
    "@here ",
    "&lt;!channel&gt;",
    "&lt;!here|here&gt; ",
    "&lt;!subteam^S012AB3CD&gt;",
    "&lt;@U012AB3CD&gt;",
    "&lt;@123456789012345678&gt; ",
    "&lt;@!123456789012345678&gt;",
    "&lt;@&amp;123456789012345678&gt;",
    "&lt;#123456789012345678&gt;",
    "*bold* ",
    "_italic_ ",
    "**both**",
    "`code`",
    "```",
    "~~struck~~ ",
    "||spoiler||",
    "[a](https://evil.example) ",
    "&lt;https://evil.example|a&gt;",
    "\n# heading\n",
    "\n&gt; quote\n",
    "\n- item\n",
    "\\*",
    "https://a.example/_x_?a=*1*&amp;b=@here ",
];

/// All texts, in Telegram's HTML; in the generated ones, words are awkward, and each sixteenth is too long for one part.
fn texts() -> impl Iterator<Item = String> {
    let awkward = |case: u64| {
        let start = usize::try_from(case).unwrap_or_default();
        let text = html::text(case);
        let words = text.split("word ").enumerate();
        words.fold(String::new(), |made, (at, rest)| match at {
            0 => rest.to_owned(),
            _ => made + AWKWARD[(start + at) % AWKWARD.len()] + rest,
        })
    };
    let generated = move |case: u64| {
        let more = if case.is_multiple_of(16) { 12 } else { 0 };
        (0..=more).map(|step| awkward(case + 2 * step)).collect()
    };
    messages().into_iter().chain((0..html::CASES).map(generated))
}

/// Hands a body to a far end and gives the status and the text of the answer.
fn hand<R: Rules>(end: &FarEnd<R>, target: &str, body: &Value) -> (u16, String) {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let (method, target, body) = ("POST".to_owned(), target.to_owned(), body.to_string().into());
    let came = Came { at: Duration::ZERO, method, target, headers, body };
    let reply = end.with(|rules| rules.take(&came));
    (reply.status, reply.body)
}

/// The letters that no markup writes otherwise.
fn letters(text: &str) -> impl Iterator<Item = char> {
    let marks = "*_~`｀|¦<>[]()\\#-\u{2060}\u{200b}";
    text.chars().filter(move |letter| !telegram::is_blank(*letter) && !marks.contains(*letter))
}

/// Fails unless what is shown has every letter of a text in its order; an address may stand behind its label.
fn assert_all_there(source: &str, shown: &str) {
    let mut shown_letters = letters(shown);
    for letter in letters(&core_html::plain(source)) {
        assert!(shown_letters.any(|one| one == letter), "{letter:?} of {source}\nis missing in {shown}");
    }
}

#[tokio::test]
async fn slack_takes_every_text_and_calls_nobody() {
    let slack = FakeSlack::start().await;
    let length = Length { most: SECTION_TEXT, unit: Unit::Utf16 };
    for source in texts() {
        let mut shown = String::new();
        for part in parts(&source, Markup::Html, Markup::Mrkdwn, length) {
            let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": part}});
            let answer = hand(&slack, HOOK, &json!({"text": part, "blocks": [section]}));
            assert_eq!(answer, (200, "ok".to_owned()), "{part}\nof {source}");
        }
        for message in slack.take_messages() {
            let content = message.content;
            assert!(content.mentions().is_empty(), "{:?} in {}\nof {source}", content.mentions(), content.text.text);
            assert!(content.unescaped().is_empty(), "{:?}\nof {source}", content.unescaped());
            shown.push_str(content.shown());
        }
        assert_all_there(&source, &shown);
    }
}

#[tokio::test]
async fn discord_takes_every_text_and_calls_nobody() {
    let discord = FakeDiscord::start_unlimited().await;
    let length = Length { most: CONTENT_LIMIT, unit: Unit::Utf16 };
    let target = format!("/api/webhooks/{WEBHOOK}/{TOKEN}");
    let mut uncoded = 0;
    for source in texts() {
        let mut shown = String::new();
        for part in parts(&source, Markup::Html, Markup::Markdown, length) {
            let body = json!({"content": part, "allowed_mentions": {"parse": []}});
            let (status, answer) = hand(&discord, &target, &body);
            assert_eq!(status, 204, "{answer}: {part}\nof {source}");
        }
        for message in discord.take_messages() {
            let content = message.content;
            assert!(content.allows_nobody && content.mentions.calls.is_empty(), "{:?}\nof {source}", content.mentions);
            // Code shows what it holds, and calls nobody.
            let has_code = source.contains("<code>") || source.contains("<pre>");
            uncoded += usize::from(!has_code);
            let named = &content.mentions.named;
            assert!(has_code || named.is_empty(), "{named:?} in {}\nof {source}", content.text);
            shown.push_str(&content.text);
        }
        assert_all_there(&source, &shown);
    }
    assert!(uncoded > 1000, "{uncoded} parts have no code");
}

#[tokio::test]
async fn ntfy_takes_every_text() {
    let ntfy = FakeNtfy::start().await;
    let length = Length { most: MESSAGE_LIMIT, unit: Unit::Bytes };
    for source in texts() {
        for part in parts(&source, Markup::Html, Markup::Plain, length) {
            let (status, answer) = hand(&ntfy, "/", &json!({"topic": "alerts", "message": part}));
            assert_eq!(status, 200, "{answer}: {part}\nof {source}");
        }
        let shown: String = ntfy.take_messages().into_iter().map(|message| message.said.message).collect();
        assert_all_there(&source, &shown);
    }
}
