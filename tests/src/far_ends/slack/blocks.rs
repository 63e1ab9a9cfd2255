//! Slack's blocks and what they may hold; those that a message of ours may have use for, and no others.
//!
//! Source: <https://docs.slack.dev/reference/block-kit/blocks> and the pages of each block, element and object below it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::mrkdwn::{self, Shown};
use crate::far_ends::fields::{self, Kind, Wrong, units};

/// The most blocks of a message.
pub const MOST_BLOCKS: usize = 50;

/// The longest text of a section.
pub const SECTION_TEXT: usize = 3000;

/// The longest text of a field of a section.
pub const FIELD_TEXT: usize = 2000;

/// The longest header.
pub const HEADER_TEXT: usize = 150;

/// The longest text of all `markdown` blocks of a message.
pub const MARKDOWN_TEXT: usize = 12_000;

/// The longest text of all blocks: the documentation names no such limit, and the real one answers
/// `msg_blocks_too_long` from about here on (<https://github.com/slackapi/bolt-js/issues/2509>).
pub const ALL_TEXT: usize = 13_000;

/// Why blocks are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Slack's word for it.
    pub(super) error: &'static str,
    /// What it says of it, with a JSON pointer.
    pub(super) message: String,
}

/// A refusal of something at a place.
fn invalid(at: &str, message: &str) -> Refusal {
    Refusal { error: "invalid_blocks", message: format!("{message} [json-pointer:{at}]") }
}

/// Reads the blocks of a message.
pub(super) fn read(blocks: &Value, at: &str) -> Result<Shown, Refusal> {
    let format =
        || Refusal { error: "invalid_blocks_format", message: format!("blocks must be a list [json-pointer:{at}]") };
    let blocks = blocks.as_array().ok_or_else(format)?;
    if blocks.len() > MOST_BLOCKS {
        return Err(invalid(at, "no more than 50 items allowed"));
    }
    let (mut shown, mut ids, mut markdown) = (Shown::default(), BTreeSet::new(), 0);
    for (place, block) in blocks.iter().enumerate() {
        let at = format!("{at}/{place}");
        let fields = object(&at, block)?;
        let id = fields::text(fields, "block_id");
        if units(id) > 255 || !id.is_empty() && !ids.insert(id) {
            return Err(invalid(&at, "block_id must be unique and no longer than 255 characters"));
        }
        let block = Place { at: &at, object: fields };
        if block.kind() == "markdown" {
            markdown += units(fields::text(fields, "text"));
        }
        shown.add(block.block()?);
    }
    if markdown > MARKDOWN_TEXT {
        return Err(invalid(at, "markdown blocks must be less than 12001 characters together"));
    }
    if units(&shown.text) > ALL_TEXT {
        return Err(Refusal { error: "msg_blocks_too_long", message: "the blocks are too long".to_owned() });
    }
    Ok(shown)
}

/// A value that must be an object.
fn object<'a>(at: &str, value: &'a Value) -> Result<&'a Map<String, Value>, Refusal> {
    value.as_object().ok_or_else(|| invalid(at, "must be an object"))
}

/// An item of a list: where it stands, and what it is.
type Item<'a> = (String, &'a Map<String, Value>);

/// An object of the blocks, and where it stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    at: &'a str,
    object: &'a Map<String, Value>,
}

