//! Hooks and lists as the API shows them.

use bellhop_core::hook::Hook;
use bellhop_core::secret::SecretRef;
use serde_json::{Value, json};

use crate::answer::Refused;

/// How many entries a page has unless asked, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;

/// A hook: secrets only as where they are, or as a fingerprint.
pub(super) fn hook_view(hook: &Hook) -> Value {
    let mut view = json!(hook);
    view["secrets"] = hook.secrets.iter().map(secret_view).collect();
    view["url_path"] = format!("/webhook/{}", hook.path).trim_end_matches('/').into();
    view["unsigned"] = hook.sender().is_some_and(|sender| sender.is_unsigned()).into();
    for list in ["events", "allowed_ips"] {
        if view[list].is_null() {
            view[list] = json!([]);
        }
    }
    view["created_at"] = hook.created_at.rfc3339().into();
    view["updated_at"] = hook.updated_at.rfc3339().into();
    view
}

/// A page of hooks, newest first, and the cursor of the next.
pub(super) fn page(mut hooks: Vec<Hook>, query: Option<&str>) -> Result<Value, Refused> {
    hooks.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
    let (mut limit, mut after) = (PAGE, None);
    for (name, value) in query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "limit" => {
                let given: Option<usize> = value.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit));
                limit = given.ok_or_else(|| {
                    Refused::new(400, "bad_query", format!("limit: a number from 1 to {LARGEST_PAGE}"))
                })?;
            }
            "cursor" => after = Some(value),
            _ => {}
        }
    }
    let start = match after {
        None => 0,
        Some(cursor) => {
            let place = hooks.iter().position(|hook| hook.id.as_str() == cursor);
            1 + place.ok_or_else(|| Refused::new(400, "bad_query", "cursor: not one that this list gave"))?
        }
    };
    let more = hooks.len() > start + limit;
    let items: Vec<_> = hooks.iter().skip(start).take(limit).collect();
    let next = items.last().filter(|_| more).map(|hook| hook.id.as_str());
    Ok(json!({"items": items.iter().map(|hook| hook_view(hook)).collect::<Vec<_>>(), "next_cursor": next}))
}

/// A secret as the API shows it.
fn secret_view(reference: &SecretRef) -> Value {
    match reference {
        SecretRef::Stored(name) => json!({"fingerprint": name.rsplit('-').next()}),
        elsewhere => json!({"reference": elsewhere.to_string()}),
    }
}
