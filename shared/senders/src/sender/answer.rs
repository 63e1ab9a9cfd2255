//! What senders want to hear once an event of theirs is written down.

use super::Sender;
use crate::json::scan::Fields;

/// An answer to an accepted event, where Bellhop's own JSON will not do.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which of the sender's events it is for; all of them where that is not said.
    pub when: Option<When>,
    /// The HTTP status.
    pub status: u16,
    /// The type of the body; empty where there is none.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

/// A field of the JSON body, and the values one of which it must have.
#[derive(Debug, PartialEq, Eq)]
pub struct When {
    /// The field: names and numbers with dots between them.
    pub field: &'static str,
    /// Its values.
    pub is: &'static [&'static str],
}

impl Sender {
    /// What this sender wants to hear of an event that is written down; `None` where any answer is right. The body is
    /// looked into only where the answer depends on it.
    pub fn answer(&self, body: &[u8]) -> Option<&'static Answer> {
        self.answers.iter().find(|answer| {
            answer.when.as_ref().is_none_or(|when| {
                let mut fields = Fields::at([when.field]);
                let found = fields.find(body).and_then(|()| fields.text(when.field));
                found.is_some_and(|text| when.is.contains(&text.as_ref()))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    /// A sender's answer to an event: its status, type and body.
    fn answer(sender: &str, body: &str) -> Option<(u16, &'static str, &'static str)> {
        let answer = Sender::named(sender).unwrap().answer(body.as_bytes())?;
        Some((answer.status, answer.content_type, answer.body))
    }

    #[test]
    fn an_answer_may_depend_on_a_field() {
        assert_eq!(answer("github", "{}"), None, "any answer is right");
        let nothing = Some((204, "", ""));
        for (body, expected) in [
            (r#"{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}"#, nothing),
            (r#"{"type":"2"}"#, answer("discord", r#"{"type":2}"#)),
            (r#"{"type":3}"#, answer("discord", r#"{"type":2}"#)),
            (r#"{"type":22}"#, nothing),
            (r#"{"type":[2]}"#, nothing),
            (r#"{"event":{"type":2}}"#, nothing),
            ("type=2", nothing),
            ("", nothing),
        ] {
            assert_eq!(answer("discord", body), expected, "{body}");
        }
        let shown = answer("discord", r#"{"type":2}"#).unwrap();
        assert_ne!(Some(shown), nothing);
        assert_ne!(Some(shown), answer("discord", r#"{"type":4}"#));
    }

    #[test]
    fn answers_are_ones_that_a_sender_takes_for_a_yes() {
        for answer in Sender::all().iter().flat_map(|sender| sender.answers) {
            assert!((200..300).contains(&answer.status), "{answer:?}");
            assert_eq!(answer.body.is_empty(), answer.content_type.is_empty(), "{answer:?}");
            if answer.content_type == "application/json" {
                assert!(json::read(answer.body.as_bytes()).unwrap().is_object(), "{answer:?}");
            }
        }
    }
}
