//! Filters of ours.

use super::*;

#[test]
fn filters_of_ours() {
    let payload = json!({"t": "ab cdef", "lines": "\n  first \nsecond", "sha": "0123456789abcdef", "emoji": "😀😀😀"});
    assert_eq!(render("{{ payload.t | truncate(7) }}|{{ payload.t | truncate(4) }}", &payload), "ab cdef|ab…");
    assert_eq!(render("{{ payload.emoji | truncate(2) }}", &payload), "😀…");
    assert_eq!(render("{{ payload.lines | firstline }}|{{ payload.sha | short }}", &payload), "first|0123456");
    assert_eq!(render("{{ payload.t | truncate(0) }}", &payload), "…");
}

#[test]
fn money_has_the_decimals_of_its_currency() {
    let filled =
        |template: &str| render(template, &json!({"minus": -1234567, "text": "1200", "real": 12.5, "zero": 0}));
    for (template, expected) in [
        ("{{ 1200 | money('eur') }}", "12.00 EUR"),
        ("{{ payload.text | money('USD') }}", "12.00 USD"),
        ("{{ 500 | money('jpy') }}", "500 JPY"),
        ("{{ 5120 | money('kwd') }}", "5.120 KWD"),
        ("{{ 12345 | money('clf') }}", "1.2345 CLF"),
        ("{{ 500 | money('isk', 2) }}", "5.00 ISK"),
        ("{{ 500 | money('mga', 0) }}", "500 MGA"),
        ("{{ payload.zero | money('eur') }}", "0.00 EUR"),
        ("{{ 5 | money('bhd') }}", "0.005 BHD"),
        ("{{ payload.minus | money('eur') }}", "−12345.67 EUR"),
        ("{{ 1200 | money(payload.nothing) }}", "12.00"),
        ("{{ payload.real | money('eur') }}", "12.5 EUR"),
        ("{{ 'free' | money('eur') }}", "free EUR"),
        ("{{ payload.nothing | money('eur') }}", ""),
    ] {
        assert_eq!(filled(template), expected, "{template}");
    }
}

#[test]
fn filters_for_texts_without_holes() {
    let payload = json!({
        "name": "a <b>", "blank": " ", "null": null, "zero": 0, "list": ["x", null, "", "y & z"], "url": "https://h/?a&b",
        "html": "<p>one&nbsp;<b>two</b></p>a &lt; b<br>3 < 4", "json": "{\"k\": [1, null]}", "long": "word ".repeat(99),
    });
    for (template, expected) in [
        (
            "{{ payload.name | around(' by ') }}{{ payload.null | around(' by ') }}{{ payload.blank | around('(', ')') }}",
            " by a &lt;b&gt;",
        ),
        ("{{ payload.zero | around('<', '>') }}", "&lt;0&gt;"),
        (
            "{{ payload.name | link(payload.url) | bold | around(' in ') }}",
            " in <b><a href=\"https://h/?a&amp;b\">a &lt;b&gt;</a></b>",
        ),
        (
            "{{ payload.null | bold }}{{ payload.blank | bold }}{{ payload.null | line }}{{ payload.null | quote(9) }}",
            "",
        ),
        (
            "{{ payload.list | joined(', ') }}|{{ payload.null | joined(', ') }}|{{ [payload.name | bold, payload.null] | joined('+') }}",
            "x, y &amp; z||<b>a &lt;b&gt;</b>",
        ),
        ("a{{ payload.name | line }}{{ payload.name | quote(4) }}", "a\na &lt;b&gt;\n<blockquote>a &lt;…</blockquote>"),
        ("{{ payload.html | untag }}", "one two\na &lt; b\n3 &lt; 4"),
        (
            "{{ (payload.json | fromjson).k[0] }}{{ (payload.name | fromjson).k }}{{ (payload.json | fromjson).k[1] }}",
            "1",
        ),
        (
            "{{ 'merge_request' | words }}|{{ 'orders/create' | words }}|{{ 'IN_PROGRESS' | words }}|{{ 'addMember' | words }}",
            "merge request|orders create|in progress|add member",
        ),
        (
            "{{ 1 | plural('branch', 'branches') }}|{{ 0 | plural('branch', 'branches') }}|{{ 2 | plural('day') }}|{{ payload.null | plural('day') }}",
            "1 branch|0 branches|2 days|",
        ),
        (
            "{{ '2026-11-20T10:30:00+01:00' | when }}|{{ 1795167000 | when }}|{{ 1795167000000 | when }}|{{ 'soon' | when }}{{ payload.null | when }}",
            "2026-11-20 09:30 UTC|2026-11-20 09:30 UTC|2026-11-20 09:30 UTC|soon",
        ),
        ("{{ 'a b/ü' | urlencode }}", "a%20b%2F%C3%BC"),
        ("{{ payload.name | bold | truncate(3) }}", "a…"),
        ("{{ 'SUCCESS' | verdict }}|{{ 'tea_time' | verdict }}|{{ payload.null | verdict }}", "succeeded ✅|tea time|"),
        ("{{ (payload.long | bold) | truncate(1000) | length }}", "200"),
    ] {
        assert_eq!(render(template, &payload), expected, "{template}");
    }
    let bare = "{{ payload.name | link(payload.url) | bold | around('<') }}{{ payload.name | quote(9) }}{{ payload.list | joined('&') }}";
    let template = Template::compile(bare, Escape::None).unwrap();
    assert_eq!(
        template.render(&plain_delivery(payload.to_string().as_bytes()).context()).unwrap(),
        "<a <b>\na <b>x&y & z"
    );
}
