//! Mails as they are written: two parts of one text, and headers that join them into threads.

use std::time::{Duration, UNIX_EPOCH};

use bellhop_core::action::email::Message;
use bellhop_core::mail::Mailbox;
use bellhop_core::markup::{self, Length, Markup, Unit, mail_html};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox as Named, Message as Mail, MultiPart, SinglePart};
use sha2::{Digest as _, Sha256};

/// Any length: a mail is one part.
const WHOLE: Length = Length { most: usize::MAX, unit: Unit::Bytes };

/// Writes a mail as RFC 5322 has it: the same id in every attempt, so that whoever gets it twice can tell. An error says why
/// it never can be written.
///
/// The mails of a key refer to one id that no mail has, which is what clients thread by.
pub(super) fn mail(from: &Mailbox, message: &Message, task: &Task, now: Timestamp) -> Result<Vec<u8>, String> {
    let domain = from.domain();
    let mut mail = Mail::builder()
        .from(Named::new(from.name.clone(), address(&from.address)?))
        // What looks like an encoded word would be read as one, line breaks and all (RFC 2047); the joiner is not seen.
        .subject(message.subject.replace("=?", "=\u{2060}?"))
        .date(UNIX_EPOCH + Duration::from_millis(now.as_ms()))
        .message_id(Some(format!("<{}@{domain}>", id(task))))
        .raw_header(header("Auto-Submitted", "auto-generated")?)
        .raw_header(header("X-Bellhop-Event", &task.event.to_string())?);
    for to in &message.to {
        mail = mail.to(Named::new(None, address(to)?));
    }
    if let Some(key) = &message.key {
        let thread = format!("<{}@{domain}>", digest(&[&task.destination, &key.digest]));
        mail = mail.in_reply_to(thread.clone()).references(thread);
    }
    let html = clean(&message.text);
    let plain = markup::parts(&html, Markup::Html, Markup::Plain, WHOLE).concat();
    let page = format!("<!DOCTYPE html>\n<html><body>\n{}</body></html>\n", mail_html(&html));
    let parts = MultiPart::alternative()
        // The same in every attempt, and in no text that was there before the task.
        .boundary(digest(&["boundary", task.id.as_str()]))
        .singlepart(SinglePart::plain(plain + "\n"))
        .singlepart(SinglePart::html(page));
    let mail = mail.multipart(parts).map_err(|error| format!("the mail cannot be written: {error}"))?;
    Ok(mail.formatted())
}

/// What tells a mail from every other; one that a person asked for again is another.
fn id(task: &Task) -> String {
    match task.retries {
        0 => task.id.to_string(),
        retries => format!("{}.{retries}", task.id),
    }
}

/// An address as a mail's header has it.
fn address(text: &str) -> Result<lettre::Address, String> {
    text.parse().map_err(|error| format!("no mail goes to or from this address: {error}"))
}

/// A header whose value is plain ASCII of our own.
fn header(name: &'static str, value: &str) -> Result<HeaderValue, String> {
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
    Ok(HeaderValue::new(name, value.to_owned()))
}

/// A text without control characters but for line breaks and tabs, which mails may not hold.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// A word that stands for some texts.
fn digest(texts: &[&str]) -> String {
    hex::encode(&Sha256::digest(texts.join("\n"))[..16])
}
