//! One real GitHub payload of every event kind, and what must be shown of each: for one process and for the stack.

use std::time::Duration;

use bellhop_tests::bot_api::{FakeBotApi, Message};
use bellhop_tests::github::{self, Example, delivery_id};
use bellhop_tests::http::Http;
use serde_json::Value;

use crate::world::{GITHUB_SECRET, assert_accepted, github_hook};

const FIRST_CHAT: i64 = 1000;

/// The kinds, each with a chat of its own, so that each message can be told apart.
pub(crate) struct Kinds(Vec<Example>);

impl Kinds {
    /// Loads the kinds.
    pub(crate) fn load() -> Self {
        let kinds = github::one_of_each_kind();
        assert!(kinds.len() >= 50, "{} kinds", kinds.len());
        Self(kinds)
    }

    fn each(&self) -> impl Iterator<Item = (&Example, i64)> {
        self.0.iter().zip(FIRST_CHAT..)
    }

    /// Their hooks.
    pub(crate) fn hooks(&self) -> String {
        self.each().map(|(kind, chat)| github_hook(&format!("kind/{}", kind.event), chat)).collect()
    }

    /// Posts one signed delivery of each kind.
    pub(crate) async fn post(&self, url: &str) {
        let http = Http::new();
        for ((kind, _), number) in self.each().zip(0..) {
            let headers = kind.headers(GITHUB_SECRET, &delivery_id(1, number));
            let answer = http.post(&format!("{url}/webhook/kind/{}", kind.event), &headers, kind.body.clone()).await;
            assert_accepted(&answer);
        }
    }

    /// Waits for a message of each kind and reads it as a person would.
    pub(crate) async fn check(&self, fake: &FakeBotApi, limit: Duration) {
        let shown = |messages: &[Message]| {
            self.each().all(|(_, chat)| messages.iter().any(|message| message.chat_id == chat)).then_some(())
        };
        fake.wait_for("message for every kind", limit, shown).await;
        for (kind, chat) in self.each() {
            let messages = fake.messages_of(chat);
            assert_eq!(messages.len(), 1, "{}", kind.event);
            check_text(kind, &messages[0].text);
        }
        let requests = self.each().flat_map(|(_, chat)| fake.requests_of(chat));
        let refused: Vec<_> = requests.filter(|request| request.status != 200).collect();
        assert!(refused.is_empty(), "the Bot API took every text at once: {refused:#?}");
    }
}

fn check_text(kind: &Example, text: &str) {
    let event = &kind.event;
    assert!(text.chars().filter(|c| c.is_alphanumeric()).count() >= 8, "{event}: {text:?}");
    for leftover in ["</", "{{", "undefined", "&amp;", "&lt;"] {
        assert!(!text.contains(leftover), "{event}: {leftover} in {text:?}");
    }
    let payload: Value = serde_json::from_slice(&kind.body).expect("an example is JSON");
    let name = |place: &str| {
        let found = &payload[place];
        found["full_name"].as_str().or_else(|| found["login"].as_str())
    };
    let known: Vec<&str> = ["repository", "organization", "sender"].into_iter().filter_map(name).collect();
    let told = known.is_empty() || known.iter().any(|name| text.contains(name));
    assert!(told || text.contains(&event.replace('_', " ")), "{event}: {text:?} names none of {known:?}");
}
