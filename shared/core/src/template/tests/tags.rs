//! Templates whose own HTML Telegram would refuse.

use super::*;

/// What is wrong with a template that compiles; `None` where it may come out right.
fn refused(source: &str) -> Option<String> {
    Template::compile(source, Escape::Html).unwrap_or_else(|error| panic!("{source}: {error}"));
    check_tags(source).err().map(|error| error.to_string())
}

#[test]
fn what_telegram_would_refuse_is_refused_with_its_line() {
    for (source, message) in [
        (
            "one<br>two",
            "line 1: Telegram does not know the tag `<br>` (a line break in the template is one in the message)",
        ),
        ("one<br/>two", "line 1: Telegram does not know the tag `<br>`"),
        ("one\n<p>two</p>", "line 2: Telegram does not know the tag `<p>`"),
        ("<DIV>x</DIV>", "line 1: Telegram does not know the tag `<DIV>`"),
        ("<h1>x</h1>", "line 1: Telegram does not know the tag `<h1>`"),
        ("<ul>\n<li>x</li>\n</ul>", "line 1: Telegram does not know the tag `<ul>`"),
        ("</li>", "line 1: Telegram does not know the tag `<li>`"),
        ("<img src=\"{{ payload.url }}\">", "line 1: Telegram does not know the tag `<img>`"),
        ("<font color='red'>x</font>", "line 1: Telegram does not know the tag `<font>`"),
        ("{{ payload.a }}\n{% if payload.b %}\n<hr>\n{% endif %}", "line 3: Telegram does not know the tag `<hr>`"),
        ("{{ payload.a\n}}\n{# <br>\n#}<br>", "line 4: Telegram does not know the tag `<br>`"),
        ("{% raw %}<br>{{ x }}{% endraw %}", "line 1: Telegram does not know the tag `<br>`"),
        ("{% raw %}{{ x }}{% endraw %}<br>", "line 1: Telegram does not know the tag `<br>`"),
        ("<span>x</span>", "line 1: of `<span>` Telegram knows `<span class=\"tg-spoiler\">` alone"),
        ("<span class=\"red\">x</span>", "line 1: of `<span>` Telegram knows"),
        ("<b style=\"color:red\">x</b>", "line 1: Telegram ignores the attribute `style` of `<b>`, which takes none"),
        (
            "<a href=\"https://h\" target=\"_blank\">x</a>",
            "line 1: Telegram ignores the attribute `target` of `<a>`, which takes `href`",
        ),
        ("<a href=\"https://h\" {{ '' }}title=x onclick=\"y\" >x", "line 1: the tag `<a>` is never closed"),
        ("<b/>x", "line 1: Telegram cannot read the tag `<b/>`"),
        ("<b", "line 1: the tag `<b` has no `>` at its end"),
        ("<a href=\"https://h>x</a>", "line 1: the tag `<a` has no `>` at its end"),
        ("5 < 6", "line 1: a `<` that begins no tag is to be written as `&lt;`"),
        ("a\nb <- c", "line 2: a `<` that begins no tag is to be written as `&lt;`"),
        ("I <3 it", "line 1: a `<` that begins no tag"),
        ("<!-- a note -->", "line 1: a `<` that begins no tag"),
        ("<b>x", "line 1: the tag `<b>` is never closed: write `</b>` after what it marks"),
        ("x</b>", "line 1: `</b>` closes a tag that was never opened"),
        ("<b>a</b>\n<i>b\n<b>c</b>", "line 2: the tag `<i>` is never closed"),
        ("<b><i>x</b></i>", "line 1: `</b>` stands where `</i>` should: `<i>` was opened last, on line 1"),
        ("{% if payload.a %}<b>{{ payload.a }}{% endif %}", "line 1: the tag `<b>` is never closed"),
        ("{% for x in payload.list %}<b><i>{{ x }}</b></i>{% endfor %}", "line 1: `</b>` stands where `</i>` should"),
    ] {
        let found = refused(source).unwrap_or_else(|| panic!("{source} is taken"));
        assert!(found.starts_with(message), "{source}: {found}");
    }
    let whole = refused("<br>").unwrap();
    assert!(whole.contains("it knows <a href>, <b>, <strong>, <i>,") && whole.contains("<blockquote>"), "{whole}");
}

