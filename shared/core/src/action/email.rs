//! Mails.

use serde::{Deserialize, Serialize};

use super::key::{Key, KeyRule};
use super::material::TEST_MARK;
use super::text::{Said, TextRule, one_line};
use super::{Check, Lane, Material, Rendered};
use crate::config::between;
use crate::mail::check_address;
use crate::markup::{self, Length, Markup, Unit};
use crate::template::{Escape, Template};
use crate::work::Payload;

/// The most addresses that one mail goes to.
const MOST_ADDRESSES: usize = 20;

/// The longest text of a mail, as it is seen.
const TEXT: Length = Length { most: 32_000, unit: Unit::Utf16 };

/// The most bytes of a text with its marks, so that it fits one queue message with room to spare; one with more of them goes
/// without marks, and shorter, so that it fits however much of it must be escaped.
const MOST_BYTES: usize = 160 * 1024;
const PLAIN_TEXT: Length = Length { most: 20_000, unit: Unit::Utf16 };

/// The longest subject, in characters.
const SUBJECT: Length = Length { most: 200, unit: Unit::Chars };

/// The markups that templates may be written in, the first unless said.
const MARKUPS: [Markup; 2] = [Markup::Html, Markup::Plain];

/// Sends a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The addresses that it goes to.
    pub to: Vec<String>,
    /// The template of the subject; the first line of the text where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text's template; the sender's own text where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextRule>,
    /// What makes its events' keys: the mails of a key are one thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyRule>,
}

/// An `email` action, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = EmailAction))]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The addresses that it goes to, from 1 to 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// The template of the subject; the first line of the text unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text's template; the sender's own text unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The markup of the template: `html`, with the tags that Telegram has, or `plain`; `html` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markup: Option<Markup>,
    /// The template of a key: the mails of all events of a key are one thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What travels to the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The addresses that it goes to.
    pub to: Vec<String>,
    /// The subject, on one line.
    pub subject: String,
    /// The text in Telegram's HTML, from which both parts of the mail are made.
    pub text: String,
    /// The key that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
}

impl Email {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        let text = TextRule::check(spec.template.as_ref(), spec.markup, &MARKUPS, check);
        let key = KeyRule::check(spec.key.as_ref(), None, check);
        if let Some(subject) = &spec.subject {
            check.take("subject", Template::compile(subject, Escape::None));
        }
        let count = between(spec.to.len(), 1, MOST_ADDRESSES)
            .map_err(|wrong| format!("an `email` action needs addresses, `to = [\"me@example.com\"]`: {wrong}"));
        check.take("to", count)?;
        for (i, address) in spec.to.iter().enumerate() {
            check.take(&format!("to[{i}]"), check_address(address))?;
            if spec.to[..i].iter().any(|before| before.eq_ignore_ascii_case(address)) {
                check.add(&format!("to[{i}]"), "the address stands there twice: take one of them out");
                return None;
            }
        }
        Some(Self { to: spec.to.clone(), subject: spec.subject.clone(), text: text?, key: key? })
    }

    /// The action as it would be written.
    pub(super) fn spec(&self) -> Spec {
        Spec {
            to: self.to.clone(),
            subject: self.subject.clone(),
            template: self.text.as_ref().map(|text| text.template.clone()),
            markup: self.text.as_ref().map(|text| text.markup),
            key: self.key.as_ref().map(|key| key.template.clone()),
        }
    }

    /// The sources of its templates.
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        let subject = self.subject.iter().map(|subject| ("subject".to_owned(), subject.as_str(), Escape::None));
        let text = self.text.iter().map(TextRule::template);
        text.chain(subject).chain(self.key.iter().map(KeyRule::template)).collect()
    }

    /// Whether the text is the sender's own.
    pub(super) const fn speaks_for_sender(&self) -> bool {
        self.text.is_none()
    }

    /// It has no secrets: the mail server's are the operator's.
    pub(super) const fn secrets<S>(&self) -> Vec<(&'static str, &S)> {
        Vec::new()
    }

    /// Its addresses.
    pub(super) fn destination(&self) -> String {
        self.to.join(", ")
    }

    /// The mail.
    #[expect(clippy::unnecessary_wraps, reason = "rooms are asked alike")]
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let said = material.text();
        let (key, no_key) = KeyRule::of(self.key.as_ref(), material);
        let mut text = material.one_part(&said, Markup::Html, TEXT);
        if text.len() > MOST_BYTES {
            let plain = markup::parts(&said.text, said.markup, Markup::Plain, PLAIN_TEXT).concat();
            text = material.one_part(
                &Said { text: plain, markup: Markup::Plain, trouble: None },
                Markup::Html,
                PLAIN_TEXT,
            );
        }
        let (subject, no_subject) = match material.rendered("subject") {
            Some(Ok(subject)) if material.head().test => (Some(format!("{TEST_MARK}{subject}")), None),
            Some(Ok(subject)) => (Some(subject), None),
            Some(Err(failure)) => {
                (None, Some(format!("its first line is the subject: the subject's template failed, {failure}")))
            }
            None => (None, None),
        };
        let seen = || markup::parts(&text, Markup::Html, Markup::Plain, SUBJECT).into_iter().next().unwrap_or_default();
        let subject = subject.map(|subject| one_line(&subject, SUBJECT.most)).filter(|subject| !subject.is_empty());
        let subject = subject.unwrap_or_else(|| {
            seen().lines().map(|line| one_line(line, SUBJECT.most)).find(|line| !line.is_empty()).unwrap_or_else(|| {
                let id = material.head().id;
                format!("Event {id}")
            })
        });
        let message = Message { to: self.to.clone(), subject, text, key };
        Ok(Rendered::new(Payload::Email(message), Lane::Parallel, [said.trouble, no_key, no_subject]))
    }
}

#[cfg(test)]
mod tests;
