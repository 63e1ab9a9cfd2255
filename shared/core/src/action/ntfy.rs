//! Notifications through ntfy: on phones and desktops, by a topic.
//!
//! Facts: <https://docs.ntfy.sh/publish/>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::secrets::{kept_place, resolve_fields, secret_url};
use super::text::{TextRule, one_line};
use super::{Action, Check, Lane, Material, Rendered};
use crate::config::{SecretInput, between, read_secret};
use crate::markup::{Length, Markup, Unit};
use crate::secret::{Secret, SecretRef};
use crate::template::{Escape, Template};
use crate::work::Payload;

/// The longest text of a message: a longer one becomes an attachment, or is refused.
const MESSAGE: Length = Length { most: 4_096, unit: Unit::Bytes };

/// A message is published as JSON of at most twice that, with all its fields; so much of it is the text's, and one with
/// more to escape is cut shorter.
const MOST_TEXT_JSON: usize = 4_600;
const SHORT_MESSAGE: Length = Length { most: 700, unit: Unit::Bytes };

/// The longest title and label of a button in characters, the longest address in bytes, and how many tags and buttons.
const TITLE_CHARS: usize = 150;
const LABEL_CHARS: usize = 40;
const MOST_URL_BYTES: usize = 400;
const MOST_TAGS: usize = 5;
const TAG_CHARS: usize = 25;
const MOST_BUTTONS: usize = 3;

/// The markups that templates may be written in, the first unless said.
const MARKUPS: [Markup; 3] = [Markup::Plain, Markup::Html, Markup::Markdown];

/// How an address is written.
const EXAMPLE: &str = "url = \"https://ntfy.sh/my-topic\"";

/// Publishes a notification; `S` is where its secrets are, or what they are until they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ntfy<S = SecretRef> {
    /// The topic's address: whoever knows it may read there.
    pub url: S,
    /// An access token, or `user:password`.
    #[serde(default = "nobody", skip_serializing_if = "Option::is_none")]
    pub token: Option<S>,
    /// The message's template; the sender's own text where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextRule>,
    /// The template of the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The template of the priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The templates of the tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The template of the address that opens when the notification is tapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<String>,
    /// Its buttons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

/// No token, for what was stored without one.
const fn nobody<S>() -> Option<S> {
    None
}

/// A button below a notification, which opens an address; in an action both are templates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = NtfyButton))]
#[serde(deny_unknown_fields, default)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What it opens.
    pub url: String,
}

/// An `ntfy` action, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = NtfyAction))]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The topic's address, or a reference to it. It is a secret, and never shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// An access token, or `user:password`; nobody's unless said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// The message's template; the sender's own text unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The markup of the template: `plain`, `html` or `markdown`; `plain` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markup: Option<Markup>,
    /// The template of the title; the topic's name unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The template of the priority: 1 to 5, or `min`, `low`, `default`, `high`, `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Templates of tags, of which ntfy shows those that name an emoji as such; 5 at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The template of the address that opens when the notification is tapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click: Option<String>,
    /// Buttons that open an address, 3 at most; their labels and addresses are templates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

/// What travels to the worker. Secrets stay where they are: it names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Where the topic's address is.
    pub url: SecretRef,
    /// Where the token is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretRef>,
    /// The text.
    pub text: String,
    /// Whether that is Markdown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub markdown: bool,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The priority, from 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// The tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The address behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<String>,
    /// The buttons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

