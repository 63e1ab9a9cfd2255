use proptest::prelude::*;
use proptest::test_runner::Config;

use super::html::{BadHtml, Tag, escape, parse, plain, repaired};
use super::*;

/// How many texts each property is tried on.
const TEXTS: u32 = 10_000;

/// Pieces that texts go wrong on: tags, broken tags, references, right-to-left script, emoji, accents, spaces.
const PIECES: &[&str] = &[
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<a href=\"https://h/?a=1&amp;b=2\">",
    "</a>",
    "<pre><code class=\"language-rust\">",
    "</code></pre>",
    "<blockquote expandable>",
    "</blockquote>",
    "<span class=\"tg-spoiler\">",
    "</span>",
    "<tg-spoiler>",
    "</tg-spoiler>",
    "<br>",
    "<",
    ">",
    "<b",
    "</",
    "</x>",
    "<b></b>",
    "<!-- -->",
    "<a href=\"",
    "&amp;",
    "&lt;",
    "&",
    "&#128512;",
    "&#x1F600;",
    "&nbsp;",
    "&amp",
    "&#xD800;",
    "word",
    "longer words here ",
    "\n",
    "\n\n",
    "\r\n",
    " ",
    "\t",
    "   ",
    "😀",
    "👩‍👩‍👧‍👦",
    "👍🏽",
    "🇩🇪🇫🇷",
    "e\u{301}",
    "שלום",
    "مرحبا",
    "\u{202e}",
    "\u{200f}",
    "漢字",
    "\u{200b}",
    "\0",
    "_*[]()~`#+-=|{}.!",
    "\"quoted\"",
];

/// Any text: pieces, repeated letters to reach the limit, and any characters at all.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        24 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => (1usize..4200).prop_map(|length| "x".repeat(length)),
        1 => (1usize..2100).prop_map(|length| "😀".repeat(length)),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Valid HTML: any text between tags that match.
fn any_html() -> impl Strategy<Value = String> {
    let text = any_text().prop_map(|text| escape(&text).into_owned());
    let tags = proptest::sample::select(
        &[
            ("<b>", "</b>"),
            ("<a href=\"https://h/?a&amp;b\">", "</a>"),
            ("<pre><code class=\"language-c\">", "</code></pre>"),
            ("<I>", "</I>"),
        ][..],
    );
    text.prop_recursive(3, 6, 3, move |inner| {
        (proptest::collection::vec(inner, 1..4), tags.clone())
            .prop_map(|(inner, (open, close))| inner.iter().map(|inner| format!("{open}{inner}{close}")).collect())
    })
}

/// A limit: mostly the real one, sometimes a short one.
fn any_limit() -> impl Strategy<Value = usize> {
    prop_oneof![7 => Just(MESSAGE_UNITS), 1 => 1usize..200]
}

/// Removes what parts may lose: the texts are otherwise equal.
fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !is_blank(*c)).collect()
}

