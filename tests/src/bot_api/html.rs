//! The HTML style of the Bot API, as strict as its documentation.

use serde::Serialize;

/// A formatted range of a message, in UTF-16 units as the Bot API counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entity {
    /// `bold`, `text_link`, `pre`, …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Start of the range.
    pub offset: usize,
    /// Length of the range.
    pub length: usize,
    /// Target of a `text_link`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Language of a `pre`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Parses `input` into the text as shown and its entities, or says what the Bot API would say.
pub fn parse(input: &str) -> Result<(String, Vec<Entity>), String> {
    let mut parser = Parser { input, at: 0, text: String::new(), units: 0, open: Vec::new(), entities: Vec::new() };
    parser.run()?;
    parser.entities.reverse(); // Of two equal ranges the outer one was closed last and comes first.
    parser.entities.sort_by_key(|entity| (entity.offset, usize::MAX - entity.length));
    Ok((parser.text, parser.entities))
}

/// Counts UTF-16 units, the unit of every Bot API limit.
pub fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

struct Open {
    tag: String,
    kind: &'static str,
    from: usize,
    url: Option<String>,
    language: Option<String>,
}

struct Parser<'a> {
    input: &'a str,
    at: usize,
    text: String,
    units: usize,
    open: Vec<Open>,
    entities: Vec<Entity>,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.rest().chars().next() {
            match c {
                '<' if self.rest().starts_with("</") => self.end_tag()?,
                '<' => self.start_tag()?,
                '>' => return Err(format!("Unescaped \">\" at byte offset {}", self.at)),
                '&' => {
                    let decoded = self.character_reference()?;
                    self.show(decoded);
                }
                c => {
                    self.at += c.len_utf8();
                    self.show(c);
                }
            }
        }
        match self.open.last() {
            Some(open) => Err(format!("Can't find end tag corresponding to start tag \"{}\"", open.tag)),
            None => Ok(()),
        }
    }

    fn rest(&self) -> &str {
        &self.input[self.at..]
    }

    fn show(&mut self, c: char) {
        self.text.push(c);
        self.units += c.len_utf16();
    }

    /// Only four names are documented; numbers are allowed in both bases.
    fn character_reference(&mut self) -> Result<char, String> {
        let at = self.at;
        let bad = || format!("Unescaped \"&\" at byte offset {at}");
        let end = self.rest().find(';').filter(|end| *end <= 10).ok_or_else(bad)?;
        let name = &self.input[at + 1..at + end];
        let decoded = match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            _ => {
                let digits = name.strip_prefix('#').ok_or_else(bad)?;
                let code = match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => digits.parse(),
                };
                code.ok().filter(|code| *code != 0).and_then(char::from_u32).ok_or_else(bad)?
            }
        };
        self.at += end + 1;
        Ok(decoded)
    }

    fn end_tag(&mut self) -> Result<(), String> {
        let at = self.at;
        let close = self.rest().find('>').ok_or_else(|| format!("Unclosed end tag at byte offset {at}"))?;
        let name = self.input[at + 2..at + close].trim_end().to_ascii_lowercase();
        let open = self.open.pop().ok_or_else(|| format!("Unexpected end tag at byte offset {at}"))?;
        if open.tag != name {
            return Err(format!(
                "Unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{name}>\"",
                open.tag
            ));
        }
        self.at += close + 1;
        self.close(open);
        Ok(())
    }

    /// Makes an entity of a closed tag; a `code` that is all of a `pre` only names its language.
    fn close(&mut self, open: Open) {
        let length = self.units - open.from;
        if length == 0 || open.kind.is_empty() {
            return;
        }
        if let Some(outer) = self.open.last_mut().filter(|outer| outer.kind == "pre") {
            outer.language = open.language;
            return;
        }
        self.entities.push(Entity {
            kind: open.kind,
            offset: open.from,
            length,
            url: open.url,
            language: open.language,
        });
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let at = self.at;
        let close = tag_end(self.rest()).ok_or_else(|| format!("Unclosed start tag at byte offset {at}"))?;
        let inner = &self.input[at + 1..at + close];
        let name_end = inner.find(|c: char| c.is_ascii_whitespace()).unwrap_or(inner.len());
        let tag = inner[..name_end].to_ascii_lowercase();
        if kind_of(&tag).is_none() {
            return Err(format!("Unsupported start tag \"{tag}\" at byte offset {at}"));
        }
        let attributes = attributes(&inner[name_end..], &tag, at)?;
        let open = self.describe(tag, &attributes, at)?;
        self.check_nesting(&open, at)?;
        self.at += close + 1;
        self.open.push(open);
        Ok(())
    }

    /// Checks that a tag has the attributes it needs and no other.
    fn describe(&self, tag: String, attributes: &[(String, Option<String>)], at: usize) -> Result<Open, String> {
        let mut kind = kind_of(&tag).unwrap_or_default();
        let (mut url, mut language, mut named) = (None, None, false);
        for (name, value) in attributes {
            let value = value.as_deref();
            match (tag.as_str(), name.as_str(), value) {
                ("span", "class", Some("tg-spoiler")) => named = true,
                ("a", "href", Some(href)) if !href.is_empty() => url = Some(href.to_owned()),
                ("tg-emoji", "emoji-id", Some(id)) if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) => {
                    named = true
                }
                ("blockquote", "expandable", None | Some("")) => kind = "expandable_blockquote",
                ("code", "class", Some(class)) if class.starts_with("language-") && self.inside_pre() => {
                    language = class.strip_prefix("language-").map(str::to_owned);
                }
                _ => {
                    return Err(format!("Unsupported attribute \"{name}\" of the tag \"{tag}\" at byte offset {at}"));
                }
            }
        }
        match tag.as_str() {
            "span" if !named => Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {at}")),
            "tg-emoji" if !named => {
                Err(format!("Tag \"tg-emoji\" must have attribute \"emoji-id\" at byte offset {at}"))
            }
            "a" if url.is_none() => Err(format!("Tag \"a\" must have attribute \"href\" at byte offset {at}")),
            _ => {
                if url.as_deref().is_some_and(|url| !is_link(url)) {
                    kind = ""; // The Bot API shows the text of such a link and drops the link.
                }
                Ok(Open { tag, kind, from: self.units, url, language })
            }
        }
    }

    fn inside_pre(&self) -> bool {
        self.open.last().is_some_and(|open| open.tag == "pre")
    }

    /// The documented rules: nothing inside `code` and `pre`, no quote in a quote, no two of the rest inside each other.
    fn check_nesting(&self, inner: &Open, at: usize) -> Result<(), String> {
        let style =
            |tag: &str| matches!(kind_of(tag), Some("bold" | "italic" | "underline" | "strikethrough" | "spoiler"));
        let quote = |tag: &str| tag == "blockquote";
        for outer in &self.open {
            let language = outer.tag == "pre" && inner.tag == "code" && self.inside_pre();
            let fixed = matches!(outer.tag.as_str(), "code" | "pre") && !language;
            let both_quotes = quote(&outer.tag) && quote(&inner.tag);
            let both_rest =
                !style(&outer.tag) && !style(&inner.tag) && !quote(&outer.tag) && !quote(&inner.tag) && !language;
            let code_in_style = matches!(inner.tag.as_str(), "code" | "pre") && style(&outer.tag);
            if fixed || both_quotes || both_rest || code_in_style {
                return Err(format!("Tag \"{}\" can't be inside \"{}\" at byte offset {at}", inner.tag, outer.tag));
            }
        }
        Ok(())
    }
}

