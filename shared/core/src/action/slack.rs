//! Messages to Slack: by an incoming webhook, or as a bot.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::key::{Key, KeyRule};
use super::secrets::{kept_place, resolve_fields, secret_url};
use super::text::TextRule;
use super::{Action, Check, Lane, Material, Rendered};
use crate::config::{SecretInput, read_secret};
use crate::markup::{Length, Markup, Unit};
use crate::secret::SecretRef;
use crate::template::Escape;
use crate::work::Payload;

/// Where Slack's methods are unless said.
const API_BASE: &str = "https://slack.com/api";

/// The longest text of a message: of a longer one Slack shows the rest on demand, from 40,000 on nothing
/// (<https://docs.slack.dev/reference/methods/chat.postMessage>).
const MESSAGE: Length = Length { most: 4_000, unit: Unit::Utf16 };

/// The longest name of a channel.
const MOST_CHANNEL_CHARS: usize = 80;

/// The markups that templates may be written in, the first unless said.
const MARKUPS: [Markup; 3] = [Markup::Mrkdwn, Markup::Html, Markup::Plain];

/// Sends a message to Slack; `S` is where its secrets are, or what they are until they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slack<S = SecretRef> {
    /// The way there.
    pub way: Way<S>,
    /// The message's template; the sender's own text where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextRule>,
    /// What makes its events' keys: events of a key answer in the thread of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyRule>,
}

/// The way to a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way<S = SecretRef> {
    /// An incoming webhook, whose address is a secret and belongs to one channel.
    Webhook {
        /// The address.
        url: S,
    },
    /// A bot, which may write to several channels.
    Bot {
        /// Its token.
        token: S,
        /// The channel.
        channel: String,
        /// Where Slack's methods are, without a slash at its end.
        api_base: String,
    },
}

/// A `slack` action, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = SlackAction))]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The address of an incoming webhook, or a reference to it. It is a secret, and never shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Instead of an address: a bot's token, which begins with `xoxb-` and has the scope `chat:write`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// With a token: the channel's id, `C0123456789`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// With a token: where Slack's methods are; `https://slack.com/api` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_base: Option<String>,
    /// The message's template; the sender's own text unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The markup of the template: `mrkdwn`, `html` or `plain`; `mrkdwn` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markup: Option<Markup>,
    /// With a token: the template of a key. Events of one key are answers in the thread of the first. An event without a key
    /// stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// For how long after its last event a key's thread is gone on with, in seconds, from 60 to 31,536,000; 604,800 unless
    /// said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_seconds: Option<u64>,
}

/// What travels to the worker. Secrets stay where they are: it names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The way there.
    pub way: Way,
    /// Its parts in mrkdwn, in their order.
    pub parts: Vec<String>,
    /// The key whose thread it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
}

impl Slack<SecretInput> {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        let text = TextRule::check(spec.template.as_ref(), spec.markup, &MARKUPS, check);
        let key = KeyRule::check(spec.key.as_ref(), spec.key_seconds, check);
        let is_bot = !spec.token.is_empty() || !spec.channel.is_empty() || spec.api_base.is_some();
        let way = match (is_bot, spec.url.is_empty()) {
            (true, true) => check_bot(spec, check),
            (true, false) => {
                check.add("url", "an incoming webhook has its channel already: write `url`, or `token` and `channel`");
                None
            }
            (false, _) => {
                if spec.key.is_some() {
                    check.add("key", "an incoming webhook does not tell which message it made: threads need `token`");
                }
                let example = "url = \"env:SLACK_URL\"` or `token = \"env:SLACK_BOT_TOKEN\"` with a `channel";
                secret_url(&spec.url, "slack", example, webhook, check).map(|url| Way::Webhook { url })
            }
        };
        Some(Self { way: way?, text: text?, key: key? })
    }
}

impl<S> Slack<S> {
    /// Its secrets with their fields.
    pub(super) fn secrets(&self) -> Vec<(&'static str, &S)> {
        match &self.way {
            Way::Webhook { url } => vec![("url", url)],
            Way::Bot { token, .. } => vec![("token", token)],
        }
    }

    /// The same with each of its secrets made another.
    pub(super) fn map<T>(self, make: impl FnOnce(S) -> T) -> Slack<T> {
        let way = match self.way {
            Way::Webhook { url } => Way::Webhook { url: make(url) },
            Way::Bot { token, channel, api_base } => Way::Bot { token: make(token), channel, api_base },
        };
        Slack { way, text: self.text, key: self.key }
    }