impl Ntfy<SecretInput> {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        let text = TextRule::check(spec.template.as_ref(), spec.markup, &MARKUPS, check);
        check.take("tags", between(spec.tags.len(), 0, MOST_TAGS));
        check.take("buttons", between(spec.buttons.len(), 0, MOST_BUTTONS));
        for (at, button) in spec.buttons.iter().enumerate() {
            if button.label.trim().is_empty() || button.url.trim().is_empty() {
                check.add(
                    &format!("buttons[{at}]"),
                    "a button says and opens something: `{ label = \"…\", url = \"…\" }`",
                );
            }
        }
        for (field, source) in templates(&spec.title, &spec.priority, &spec.tags, &spec.click, &spec.buttons) {
            check.take(&field, Template::compile(source, Escape::None));
        }
        // A priority without a variable is checked once and for all.
        if let Some(written) = spec.priority.as_ref().filter(|written| !written.contains(['{', '%'])) {
            check.take("priority", priority(written));
        }
        let url = secret_url(&spec.url, "ntfy", EXAMPLE, address, check)?;
        if let SecretInput::Value(url) = &url {
            check.take("url", topic(url.expose()))?;
        }
        let token = match (spec.token.is_empty(), spec.url.is_empty()) {
            (false, _) => Some(check.take("token", read_secret(&spec.token, check.secrets))?),
            // It stays with its address, and goes nowhere else.
            (true, true) => check.kept.iter().find_map(token).cloned().map(SecretInput::Reference),
            (true, false) => None,
        };
        let Spec { title, priority, tags, click, buttons, .. } = spec.clone();
        Some(Self { url, token, text: text?, title, priority, tags, click, buttons })
    }
}

impl<S> Ntfy<S> {
    /// Its secrets with their fields.
    pub(super) fn secrets(&self) -> Vec<(&'static str, &S)> {
        [("url", &self.url)].into_iter().chain(self.token.iter().map(|token| ("token", token))).collect()
    }

    /// The same with each of its secrets made another.
    pub(super) fn map<T>(self, mut make: impl FnMut(S) -> T) -> Ntfy<T> {
        let Self { url, token, text, title, priority, tags, click, buttons } = self;
        Ntfy { url: make(url), token: token.map(make), text, title, priority, tags, click, buttons }
    }

    /// The sources of its templates.
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        let others = templates(&self.title, &self.priority, &self.tags, &self.click, &self.buttons);
        let others = others.map(|(field, source)| (field, source, Escape::None));
        self.text.iter().map(TextRule::template).chain(others).collect()
    }

    /// Whether the text is the sender's own.
    pub(super) const fn speaks_for_sender(&self) -> bool {
        self.text.is_none()
    }
}

impl Ntfy {
    /// The action as it would be written, without its secrets.
    pub(super) fn spec(&self) -> Spec {
        let Self { title, priority, tags, click, buttons, .. } = self.clone();
        let (template, markup) = self.text.clone().map(|text| (text.template, text.markup)).unzip();
        Spec { template, markup, title, priority, tags, click, buttons, ..Spec::default() }
    }

    /// Where the topic's address is kept.
    pub(super) fn destination(&self) -> String {
        kept_place(&self.url)
    }

    /// The notification.
    #[expect(clippy::unnecessary_wraps, reason = "rooms are asked alike")]
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let said = material.text();
        let mut troubles = vec![said.trouble.clone()];
        let markup = if said.markup == Markup::Markdown { Markup::Markdown } else { Markup::Plain };
        let mut text = material.one_part(&said, markup, MESSAGE);
        if Value::from(text.as_str()).to_string().len() > MOST_TEXT_JSON {
            text = material.one_part(&said, markup, SHORT_MESSAGE);
        }
        let mut line = |field: &str, chars: usize| match material.rendered(field)? {
            Ok(made) => Some(one_line(&made, chars)).filter(|line| !line.is_empty()),
            Err(failure) => {
                troubles.push(Some(format!("it goes without its `{field}`: {failure}")));
                None
            }
        };
        let title = line("title", TITLE_CHARS);
        let tags = (0..self.tags.len()).filter_map(|at| line(&format!("tags[{at}]"), TAG_CHARS)).collect();
        let buttons = (0..self.buttons.len()).filter_map(|at| {
            let label = line(&format!("buttons[{at}].label"), LABEL_CHARS)?;
            Some((at, Button { label, url: line(&format!("buttons[{at}].url"), MOST_URL_BYTES + 1)? }))
        });
        let buttons: Vec<_> = buttons.collect();
        let (click, asked) = (line("click", MOST_URL_BYTES + 1), line("priority", TITLE_CHARS));
        let mut opens = |field: &str, url: &str| {
            let wrong = link_problem(url).map(|wrong| format!("it goes without its `{field}`: {wrong}"));
            let is_good = wrong.is_none();
            troubles.push(wrong);
            is_good
        };
        let click = click.filter(|url| opens("click", url));
        let buttons = buttons.into_iter().filter(|(at, button)| opens(&format!("buttons[{at}].url"), &button.url));
        let buttons = buttons.map(|(_, button)| button).collect();
        let priority = asked.and_then(|asked| {
            let read = priority(&asked)
                .map_err(|wrong| troubles.push(Some(format!("it goes without its `priority`: {wrong}"))));
            read.ok()
        });
        let (url, token, markdown) = (self.url.clone(), self.token.clone(), markup == Markup::Markdown);
        let message = Message { url, token, text, markdown, title, priority, tags, click, buttons };
        Ok(Rendered::new(Payload::Ntfy(message), Lane::Ordered, troubles))
    }
}