fn kind_of(tag: &str) -> Option<&'static str> {
    Some(match tag {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "span" | "tg-spoiler" => "spoiler",
        "tg-emoji" => "custom_emoji",
        "a" => "text_link",
        "code" => "code",
        "pre" => "pre",
        "blockquote" => "blockquote",
        _ => return None,
    })
}

fn is_link(url: &str) -> bool {
    ["http://", "https://", "tg://", "mailto:", "tel:"].iter().any(|scheme| url.starts_with(scheme))
}

/// Finds the `>` that ends a tag, skipping those inside quotes.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in rest.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => return Some(index),
            (None, b'<') => return None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

type Attribute = (String, Option<String>);

fn attributes(mut rest: &str, tag: &str, at: usize) -> Result<Vec<Attribute>, String> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(found);
        }
        let name_end = rest.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        let name = rest[..name_end].to_ascii_lowercase();
        if name.is_empty() {
            return Err(format!("Empty attribute name in the tag \"{tag}\" at byte offset {at}"));
        }
        rest = rest[name_end..].trim_start();
        let Some(after) = rest.strip_prefix('=') else {
            found.push((name, None));
            continue;
        };
        let after = after.trim_start();
        let (raw, left) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after[1..].split_once(quote),
            _ => Some(after.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((after, ""))),
        }
        .ok_or_else(|| format!("Unclosed start tag at byte offset {at}"))?;
        found.push((
            name,
            Some(unescape(raw).map_err(|_| format!("Unescaped \"&\" in the tag \"{tag}\" at byte offset {at}"))?),
        ));
        rest = left;
    }
}