    /// The sources of its templates.
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        self.text.iter().map(TextRule::template).chain(self.key.iter().map(KeyRule::template)).collect()
    }

    /// Whether the text is the sender's own.
    pub(super) const fn speaks_for_sender(&self) -> bool {
        self.text.is_none()
    }
}

impl Slack {
    /// The action as it would be written, without its secrets.
    pub(super) fn spec(&self) -> Spec {
        let (channel, api_base) = match &self.way {
            Way::Webhook { .. } => Default::default(),
            Way::Bot { channel, api_base, .. } => (channel.clone(), Some(api_base.clone())),
        };
        Spec {
            channel,
            api_base,
            template: self.text.as_ref().map(|text| text.template.clone()),
            markup: self.text.as_ref().map(|text| text.markup),
            key: self.key.as_ref().map(|key| key.template.clone()),
            key_seconds: self.key.as_ref().map(|key| key.seconds),
            ..Spec::default()
        }
    }

    /// The channel; of an incoming webhook where its address is kept.
    pub(super) fn destination(&self) -> String {
        match &self.way {
            Way::Webhook { url } => kept_place(url),
            Way::Bot { channel, .. } => channel.clone(),
        }
    }

    /// The message for the channel.
    #[expect(clippy::unnecessary_wraps, reason = "rooms are asked alike")]
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let said = material.text();
        let (key, no_key) = KeyRule::of(self.key.as_ref(), material);
        let parts = material.parts(&said, Markup::Mrkdwn, MESSAGE);
        let message = Message { way: self.way.clone(), parts, key };
        Ok(Rendered::new(Payload::Slack(message), Lane::Ordered, [said.trouble, no_key]))
    }
}

impl Message {
    /// Where its secret is.
    pub const fn secret(&self) -> &SecretRef {
        match &self.way {
            Way::Webhook { url } => url,
            Way::Bot { token, .. } => token,
        }
    }
}

/// Reads a bot, its channel and where it is heard; a token that is left out stays where it writes to the same channel.
fn check_bot(spec: &Spec, check: &mut Check<'_>) -> Option<Way<SecretInput>> {
    let api_base = spec.api_base.as_deref().unwrap_or(API_BASE);
    let api_base = check.take("api_base", super::forward::read_target(api_base));
    let api_base = api_base.map(|base| base.trim_end_matches('/').to_owned());
    let fits = |c: char| !c.is_whitespace() && !c.is_control();
    let is_channel = spec.channel.chars().all(fits) && (1..=MOST_CHANNEL_CHARS).contains(&spec.channel.chars().count());
    if !is_channel {
        check.add(
            "channel",
            "a bot needs a channel's id, which stands at the end of its details: `channel = \"C0123456789\"`",
        );
    }
    let mut kept = check.kept.iter().filter_map(|action| match action {
        Action::Slack(Slack { way: Way::Bot { token, api_base, channel }, .. }) => Some((token, api_base, channel)),
        _ => None,
    });
    let kept = kept.find(|(_, base, channel)| Some(*base) == api_base.as_ref() && **channel == spec.channel);
    let kept = kept.map(|(token, ..)| token.clone());
    let token = match (spec.token.is_empty(), kept) {
        (true, Some(kept)) => SecretInput::Reference(kept),
        (true, None) => {
            check.add("token", "a bot needs its token: `token = \"env:SLACK_BOT_TOKEN\"`");
            return None;
        }
        (false, _) => check.take("token", read_secret(&spec.token, check.secrets))?,
    };
    Some(Way::Bot { token, channel: spec.channel.clone(), api_base: api_base? }).filter(|_| is_channel)
}

/// Where the address of an action's webhook is, where it has one.
const fn webhook(action: &Action) -> Option<&SecretRef> {
    match action {
        Action::Slack(Slack { way: Way::Webhook { url }, .. }) => Some(url),
        _ => None,
    }
}

/// Puts the values of secrets in the place of the references that are written in these fields.
pub(super) fn resolve<E>(
    fields: &mut Map<String, Value>,
    value_of: &mut impl FnMut(&SecretRef) -> Result<Option<String>, E>,
) -> Result<(), E> {
    resolve_fields(fields, &["url", "token"], value_of)
}

#[cfg(test)]
mod tests;
