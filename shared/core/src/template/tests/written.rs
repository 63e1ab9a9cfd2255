//! Characters as people count them, texts that look empty, and other people's ways of writing text.

use super::*;

#[test]
fn nothing_is_cut_inside_a_character() {
    for (text, length, expected) in [
        ("🇩🇪🇫🇷🇮🇹🇪🇸", 3, "🇩🇪🇫🇷…"),
        ("👨‍👩‍👧‍👦👩‍🚀👍🏽", 2, "👨‍👩‍👧‍👦…"),
        ("👨‍👩‍👧‍👦👩‍🚀👍🏽", 3, "👨‍👩‍👧‍👦👩‍🚀👍🏽"),
        ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
        ("नमस्ते दुनिया", 3, "नम…"),
        ("각각각", 2, "각…"),
        ("1️⃣2️⃣3️⃣", 2, "1️⃣…"),
        ("a\r\nb\r\n", 3, "a…"),
        ("abc", 3, "abc"),
    ] {
        let payload = json!({"t": text});
        assert_eq!(render(&format!("{{{{ payload.t | truncate({length}) }}}}"), &payload), expected);
    }
    let short = render("{{ payload.t | short }}", &json!({"t": "e\u{301}".repeat(9)}));
    assert_eq!(short, "e\u{301}".repeat(7));
    let marks = format!("a{}", "\u{301}".repeat(5_000));
    let cut = render("{{ payload.t | truncate(100) }}", &json!({"t": format!("{marks}b")}));
    assert!(cut.chars().count() <= 1_000, "{}", cut.chars().count());
}