/// Decodes the character references of an attribute's value.
fn unescape(value: &str) -> Result<String, String> {
    let mut parser =
        Parser { input: value, at: 0, text: String::new(), units: 0, open: Vec::new(), entities: Vec::new() };
    while let Some(c) = parser.rest().chars().next() {
        let decoded = if c == '&' {
            parser.character_reference()?
        } else {
            parser.at += c.len_utf8();
            c
        };
        parser.text.push(decoded);
    }
    Ok(parser.text)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(input: &str, expected: &str) {
        let seen = match parse(input) {
            Ok((text, entities)) => {
                let entities: Vec<String> = entities
                    .iter()
                    .map(|entity| {
                        let extra = entity
                            .url
                            .as_ref()
                            .or(entity.language.as_ref())
                            .map(|s| format!("={s}"))
                            .unwrap_or_default();
                        format!("{}@{}+{}{extra}", entity.kind, entity.offset, entity.length)
                    })
                    .collect();
                format!("{text}|{}", entities.join(","))
            }
            Err(error) => format!("ERR {error}"),
        };
        assert_eq!(seen, expected, "input: {input}");
    }

    #[test]
    fn documented_tags_become_entities() {
        check("plain", "plain|");
        check("<b>a</b><strong>b</strong>", "ab|bold@0+1,bold@1+1");
        check("<i>a</i><em>b</em><u>c</u><ins>d</ins>", "abcd|italic@0+1,italic@1+1,underline@2+1,underline@3+1");
        check("<s>a</s><strike>b</strike><del>c</del>", "abc|strikethrough@0+1,strikethrough@1+1,strikethrough@2+1");
        check("<span class=\"tg-spoiler\">a</span><tg-spoiler>b</tg-spoiler>", "ab|spoiler@0+1,spoiler@1+1");
        check("<tg-emoji emoji-id=\"5368324170671202286\">👍</tg-emoji>", "👍|custom_emoji@0+2");
        check("<a href=\"https://example.com/?a=1&amp;b=2\">x</a>", "x|text_link@0+1=https://example.com/?a=1&b=2");
        check("<a href='tg://user?id=1'>x</a>", "x|text_link@0+1=tg://user?id=1");
        check("<code>a</code> <pre>b</pre>", "a b|code@0+1,pre@2+1");
        check("<pre><code class=\"language-rust\">a</code></pre>", "a|pre@0+1=rust");
        check(
            "<blockquote>a</blockquote><blockquote expandable>b</blockquote>",
            "ab|blockquote@0+1,expandable_blockquote@1+1",
        );
        check("<B>a</b >", "a|bold@0+1");
    }

    #[test]
    fn offsets_are_utf16_units() {
        check("😀<b>é😀</b>", "😀é😀|bold@2+3");
    }

    #[test]
    fn references_are_decoded() {
        check("&lt;&gt;&amp;&quot;&#39;&#x27;&#x1F600;", "<>&\"''😀|");
        for bad in ["&nbsp;", "&apos;", "a & b", "&#0;", "&#xD800;", "&#;", "&", "&lt"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn broken_markup_is_refused_with_its_place() {
        check("ab<p>c</p>", "ERR Unsupported start tag \"p\" at byte offset 2");
        check("é< b", "ERR Unclosed start tag at byte offset 2");
        check("a < b > c", "ERR Unsupported start tag \"\" at byte offset 2");
        check("a > b", "ERR Unescaped \">\" at byte offset 2");
        check("<b>a", "ERR Can't find end tag corresponding to start tag \"b\"");
        check("<b>a</i>", "ERR Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\"");
        check("a</b>", "ERR Unexpected end tag at byte offset 1");
        check("<b>a</b", "ERR Unclosed end tag at byte offset 4");
        check("<br/>", "ERR Unsupported start tag \"br/\" at byte offset 0");
        check("<span>a</span>", "ERR Tag \"span\" must have class \"tg-spoiler\" at byte offset 0");
        check("<a>x</a>", "ERR Tag \"a\" must have attribute \"href\" at byte offset 0");
        check("<b class=\"x\">a</b>", "ERR Unsupported attribute \"class\" of the tag \"b\" at byte offset 0");
        check(
            "<code class=\"language-rust\">a</code>",
            "ERR Unsupported attribute \"class\" of the tag \"code\" at byte offset 0",
        );
    }

    #[test]
    fn nesting_follows_the_documentation() {
        check("<b>a<i>b</i></b>", "ab|bold@0+2,italic@1+1");
        check("<a href=\"http://x.y\"><b>a</b></a>", "a|text_link@0+1=http://x.y,bold@0+1");
        check(
            "<blockquote><b>a</b><a href=\"http://x.y\">b</a></blockquote>",
            "ab|blockquote@0+2,bold@0+1,text_link@1+1=http://x.y",
        );
        for bad in [
            "<code><b>a</b></code>",
            "<pre><i>a</i></pre>",
            "<pre><code>a<b>b</b></code></pre>",
            "<b><code>a</code></b>",
            "<blockquote><blockquote>a</blockquote></blockquote>",
            "<a href=\"http://x.y\"><code>a</code></a>",
            "<a href=\"http://x.y\"><a href=\"http://x.y\">a</a></a>",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_shown_as_text() {
        check("<a href=\"/relative\">x</a>", "x|");
    }
}