impl<'a> Place<'a> {
    fn kind(self) -> &'a str {
        fields::text(self.object, "type")
    }

    /// Checks the names and kinds of the fields, `type` and `block_id` among them.
    fn has(self, known: &[(&str, Kind)]) -> Result<(), Refusal> {
        let known = [known, &[("type", Kind::Text), ("block_id", Kind::Text)]].concat();
        fields::check(self.object, &known).map_err(|wrong| {
            let at = format!("{}/{}", self.at, wrong.field());
            let message = match &wrong {
                Wrong::Unknown(name) => format!("unknown field: {name}"),
                Wrong::Kind(_, kind) => format!("must be of kind {kind:?}"),
            };
            invalid(&at, &message)
        })
    }

    /// A text of a bounded length.
    fn string(self, name: &str, most: usize, required: bool) -> Result<&'a str, Refusal> {
        let at = format!("{}/{name}", self.at);
        let text = fields::text(self.object, name);
        if units(text) > most {
            return Err(invalid(&at, &format!("must be less than {} characters", most + 1)));
        }
        if text.is_empty() && (required || self.object.contains_key(name)) {
            return Err(invalid(&at, "must be more than 0 characters"));
        }
        Ok(text)
    }

    /// A text object in a field.
    fn text_object(self, name: &str, plain_only: bool, most: usize) -> Result<Shown, Refusal> {
        let at = format!("{}/{name}", self.at);
        let value = self.object.get(name).ok_or_else(|| invalid(&at, "missing required field"))?;
        Place { at: &at, object: object(&at, value)? }.text(plain_only, most)
    }

    /// The text object that this is.
    fn text(self, plain_only: bool, most: usize) -> Result<Shown, Refusal> {
        let text = || self.string("text", most, true);
        match self.kind() {
            "plain_text" => {
                fields_of_text(self, "emoji")?;
                text().map(Shown::plain)
            }
            "mrkdwn" if !plain_only => {
                fields_of_text(self, "verbatim")?;
                text().map(|text| mrkdwn::read(text, false))
            }
            _ => Err(invalid(&format!("{}/type", self.at), "no such type of text is allowed here")),
        }
    }

    /// The items of a list, between one and `most`.
    fn items(self, name: &str, most: usize) -> Result<Vec<Item<'a>>, Refusal> {
        let list = self.object.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let at = format!("{}/{name}", self.at);
        if list.is_empty() || list.len() > most {
            return Err(invalid(&at, &format!("must have between 1 and {most} items")));
        }
        let item = |(place, value)| {
            let at = format!("{at}/{place}");
            object(&at, value).map(|object| (at.clone(), object))
        };
        list.iter().enumerate().map(item).collect()
    }

    /// The block that this is.
    fn block(self) -> Result<Shown, Refusal> {
        match self.kind() {
            "section" => self.section(),
            "header" => {
                self.has(&[("text", Kind::Object)])?;
                self.text_object("text", true, HEADER_TEXT)
            }
            "divider" => self.has(&[]).map(|()| Shown::default()),
            "markdown" => {
                self.has(&[("text", Kind::Text)])?;
                self.string("text", MARKDOWN_TEXT, true).map(|text| mrkdwn::read(text, false))
            }
            "context" => {
                self.has(&[("elements", Kind::List)])?;
                self.all("elements", 10, |item| match item.kind() {
                    "image" => item.image(),
                    _ => item.text(false, SECTION_TEXT),
                })
            }
            "actions" => {
                self.has(&[("elements", Kind::List)])?;
                self.all("elements", 25, |item| item.button())
            }
            "image" => {
                if self.object.contains_key("title") {
                    self.text_object("title", true, 2000)?;
                }
                self.image()
            }
            "rich_text" => {
                self.has(&[("elements", Kind::List)])?;
                self.all("elements", 100, |item| item.rich_text())
            }
            other => Err(invalid(&format!("{}/type", self.at), &format!("unsupported type: {other}"))),
        }
    }

    /// Reads each item of a list.
    fn all(
        self,
        name: &str,
        most: usize,
        read: impl Fn(Place<'_>) -> Result<Shown, Refusal>,
    ) -> Result<Shown, Refusal> {
        let mut shown = Shown::default();
        for (at, object) in self.items(name, most)? {
            shown.add(read(Place { at: &at, object })?);
        }
        Ok(shown)
    }

    fn section(self) -> Result<Shown, Refusal> {
        let known =
            [("text", Kind::Object), ("fields", Kind::List), ("accessory", Kind::Object), ("expand", Kind::Flag)];
        self.has(&known)?;
        let mut shown = Shown::default();
        if self.object.contains_key("text") {
            shown.add(self.text_object("text", false, SECTION_TEXT)?);
        }
        if self.object.contains_key("fields") {
            shown.add(self.all("fields", 10, |field| field.text(false, FIELD_TEXT))?);
        } else if !self.object.contains_key("text") {
            return Err(invalid(self.at, "must define either `text` or `fields`"));
        }
        if let Some(accessory) = self.object.get("accessory") {
            let at = format!("{}/accessory", self.at);
            let accessory = Place { at: &at, object: object(&at, accessory)? };
            shown.add(if accessory.kind() == "image" { accessory.image()? } else { accessory.button()? });
        }
        Ok(shown)
    }

    /// An image, as a block or an element.
    fn image(self) -> Result<Shown, Refusal> {
        self.has(&[("image_url", Kind::Text), ("alt_text", Kind::Text), ("title", Kind::Object)])?;
        let url = self.string("image_url", 3000, true)?;
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(invalid(&format!("{}/image_url", self.at), "must be a valid URL"));
        }
        self.string("alt_text", 2000, true)?;
        Ok(Shown::default())
    }

    fn button(self) -> Result<Shown, Refusal> {
        if self.kind() != "button" {
            return Err(invalid(&format!("{}/type", self.at), &format!("unsupported type: {}", self.kind())));
        }
        let texts = ["action_id", "url", "value", "style", "accessibility_label"].map(|name| (name, Kind::Text));
        self.has(&[&texts[..], &[("text", Kind::Object)]].concat())?;
        for (name, most) in [("action_id", 255), ("url", 3000), ("value", 2000), ("accessibility_label", 75)] {
            self.string(name, most, false)?;
        }
        if !["", "primary", "danger"].contains(&fields::text(self.object, "style")) {
            return Err(invalid(&format!("{}/style", self.at), "must be primary or danger"));
        }
        self.text_object("text", true, 75)
    }

    /// A part of a rich text: sections, lists, quotes and what stands in them.
    fn rich_text(self) -> Result<Shown, Refusal> {
        let mut shown = Shown::default();
        match self.kind() {
            "rich_text_section" | "rich_text_list" | "rich_text_preformatted" | "rich_text_quote" => {
                shown = self.all("elements", 1000, |item| item.rich_text())?;
            }
            "text" => shown.text = self.string("text", SECTION_TEXT, true)?.to_owned(),
            "link" => {
                let url = self.string("url", 3000, true)?;
                let label = Some(self.string("text", SECTION_TEXT, false)?).filter(|label| !label.is_empty());
                shown.text = label.unwrap_or(url).to_owned();
                shown.links.push((url.to_owned(), shown.text.clone()));
            }
            kind @ ("broadcast" | "user" | "usergroup") => {
                let whom = ["range", "user_id", "usergroup_id"].map(|name| fields::text(self.object, name)).concat();
                shown.mentions.push(format!("{kind} {whom}"));
            }
            "emoji" | "date" | "color" | "channel" => {}
            other => return Err(invalid(&format!("{}/type", self.at), &format!("unsupported type: {other}"))),
        }
        Ok(shown)
    }
}

