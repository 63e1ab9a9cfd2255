//! The arguments of a call, out of JSON or a form.
//! Source: <https://docs.slack.dev/apis/web-api/using-the-slack-web-api>.

use std::str::from_utf8;

use serde_json::{Map, Value};

use crate::sink::Came;

/// Arguments that no form has but as JSON.
const IN_JSON: &[&str] =
    &["blocks", "attachments", "metadata", "link_names", "mrkdwn", "reply_broadcast", "unfurl_links", "unfurl_media"];

/// The arguments of a method.
pub(super) struct Arguments {
    /// By name.
    pub(super) fields: Map<String, Value>,
    /// Whether they came as JSON of no named character set, of which the answer warns.
    pub(super) no_charset: bool,
}

/// The type of the body and its character set, in small letters.
fn content_type(came: &Came) -> Option<(String, Option<String>)> {
    let [value] = came.headers.get_all("content-type").iter().collect::<Vec<_>>()[..] else { return None };
    let value = value.to_str().ok()?.to_ascii_lowercase();
    let (kind, rest) = value.split_once(';').unwrap_or((&value, ""));
    let charset = rest.trim().strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned());
    Some((kind.trim().to_owned(), charset))
}

/// The object that a webhook carries, as JSON or in the field `payload` of a form.
pub(super) fn webhook(came: &Came) -> Option<Map<String, Value>> {
    let (kind, charset) = content_type(came)?;
    let text = from_utf8(&came.body).ok()?;
    if charset.is_some_and(|charset| charset != "utf-8") {
        return None;
    }
    match kind.as_str() {
        "application/json" => serde_json::from_str(text).ok(),
        "application/x-www-form-urlencoded" => match &pairs(text)?[..] {
            [(name, payload)] if name == "payload" => serde_json::from_str(payload).ok(),
            _ => None,
        },
        _ => None,
    }
}

/// The arguments of a method, or Slack's word for what is wrong with them.
pub(super) fn method(came: &Came) -> Result<Arguments, &'static str> {
    let (kind, charset) = content_type(came).ok_or("missing_post_type")?;
    if charset.as_ref().is_some_and(|charset| charset != "utf-8") {
        return Err("invalid_charset");
    }
    match kind.as_str() {
        "application/json" => {
            let value: Value = serde_json::from_slice(&came.body).map_err(|_| "invalid_json")?;
            let Value::Object(fields) = value else { return Err("json_not_object") };
            Ok(Arguments { fields, no_charset: charset.is_none() })
        }
        "application/x-www-form-urlencoded" => {
            let text = from_utf8(&came.body).map_err(|_| "invalid_form_data")?;
            let mut fields = Map::new();
            for (name, value) in pairs(text).ok_or("invalid_form_data")? {
                let plain = || Value::String(value.clone());
                let value = if IN_JSON.contains(&name.as_str()) {
                    serde_json::from_str(&value).unwrap_or_else(|_| plain())
                } else {
                    plain()
                };
                fields.insert(name, value);
            }
            Ok(Arguments { fields, no_charset: false })
        }
        _ => Err("invalid_post_type"),
    }
}

/// The pairs of a form; `None` where one is not UTF-8.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let whole = pairs.iter().all(|(name, value)| !name.contains('\u{fffd}') && !value.contains('\u{fffd}'));
    whole.then_some(pairs)
}