/// The templates of the fields beside the text, each with its field.
fn templates<'a>(
    title: &'a Option<String>,
    priority: &'a Option<String>,
    tags: &'a [String],
    click: &'a Option<String>,
    buttons: &'a [Button],
) -> impl Iterator<Item = (String, &'a str)> {
    let alone = [("title", title), ("priority", priority), ("click", click)];
    let alone = alone.into_iter().filter_map(|(field, source)| Some((field.to_owned(), source.as_deref()?)));
    let tags = tags.iter().enumerate().map(|(at, tag)| (format!("tags[{at}]"), tag.as_str()));
    let buttons = buttons.iter().enumerate().flat_map(|(at, button)| {
        let of = |field| format!("buttons[{at}].{field}");
        [(of("label"), button.label.as_str()), (of("url"), button.url.as_str())]
    });
    alone.chain(tags).chain(buttons)
}

/// Reads a priority.
fn priority(text: &str) -> Result<u8, &'static str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "min" => Ok(1),
        "2" | "low" => Ok(2),
        "3" | "default" => Ok(3),
        "4" | "high" => Ok(4),
        "5" | "max" | "urgent" => Ok(5),
        _ => Err("a priority is 1 to 5, or `min`, `low`, `default`, `high` or `max`"),
    }
}

/// What is wrong with an address that is to open.
fn link_problem(url: &str) -> Option<&'static str> {
    let opens = url.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric())
    });
    // RFC 3986, section 2: what else there is must be written as `%20` and the like.
    let is_apart = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}');
    match () {
        () if !opens || url.contains(is_apart) => Some("it is no address such as `https://example.com/`"),
        () if url.len() > MOST_URL_BYTES => Some("the address is too long"),
        () => None,
    }
}

/// The address of the server, without a slash at its end, and the name of the topic; an error says what is wrong, and
/// nothing of the address.
pub fn topic(url: &str) -> Result<(&str, &str), &'static str> {
    let read = || {
        let (server, topic) = url.trim().trim_end_matches('/').rsplit_once('/')?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_topic = (1..=64).contains(&topic.len()) && topic.bytes().all(fits);
        let has_host = server.split_once("://").is_some_and(|(_, host)| !host.is_empty());
        (is_topic && has_host).then_some((server, topic))
    };
    read().ok_or("the address ends with a topic of letters, digits, `-` and `_`: `https://ntfy.sh/my-topic`")
}

/// The value of the header by which a server knows who publishes: a user's name and password have a colon between them.
pub fn authorization(token: &Secret) -> String {
    let token = token.expose().trim();
    if token.contains(':') { format!("Basic {}", STANDARD.encode(token)) } else { format!("Bearer {token}") }
}

/// Where the address of an action's topic is.
const fn address(action: &Action) -> Option<&SecretRef> {
    if let Action::Ntfy(ntfy) = action { Some(&ntfy.url) } else { None }
}

