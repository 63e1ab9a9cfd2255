//! The Bot API's methods: what each call is answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::html;
use super::state::{Chat, Document, Manner, Said, Script, State, Violation, unix_ms};

/// The longest text of a message, in UTF-16 units after parsing.
pub const TEXT_LIMIT: usize = 4096;

/// The longest caption of a document, in the same units.
pub const CAPTION_LIMIT: usize = 1024;

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
        "sendmessage" => send(state, parameters, &Sent::Text),
        "senddocument" => send(state, parameters, &Sent::Document),
        "editmessagetext" => send(state, parameters, &Sent::Edit),
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

/// What a call brings into a chat.
enum Sent {
    /// A message.
    Text,
    /// A document, with its caption.
    Document,
    /// Another text of a message that is there.
    Edit,
}

fn send(state: &mut State, parameters: &BTreeMap<String, String>, sent: &Sent) -> Answer {
    let mut deliver_only = None;
    let chat = chat_of(state, parameters).ok();
    let next = state.scripts.iter().position(|script| script.chat.is_none() || script.chat == chat);
    if let Some(script) = next.and_then(|at| state.scripts.remove(at)) {
        if !script.deliver {
            return scripted(state, &script, parameters);
        }
        deliver_only = Some(script);
    }
    let (chat_id, text, entities) = match accept(state, parameters, sent) {
        Ok(accepted) => accepted,
        Err(answer) => return answer,
    };
    let parse_mode = parameters.get("parse_mode").cloned().unwrap_or_default();
    let said = Said { text: text.clone(), entities: entities.clone(), parse_mode };
    let shown = match sent {
        Sent::Edit => edit(state, parameters, chat_id, said),
        Sent::Text | Sent::Document => {
            manner(state, parameters, chat_id, sent).map(|manner| state.show(chat_id, said, manner))
        }
    };
    let message_id = match shown {
        Ok(message_id) => message_id,
        Err(answer) => return answer,
    };
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
    });
    let (text_field, entities_field) = match sent {
        Sent::Document => ("caption", "caption_entities"),
        Sent::Text | Sent::Edit => ("text", "entities"),
    };
    if !text.is_empty() {
        result[text_field] = text.into();
    }
    if !entities.is_empty() {
        result[entities_field] = json!(entities);
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
fn accept(state: &mut State, parameters: &BTreeMap<String, String>, sent: &Sent) -> Result<Accepted, Answer> {
    let is_caption = matches!(sent, Sent::Document);
    let (field, limit_units) = if is_caption { ("caption", CAPTION_LIMIT) } else { ("text", TEXT_LIMIT) };
    let raw = parameters.get(field).map(String::as_str).unwrap_or_default();
    if raw.trim().is_empty() && !is_caption {
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
    if text.is_empty() && !is_caption {
        return Err(failure(400, "Bad Request: text must be non-empty"));
    }
    if html::utf16_len(&text) > limit_units {
        let what = if is_caption { "message caption is too long" } else { "message is too long" };
        return Err(failure(400, &format!("Bad Request: {what}")));
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

/// How a new message is sent: its topic, its sound and its document, each checked.
fn manner(state: &State, parameters: &BTreeMap<String, String>, chat_id: i64, sent: &Sent) -> Result<Manner, Answer> {
    let topic = match parameters.get("message_thread_id") {
        None => None,
        Some(text) => {
            let topic = text.parse::<i64>().ok().filter(|topic| state.topics.contains(&(chat_id, *topic)));
            Some(topic.ok_or_else(|| failure(400, "Bad Request: message thread not found"))?)
        }
    };
    let silent = match parameters.get("disable_notification").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(failure(400, "Bad Request: can't parse disable_notification")),
    };
    let document = match sent {
        Sent::Text | Sent::Edit => None,
        Sent::Document => {
            let text = parameters.get("document").filter(|text| !text.is_empty());
            let name = parameters.get("document.filename").filter(|name| !name.is_empty());
            let document = text.zip(name).map(|(text, name)| Document { name: name.clone(), text: text.clone() });
            Some(document.ok_or_else(|| failure(400, "Bad Request: there is no document in the request"))?)
        }
    };
    Ok(Manner { topic, silent, document })
}

/// Puts a text in the place of another.
fn edit(state: &mut State, parameters: &BTreeMap<String, String>, chat_id: i64, said: Said) -> Result<u64, Answer> {
    let id = parameters.get("message_id").and_then(|id| id.parse::<u64>().ok()).unwrap_or_default();
    let is_closed = state.closed.contains(&id);
    let found = state.messages.iter_mut().find(|message| message.message_id == id && message.chat_id == chat_id);
    let message = found.ok_or_else(|| failure(400, "Bad Request: message to edit not found"))?;
    if is_closed {
        return Err(failure(400, "Bad Request: message can't be edited"));
    }
    if message.document.is_some() {
        return Err(failure(400, "Bad Request: there is no text in the message to edit"));
    }
    if message.text == said.text && message.entities == said.entities {
        let what = "message is not modified: specified new message content and reply markup are exactly the same as a \
                    current content and reply markup of the message";
        return Err(failure(400, &format!("Bad Request: {what}")));
    }
    message.earlier.push(std::mem::replace(&mut message.text, said.text));
    (message.entities, message.parse_mode) = (said.entities, said.parse_mode);
    Ok(id)
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
