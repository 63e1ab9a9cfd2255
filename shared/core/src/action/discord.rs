//! Messages to Discord, by a webhook.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::key::{Key, KeyRule};
use super::secrets::{kept_place, resolve_fields, secret_url};
use super::text::TextRule;
use super::{Action, Check, Lane, Material, Rendered};
use crate::config::SecretInput;
use crate::markup::{Length, Markup, Unit};
use crate::secret::SecretRef;
use crate::telegram::beginning;
use crate::template::{Escape, Template};
use crate::work::Payload;

/// The longest text of a message (<https://discord.com/developers/docs/resources/webhook#execute-webhook>).
const MESSAGE: Length = Length { most: 2_000, unit: Unit::Utf16 };

/// The longest name of a thread, from the same place, in characters.
const THREAD_NAME_CHARS: usize = 100;

/// The markups that templates may be written in, the first unless said.
const MARKUPS: [Markup; 3] = [Markup::Markdown, Markup::Html, Markup::Plain];

/// How an address is written.
const EXAMPLE: &str = "url = \"env:DISCORD_URL\"";

/// Sends a message to Discord; `S` is where its secrets are, or what they are until they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discord<S = SecretRef> {
    /// The webhook's address, which is a secret and belongs to one channel.
    pub url: S,
    /// The message's template; the sender's own text where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextRule>,
    /// The thread of the channel that messages go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// In a forum: the template of the names of the posts that messages begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_name: Option<String>,
    /// What makes its events' keys: the message of a key is edited as later events come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyRule>,
}

/// A `discord` action, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = DiscordAction))]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The address of a webhook, or a reference to it. It is a secret, and never shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The message's template; the sender's own text unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The markup of the template: `markdown`, which is Discord's, `html` or `plain`; `markdown` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markup: Option<Markup>,
    /// The id of a thread of the channel, or of a forum's post, that messages go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// In a forum: the template of a name. Each message begins a post of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_name: Option<String>,
    /// The template of a key: one message stands for all events of a key, and is edited as they come. An event without a
    /// key is a message of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// For how long after its last event a key's message is edited, in seconds, from 60 to 31,536,000; 604,800 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_seconds: Option<u64>,
}

/// What travels to the worker. Secrets stay where they are: it names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Where the webhook's address is.
    pub url: SecretRef,
    /// Its parts in Markdown, in their order.
    pub parts: Vec<String>,
    /// The thread that it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The name of the post that it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_name: Option<String>,
    /// The key that it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
}

impl Discord<SecretInput> {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        let text = TextRule::check(spec.template.as_ref(), spec.markup, &MARKUPS, check);
        let key = KeyRule::check(spec.key.as_ref(), spec.key_seconds, check);
        if let Some(thread) = &spec.thread {
            let is_id = (1..=20).contains(&thread.len()) && thread.bytes().all(|byte| byte.is_ascii_digit());
            if !is_id {
                check.add("thread", "a thread's id is a number, which Discord's developer mode lets you copy");
            }
            if spec.thread_name.is_some() {
                check.add("thread_name", "a message that goes to a `thread` begins none: leave one of them out");
            }
        }
        if let Some(name) = &spec.thread_name {
            check.take("thread_name", Template::compile(name, Escape::None));
        }
        let url = secret_url(&spec.url, "discord", EXAMPLE, address, check)?;
        let (thread, thread_name) = (spec.thread.clone(), spec.thread_name.clone());
        Some(Self { url, text: text?, thread, thread_name, key: key? })
    }
}

impl<S> Discord<S> {
    /// Its secret with its field.
    pub(super) fn secrets(&self) -> Vec<(&'static str, &S)> {
        vec![("url", &self.url)]
    }

    /// The same with its secret made another.
    pub(super) fn map<T>(self, make: impl FnOnce(S) -> T) -> Discord<T> {
        let Self { url, text, thread, thread_name, key } = self;
        Discord { url: make(url), text, thread, thread_name, key }
    }

    /// The sources of its templates.
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        let name = self.thread_name.iter().map(|name| ("thread_name".to_owned(), name.as_str(), Escape::None));
        let text = self.text.iter().map(TextRule::template);
        text.chain(name).chain(self.key.iter().map(KeyRule::template)).collect()
    }

    /// Whether the text is the sender's own.
    pub(super) const fn speaks_for_sender(&self) -> bool {
        self.text.is_none()
    }
}

impl Discord {
    /// The action as it would be written, without its secret.
    pub(super) fn spec(&self) -> Spec {
        Spec {
            url: String::new(),
            template: self.text.as_ref().map(|text| text.template.clone()),
            markup: self.text.as_ref().map(|text| text.markup),
            thread: self.thread.clone(),
            thread_name: self.thread_name.clone(),
            key: self.key.as_ref().map(|key| key.template.clone()),
            key_seconds: self.key.as_ref().map(|key| key.seconds),
        }
    }

    /// Where the webhook's address is kept.
    pub(super) fn destination(&self) -> String {
        kept_place(&self.url)
    }

    /// The message for the channel; an error is a post without a name.
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let said = material.text();
        let (key, no_key) = KeyRule::of(self.key.as_ref(), material);
        let thread_name = match material.rendered("thread_name") {
            None => None,
            Some(Ok(name)) => Some(post_name(&name, &material.head().id.to_string())),
            Some(Err(failure)) => return Err(format!("the template of the post's name failed: {failure}")),
        };
        let parts = match key {
            // One message is edited: what is beyond it stays in the event.
            Some(_) => vec![material.one_part(&said, Markup::Markdown, MESSAGE)],
            None => material.parts(&said, Markup::Markdown, MESSAGE),
        };
        let message = Message { url: self.url.clone(), parts, thread: self.thread.clone(), thread_name, key };
        Ok(Rendered::new(Payload::Discord(message), Lane::Ordered, [said.trouble, no_key]))
    }
}

/// A name of a post, on one line and of a length that Discord takes; the event's id where it shows nothing.
fn post_name(name: &str, event: &str) -> String {
    let line: String = name.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut name = beginning(&line, THREAD_NAME_CHARS);
    while crate::telegram::units(name) > THREAD_NAME_CHARS {
        let last = name.char_indices().next_back().map_or(0, |(at, _)| at);
        name = &name[..last];
    }
    if crate::telegram::shows_nothing(name) { format!("Event {event}") } else { name.to_owned() }
}

/// Where the address of an action's webhook is.
const fn address(action: &Action) -> Option<&SecretRef> {
    if let Action::Discord(discord) = action { Some(&discord.url) } else { None }
}

/// Puts the value of the secret in the place of the reference that is written there.
pub(super) fn resolve<E>(
    fields: &mut Map<String, Value>,
    value_of: &mut impl FnMut(&SecretRef) -> Result<Option<String>, E>,
) -> Result<(), E> {
    resolve_fields(fields, &["url"], value_of)
}

#[cfg(test)]
mod tests;