/// Checks that the parts show what the whole showed, each within the limit and none empty.
fn assert_parts(whole: &str, parts: &[String], limit: usize) {
    for part in parts {
        assert!(units(part) <= limit.max(2), "{} > {limit}", units(part));
        assert!(!part.chars().all(is_blank));
    }
    let joined = parts.concat();
    assert_eq!(without_blanks(&joined), without_blanks(whole));
    // A part is left out only where a whole one holds nothing but space.
    let longest_blank = whole.split(|c| !is_blank(c)).map(units).max().unwrap_or_default();
    if longest_blank < limit / 4 && !joined.is_empty() {
        assert_eq!(joined.trim_matches(is_blank), whole.trim_matches(is_blank));
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(TEXTS) })]

    #[test]
    fn any_text_splits_into_parts_that_telegram_takes(text in any_text(), limit in any_limit()) {
        let parts = split(&text, limit);
        let seen: Vec<String> = parts.iter().map(|part| parse(part).unwrap().text).collect();
        assert_parts(&parse(&text).map_or_else(|_| plain(&text), |parsed| parsed.text), &seen, limit);
        assert_parts(&text, &split_plain(&text, limit), limit);
    }

    #[test]
    fn valid_html_keeps_its_formatting_when_split(html in any_html(), limit in any_limit()) {
        let whole = parse(&html).unwrap();
        let parts = split(&html, limit);
        let seen: Vec<String> = parts.iter().map(|part| parse(part).unwrap().text).collect();
        assert_parts(&whole.text, &seen, limit);
        let parts: String = parts.concat();
        prop_assert_eq!(formatted(&parts), formatted(&html));
    }

    #[test]
    fn escaped_text_shows_as_it_was(text in any_text()) {
        let html = escape(&text);
        let parsed = parse(&html).unwrap();
        prop_assert!(parsed.tags.is_empty());
        prop_assert_eq!(&parsed.text, &text);
        prop_assert_eq!(plain(&html), text);
    }

    #[test]
    fn plain_shows_what_valid_html_shows(html in any_html(), text in any_text()) {
        prop_assert_eq!(plain(&html), parse(&html).unwrap().text);
        prop_assert!(parse(&repaired(&text)).is_ok());
        prop_assert_eq!(plain(&repaired(&text)), plain(&text));
    }

    #[test]
    fn digests_lose_no_text(texts in proptest::collection::vec(any_text(), 1..8)) {
        let mut rest: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut shown = String::new();
        while !rest.is_empty() {
            let (taken, message) = digest(&rest);
            prop_assert!(taken >= 1);
            let seen = parse(&message).unwrap().text;
            prop_assert!(taken == 1 || units(&seen) <= MESSAGE_UNITS);
            shown += &seen;
            rest.drain(..taken);
        }
        let all: String = texts.iter().map(|text| plain(text)).collect();
        prop_assert_eq!(without_blanks(&shown), without_blanks(&all));
    }
}

/// The seen text by the tags open around it, space left out.
fn formatted(html: &str) -> Vec<(Vec<&str>, String)> {
    let parsed = parse(html).unwrap();
    let mut marks = parsed.tags.iter().peekable();
    let mut open: Vec<&str> = Vec::new();
    let mut seen: Vec<(Vec<&str>, String)> = Vec::new();
    for (at, c) in parsed.text.char_indices() {
        while let Some(mark) = marks.next_if(|mark| mark.at <= at) {
            match &mark.tag {
                Tag::Open { source, .. } => open.push(source),
                Tag::Close { .. } => drop(open.pop()),
            }
        }
        match seen.last_mut() {
            _ if is_blank(c) => {}
            Some((around, text)) if *around == open => text.push(c),
            _ => seen.push((open.clone(), c.into())),
        }
    }
    seen
}

#[test]
fn tags_are_read_as_telegram_reads_them() {
    for html in [
        "plain",
        "<b>a</b><B>a</B><strong>a</strong>",
        "<i><u>a</u></i><em>a</em><ins>a</ins><s>a</s><strike>a</strike><del>a</del>",
        "<a href=\"https://h\">a</a><a href='https://h'>a</a><a href=tg>a</a>",
        "<span class=\"tg-spoiler\">a</span><tg-spoiler>a</tg-spoiler>",
        "<tg-emoji emoji-id=\"5368324170671202286\">👍</tg-emoji>",
        "<pre>a</pre><pre><code class=\"language-python\">a</code></pre><code>a</code>",
        "<blockquote>a</blockquote><blockquote expandable>a</blockquote>",
        "a > b & c &amp; d &unknown; &#; &#x; \"e\"",
        "<b >a</b >",
    ] {
        assert!(parse(html).is_ok(), "{html}");
    }
    for (html, error) in [
        ("a < b", BadHtml::UnknownTag(2)),
        ("<br>", BadHtml::UnknownTag(0)),
        ("<b", BadHtml::UnknownTag(0)),
        ("<a href=\"x>a</a>", BadHtml::UnknownTag(0)),
        ("<span>a</span>", BadHtml::UnknownTag(0)),
        ("<b/>", BadHtml::UnknownTag(0)),
        ("<!-- a -->", BadHtml::UnknownTag(0)),
        ("<b>a</i>", BadHtml::Unmatched(4)),
        ("a</b>", BadHtml::Unmatched(1)),
        ("<b><i>a</b></i>", BadHtml::Unmatched(7)),
        ("<i>a", BadHtml::Unclosed("i")),
    ] {
        assert_eq!(parse(html), Err(error), "{html}");
    }
}

