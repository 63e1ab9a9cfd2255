//! The texts of messages that came with Bellhop: `table/NAME/EVENT_TYPE.html`, as templates in Telegram's HTML.

/// The file name of a text for every event type that has none of its own.
const ANY: &str = "_default";

/// A text of a sender's events.
#[derive(Debug)]
pub struct Text {
    /// The sender's name; empty for the general text.
    pub sender: &'static str,
    /// The event type, or `_default` for all that have no text of their own.
    pub event_type: &'static str,
    /// The template.
    pub source: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// All texts; what [`place`] and [`general`] give are places in this list.
pub fn all() -> &'static [Text] {
    TEXTS
}

/// The source of the text that is used where a hook has no template.
pub fn default_text(sender: &str, event_type: Option<&str>) -> &'static str {
    place(sender, event_type).and_then(|at| TEXTS.get(at)).map_or("", |text| text.source)
}

/// Which of the texts is for this sender and event type.
pub fn place(sender: &str, event_type: Option<&str>) -> Option<usize> {
    let sender = exactly(sender, ANY).and_then(|at| TEXTS.get(at)?.like()).unwrap_or(sender);
    let own = event_type.and_then(|event_type| exactly(sender, event_type));
    own.or_else(|| exactly(sender, ANY)).or_else(general)
}

/// Which of the texts is for every event.
pub fn general() -> Option<usize> {
    exactly("", ANY)
}

impl Text {
    /// Whether it only names another sender, whose texts are used instead.
    pub fn is_alias(&self) -> bool {
        self.like().is_some()
    }

    /// The sender whose texts are used instead, where all that a text says is `{% extends "gitea" %}`.
    fn like(&self) -> Option<&'static str> {
        self.source.trim().strip_prefix("{% extends \"")?.strip_suffix("\" %}")
    }
}

/// Where the text of exactly this name is.
fn exactly(sender: &str, event_type: &str) -> Option<usize> {
    TEXTS.iter().position(|text| text.sender == sender && text.event_type == event_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender::Sender;

    #[test]
    fn every_text_is_a_senders_and_aliases_lead_to_texts() {
        for text in TEXTS {
            assert!(text.sender.is_empty() || Sender::named(text.sender).is_some(), "{}", text.sender);
            if let Some(other) = text.like() {
                let found = exactly(other, ANY).expect(other);
                assert_eq!((text.event_type, TEXTS[found].like()), (ANY, None), "{} is like {other}", text.sender);
                assert_eq!(place(text.sender, None), Some(found));
            }
        }
    }

    #[test]
    fn the_nearest_text_is_taken() {
        assert_ne!(default_text("github", Some("push")), default_text("github", Some("never_seen")));
        assert_eq!(default_text("github", None), default_text("github", Some("never_seen")));
        assert_eq!(default_text("nobody", Some("push")), default_text("none", None));
        assert!(!default_text("nobody", None).is_empty());
    }
}
