//! Texts that are written in the markup of their sink, texts that are very long, and mails.

use std::time::{Duration, Instant};

use super::slack::Reader;
use super::{discord, *};
use crate::markup::read::Style;
use crate::telegram::is_blank;

/// Removes what parts may lose.
fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !is_blank(*c)).collect()
}

#[test]
fn texts_in_the_markup_of_their_sink_are_cut_between_what_belongs_together() {
    let length = Length { most: 40, unit: Unit::Chars };
    let cut = |text: &str, markup| parts(text, markup, markup, length);
    let words = "one two three four five six seven eight nine ten";
    for (text, markup, expected) in [
        (words.to_owned(), Markup::Mrkdwn, vec!["one two three four five six seven ", "eight nine ten"]),
        (
            format!("{} <https://h/a|a long label here> z", "x".repeat(20)),
            Markup::Mrkdwn,
            vec!["xxxxxxxxxxxxxxxxxxxx ", "<https://h/a|a long label here> z"],
        ),
        (
            format!("{} [a long label](https://h/abc) z", "x".repeat(20)),
            Markup::Markdown,
            vec!["xxxxxxxxxxxxxxxxxxxx ", "[a long label](https://h/abc) z"],
        ),
        (
            format!("{}&amp;{}", "x".repeat(34), "y".repeat(20)),
            Markup::Mrkdwn,
            vec![&"x".repeat(34), &"&amp;yyyyyyyyyyyyyyyyyyyy"],
        ),
        (
            format!("{}\\*{}", "x".repeat(35), "y".repeat(20)),
            Markup::Markdown,
            vec![&"x".repeat(35), &"\\*yyyyyyyyyyyyyyyyyyyy"],
        ),
        (
            "```\nline one of code\nline two of code\nline three\n```\nafter".to_owned(),
            Markup::Markdown,
            vec!["```\nline one of code\n```", "```\nline two of code\nline three\n```\n", "after"],
        ),
        (String::new(), Markup::Mrkdwn, vec![]),
        (" \n ".to_owned(), Markup::Markdown, vec![]),
    ] {
        assert_eq!(cut(&text, markup), expected, "{text}");
    }
}

#[test]
fn native_parts_are_short_enough_and_add_up() {
    let pieces = [
        "*a* ",
        "_b_",
        "<https://h/|label> ",
        "[l](https://h/) ",
        "```\ncode\n```\n",
        "```",
        "&amp;",
        "\\*",
        "word ",
        "\n",
        "😀",
        "<",
        "[",
        "漢字",
    ];
    let texts = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..120);
    let units = proptest::sample::select(vec![Unit::Utf16, Unit::Chars, Unit::Bytes]);
    proptest::proptest!(proptest::test_runner::Config::with_cases(2_000), |(texts in texts, most in 32usize..200, unit in units)| {
        let (text, length) = (texts.concat(), Length { most, unit });
        for markup in [Markup::Mrkdwn, Markup::Markdown] {
            let parts = parts(&text, markup, markup, length);
            for part in &parts {
                proptest::prop_assert!(length.of(part) <= most, "{part:?}");
            }
            let bare = |text: &str| without_blanks(&text.replace(['`', '*', '_'], ""));
            proptest::prop_assert_eq!(bare(&parts.concat()), bare(&text));
        }
    });
}

#[test]
fn marks_that_are_open_at_a_cut_are_closed_and_opened_again() {
    let slack = [
        "*bold and long words*",
        "_and so on_",
        "~gone~",
        "*_both of them_*",
        "`some code`",
        "word",
        "5 * 3 _ 4",
        "<https://h/a_b|l>",
        "\n",
    ];
    let discord = [
        "**bold and long words**",
        "*and so on*",
        "__under__",
        "~~gone ones~~",
        "||hidden words||",
        "***both of them***",
        "`some code`",
        "word",
        "\\*no\\*",
        "\n",
    ];
    for (markup, pieces) in [(Markup::Mrkdwn, &slack[..]), (Markup::Markdown, &discord)] {
        let texts = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 1..40);
        proptest::proptest!(proptest::test_runner::Config::with_cases(2_000), |(texts in texts, most in 60usize..200)| {
            let (text, length) = (texts.join(" "), Length { most, unit: Unit::Chars });
            let parts = parts(&text, markup, markup, length);
            let whole = seen_of(markup, [&text]);
            proptest::prop_assert!(seen_of(markup, &parts) == whole, "{:?}", parts);
        });
    }
}

/// The characters that a reader sees, and how they are set apart.
fn seen_of<'a>(markup: Markup, parts: impl IntoIterator<Item = &'a String>) -> Vec<(char, Style)> {
    let readings = parts.into_iter().map(|part| match markup {
        Markup::Markdown => discord::read(part),
        _ => Reader::Sure.read(part),
    });
    let seen = readings.flat_map(|reading| reading.seen).filter(|one| !is_blank(one.c));
    seen.map(|one| (one.c, one.marks.style)).collect()
}