/// Checks the fields of a text object; one of them is for texts of its type alone.
fn fields_of_text(place: Place<'_>, own: &str) -> Result<(), Refusal> {
    if place.object.contains_key("block_id") {
        return Err(invalid(place.at, "unknown field: block_id"));
    }
    place.has(&[("text", Kind::Text), (own, Kind::Flag)])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ALL_TEXT, FIELD_TEXT, HEADER_TEXT, MARKDOWN_TEXT, MOST_BLOCKS, SECTION_TEXT, read};

    fn plain(letters: usize) -> Value {
        json!({"type": "plain_text", "text": "x".repeat(letters)})
    }

    fn mrkdwn(letters: usize) -> Value {
        json!({"type": "mrkdwn", "text": "x".repeat(letters)})
    }

    fn section(letters: usize) -> Value {
        json!({"type": "section", "text": mrkdwn(letters)})
    }

    fn error(blocks: &Value) -> &'static str {
        read(blocks, "/blocks").map_or_else(|refusal| refusal.error, |_| "")
    }

    /// The largest size that may be, the word for one more, and blocks of a size.
    type Limit<'a> = (usize, &'a str, &'a dyn Fn(usize) -> Value);

    #[test]
    fn every_limit_holds_to_the_letter() {
        let button = |field: &str, value: Value| {
            let mut button = json!({"type": "button", "text": plain(1)});
            button[field] = value;
            json!([{"type": "actions", "elements": [button]}])
        };
        let limits: &[Limit<'_>] = &[
            (MOST_BLOCKS, "invalid_blocks", &|n| json!(vec![json!({"type": "divider"}); n])),
            (SECTION_TEXT, "invalid_blocks", &|n| json!([section(n)])),
            (10, "invalid_blocks", &|n| json!([{"type": "section", "fields": vec![mrkdwn(1); n]}])),
            (FIELD_TEXT, "invalid_blocks", &|n| json!([{"type": "section", "fields": [mrkdwn(n)]}])),
            (HEADER_TEXT, "invalid_blocks", &|n| json!([{"type": "header", "text": plain(n)}])),
            (10, "invalid_blocks", &|n| json!([{"type": "context", "elements": vec![mrkdwn(1); n]}])),
            (
                25,
                "invalid_blocks",
                &|n| json!([{"type": "actions", "elements": vec![json!({"type": "button", "text": plain(1)}); n]}]),
            ),
            (75, "invalid_blocks", &|n| button("text", plain(n))),
            (2000, "invalid_blocks", &|n| button("value", json!("x".repeat(n)))),
            (3000, "invalid_blocks", &|n| button("url", json!("x".repeat(n)))),
            (255, "invalid_blocks", &|n| button("action_id", json!("x".repeat(n)))),
            (255, "invalid_blocks", &|n| json!([{"type": "divider", "block_id": "x".repeat(n)}])),
            (MARKDOWN_TEXT, "invalid_blocks", &|n| json!([{"type": "markdown", "text": "x".repeat(n)}])),
            (MARKDOWN_TEXT + 1, "invalid_blocks", &|n| {
                let half = |letters| json!({"type": "markdown", "text": "x".repeat(letters)});
                json!([half(6000), half(n - 6001)])
            }),
            (ALL_TEXT - 4 * SECTION_TEXT - 4, "msg_blocks_too_long", &|n| {
                let mut blocks = vec![section(SECTION_TEXT); 4];
                blocks.push(section(n));
                json!(blocks)
            }),
        ];
        for (most, refused, blocks) in limits {
            assert_eq!(error(&blocks(*most)), "", "{}", blocks(*most));
            assert_eq!(error(&blocks(most + 1)), *refused, "{}", blocks(most + 1));
        }
    }

    #[test]
    fn what_the_documentation_does_not_know_is_refused() {
        for (error_of, blocks) in [
            ("invalid_blocks_format", json!({"type": "divider"})),
            ("invalid_blocks_format", json!("[]")),
            ("invalid_blocks", json!(["divider"])),
            ("invalid_blocks", json!([{"type": "paragraph"}])),
            ("invalid_blocks", json!([{"type": "divider", "text": "x"}])),
            ("invalid_blocks", json!([{"type": "section"}])),
            ("invalid_blocks", json!([{"type": "section", "text": "x"}])),
            ("invalid_blocks", json!([{"type": "section", "text": {"type": "markdown", "text": "x"}}])),
            ("invalid_blocks", json!([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}])),
            ("invalid_blocks", json!([{"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": true}}])),
            ("invalid_blocks", json!([{"type": "section", "fields": []}])),
            ("invalid_blocks", json!([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}])),
            ("invalid_blocks", json!([{"type": "image", "image_url": "https://a.example/x.png"}])),
            ("invalid_blocks", json!([{"type": "image", "image_url": "x.png", "alt_text": "x"}])),
            ("invalid_blocks", json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}])),
        ] {
            assert_eq!(error(&blocks), error_of, "{blocks}");
        }
    }

    #[test]
    fn mentions_are_found_wherever_they_call_somebody() {
        let loud = json!({"type": "mrkdwn", "text": "<!channel>"});
        let still = json!({"type": "plain_text", "text": "<!channel>"});
        for (blocks, calls) in [
            (json!([{"type": "section", "text": loud}]), 1),
            (json!([{"type": "section", "fields": [loud, still]}]), 1),
            (json!([{"type": "context", "elements": [loud]}]), 1),
            (json!([{"type": "markdown", "text": "a <@U012>"}]), 1),
            (json!([{"type": "header", "text": still}]), 0),
            (
                json!([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                    {"type": "text", "text": "<!here>"}, {"type": "broadcast", "range": "here"}]}]}]),
                1,
            ),
        ] {
            assert_eq!(read(&blocks, "/blocks").map(|shown| shown.mentions.len()), Ok(calls), "{blocks}");
        }
    }
}
