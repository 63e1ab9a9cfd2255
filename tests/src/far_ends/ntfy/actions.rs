//! The buttons below a message, in JSON or in the short form of a header.
//! Source: <https://docs.ntfy.sh/publish/#action-buttons>.

use serde_json::{Map, Value, json};

use super::Refusal;
use crate::far_ends::fields::{self, Kind};

/// The most buttons of a message.
const MOST: usize = 3;

/// A refusal that says what is wrong.
fn invalid(message: impl Into<String>) -> Refusal {
    Refusal(40018, message.into())
}

/// The buttons of a JSON list.
pub(super) fn of_json(list: &Value) -> Result<Vec<Value>, Refusal> {
    let list = list.as_array().ok_or_else(|| invalid("not a list"))?;
    if list.len() > MOST {
        return Err(invalid(format!("only {MOST} actions allowed")));
    }
    list.iter().enumerate().map(|(place, action)| one(place, action)).collect()
}

/// The buttons of a header: JSON, or `view, label, url; http, label, url, clear=true`.
pub(super) fn of_text(text: &str) -> Result<Vec<Value>, Refusal> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if text.starts_with('[') {
        let list: Value = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        return of_json(&list);
    }
    let actions = sections(text)?.into_iter().map(|action| from_sections(&action)).collect::<Result<Vec<_>, _>>()?;
    of_json(&Value::Array(actions))
}

/// Checks a button, and gives it an id as the server does.
fn one(place: usize, action: &Value) -> Result<Value, Refusal> {
    let object = action.as_object().ok_or_else(|| invalid("not an object"))?;
    let texts = ["action", "label", "url", "method", "body", "intent"].map(|name| (name, Kind::Text));
    let others = [("clear", Kind::Flag), ("headers", Kind::Object), ("extras", Kind::Object)];
    fields::check(object, &[&texts[..], &others[..]].concat()).map_err(|wrong| invalid(format!("{wrong:?}")))?;
    let text = |name: &str| fields::text(object, name);
    let kind = text("action");
    if !["view", "broadcast", "http"].contains(&kind) {
        return Err(invalid(format!("action '{kind}' unknown")));
    }
    if text("label").is_empty() {
        return Err(invalid("parameter 'label' is required"));
    }
    if kind != "broadcast" && text("url").is_empty() {
        return Err(invalid(format!("parameter 'url' is required for action '{kind}'")));
    }
    if ["GET", "HEAD"].contains(&text("method")) && !text("body").is_empty() {
        return Err(invalid(format!("parameter 'body' cannot be set if method is {}", text("method"))));
    }
    let headers = ["headers", "extras"].map(|name| object.get(name).and_then(Value::as_object));
    if headers.into_iter().flatten().flat_map(Map::values).any(|value| !value.is_string()) {
        return Err(invalid("headers and extras are texts"));
    }
    let mut shown = action.clone();
    shown["id"] = json!(format!("action{place:04}"));
    shown["clear"] = json!(object.get("clear") == Some(&Value::Bool(true)));
    Ok(shown)
}

/// The terms of the short form, by button; quotes hold commas and semicolons together.
fn sections(text: &str) -> Result<Vec<Vec<String>>, Refusal> {
    let (mut actions, mut terms, mut term, mut quote, mut quoted) =
        (Vec::new(), Vec::new(), String::new(), None, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => term.extend(letters.next()),
            (Some(open), letter) if letter == open => (quote, quoted) = (None, true),
            (Some(_), letter) => term.push(letter),
            (None, '"' | '\'') if term.trim().is_empty() || term.ends_with('=') => quote = Some(letter),
            (None, ',' | ';') => {
                terms.push(std::mem::take(&mut term).trim().to_owned());
                quoted = false;
                if letter == ';' {
                    actions.push(std::mem::take(&mut terms));
                }
            }
            (None, letter) if quoted && !letter.is_whitespace() => {
                return Err(invalid(format!("unexpected character '{letter}' after a quote")));
            }
            (None, letter) => term.push(letter),
        }
    }
    if quote.is_some() {
        return Err(invalid("unexpected end of input in a quote"));
    }
    if !term.trim().is_empty() || !terms.is_empty() {
        terms.push(term.trim().to_owned());
        actions.push(terms);
    }
    Ok(actions)
}

/// A button of its terms: the first three may stand without a name.
fn from_sections(terms: &[String]) -> Result<Value, Refusal> {
    let mut action = json!({});
    for (place, term) in terms.iter().enumerate() {
        let is_key = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
        let named = term.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        let (key, value) = match named.filter(|(key, _)| is_key(key)) {
            Some(named) => named,
            None if place < 3 => (["action", "label", "url"][place], term.as_str()),
            None => return Err(invalid(format!("term '{term}' unknown"))),
        };
        match key.split_once('.') {
            Some((group @ ("headers" | "extras"), name)) => action[group][name] = json!(value),
            _ if key == "clear" => match value.to_lowercase().as_str() {
                "true" | "yes" | "1" => action["clear"] = json!(true),
                "false" | "no" | "0" => action["clear"] = json!(false),
                _ => return Err(invalid(format!("'clear={value}' not allowed"))),
            },
            _ => action[key] = json!(value),
        }
    }
    Ok(action)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::of_text;

    #[test]
    fn both_forms_are_read() {
        let short = "view, \"Look, here; now\", https://a.example/?x=1; http, Close, url=https://b.example, \
                     method=PUT, headers.X-A=b, body='{\"a\": 1}', clear=yes";
        let read = of_text(short).expect("it is well formed");
        assert_eq!(
            read[0],
            json!({"id": "action0000", "action": "view", "label": "Look, here; now",
            "url": "https://a.example/?x=1", "clear": false})
        );
        assert_eq!(
            read[1],
            json!({"id": "action0001", "action": "http", "label": "Close", "url": "https://b.example",
            "method": "PUT", "headers": {"X-A": "b"}, "body": "{\"a\": 1}", "clear": true})
        );
        let long = json!([{"action": "broadcast", "label": "Take", "extras": {"cmd": "pic"}}]);
        assert_eq!(of_text(&long.to_string()).map(|read| read.len()), Ok(1));
        assert_eq!(of_text(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_button_is_refused() {
        let four = vec![json!({"action": "view", "label": "a", "url": "https://a.example"}); 4];
        for text in [
            "view",
            "view, a",
            "open, a, https://a.example",
            "view, \"a",
            "view, \"a\" b, https://a.example",
            "view, a, https://a.example, more",
            "view, a, https://a.example, clear=maybe",
            "view, a, https://a.example, colour=red",
            "http, a, https://a.example, method=GET, body=x",
            "[{\"action\": \"view\"}]",
            "[{\"action\": \"view\", \"label\": 5, \"url\": \"a\"}]",
            "[{\"action\": \"view\", \"label\": \"a\", \"url\": \"a\", \"headers\": {\"a\": 1}}]",
            "[\"view\"]",
            "[",
            &Value::Array(four.clone()).to_string(),
        ] {
            assert!(of_text(text).is_err(), "{text}");
        }
        assert!(of_text(&Value::Array(four[..3].to_vec()).to_string()).is_ok());
    }
}
