//! The Bot API's methods: what each call is answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::html;
use super::state::{Chat, Script, State, Violation, unix_ms};

/// The longest text of a message, in UTF-16 units after parsing.
pub const TEXT_LIMIT: usize = 4096;

/// How many entities of a message are heeded; the rest is silently dropped.
const ENTITY_LIMIT: usize = 100;

/// A status and a JSON body.
pub(super) type Answer = (u16, Value);

/// Answers one call; `Err` are the parameters' own failures.
pub(super) fn call(
    state: &mut State,
    token: &str,
    method: &str,
    parameters: &Result<BTreeMap<String, String>, String>,
) -> Answer {
    if token != state.token {
        let shaped =
            token.split_once(':').is_some_and(|(id, _)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()));
        return if shaped { failure(401, "Unauthorized") } else { failure(404, "Not Found") };
    }
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(description) => return failure(400, description),
    };
    match method.to_ascii_lowercase().as_str() {
        "getme" => (200, json!({"ok": true, "result": bot(state)})),
        "sendmessage" => send_message(state, parameters),
        _ => failure(404, "Not Found: method not found"),
    }
}

/// The error shape of the Bot API.
pub(super) fn failure(status: u16, description: &str) -> Answer {
    (status, json!({"ok": false, "error_code": status, "description": description}))
}

fn bot(state: &State) -> Value {
    let id: i64 = state.token.split(':').next().and_then(|id| id.parse().ok()).unwrap_or_default();
    json!({"id": id, "is_bot": true, "first_name": "Fake", "username": "fake_bot", "can_join_groups": true})
}

fn send_message(state: &mut State, parameters: &BTreeMap<String, String>) -> Answer {
    let mut deliver_only = None;
    let chat = chat_of(state, parameters).ok();
    let next = state.scripts.iter().position(|script| script.chat.is_none() || script.chat == chat);
    if let Some(script) = next.and_then(|at| state.scripts.remove(at)) {
        if !script.deliver {
            return scripted(state, &script, parameters);
        }
        deliver_only = Some(script);
    }
    let (chat_id, text, entities) = match accept(state, parameters) {
        Ok(accepted) => accepted,
        Err(answer) => return answer,
    };
    let parse_mode = parameters.get("parse_mode").cloned().unwrap_or_default();
    let message_id = state.show(chat_id, text.clone(), entities.clone(), parse_mode);
    if let Some(script) = deliver_only {
        return failure(script.status, &script.description);
    }
    let kind = if chat_id < -1_000_000_000_000 {
        "supergroup"
    } else if chat_id < 0 {
        "group"
    } else {
        "private"
    };
    let mut result = json!({
        "message_id": message_id,
        "from": bot(state),
        "chat": {"id": chat_id, "type": kind},
        "date": unix_ms() / 1000,
        "text": text,
    });
    if !entities.is_empty() {
        result["entities"] = json!(entities);
    }
    (200, json!({"ok": true, "result": result}))
}

fn scripted(state: &mut State, script: &Script, parameters: &BTreeMap<String, String>) -> Answer {
    let (status, mut body) = failure(script.status, &script.description);
    if let Some(seconds) = script.retry_after {
        let (chat, now) = (chat_of(state, parameters).unwrap_or_default(), state.now_ms());
        state.limiter.block(script.scope, chat, seconds, now);
        body["parameters"] = json!({"retry_after": seconds});
    }
    (status, body)
}

type Accepted = (i64, String, Vec<html::Entity>);