/// Where the token of an action is.
const fn token(action: &Action) -> Option<&SecretRef> {
    if let Action::Ntfy(ntfy) = action { ntfy.token.as_ref() } else { None }
}

/// Puts the values of secrets in the place of the references that are written in these fields.
pub(super) fn resolve<E>(
    fields: &mut Map<String, Value>,
    value_of: &mut impl FnMut(&SecretRef) -> Result<Option<String>, E>,
) -> Result<(), E> {
    resolve_fields(fields, &["url", "token"], value_of)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::action::ActionSpec;
    use crate::action::tests::{assert_refused, checked, head, kept, rendered, stored};
    use crate::config::SecretsAs;

    const URL: &str = "https://ntfy.example/canary-7f3a";

    fn with(field: &str, value: Value) -> Value {
        let mut action = json!({"kind": "ntfy", "url": URL, "template": "{{ payload.x }}"});
        action[field] = value;
        action
    }

    /// The message that an action makes of a payload, and what went wrong with its templates.
    fn message(action: &Value, payload: Value) -> (Message, String) {
        let made = rendered(&stored(action), &head(&[], false), payload).unwrap();
        let Payload::Ntfy(message) = made.payload else { panic!("it is a notification") };
        (message, made.trouble.unwrap_or_default())
    }

    #[test]
    fn every_wrong_field_is_named_and_no_secret_is_repeated() {
        let button = |label: &str, url: &str| json!([{"label": label, "url": url}]);
        assert_refused(
            &[
                (json!({"kind": "ntfy"}), "url"),
                (with("url", json!("canary-7f3a")), "url"),
                (with("url", json!("ftp://ntfy.example/canary-7f3a")), "url"),
                (with("url", json!("https://ntfy.example/")), "url"),
                (with("url", json!("https://ntfy.example/canary-7f3a.x")), "url"),
                (with("url", json!(7)), "url"),
                (with("token", json!(["canary-7f3a"])), "token"),
                (with("template", json!("{{ payload")), "template"),
                (with("markup", json!("mrkdwn")), "markup"),
                (with("title", json!("{{ payload")), "title"),
                (with("priority", json!("6")), "priority"),
                (with("priority", json!("loud")), "priority"),
                (with("priority", json!("{{ payload")), "priority"),
                (with("tags", json!(["a", "b", "c", "d", "e", "f"])), "tags"),
                (with("tags", json!(["a", "{{"])), "tags[1]"),
                (with("click", json!("{{ payload")), "click"),
                (with("buttons", json!([{"label": "a"}])), "buttons[0]"),
                (with("buttons", button("a", "{{")), "buttons[0].url"),
                (with("buttons", button("{{", "https://a.example")), "buttons[0].label"),
                (with("buttons", json!([{"label": "a", "colour": "canary-7f3a"}])), "buttons[0].colour"),
                (with("key", json!("canary-7f3a")), "key"),
            ],
            "canary-7f3a",
        );
    }

    #[test]
    fn secrets_are_read_with_the_rights_of_whoever_wrote_them_and_stay_together() {
        for (token, file, operator, other) in
            [("tk_canary-7f3a", false, true, true), ("env:T", true, false, false), ("ssm:/team/t", true, true, false)]
        {
            let roles = [(SecretsAs::References, file), (SecretsAs::Values, operator), (SecretsAs::ValuesAlone, other)];
            for (secrets, taken) in roles {
                let checked = checked(&with("token", json!(token)), secrets, &[]);
                assert_eq!(checked.is_ok(), taken, "{token} {secrets:?}");
                let Ok(action) = checked else { continue };
                let action = kept(action);
                let shown = format!("{} {action:?}", serde_json::to_string(&ActionSpec::of(&action)).unwrap());
                assert!(!shown.contains("canary") && !action.destination().contains("canary"), "{shown}");
                let again = |written: Value| {
                    self::checked(&written, SecretsAs::ValuesAlone, std::slice::from_ref(&action)).map(kept)
                };
                assert_eq!(again(json!({"kind": "ntfy"})).unwrap().secrets(), action.secrets());
                // A token does not go to another address.
                let moved = again(json!({"kind": "ntfy", "url": "https://evil.example/topic"})).unwrap();
                assert!(moved.secrets().iter().all(|(field, _)| *field != "token"), "{moved:?}");
            }
        }
    }

    #[test]
    fn what_was_written_comes_back_without_its_secrets() {
        let written = json!({
            "kind": "ntfy", "template": "**a**", "markup": "markdown", "title": "b", "priority": "high", "tags": ["c"],
            "click": "{{ payload.url }}", "buttons": [{"label": "d", "url": "https://a.example"}],
        });
        let mut given = written.clone();
        (given["url"], given["token"]) = (json!("env:N"), json!("env:T"));
        let action = stored(&given);
        assert_eq!(serde_json::to_value(ActionSpec::of(&action)).unwrap(), written);
        assert_eq!(serde_json::from_str::<Action>(&serde_json::to_string(&action).unwrap()).unwrap(), action);
        let mut spec: ActionSpec = serde_json::from_value(given).unwrap();
        spec.resolve(&mut |_: &SecretRef| Ok::<_, ()>(Some(URL.to_owned()))).unwrap();
        let resolved = serde_json::to_value(spec).unwrap();
        assert_eq!((resolved["url"].as_str(), resolved["token"].as_str()), (Some(URL), Some(URL)));
    }

    #[test]
    fn what_an_event_does_not_have_is_left_out_and_what_is_wrong_is_told() {
        let mut action = with("priority", json!("{{ payload.p }}"));
        action["template"] = json!("a text");
        action["click"] = json!("{{ payload.url }}");
        action["buttons"] = json!([{"label": "{{ payload.l }}", "url": "{{ payload.url }}"}]);
        for (payload, priority, click, buttons, told) in [
            (json!({"p": 5, "url": "https://a.example", "l": "b"}), Some(5), true, 1, ""),
            (json!({"p": " MIN ", "url": "mailto:me@a.example", "l": ""}), Some(1), true, 0, ""),
            (json!({}), None, false, 0, ""),
            (json!({"p": 0, "l": "b"}), None, false, 0, "`priority`"),
            (json!({"url": "https://a.example/a\"b", "l": "b"}), None, false, 0, "`buttons[0].url`"),
            (json!({"url": format!("https://a.example/{}", "x".repeat(600))}), None, false, 0, "`click`"),
        ] {
            let (message, trouble) = message(&action, payload.clone());
            let found = (message.priority, message.click.is_some(), message.buttons.len());
            assert_eq!(found, (priority, click, buttons), "{payload}");
            assert!(trouble.contains(told) && trouble.is_empty() == told.is_empty(), "{payload}: {trouble}");
        }
    }

    #[test]
    fn whatever_an_event_holds_it_fits_what_ntfy_takes() {
        for text in ["\"", "a\u{1}", "ü", "😀", "a "] {
            let mut action = with("title", json!("{{ payload.x }}"));
            action["tags"] = json!(vec!["{{ payload.x }}"; MOST_TAGS]);
            action["buttons"] =
                json!(vec![json!({"label": "{{ payload.x }}", "url": "{{ payload.u }}"}); MOST_BUTTONS]);
            action["click"] = json!("{{ payload.u }}");
            let (long, url) = (text.repeat(9_000), format!("https://a.example/{}", "😀".repeat(95)));
            let (message, _) = message(&action, json!({"x": long, "u": url}));
            assert!(message.text.len() <= MESSAGE.most && message.text.contains("more characters"), "{text}");
            let json =
                serde_json::to_string(&(message.text, message.title, message.tags, message.click, message.buttons));
            assert!(json.unwrap().len() < 2 * 4_096 - 200, "{text}");
        }
    }
}