#[test]
fn references_become_characters() {
    assert_eq!(plain("&lt;&gt;&amp;&quot;&#233;&#xe9;&#X1f600;&apos;&amp;lt;"), "<>&\"éé😀&apos;&lt;");
    assert_eq!(plain("&#0;&#xD800;&#99999999999;&#-1;&#+1;"), "&#0;&#xD800;&#99999999999;&#-1;&#+1;");
}

#[test]
fn broken_html_still_shows_its_text() {
    for (html, text) in [
        ("<b>a < b", "a < b"),
        ("</i>a<x>b", "a<x>b"),
        ("<a href=\"https://h\">a", "a"),
        ("a &amp b", "a &amp b"),
        ("<", "<"),
        ("", ""),
    ] {
        assert_eq!(plain(html), text);
    }
}

#[test]
fn cuts_come_where_people_would_make_them() {
    assert_eq!(split_plain("one two three", 8), ["one two ", "three"]);
    assert_eq!(split_plain("first line\nsecond line", 15), ["first line\n", "second line"]);
    assert_eq!(split_plain("abc defgh", 3), ["abc", " de", "fgh"]);
    assert_eq!(split_plain("abcdef", 4), ["abcd", "ef"]);
    assert_eq!(split_plain("a\nbcdefghijk lmnop", 14), ["a\nbcdefghijk ", "lmnop"]);
    assert_eq!(split_plain("", 4), Vec::<String>::new());
    assert_eq!(split_plain(" \n ", 4), Vec::<String>::new());
    assert_eq!(split_plain("ab          cd", 4), ["ab  ", "cd"]);
}

#[test]
fn characters_stay_whole() {
    assert_eq!(split_plain("xxx😀", 4), ["xxx", "😀"]);
    assert_eq!(split_plain("xxe\u{301}x", 3), ["xx", "e\u{301}x"]);
    assert_eq!(split_plain("x👍🏽x", 4), ["x", "👍🏽"].into_iter().chain(["x"]).collect::<Vec<_>>());
    assert_eq!(split_plain("🇩🇪🇫🇷", 6), ["🇩🇪", "🇫🇷"]);
    assert_eq!(split_plain("x👩‍👩‍👧‍👦", 11), ["x", "👩‍👩‍👧‍👦"]);
    assert_eq!(split_plain("😀😀", 1), ["😀", "😀"]);
    let text = "x".repeat(MESSAGE_UNITS - 1) + "😀";
    assert_eq!(split_plain(&text, MESSAGE_UNITS).iter().map(String::as_str).map(units).collect::<Vec<_>>(), [4095, 2]);
    assert_eq!(split_plain(&"😀".repeat(2048), MESSAGE_UNITS).len(), 1);
}

#[test]
fn tags_open_at_a_cut_are_closed_and_opened_again() {
    assert_eq!(split("<b>one two</b>", 4), ["<b>one </b>", "<b>two</b>"]);
    assert_eq!(
        split("<a href=\"https://h\">ab<i>cd</i></a>ef", 3),
        ["<a href=\"https://h\">ab<i>c</i></a>", "<a href=\"https://h\"><i>d</i></a>ef"]
    );
    assert_eq!(split("abc<b>def</b>", 3), ["abc", "<b>def</b>"]);
    assert_eq!(split("a&lt;&amp;b", 2), ["a&lt;", "&amp;b"]);
    assert_eq!(split("<pre>ab\ncd\n</pre>", 3), ["<pre>ab\n</pre>", "<pre>cd\n</pre>"]);
    assert_eq!(split("<b>ab", 1), ["ab"]);
    assert_eq!(split("<b>    </b>ab", 4), ["ab"]);
}

#[test]
fn a_digest_takes_what_fits() {
    assert_eq!(digest(&["<b>a</b>", " b ", "", "c"]), (4, "<b>a</b>\n\nb\n\nc".to_owned()));
    assert_eq!(digest(&["a < b", "<i>c</i>"]), (2, "a &lt; b\n\n<i>c</i>".to_owned()));
    let long = "x".repeat(MESSAGE_UNITS - 3);
    assert_eq!(digest(&[&long, "y"]).0, 2);
    assert_eq!(digest(&[&long, "yy"]), (1, long.clone()));
    assert_eq!(digest(&[&long.repeat(3), "y"]).0, 1);
    let tagged = "<b>a</b>".repeat(60);
    assert_eq!(digest(&[&tagged, &tagged]).0, 1);
    assert_eq!(digest(&[]), (0, String::new()));
}