/// Checks a message in the order of the real server: its text, its chat, then the limits.
fn accept(state: &mut State, parameters: &BTreeMap<String, String>) -> Result<Accepted, Answer> {
    let raw = parameters.get("text").map(String::as_str).unwrap_or_default();
    if raw.trim().is_empty() {
        return Err(failure(400, "Bad Request: message text is empty"));
    }
    let (text, entities) = match parameters.get("parse_mode").map(|mode| mode.to_ascii_lowercase()).as_deref() {
        None | Some("") => (raw.to_owned(), Vec::new()),
        Some("html") => {
            html::parse(raw).map_err(|why| failure(400, &format!("Bad Request: can't parse entities: {why}")))?
        }
        Some(_) => return Err(failure(400, "Bad Request: unsupported parse_mode")),
    };
    let (text, entities) = clean(&text, entities);
    if text.is_empty() {
        return Err(failure(400, "Bad Request: text must be non-empty"));
    }
    if html::utf16_len(&text) > TEXT_LIMIT {
        return Err(failure(400, "Bad Request: message is too long"));
    }
    let chat_id = chat_of(state, parameters)?;
    match state.chats.get(&chat_id) {
        Some(Chat::Unknown) => return Err(failure(400, "Bad Request: chat not found")),
        Some(Chat::Blocked) => return Err(failure(403, "Forbidden: bot was blocked by the user")),
        Some(Chat::Migrated { to }) => {
            let (status, mut body) = failure(400, "Bad Request: group chat was upgraded to a supergroup chat");
            body["parameters"] = json!({"migrate_to_chat_id": to});
            return Err((status, body));
        }
        Some(Chat::Open) | None => {}
    }
    limit(state, chat_id)?;
    Ok((chat_id, text, entities))
}

fn limit(state: &mut State, chat_id: i64) -> Result<(), Answer> {
    let now = state.now_ms();
    let limits = state.limits.clone();
    state.limiter.check(&limits, chat_id, now).map_err(|refusal| {
        if let Some(early) = refusal.early {
            state.violations.push(Violation { chat_id, scope: refusal.scope, at_ms: now, early });
        }
        let (status, mut body) = failure(429, &format!("Too Many Requests: retry after {}", refusal.retry_after));
        body["parameters"] = json!({"retry_after": refusal.retry_after});
        (status, body)
    })
}

/// Reads the chat: a number, or the name of a channel that a test has made known.
fn chat_of(state: &State, parameters: &BTreeMap<String, String>) -> Result<i64, Answer> {
    let chat = parameters.get("chat_id").map(String::as_str).unwrap_or_default();
    if chat.is_empty() {
        return Err(failure(400, "Bad Request: chat_id is empty"));
    }
    let known = if chat.starts_with('@') {
        state.usernames.get(chat).copied()
    } else {
        chat.parse().ok().filter(|id| *id != 0)
    };
    known.ok_or_else(|| failure(400, "Bad Request: chat not found"))
}

/// Cleans a text as it is shown: control characters become spaces, carriage returns go, the ends are trimmed.
fn clean(text: &str, mut entities: Vec<html::Entity>) -> (String, Vec<html::Entity>) {
    let returns_before = |units: usize| {
        let mut seen = 0;
        text.chars()
            .take_while(|c| {
                seen += c.len_utf16();
                seen <= units
            })
            .filter(|c| *c == '\r')
            .count()
    };
    for entity in &mut entities {
        let (from, to) = (entity.offset, entity.offset + entity.length);
        entity.offset = from - returns_before(from);
        entity.length = to - returns_before(to) - entity.offset;
    }
    let shown: String =
        text.chars().filter(|c| *c != '\r').map(|c| if c < ' ' && c != '\n' { ' ' } else { c }).collect();
    let trimmed = shown.trim_start();
    let skipped = html::utf16_len(&shown) - html::utf16_len(trimmed);
    let trimmed = trimmed.trim_end();
    let end = html::utf16_len(trimmed);
    for entity in &mut entities {
        let to = (entity.offset + entity.length).saturating_sub(skipped).min(end);
        entity.offset = entity.offset.saturating_sub(skipped).min(end);
        entity.length = to - entity.offset;
    }
    entities.retain(|entity| entity.length > 0);
    entities.truncate(ENTITY_LIMIT);
    (trimmed.to_owned(), entities)
}
