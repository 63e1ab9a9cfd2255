//! Filters that mark text up, and nothing where there is no text.

use minijinja::{State, Value};

use super::super::engine::written_in;
use super::wording::truncate;
use super::{shown, text};
use crate::markup::Markup;
use crate::telegram::shows_nothing;

/// The longest label, in characters: a name or a title, not a story.
const LONGEST_LABEL: usize = 200;

/// A link around a text, or the bare text where the address is missing or not one to click.
pub(super) fn link(state: &State<'_, '_>, label: &Value, url: &Value) -> Value {
    let url = text(url);
    let goes_somewhere = ["https://", "http://", "tg://"].iter().any(|scheme| url.starts_with(scheme));
    let Some(shown) = label_of(state, label) else {
        return Value::from(text(label).into_owned());
    };
    if shows_nothing(&shown) || !goes_somewhere || url.contains(char::is_whitespace) {
        return Value::from_safe_string(shown);
    }
    Value::from_safe_string(written_in(state).link(&url, &shown))
}

/// A text in bold.
pub(super) fn bold(state: &State<'_, '_>, value: &Value) -> Value {
    match label_of(state, value) {
        Some(shown) if shows_nothing(&shown) => Value::from(""),
        Some(shown) => Value::from_safe_string(written_in(state).bold(&shown)),
        None => Value::from(text(value).into_owned()),
    }
}

/// A text as code within a line.
pub(super) fn code(state: &State<'_, '_>, value: &Value) -> Value {
    let code = truncate(&shown(state, value), LONGEST_LABEL);
    match written_in(state) {
        _ if shows_nothing(&code) => Value::from(""),
        Markup::Plain => Value::from(code),
        markup => Value::from_safe_string(markup.code(&code)),
    }
}

/// A text with something before and after it; nothing at all where the text is blank.
pub(super) fn around(state: &State<'_, '_>, value: &Value, before: &str, after: Option<&str>) -> Value {
    let (after, markup) = (after.unwrap_or_default(), written_in(state));
    if shows_nothing(&text(value)) {
        return Value::from("");
    }
    match label_of(state, value) {
        Some(shown) => Value::from_safe_string(format!("{}{shown}{}", markup.escaped(before), markup.escaped(after))),
        None => Value::from(format!("{before}{}{after}", text(value))),
    }
}

/// A value on a new line; nothing where it is blank.
pub(super) fn line(state: &State<'_, '_>, value: &Value) -> Value {
    let shown = text(value);
    match written_in(state) {
        _ if shows_nothing(&shown) => Value::from(""),
        Markup::Plain => Value::from(format!("\n{shown}")),
        _ if value.is_safe() => Value::from_safe_string(format!("\n{shown}")),
        markup => Value::from_safe_string(format!("\n{}", markup.escaped(&shown))),
    }
}

/// The beginning of a longer text as a quotation on a new line; nothing where it is blank.
pub(super) fn quote(state: &State<'_, '_>, value: &Value, length: usize) -> Value {
    let quoted = truncate(shown(state, value).trim(), length);
    match written_in(state) {
        _ if shows_nothing(&quoted) => Value::from(""),
        Markup::Plain => Value::from(format!("\n{quoted}")),
        markup => Value::from_safe_string(format!("\n{}", markup.quote(&quoted))),
    }
}

/// Those items of a list that are not blank, with `between` between them.
pub(super) fn joined(state: &State<'_, '_>, items: &Value, between: &str) -> Value {
    let filled = items.try_iter().into_iter().flatten().filter(|item| !shows_nothing(&text(item)));
    let markup = written_in(state);
    if markup == Markup::Plain {
        return Value::from(filled.map(|item| text(&item).into_owned()).collect::<Vec<_>>().join(between));
    }
    let shown = filled.filter_map(|item| label_of(state, &item)).collect::<Vec<_>>();
    Value::from_safe_string(shown.join(&markup.escaped(between)))
}

/// The text of a page in HTML: no tags, characters where there were references, no empty lines.
pub(super) fn untag(html: &str) -> String {
    let mut shown = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        shown.push_str(before);
        let begins_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        rest = match tag.find('>') {
            Some(end) if begins_tag => {
                if ends_line(&tag[1..end]) {
                    shown.push('\n');
                }
                &tag[end + 1..]
            }
            _ => {
                shown.push_str("&lt;");
                &tag[1..]
            }
        };
    }
    shown.push_str(rest);
    let shown = crate::telegram::html::plain(&shown.replace("&nbsp;", " "));
    shown.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Whether a tag ends a line of text.
fn ends_line(tag: &str) -> bool {
    let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
    matches!(name.to_ascii_lowercase().as_str(), "br" | "br/" | "/p" | "/div" | "/li" | "/tr" | "/h1" | "/h2" | "/h3")
}

/// The value escaped for where it goes, once; for HTML where the template does not escape.
pub(super) fn escaped(state: &State<'_, '_>, value: &Value) -> Value {
    if value.is_safe() {
        return value.clone();
    }
    let markup = Some(written_in(state)).filter(|markup| *markup != Markup::Plain).unwrap_or(Markup::Html);
    Value::from_safe_string(markup.escaped(&text(value)).into_owned())
}

/// The value in the template's markup, cut to the length of a label; `None` where the template does not escape.
fn label_of(state: &State<'_, '_>, value: &Value) -> Option<String> {
    let markup = Some(written_in(state)).filter(|markup| *markup != Markup::Plain)?;
    let shown = text(value);
    Some(if value.is_safe() {
        shown.into_owned()
    } else {
        markup.escaped(&truncate(&shown, LONGEST_LABEL)).into_owned()
    })
}
