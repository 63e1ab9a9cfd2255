//! Generated texts, and the texts of all senders: whatever is rendered reads as it was written.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::seen::{Block, Expected, Forms, Reading, address, assert_seen, expected};
use super::slack::Reader;
use super::{discord, *};
use crate::markup::read::Style;
use crate::telegram::is_blank;

/// How many texts each property is tried on.
const TEXTS: u32 = 10_000;

/// Pieces that renderings go wrong on: marks, mentions, entities, addresses, beginnings of lines, invisible characters,
/// right-to-left script, emoji, accents.
const PIECES: &[&str] = &[
    "*",
    "**",
    "***",
    "_",
    "__",
    "~",
    "~~",
    "|",
    "||",
    "`",
    "``",
    "```",
    "\\",
    "\\\\",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "&",
    "#",
    "-",
    "+",
    ".",
    ":",
    "!",
    "@",
    "\"",
    "'",
    "{",
    "}",
    "^",
    "%",
    "%2A",
    "*a*",
    "_a_",
    "__a__",
    "~~a~~",
    "||a||",
    "`a`",
    "snake_case_name",
    "a_",
    "_a",
    "5*3",
    "<@123>",
    "<@!123>",
    "<@&1>",
    "<#C123|x>",
    "<!channel>",
    "<!here|here>",
    "<!subteam^S1>",
    "<t:1618953630:R>",
    "<:emoji:123>",
    "<a:emoji:123>",
    "</cmd:1>",
    "<id:1>",
    "@everyone",
    "@here",
    "everyone",
    "here",
    "[x](https://evil.example/)",
    "<https://evil.example/|x>",
    "<https://h/>",
    "<b>",
    "&amp;",
    "&lt;",
    "&gt;",
    "https://h/a_b_c",
    "https://h/a*b",
    "https://h/a__b~~c",
    "https://h/?a=1&b=2",
    "http://h",
    "https://",
    "://",
    "https://h/(a)",
    "https://h/)",
    "(https://h/a).",
    "](https://h/a) ",
    "a[0](b)",
    "https://h/a|b",
    "xhttps://h/a`b",
    "> ",
    ">>> ",
    "&gt; ",
    "# ",
    "## ",
    "-# ",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "12.",
    ":tada:",
    "a",
    "b",
    "word",
    "two words",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\u{2028}",
    " ",
    "  ",
    "\t",
    "\u{a0}",
    "\u{200b}",
    "\u{2060}",
    "\u{feff}",
    "\u{ad}",
    "\u{200d}",
    "\u{202e}",
    "\u{200f}",
    "\0",
    "😀",
    "👩‍👩‍👧‍👦",
    "❤️",
    "👍🏽",
    "e\u{301}",
    "é",
    "漢字",
    "：",
    "（",
    "＊",
    "＿",
    "｀",
    "～",
    "＞",
    "שלום",
    "مرحبا",
    "¯\\_(ツ)_/¯",
    "C:\\dir\\",
    "1",
    "7",
];

/// Tags that match.
const TAGS: &[(&str, &str)] = &[
    ("<b>", "</b>"),
    ("<strong>", "</strong>"),
    ("<i>", "</i>"),
    ("<em>", "</em>"),
    ("<u>", "</u>"),
    ("<s>", "</s>"),
    ("<del>", "</del>"),
    ("<tg-spoiler>", "</tg-spoiler>"),
    ("<span class=\"tg-spoiler\">", "</span>"),
    ("<code>", "</code>"),
    ("<pre>", "</pre>"),
    ("<pre><code class=\"language-rust\">", "</code></pre>"),
    ("<blockquote>", "</blockquote>"),
    ("<blockquote expandable>", "</blockquote>"),
    ("<tg-emoji emoji-id=\"1\">", "</tg-emoji>"),
];

/// Links, of which some lead nowhere.
const LINKS: &[&str] = &[
    "https://h/",
    "https://h/?a=1&amp;b=2",
    "https://h/a|b&gt;*c*_d_ ~~e~~ (f) `g`",
    "http://h/__a__||b||\\c",
    "mailto:a_b@h.example",
    "tg://user?id=1",
    "javascript:alert(1)",
    "",
    "https://h/a_b_c",
];

/// Any text of pieces, and of any characters at all.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        30 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => (1usize..300).prop_map(|length| "x".repeat(length)),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// What the labels of links are made of.
#[derive(Debug, Clone, Copy)]
enum Labels {
    /// Any text with any marks.
    Any,
    /// One character: where a longer label is cut, Discord may take one half and not the other.
    Short,
}

/// Valid HTML: any text between tags that match, and in labels of links.
fn any_html(labels: Labels) -> impl Strategy<Value = String> {
    let text = any_text().prop_map(|text| html::escape(&text).into_owned());
    text.prop_recursive(3, 12, 4, move |inner| {
        let label = match labels {
            Labels::Any => inner.clone().boxed(),
            Labels::Short => proptest::sample::select(&["a", "<b>b</b>", "漢"][..]).prop_map(str::to_owned).boxed(),
        };
        let linked = (label, proptest::sample::select(LINKS))
            .prop_map(|(label, address)| format!("<a href=\"{address}\">{label}</a>"));
        let tagged = (inner.clone(), proptest::sample::select(TAGS))
            .prop_map(|(inner, (open, close))| format!("{open}{inner}{close}"));
        let one = prop_oneof![2 => inner, 6 => tagged, 2 => linked];
        proptest::collection::vec(one, 1..5).prop_map(|all| all.concat())
    })
    .prop_filter("links stand in no links and blocks in no code", |html| html::parse(html).is_ok() && is_flat(html))
}