#[test]
fn plain_texts_are_written_in_any_markup() {
    for (to, expected) in [
        (Markup::Html, "a &lt;b&gt; *c*"),
        (Markup::Mrkdwn, "a &lt;b&gt; \u{2060}*\u{2060}c\u{2060}*\u{2060}"),
        (Markup::Markdown, "a \\<b> \\*c\\*"),
        (Markup::Plain, "a <b> *c*"),
    ] {
        assert_eq!(parts("a <b> *c*", Markup::Plain, to, LONG), [expected], "{to:?}");
    }
    assert_eq!(parts("<b>a", Markup::Html, Markup::Markdown, LONG), ["a"]);
    assert_eq!(parts("<b>a</b>", Markup::Html, Markup::Html, LONG), ["<b>a</b>"]);
}

#[test]
fn hostile_texts_are_rendered_in_time_that_grows_as_they_do() {
    let nested = format!("{}x{}", "<b><i><u><s>".repeat(4_000), "</s></u></i></b>".repeat(4_000));
    let quotes = format!("{}x{}", "<blockquote>".repeat(3_000), "</blockquote>".repeat(3_000));
    let links = "<a href=\"https://h/?a&amp;b\">x</a>".repeat(4_000);
    let opened = format!("<b>{}</b>", "<i>x</i>y".repeat(14_000));
    let texts: Vec<(&str, String)> = [
        "*",
        "_",
        "`",
        "``` ",
        "<",
        "[",
        "](",
        "\\",
        "https://",
        "https://h/*",
        "https://h/_~",
        "xhttp://)",
        "@everyone",
        "&",
        "\n",
        "> ",
        "# ",
        "1. ",
        "1",
        " ",
        "\u{200b}",
        "\u{2060}*",
        "|| ",
        "~",
        "😀",
        "a b ",
        "<@1>",
        "👩‍👩‍👧‍👦",
        "e\u{301}\u{301}\u{301}",
    ]
    .map(|piece| (piece, html::escape(&piece.repeat(160_000 / piece.len())).into_owned()))
    .into_iter()
    .chain([("nested", nested), ("quotes", quotes), ("links", links), ("opened", opened)])
    .collect();
    for (name, text) in texts {
        for to in [Markup::Mrkdwn, Markup::Markdown, Markup::Plain] {
            let begin = Instant::now();
            let length = Length { most: 2_000, unit: Unit::Utf16 };
            let parts = parts(&text, Markup::Html, to, length);
            assert!(parts.iter().all(|part| length.fits(part)), "{name}");
            let native = super::super::parts(&html::plain(&text), to, to, length);
            assert!(native.iter().all(|part| length.fits(part)), "{name}");
            let _ = to.unmarked(&to.escaped(&html::plain(&text)));
            assert!(begin.elapsed() < Duration::from_secs(5), "{name} {to:?}: {:?}", begin.elapsed());
        }
        let begin = Instant::now();
        mail_html(&text);
        assert!(begin.elapsed() < Duration::from_secs(2), "{name}: {:?}", begin.elapsed());
    }
}

#[test]
fn an_escaped_value_is_no_longer_than_is_counted_on() {
    for markup in [Markup::Html, Markup::Mrkdwn, Markup::Markdown, Markup::Plain] {
        let each = (' '..'\u{2100}').chain('\u{ff00}'..'\u{ffff}').map(String::from);
        let pieces = ["@everyone", "<@", "http://a|", "https://", "(1", "\n-", "\n1.", "everyone"].map(str::to_owned);
        for piece in each.chain(pieces) {
            let value = piece.repeat(100);
            for made in [
                markup.escaped(&value).into_owned(),
                markup.bold(&markup.escaped(&value)),
                markup.code(&value),
                markup.quote(&value),
            ] {
                assert!(made.len() <= MOST_ESCAPED * value.len() + 64, "{markup:?} {piece:?}: {}", made.len());
            }
        }
    }
}

#[test]
fn a_mail_says_the_same_and_nothing_active() {
    for (html, mail) in [
        ("<b>a</b> &lt;b&gt;\nc\n\nd", "<p><b>a</b> &lt;b&gt;<br>\nc<br>\n<br>\nd</p>\n"),
        ("a<blockquote>b\n<i>c</i></blockquote>d", "<p>a</p>\n<blockquote>b<br>\n<i>c</i></blockquote>\n<p>d</p>\n"),
        ("<pre><code class=\"language-c\">x &lt; 1\n</code></pre>\n<u>y</u>", "<pre>x &lt; 1</pre>\n<p><u>y</u></p>\n"),
        (
            "<a href=\"https://h/?a&amp;b='&quot;x\">l</a> <s>m</s> <tg-spoiler>n</tg-spoiler>",
            "<p><a href=\"https://h/?a&amp;b='%22x\">l</a> <s>m</s> n</p>\n",
        ),
        ("<a href=\"javascript:alert(1)\">x</a><a href=\"data:text/html,x\">y</a>", "<p>xy</p>\n"),
        (
            "<a href=\"mailto:a@h.example\"><code>z</code></a>",
            "<p><a href=\"mailto:a@h.example\"><code>z</code></a></p>\n",
        ),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("", ""),
    ] {
        assert_eq!(mail_html(html), mail, "{html}");
    }
}
