//! Which events a hook lets through.

mod cel;
mod check;
mod condition;
mod path;
mod variables;

pub(crate) use cel::nearest;
pub use check::{Check, Operator};
pub use condition::{BadCondition, Condition, Decision, LONGEST_CONDITION};
pub use variables::Variables;

/// Whether an event type passes a hook's list of patterns; an empty list lets everything through.
///
/// In a pattern `*` stands for any run of characters; everything else stands for itself. An event without a type passes
/// only an empty list, or the pattern `*`.
pub fn type_passes(patterns: &[String], event_type: Option<&str>) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern, event_type.unwrap_or_default()))
}

/// Whether the whole of `text` matches `pattern`, in time proportional to the text for each `*`.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(last) = parts.next_back() else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    // The first place of each part leaves the most for those behind it.
    parts.all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventHead;
    use crate::hook::Hook;
    use crate::json;
    use crate::template::Facts;
    use crate::time::Timestamp;

    /// Does something with the variables of a push event that has this payload.
    pub(super) fn with_event<T>(payload: serde_json::Value, run: impl FnOnce(&Variables<'_>) -> T) -> T {
        let body = payload.to_string();
        with_payload(payload.into(), &body, run)
    }

    /// The same with a payload that was read from this body.
    pub(super) fn with_payload<T>(payload: json::Value, body: &str, run: impl FnOnce(&Variables<'_>) -> T) -> T {
        let headers = [("user-agent", "hook/1"), ("x-a", "1"), ("content-type", "application/json"), ("x-a", "2")];
        let event = EventHead {
            id: crate::id::EventId::new(Timestamp::from_ms(1_700_000_000_007), &[0; 10]),
            path: "door".to_owned(),
            sender: "github".to_owned(),
            event_type: Some("push".to_owned()),
            delivery_id: None,
            received_at: Timestamp::from_ms(1_700_000_000_007),
            source_ip: Some("192.0.2.1".parse().unwrap()),
            query: None,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            owners: vec![],
            duplicates: Vec::new(),
            body_bytes: body.len(),
            test: false,
            erased_at: None,
        };
        let hook: Hook = serde_json::from_value(serde_json::json!({
            "id": "hk_1", "name": "my door", "path": "door", "sender": "github", "secrets": [], "rate_per_minute": 1,
            "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
        }))
        .unwrap();
        let body = body.as_bytes();
        let payload = std::sync::Arc::new(payload);
        let facts =
            Facts { event: &event, hook: hook.facts(), method: "POST", body, payload: Some(&payload), test: false };
        run(&Variables::new(facts))
    }

    #[test]
    fn patterns_match_whole_types() {
        for (pattern, text, passes) in [
            ("push", "push", true),
            ("push", "pushed", false),
            ("issue*", "issues", true),
            ("issue*", "issue", true),
            ("*.paid", "invoice.paid", true),
            ("invoice.*.x", "invoice.paid", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*ab", "ab", false),
            ("*ab*ab", "abab", true),
            ("a**b", "ab", true),
            ("*ä*", "xäx", true),
        ] {
            assert_eq!(glob(pattern, text), passes, "{pattern} on {text}");
        }
    }

    #[test]
    fn an_empty_list_lets_everything_through() {
        assert!(type_passes(&[], None));
        assert!(!type_passes(&["push".to_owned()], None));
        assert!(type_passes(&["x".to_owned(), "push".to_owned()], Some("push")));
    }
}