/// Whether no link is within another, and nothing within code: what Telegram itself would not show.
fn is_flat(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    html::parse(html).unwrap().tags.iter().all(|mark| match &mark.tag {
        html::Tag::Open { name, .. } => {
            let is_inner = open.contains(&"pre") && *name != "code"
                || open.contains(&"code")
                || (*name == "a" && open.contains(&"a"));
            let is_block =
                matches!(*name, "pre" | "blockquote") && open.iter().any(|name| matches!(*name, "a" | "blockquote"));
            open.push(name);
            !is_inner && !is_block
        }
        html::Tag::Close { .. } => open.pop().is_some(),
    })
}

/// What Slack's markup has.
fn slacks() -> Forms {
    Forms {
        lacks: super::seen::with(Style::UNDERLINE, Style::SPOILER),
        takes_label: |_| true,
        is_ended_by_itself: true,
        has_mail: true,
    }
}

/// What Discord's markup has.
fn discords() -> Forms {
    let takes = |label: &str| {
        let mut depth = 0;
        let is_paired = label.chars().all(|c| {
            depth += i32::from(c == '[') - i32::from(c == ']');
            (0..=1).contains(&depth)
        });
        is_paired && depth == 0 && !label.contains("://")
    };
    Forms { lacks: Style::default(), takes_label: takes, is_ended_by_itself: false, has_mail: false }
}

/// Fails unless all parts of a text are short enough and read as it was written.
pub(crate) fn assert_reads(html: &str, length: Length) {
    for to in [Markup::Mrkdwn, Markup::Markdown] {
        let parts = parts(html, Markup::Html, to, length);
        for part in &parts {
            assert!(length.of(part) <= length.most, "{} in {to:?}: {part:?} of {html:?}", length.of(part));
            assert!(!part.chars().all(is_blank), "{html:?}");
        }
        let about = format!("{to:?}: {parts:?} of {html:?}");
        if to == Markup::Markdown {
            let readings: Vec<_> = parts.iter().map(|part| discord::read(part)).collect();
            assert_seen(&expected(html, discords()), &readings, &about);
        } else {
            for reader in [Reader::Sure, Reader::Eager] {
                let readings: Vec<_> = parts.iter().map(|part| reader.read(part)).collect();
                assert_seen(&expected(html, slacks()), &readings, &format!("{reader:?} {about}"));
            }
        }
    }
}

/// What each reader of a markup makes of a text.
fn readings(markup: Markup, text: &str) -> Vec<Reading> {
    match markup {
        Markup::Markdown => vec![discord::read(text)],
        _ => [Reader::Sure, Reader::Eager].map(|reader| reader.read(text)).into(),
    }
}

/// Fails unless a text calls nobody and has no lists, no headings and no link that was not written as one.
pub(crate) fn reads_without_marks_of_its_own(markup: Markup, text: &str) {
    for reading in readings(markup, text) {
        assert_eq!((&reading.mentions, &reading.leaks), (&vec![], &vec![]), "{markup:?}: {text:?}");
        let links = reading.seen.iter().filter_map(|one| one.marks.link.as_deref());
        assert!(links.clone().all(|link| link.starts_with("https://h/")), "{markup:?}: {text:?}");
    }
}

/// Fails unless a text shows just this, space aside, with no marks but those of a filter or of a quotation.
pub(crate) fn takes(markup: Markup, text: &str, shown: &str) {
    reads_without_marks_of_its_own(markup, text);
    let expected = shown.chars().filter(|c| !is_blank(*c)).map(|c| Expected {
        c,
        least: Style::default(),
        most: super::seen::with(Style::BOLD, Style::CODE),
        link: None,
        block: Block::Text,
        line: 0,
    });
    for mut reading in readings(markup, text) {
        reading.seen.iter_mut().for_each(|one| one.marks.block = Block::Text);
        assert_seen(&expected.clone().collect::<Vec<_>>(), &[reading], &format!("{markup:?}: {text:?}"));
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(TEXTS) })]

    #[test]
    fn what_is_rendered_reads_as_it_was_written(html in any_html(Labels::Any)) {
        assert_reads(&html, LONG);
    }

    #[test]
    fn any_value_is_text(value in any_text()) {
        for markup in [Markup::Mrkdwn, Markup::Markdown] {
            let escaped = markup.escaped(&value);
            for text in [
                (escaped.to_string(), value.clone()),
                (format!("a {escaped} b"), format!("a {value} b")),
                (format!("{escaped}\n{escaped}"), format!("{value}\n{value}")),
            ] {
                takes(markup, &text.0, &text.1);
            }
            takes(markup, &markup.code(&value), &value);
            takes(markup, &markup.bold(&escaped), &value);
            takes(markup, &markup.quote(&value), &value);
            let seen = |text: &str| address(&text.chars().filter(|c| !is_blank(*c)).collect::<String>());
            prop_assert_eq!(seen(&markup.unmarked(&escaped)), seen(&value), "{:?}", markup);
            prop_assert_eq!(seen(&markup.unmarked(&markup.bold(&escaped))), seen(&value), "{:?}", markup);
        }
    }

    #[test]
    fn parts_are_short_enough_and_add_up(html in any_html(Labels::Short), most in 200usize..400, unit in 0..3) {
        let unit = [Unit::Utf16, Unit::Chars, Unit::Bytes][usize::try_from(unit).unwrap()];
        assert_reads(&html, Length { most, unit });
    }
}