#[test]
fn what_looks_empty_counts_as_empty() {
    let blanks = [
        " ",
        "\u{200b}",
        "\u{feff}",
        "\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}",
        "\u{2060}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{115f}\u{1160}",
        "\u{2800}",
        "\u{ad}",
        "\u{34f}",
        "\u{61c}",
        "\u{180e}",
        "\u{fe0f}",
        "\u{e0061}\u{e007f}",
        "\u{e0100}",
        "\u{3000}",
        "\u{17b4}",
        "\u{1d173}",
        "\u{1d159}",
        "\t\u{85}\n",
        "\u{fff9}\u{fffb}",
    ];
    for blank in blanks {
        let body = json!({"message": blank, "level": "high"}).to_string();
        let message = plain_delivery(body.as_bytes()).message();
        assert!(message.contains("&quot;level&quot;: &quot;high&quot;"), "{blank:?}: {message}");
        let payload = json!({"x": blank, "list": [blank, "a"]});
        let template = "{{ payload.x | around('(', ')') }}{{ payload.x | bold }}{{ payload.x | line }}{{ payload.x | quote(9) }}{{ payload.list | joined(', ') }}";
        assert_eq!(render(template, &payload), "a", "{blank:?}");
        assert_eq!(render("{{ payload.x is blank }} {{ payload.list[1] is blank }}", &payload), "true false");
        let template = Template::compile("{{ payload.x }}", Escape::Html).unwrap();
        let body = json!({"message": "hello", "x": blank}).to_string();
        let made = message_for("shared-secret", None, Some(&template), &plain_delivery(body.as_bytes()).context());
        assert_eq!((made.text.as_str(), made.trouble.is_some()), ("hello", true), "{blank:?}");
    }
    let escaped = plain_delivery(br#"{"message": "\u200b", "level": "high"}"#).message();
    assert!(escaped.contains(r"\u200b"), "{escaped}");
    for visible in ["\u{fffd}", "x\u{200b}", "👍🏽", "\u{301}", "-", "한"] {
        assert!(!crate::telegram::shows_nothing(visible), "{visible:?}");
    }
}

#[test]
fn prefixes_are_taken_off_the_front_alone() {
    let cut = |name: &str| render("{{ payload.r | without_prefix('refs/heads/', 'refs/tags/') }}", &json!({"r": name}));
    assert_eq!(cut("refs/heads/feature/refs/tags/x"), "feature/refs/tags/x");
    assert_eq!(cut("refs/tags/refs/heads/x"), "refs/heads/x");
    assert_eq!(cut("main"), "main");
    assert_eq!(cut(""), "");
    assert_eq!(render("{{ payload.r | without_prefix('x') }}", &json!({})), "");
}

#[test]
fn slacks_texts_are_read_as_slack_shows_them() {
    for (written, shown) in [
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("&amp;lt;", "&lt;"),
        ("<@U123> and <@U123|ann>", "@U123 and @ann"),
        ("<#C1|general> <#C2>", "#general #C2"),
        ("<!here> <!channel> <!subteam^S1|@ops> <!subteam^S2>", "@here @channel @ops @S2"),
        ("<!date^1392734382^{date}|Feb 18, 2014>", "Feb 18, 2014"),
        ("<https://h/?a=1&amp;b=2>", "https://h/?a=1&b=2"),
        ("<https://h/x|the page>", "the page (https://h/x)"),
        ("<http://example.com|example.com>", "example.com"),
        ("<mailto:a@b.c|a@b.c> <tel:+1>", "a@b.c +1"),
        ("1 < 2 and <open", "1 < 2 and <open"),
        ("/ring front <door>", "/ring front <door>"),
        ("", ""),
    ] {
        let shown_by_us = render("{{ payload.t | slack_text }}", &json!({"t": written}));
        assert_eq!(html::plain(&shown_by_us), shown, "{written}");
    }
}

#[test]
fn atlassian_documents_are_read_as_text() {
    let text = |text: &str| json!({"type": "text", "text": text});
    let paragraph = |content: Value| json!({"type": "paragraph", "content": content});
    let item = |words: &str| json!({"type": "listItem", "content": [paragraph(json!([text(words)]))]});
    let cell = |words: &str| json!({"type": "tableCell", "content": [paragraph(json!([text(words)]))]});
    let document = json!({"type": "doc", "version": 1, "content": [
        {"type": "heading", "attrs": {"level": 2}, "content": [text("The till")]},
        paragraph(json!([text("Ask "), {"type": "mention", "attrs": {"id": "5b", "text": "@Ann"}}, text(" <now> "), {"type": "emoji", "attrs": {"shortName": ":bell:"}},
            {"type": "hardBreak"}, {"type": "inlineCard", "attrs": {"url": "https://h/1"}}])),
        {"type": "bulletList", "content": [item("coins"), item("notes")]},
        {"type": "taskList", "content": [{"type": "taskItem", "attrs": {"state": "DONE"}, "content": [text("count")]}, {"type": "taskItem", "attrs": {"state": "TODO"}, "content": [text("lock")]}]},
        {"type": "codeBlock", "content": [text("a\nb")]},
        {"type": "table", "content": [{"type": "tableRow", "content": [cell("1"), cell("2")]}]},
        {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"type": "file", "id": "x"}}]},
        {"type": "paragraph"},
        {"type": "panel", "content": [paragraph(json!([{"type": "status", "attrs": {"text": "OPEN"}}, text(" since "), {"type": "date", "attrs": {"timestamp": "1795132800000"}}]))]},
    ]});
    let shown = render("{{ payload.d | document_text }}", &json!({"d": document}));
    assert_eq!(
        html::plain(&shown),
        "The till\nAsk @Ann <now> :bell:\nhttps://h/1\n• coins\n• notes\n☑ count\n☐ lock\na\nb\n1 | 2\n[file]\nOPEN since 2026-11-20"
    );
    assert_eq!(render("{{ payload.d | document_text }}", &json!({"d": "*plain*"})), "*plain*");
    assert_eq!(
        render(
            "{{ payload.d | document_text }}{{ payload.e | document_text }}{{ payload.f | document_text }}",
            &json!({"d": null, "e": 7})
        ),
        ""
    );
    let deep = (0..100).fold(text("x"), |inner, _| json!({"type": "panel", "content": [inner]}));
    assert_eq!(render("{{ payload.d | document_text }}", &json!({"d": deep})), "");
}

#[test]
fn lists_in_lists_are_told_one_after_the_other() {
    let payload = json!({"entry": [{"c": [{"v": {"m": [1, 2]}}, {"v": {}}]}, {"c": [{"v": {"m": 3}}]}, {}, null, 7]});
    assert_eq!(render("{{ payload.entry | flat('c') | flat('v.m') | join(',') }}", &payload), "1,2,3");
    assert_eq!(
        render("{{ [[1, 2], [], 3] | flat | join(',') }}|{{ payload.x | flat('y') | length }}", &payload),
        "1,2,3|0"
    );
    assert_eq!(
        render(
            "{{ '2026-11-20T10:30:00+01:00' | unix_seconds }}|{{ 1795167000000 | unix_seconds }}|{{ 'soon' | unix_seconds }}",
            &payload
        ),
        "1795167000|1795167000|"
    );
}
