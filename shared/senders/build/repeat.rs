//! The Rust expression for how a sender delivers again; what would lose events or make none of them a copy stops the build.

use crate::code::Result;
use crate::row::{Place, Repeat, Row, Scheme};

/// For how many days a delivery is remembered where the row does not say.
const USUAL_DAYS: u32 = 7;

/// The expression for how a sender delivers again.
pub(crate) fn code(row: &Row) -> Result<String> {
    let Repeat { changes, headers, other_id, days, window_seconds } = &row.repeat;
    if let Some(path) = changes.iter().find(|path| path.split('.').any(str::is_empty)) {
        return Err(
            format!("repeat.changes: {path:?} is no path: names, numbers and `*` with dots between them").into()
        );
    }
    if changes.iter().any(|path| path == "*") && changes.len() > 1 {
        return Err("repeat.changes: \"*\" stands for the whole body, so it stands alone".into());
    }
    if changes.iter().any(|path| path == "*") && !is_proved(&row.delivery_id, &row.scheme) {
        return Err(
            "repeat.changes: \"*\" lets the delivery id decide alone, and here anybody could write another: the \
                    signature does not cover it. Name the fields that change instead"
                .into(),
        );
    }
    if *other_id && (matches!(row.delivery_id, Place::Nowhere) || changes.iter().any(|path| path == "*")) {
        return Err(
            "repeat.other_id: the content alone tells deliveries apart then, so there has to be some, and an id".into(),
        );
    }
    if days.is_some_and(|days| days < USUAL_DAYS) {
        return Err(format!("repeat.days: {USUAL_DAYS} are remembered anyway: name more, or leave it out").into());
    }
    if window_seconds.is_some() && !matches!(row.delivery_id, Place::Nowhere) {
        return Err("repeat.window_seconds: only for a sender without delivery_id".into());
    }
    Ok(format!(
        "Repeat {{ changes: &{changes:?}, headers: &{headers:?}, other_id: {other_id}, days: {days:?}, \
         window_seconds: {window_seconds:?} }}"
    ))
}

/// Whether what proves a request proves the value at a place too.
fn is_proved(place: &Place, scheme: &Scheme) -> bool {
    if matches!(scheme.kind.as_str(), "app-store" | "token" | "jwt" | "none") {
        return !matches!(place, Place::Nowhere);
    }
    let content = scheme.fields.get("content").and_then(|content| content.as_array());
    let parts: Vec<_> = content.into_iter().flatten().filter_map(|part| part.as_str()).collect();
    let body = parts.iter().any(|part| part.starts_with("body") || part.starts_with("form"));
    match place {
        Place::Nowhere => false,
        Place::Header(name) => parts.contains(&format!("header:{name}").as_str()),
        Place::Field(path) => body || parts.contains(&format!("field:{path}").as_str()),
        Place::Key(_) => body,
        Place::Join(places) | Place::First(places) => places.iter().all(|place| is_proved(place, scheme)),
    }
}