#[test]
fn what_may_come_out_right_is_taken() {
    for source in [
        "",
        "plain &lt;br&gt; &amp; {{ payload.x }}",
        "<b>{{ payload.a }}</b> <i>b</i> <u>c</u> <s>d</s> <code>e</code> <tg-spoiler>f</tg-spoiler>",
        "<a href=\"{{ payload.url }}\">{{ payload.title }}</a>",
        "<a href=\"{% if payload.a > 1 %}{{ payload.a }}{% else %}https://h{% endif %}\">x</a>",
        "<a {% if payload.a %}href=\"https://a\"{% else %}href=\"https://b\"{% endif %}>x</a>",
        "<pre><code class=\"language-rust\">fn</code></pre>",
        "<pre language=\"c++\">x</pre>",
        "<blockquote expandable>long</blockquote>",
        "<span class=\"tg-spoiler\">x</span> <span class=\"{{ payload.class }}\">x</span>",
        "<tg-emoji emoji-id=\"5368324170671202286\">👍</tg-emoji>",
        "<B>x</B>",
        "<b >x</b >",
        "{% if payload.a %}<b>{% endif %}x{% if payload.a %}</b>{% endif %}",
        "{% if payload.a %}<b>{% else %}<i>{% endif %}x{% if payload.a %}</b>{% else %}</i>{% endif %}",
        "{% for x in payload.list %}{% if loop.first %}<pre>{% endif %}{{ x }}{% if loop.last %}</pre>{% endif %}{% endfor %}",
        "<{{ payload.tag }}>x</{{ payload.tag }}>",
        "<{% if payload.a %}b{% else %}i{% endif %}>x</{% if payload.a %}b{% else %}i{% endif %}>",
        "<h{{ 1 }}>",
        "{{ '<br>' }} {{ payload.x | default('<p>') }} {# <br> #}",
        "{% if payload.a < 5 and payload.b > 3 %}x{% endif %}",
        "{% set x %}<b>{{ payload.a }}</b>{% endset %}{{ x }}",
        "{{ payload.html | safe }}</b>",
        "{% set x = '<br>' %}{{ x }}",
    ] {
        assert_eq!(refused(source), None, "{source}");
    }
}

#[test]
fn whatever_is_refused_for_one_branch_telegram_refuses_too() {
    let pieces = [
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "x",
        "<a href=\"u\">",
        "</a>",
        "<br>",
        "{% if payload.x %}",
        "{% endif %}",
        "{# #}",
    ];
    let parts = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..8);
    proptest::proptest!(proptest::test_runner::Config::with_cases(2_000), |(parts in parts)| {
        let source = parts.concat();
        if Template::compile(&source, Escape::Html).is_ok() && check_tags(&source).is_err() {
            // Each branch is taken by one of the two events; where both came out right, nothing was to be refused.
            let takes = |payload: &Value| html::parse(&render(&source, payload)).is_ok();
            proptest::prop_assert!(!takes(&json!({"x": 1})) || !takes(&json!({})), "{}", source);
        }
    });
}

#[test]
fn a_hook_with_a_tag_that_telegram_does_not_know_is_not_saved() {
    let texts = [("bellhop.example.toml", include_str!("../../../../../bellhop.example.toml"))];
    for (name, text) in texts {
        for template in text.lines().filter_map(|line| line.trim().strip_prefix("template = \"")) {
            assert_eq!(check_tags(template).err(), None, "{name}: {template}");
        }
    }
    for text in super::super::message::sources() {
        assert_eq!(check_tags(&text.replace("<!-- skipped", "")).err(), None, "{text}");
    }
}
