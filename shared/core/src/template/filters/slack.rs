//! The text of Slack's messages, which is neither HTML nor Markdown.
//!
//! Source: docs.slack.dev/messaging/formatting-message-text

/// A Slack text as people read it: mentions by name, links by label and address, `&`, `<` and `>` for their references.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('<') {
        shown.push_str(&unescaped(before));
        let Some((inner, after)) = tail.split_once('>') else {
            // Slack escapes a `<` that opens nothing, so this one is somebody else's.
            shown.push('<');
            rest = tail;
            continue;
        };
        shown.push_str(&reference(inner));
        rest = after;
    }
    shown.push_str(&unescaped(rest));
    shown
}

/// What stands between `<` and `>`: a user, a channel, a group, a date or a link.
fn reference(inner: &str) -> String {
    let (target, label) = match inner.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
        None => (inner, None),
    };
    let said = |mark: char, id: &str| {
        let name = unescaped(label.unwrap_or(id));
        if name.starts_with(mark) { name } else { format!("{mark}{name}") }
    };
    if let Some(id) = target.strip_prefix('@') {
        return said('@', id);
    }
    if let Some(id) = target.strip_prefix('#') {
        return said('#', id);
    }
    if let Some(special) = target.strip_prefix('!') {
        return match special.split_once('^') {
            Some(("subteam", id)) => said('@', id),
            Some(("date", _)) => unescaped(label.unwrap_or(special)),
            _ => said('@', special),
        };
    }
    let url = unescaped(target);
    let bare = ["https://", "http://", "mailto:", "tel:"].iter().find_map(|scheme| url.strip_prefix(scheme));
    if bare.is_none() && !url.contains("://") {
        // Nothing that Slack writes, so it stands for itself.
        return format!("<{}>", unescaped(inner));
    }
    match label.map(unescaped) {
        // What Slack itself made a link of.
        Some(label) if label == url || Some(label.as_str()) == bare.map(|bare| bare.trim_end_matches('/')) => label,
        Some(label) => format!("{label} ({url})"),
        None if target.starts_with("mailto:") || target.starts_with("tel:") => bare.unwrap_or_default().to_owned(),
        None => url,
    }
}

/// The text with `&`, `<` and `>` for their references, once.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
