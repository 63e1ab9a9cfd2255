//! A mail: who it is from and for, its headers and its parts.
//! Source: <https://www.rfc-editor.org/rfc/rfc5322>.

use std::time::Duration;

use super::mime::{self, Part};
use crate::far_ends::encoded_words;

/// A mail that the server took.
#[derive(Debug, Clone)]
pub struct Mail {
    /// When, since the fake was started.
    pub at: Duration,
    /// The number of its session.
    pub session: usize,
    /// The sender of the envelope; empty: nobody.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Who handed it over, where the server asked.
    pub user: Option<String>,
    /// Whether it came encrypted.
    pub encrypted: bool,
    /// The headers in order, unfolded and decoded.
    pub headers: Vec<(String, String)>,
    /// The parts that hold something, in order.
    pub parts: Vec<Part>,
    /// All of it, as it came.
    pub raw: Vec<u8>,
}

impl Mail {
    /// A header's value; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        value(&self.headers, name)
    }

    /// The text of the first part of a type, `text/plain`; empty where there is none.
    pub fn text(&self, content_type: &str) -> &str {
        let part = self.parts.iter().find(|part| part.content_type == content_type);
        part.map_or("", |part| part.text.as_str())
    }
}

/// Headers as they are kept: name and value.
pub(super) type Headers = Vec<(String, String)>;

/// A header's value; empty where it is absent.
pub(super) fn value<'a>(headers: &'a Headers, name: &str) -> &'a str {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.as_str())
}

/// Headers that a mail has once.
const ONCE: &[&str] = &["From", "To", "Subject", "Date", "Message-ID"];

/// Headers that it has once at most.
const AT_MOST_ONCE: &[&str] = &[
    "Sender",
    "Reply-To",
    "Cc",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
];

/// The headers, decoded, and the parts of a mail, or what is wrong with it.
pub(super) fn read(raw: &[u8]) -> Result<(Headers, Vec<Part>), String> {
    let (head, body) = split(raw);
    let headers = headers(head)?;
    let count = |name: &&&str| headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).count();
    if let Some(name) = ONCE.iter().find(|name| count(name) != 1) {
        return Err(format!("{name} is there {} times", count(&name)));
    }
    if let Some(name) = AT_MOST_ONCE.iter().find(|name| count(name) > 1) {
        return Err(format!("{name} is there {} times", count(&name)));
    }
    if let Some((name, _)) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Bcc")) {
        return Err(format!("{name} tells what it should hide"));
    }
    for name in ["From", "Sender", "Reply-To", "To", "Cc"] {
        let value = value(&headers, name);
        if !value.is_empty() || ONCE.contains(&name) {
            addresses(value).map_err(|wrong| format!("{name}: {wrong}"))?;
        }
    }
    let date = value(&headers, "Date");
    jiff::fmt::rfc2822::parse(date).map_err(|error| format!("Date: {error}"))?;
    for (name, most) in [("Message-ID", 1), ("In-Reply-To", usize::MAX), ("References", usize::MAX)] {
        let ids: Vec<_> = value(&headers, name).split_ascii_whitespace().collect();
        if ids.len() > most || ids.iter().any(|id| !is_id(id)) {
            return Err(format!("{name} holds no ids: {}", ids.join(" ")));
        }
    }
    let is_mime = headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("content-"));
    let version = value(&headers, "MIME-Version");
    if version != if is_mime || !version.is_empty() { "1.0" } else { "" } {
        return Err("MIME-Version is not 1.0".to_owned());
    }
    let parts = mime::parts(&headers, body)?;
    let decoded = headers.into_iter().map(|(name, value)| {
        let decoded = encoded_words::decode(&value).map_err(|wrong| format!("{name}: {wrong}"))?;
        Ok((name, decoded))
    });
    Ok((decoded.collect::<Result<_, String>>()?, parts))
}

/// The head and the body: an empty line stands between them.
pub(super) fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = raw.strip_prefix(b"\r\n") {
        return (b"", body);
    }
    match raw.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(place) => (&raw[..place + 2], &raw[place + 4..]),
        None => (raw, b""),
    }
}

/// The headers of a head, unfolded.
pub(super) fn headers(head: &[u8]) -> Result<Headers, String> {
    let head = std::str::from_utf8(head).ok().filter(|head| head.is_ascii()).ok_or("a header is not in ASCII")?;
    let mut headers = Headers::new();
    for line in head.split_terminator("\r\n") {
        if line.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(format!("a control character in {line:?}"));
        }
        if line.starts_with([' ', '\t']) {
            let (_, value) = headers.last_mut().ok_or("the first header begins with white space")?;
            if line.trim().is_empty() {
                return Err("a folded line of white space alone".to_owned());
            }
            value.push_str(line);
            continue;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| format!("no header: {line}"))?;
        if name.is_empty() || name.contains(' ') {
            return Err(format!("no header: {line}"));
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    for (_, value) in &mut headers {
        *value = value.trim().to_owned();
    }
    Ok(headers)
}

/// Whether a text is `<left@right>`.
fn is_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    inner.is_some_and(|inner| {
        let parts: Vec<_> = inner.split('@').collect();
        parts.len() == 2 && parts.iter().all(|part| !part.is_empty() && !part.contains(['<', '>', ' ']))
    })
}

/// Whether a text is an address: `name@domain`, in ASCII.
pub(super) fn is_address(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else { return false };
    let quoted = name.len() > 2 && name.starts_with('"') && name.ends_with('"');
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let dots = !name.starts_with('.') && !name.ends_with('.') && !name.contains("..");
    let good_name = quoted && name.is_ascii() || dots && !name.is_empty() && name.bytes().all(atom);
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    good_name && name.len() <= 64 && domain.len() <= 255 && domain.split('.').all(label)
}

/// The addresses of a header: `name@domain` or `Name <name@domain>`, with commas between them.
fn addresses(value: &str) -> Result<Vec<&str>, String> {
    let (mut quoted, mut begin, mut entries) = (false, 0, Vec::new());
    for (at, letter) in value.char_indices() {
        match letter {
            '"' if !value[..at].ends_with('\\') => quoted = !quoted,
            ',' if !quoted => {
                entries.push(&value[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    entries.push(&value[begin..]);
    let address = |entry: &'_ str| -> Option<(usize, usize)> {
        let entry = entry.trim();
        match entry.strip_suffix('>') {
            None => is_address(entry).then_some((0, entry.len())),
            Some(before) => {
                let (phrase, address) = before.rsplit_once('<')?;
                // What is no word stands in quotes, or is an encoded word.
                let phrase = phrase.trim();
                let word = |c: char| c.is_ascii_alphanumeric() || " !#$%&'*+-/=?^_`{|}~\t".contains(c);
                let in_quotes = phrase.len() > 1 && phrase.starts_with('"') && phrase.ends_with('"');
                let good = in_quotes || phrase.chars().all(word);
                (good && is_address(address)).then_some((before.len() - address.len(), before.len()))
            }
        }
    };
    let found = |entry: &&'_ str| address(entry).is_some();
    match entries.iter().find(|entry| !found(entry)) {
        Some(entry) => Err(format!("no address: {entry}")),
        None => Ok(entries),
    }
}
