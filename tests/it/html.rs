//! What the core makes of HTML, read by the strict Bot API's own parser: 10,000 generated texts.

use bellhop_core::telegram::{self, MESSAGE_UNITS, html as core_html};
use bellhop_tests::bot_api::html::{parse, utf16_len};

pub(crate) const CASES: u64 = 10_000;

/// Pieces of text: plain, awkward, well marked up and broken.
const PIECES: [&str; 40] = [
    "word ",
    "x",
    "longer-word-without-any-space",
    " ",
    "\n",
    "\n\n",
    "\t",
    "é",
    "e\u{301}",
    "😀",
    "👩‍👩‍👧‍👦",
    "🇩🇪",
    "עברית ",
    "مرحبا",
    "\u{202e}",
    "\u{a0}",
    "日本語",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&#39;",
    "&#x1F600;",
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<code>",
    "</code>",
    "<pre>",
    "</pre>",
    "<a href=\"https://example.com/?a=1&amp;b=2\">",
    "</a>",
    "<blockquote>",
    "</blockquote>",
    "<blockquote expandable>",
    "<tg-spoiler>",
    "</tg-spoiler>",
    "<p>",
    "a & b < c",
];

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }
}

/// A text in Telegram's HTML: every second one has its tags in order, the others as they fall.
pub(crate) fn text(case: u64) -> String {
    let mut random = Random(case);
    let orderly = case.is_multiple_of(2);
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    for _ in 0..1 + random.below(300) {
        let piece = PIECES[random.below(PIECES.len())];
        if !orderly {
            text.push_str(piece);
        } else if let Some(name) = piece.strip_prefix("</") {
            if open.last() == Some(&name.trim_end_matches('>')) {
                open.pop();
                text.push_str(piece);
            }
        } else if let Some(tag) = piece.strip_prefix('<') {
            let name = tag.split([' ', '>']).next().unwrap_or_default();
            if name != "p" && parse(&format!("{text}{piece}x{}", closing(&open, name))).is_ok() {
                open.push(name);
                text.push_str(piece);
            }
        } else if piece != "a & b < c" {
            text.push_str(piece);
        }
    }
    if orderly {
        text.extend(open.iter().rev().map(|name| format!("</{name}>")));
    }
    text
}

fn closing(open: &[&str], last: &str) -> String {
    std::iter::once(&last).chain(open.iter().rev()).map(|name| format!("</{name}>")).collect()
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !telegram::is_blank(*c)).collect()
}

#[test]
fn parts_are_valid_fit_and_add_up() {
    let mut orderly = 0;
    for case in 0..CASES {
        let source = text(case);
        let limit = [MESSAGE_UNITS, 200, 40, 7][usize::try_from(case / 2 % 4).unwrap_or_default()];
        let strict = parse(&source);
        orderly += u32::from(strict.is_ok());
        if strict.is_err() && core_html::parse(&source).is_ok() {
            continue; // Telegram itself is milder than its documentation here.
        }
        let whole = strict.map_or_else(|_| core_html::plain(&source), |(text, _)| text);
        let mut shown = String::new();
        for part in telegram::split(&source, limit) {
            let (text, _) =
                parse(&part).unwrap_or_else(|error| panic!("case {case}: {error}\npart: {part}\nof: {source}"));
            assert!(utf16_len(&text) <= limit, "case {case}: {} units: {part}", utf16_len(&text));
            shown.push_str(&text);
        }
        assert_eq!(without_space(&shown), without_space(&whole), "case {case}: {source}");
    }
    assert!(orderly > 4000, "{orderly} texts are valid");
}

#[test]
fn formatting_is_kept_over_cuts() {
    let covered = |html: &str| -> usize {
        let (text, entities) = parse(html).unwrap_or_default();
        let units: Vec<u16> = text.encode_utf16().collect();
        let seen = |unit: u16| char::from_u32(u32::from(unit)).is_none_or(|c| !telegram::is_blank(c));
        entities.iter().map(|e| units[e.offset..e.offset + e.length].iter().filter(|unit| seen(**unit)).count()).sum()
    };
    for case in (0..CASES).step_by(8) {
        let source = text(case);
        if parse(&source).is_ok() {
            let parts: usize = telegram::split(&source, 40).iter().map(|part| covered(part)).sum();
            assert_eq!(parts, covered(&source), "case {case}: {source}");
        }
    }
}

#[test]
fn digests_are_valid_and_drop_nothing() {
    for case in 0..CASES / 25 {
        let sources: Vec<String> = (0..1 + case % 30).map(|number| text(case * 31 + number)).collect();
        let mut waiting: Vec<&str> = sources.iter().map(String::as_str).collect();
        let mut shown = String::new();
        while !waiting.is_empty() {
            let (taken, html) = telegram::digest(&waiting);
            assert!(taken >= 1, "case {case}");
            if waiting[..taken].iter().all(|source| parse(source).is_ok() || core_html::parse(source).is_err()) {
                let (text, _) = parse(&html).unwrap_or_else(|error| panic!("case {case}: {error}\n{html}"));
                assert!(taken == 1 || utf16_len(&text) <= MESSAGE_UNITS, "case {case}: {}", utf16_len(&text));
            }
            shown.push_str(&core_html::plain(&html));
            waiting.drain(..taken);
        }
        let whole: String = sources.iter().map(|source| core_html::plain(source)).collect();
        assert_eq!(without_space(&shown), without_space(&whole), "case {case}");
    }
}
