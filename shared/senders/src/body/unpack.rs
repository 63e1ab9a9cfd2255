//! Unpacks what stands packed in a sender's payloads.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::json::{self, Value};
use crate::sender::{Unpack, Wrapping, value_at};

/// A payload with its packed parts unpacked; what cannot be unpacked stays as it is.
pub(super) fn unpacked(steps: &[Unpack], mut payload: Value) -> Value {
    for step in steps {
        let text = value_at(&payload, step.field).and_then(Value::as_str);
        if let Some(content) = text.and_then(|text| open(step.wrapping, text)) {
            put(&mut payload, step.into, content);
        }
    }
    payload
}

/// What is in a packed text.
fn open(wrapping: Wrapping, text: &str) -> Option<Value> {
    match wrapping {
        Wrapping::Json => json::read(text.as_bytes()).ok(),
        Wrapping::Jws => {
            let mut parts = text.split('.');
            let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
            json::read(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
        }
        Wrapping::Base64 => {
            let content = STANDARD.decode(text).ok()?;
            json::read(&content).ok().or_else(|| String::from_utf8(content).ok().map(Value::String))
        }
    }
}

/// Puts a value at a path of names whose beginning is there.
fn put(payload: &mut Value, path: &str, content: Value) {
    let Some((parents, name)) = path.rsplit_once('.').or_else(|| (!path.is_empty()).then_some(("", path))) else {
        *payload = content;
        return;
    };
    let mut steps = parents.split('.').filter(|step| !step.is_empty());
    let parent = steps.try_fold(payload, |value, step| value.as_object_mut()?.get_mut(step));
    if let Some(Value::Object(fields)) = parent {
        fields.insert(name, content);
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    macro_rules! json {
        ($($text:tt)*) => { Value::from(serde_json::json!($($text)*)) };
    }

    /// A payload after one step.
    fn after(field: &'static str, wrapping: Wrapping, into: &'static str, payload: Value) -> Value {
        unpacked(&[Unpack { field, wrapping, into }], payload)
    }

    #[test]
    fn packed_texts_are_put_where_they_belong() {
        let packed = STANDARD.encode(r#"{"n":820982911946154508}"#);
        let message = json!({"message": {"data": packed}});
        let unpacked = after("message.data", Wrapping::Base64, "message.decoded", message);
        assert_eq!(unpacked["message"]["decoded"], json!({"n": 820_982_911_946_154_508_u64}));
        assert_eq!(unpacked["message"]["data"], packed.as_str(), "the text itself stays");
        let text = json!({"data": STANDARD.encode("hällo")});
        assert_eq!(after("data", Wrapping::Base64, "data", text), json!({"data": "hällo"}));
        let signed = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"a":{"b":1}}"#));
        assert_eq!(after("p", Wrapping::Jws, "", json!({"p": signed})), json!({"a": {"b": 1}}));
        assert_eq!(after("p", Wrapping::Json, "", json!({"p": "[1]"})), json!([1]));
    }

    #[test]
    fn what_cannot_be_unpacked_stays_as_it_is() {
        for (wrapping, text) in [
            (Wrapping::Base64, "no base64!"),
            (Wrapping::Base64, "//79"),
            (Wrapping::Jws, "a.b"),
            (Wrapping::Jws, "e30.!.e30"),
            (Wrapping::Json, "{"),
        ] {
            for payload in [json!({"p": text}), json!({"p": [text]}), json!({"q": text}), json!([text]), json!(text)] {
                assert_eq!(after("p", wrapping, "", payload.clone()), payload, "{wrapping:?} {text}");
            }
        }
        let flat = json!({"p": "{}"});
        assert_eq!(after("p", Wrapping::Json, "a.b", flat.clone()), flat, "there is no `a` to put it into");
    }

    /// A request of a sender, read: its type, its delivery id and its payload.
    fn read(sender: &str, headers: &[(&str, &str)], body: &str) -> (Option<String>, Option<String>, Value) {
        let sender = crate::sender::Sender::named(sender).unwrap();
        let payload = crate::body::Body::new(headers, body.as_bytes()).read(Some(sender)).payload;
        let header = |name: &str| {
            let found = headers.iter().find(|(found, value)| *found == name && *value != "[redacted]");
            found.map(|(_, value)| Cow::Borrowed(*value))
        };
        let event_type = sender.event_type.read(&header, payload.as_ref()).map(Cow::into_owned);
        let id = sender.delivery_id.read_id(&header, payload.as_ref()).map(Cow::into_owned);
        (event_type, id, payload.unwrap_or_default())
    }

    #[test]
    fn what_apple_signed_is_the_payload_and_says_type_and_id() {
        let sample = crate::sender::Sender::named("app-store").unwrap().sample();
        let (kind, id, payload) = read("app-store", &[], sample.body);
        assert_eq!(kind.as_deref(), Some("SUBSCRIBED.INITIAL_BUY"));
        assert_eq!(id.as_deref(), Some("1b4e28ba-2fa1-11d2-883f-0016d3cca427"));
        assert_eq!(payload["data"]["transactionInfo"]["productId"], "bell.monthly");
        assert_eq!(payload["data"]["renewalInfo"]["autoRenewStatus"].as_i64(), Some(1));
        let plain =
            format!(r#"{{"signedPayload":"e30.{}.e30"}}"#, URL_SAFE_NO_PAD.encode(r#"{"notificationType":"TEST"}"#));
        assert_eq!(read("app-store", &[], &plain).0.as_deref(), Some("TEST"));
    }

    #[test]
    fn a_message_of_pub_sub_is_decoded_beside_itself() {
        let data = STANDARD.encode(r#"{"packageName":"com.example","testNotification":{"version":"1.0"}}"#);
        let body = json!({"message": {"data": data, "messageId": "136969346945"}}).to_string();
        let (kind, id, payload) = read("google-play", &[], &body);
        assert_eq!((kind.as_deref(), id.as_deref()), (Some("testNotification"), Some("136969346945")));
        assert_eq!(payload["message"]["decoded"]["packageName"], "com.example");
        assert_eq!(payload["message"]["data"], data.as_str());
        let unwrapped = read("google-pubsub", &[("x-goog-pubsub-message-id", "7")], r#"{"hello":"octo"}"#);
        assert_eq!((unwrapped.1.as_deref(), &unwrapped.2["hello"]), (Some("7"), &json!("octo")));
    }

    #[test]
    fn channels_of_google_count_their_messages() {
        let sent = [
            ("x-goog-channel-id", "c-1"),
            ("x-goog-message-number", "10"),
            ("x-goog-resource-state", "exists"),
            ("x-goog-channel-token", "[redacted]"),
        ];
        let (kind, id, _) = read("google-calendar", &sent, "");
        assert_eq!((kind.as_deref(), id.as_deref()), (Some("exists"), Some("c-1.10")));
    }
}
