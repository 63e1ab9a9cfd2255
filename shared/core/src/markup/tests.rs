use super::*;

mod check;
mod discord;
mod native;
mod properties;
mod seen;
mod slack;

pub(crate) use properties::{assert_reads as says, reads_without_marks_of_its_own, takes};

/// A length that no part of a test reaches.
const LONG: Length = Length { most: 100_000, unit: Unit::Chars };

/// A text of HTML in one part of another markup.
fn rendered(html: &str, to: Markup) -> String {
    let parts = parts(html, Markup::Html, to, LONG);
    assert!(parts.len() <= 1, "{parts:?}");
    parts.concat()
}

/// Fails unless a text is rendered like this for Slack, for Discord and without any markup.
fn assert_rendered(html: &str, expected: [&str; 3]) {
    let made = [Markup::Mrkdwn, Markup::Markdown, Markup::Plain].map(|to| rendered(html, to));
    assert_eq!(made, expected.map(str::to_owned), "{html}");
}

#[test]
fn each_mark_has_its_form_in_each_markup() {
    for (html, mrkdwn, markdown, plain) in [
        ("<b>bold</b> text", "*bold* text", "**bold** text", "bold text"),
        ("<i>a</i> <u>b</u> <s>c</s>", "_a_ b ~c~", "*a* __b__ ~~c~~", "a b c"),
        ("<tg-spoiler>a</tg-spoiler>", "a", "||a||", "a"),
        ("<b>a <i>b</i></b>", "*a* *_b_*", "**a** ***b***", "a b"),
        ("<b>a<i>b</i></b>", "*a\u{200b}*\u{200b}*_b_*", "**a**\u{200b}***b***", "ab"),
        ("<b> a </b>b", " *a* b", " **a** b", " a b"),
        ("x<b>a</b>y", "x\u{200b}*\u{200b}a\u{200b}*\u{200b}y", "x**a**y", "xay"),
        ("<code>a_b</code>, <code>a`b</code>", "`a_b`, a\u{2060}`\u{2060}b", "`a_b`, ``a`b``", "a_b, a`b"),
        ("<b><code>a*b</code></b>", "`a*b`", "`a*b`", "a*b"),
        ("<b>one\ntwo</b>", "*one*\n*two*", "**one**\n**two**", "one\ntwo"),
        ("a<blockquote>b\nc</blockquote>d", "a\n> b\n> c\nd", "a\n> b\n> c\nd", "a\nb\nc\nd"),
        ("a\n<blockquote>b</blockquote>\nc", "a\n> b\nc", "a\n> b\nc", "a\nb\nc"),
        (
            "a\n<pre><code class=\"language-rust\">x &lt; 1\n```</code></pre>\nb",
            "a\n```\nx &lt; 1\n`\u{200b}`\u{200b}`\n```\nb",
            "a\n```rust\nx < 1\n`\u{200b}`\u{200b}`\n```\nb",
            "a\nx < 1\n```\nb",
        ),
        (
            "<a href=\"https://h/?a&amp;b\">l|&gt;</a>",
            "<https://h/?a&amp;b|l|&gt;>",
            "[l|>](<https://h/?a&b>)",
            "l|> (https://h/?a&b)",
        ),
        (
            "<a href=\"https://h/a|b> c\">x</a>",
            "<https://h/a%7Cb%3E%20c|x>",
            "[x](<https://h/a%7Cb%3E%20c>)",
            "x (https://h/a|b> c)",
        ),
        ("<b><a href=\"https://h/\">a</a></b>", "*<https://h/|a>*", "**[a](<https://h/>)**", "a (https://h/)"),
        ("<a href=\"https://h/\"><code>a1</code></a>", "<https://h/|`a1`>", "[`a1`](<https://h/>)", "a1 (https://h/)"),
        ("<a href=\"https://h/\">https://h/</a>", "<https://h/|https://h/>", "<https://h/>", "https://h/"),
        (
            "<a href=\"https://h/\">https://i/</a>",
            "<https://h/|https://i/>",
            "<https://i/> (<https://h/>)",
            "https://i/ (https://h/)",
        ),
        ("<a href=\"mailto:a@h.example\">me</a>", "<mailto:a@h.example|me>", "me (a@h.example)", "me (a@h.example)"),
        ("<a href=\"tg://user?id=1\">me</a><a href=\"javascript:x\">y</a>", "mey", "mey", "mey"),
        (
            "<a href=\"https://h/\">[a] b]</a>",
            "<https://h/|[a] b]>",
            "\\[a\\] b\\] (<https://h/>)",
            "[a] b] (https://h/)",
        ),
    ] {
        assert_rendered(html, [mrkdwn, markdown, plain]);
    }
}

#[test]
fn what_might_be_read_as_markup_is_made_inert() {
    for (text, mrkdwn, markdown) in [
        ("snake_case_name 5*3", "snake_case_name 5*3", "snake\\_case\\_name 5\\*3"),
        (
            "*a* _b_ ~c~",
            "\u{2060}*\u{2060}a\u{2060}*\u{2060} \u{2060}_\u{2060}b\u{2060}_\u{2060} \u{2060}~\u{2060}c\u{2060}~\u{2060}",
            "\\*a\\* \\_b\\_ ~c\\~",
        ),
        (
            "* a\n- b\n1. c\n# d\n-# e\n+ f",
            "* a\n- b\n1. c\n# d\n-# e\n+ f",
            "\\* a\n\\- b\n1\\. c\n\\# d\n\\-# e\n\\+ f",
        ),
        ("> a\n  >>> b", "\u{2060}&gt; a\n  \u{2060}&gt;&gt;&gt; b", "\\> a\n  \\>>> b"),
        ("<!channel> <@U1> @here", "&lt;!channel&gt; &lt;@U1&gt; @here", "\\<!channel> \\<@\u{200b}U1> @\u{200b}here"),
        (
            "||a|| a|b ~~c~~ a~b",
            "||a|| a|b \u{2060}~\u{2060}~\u{2060}c\u{2060}~\u{2060}~\u{2060} a~b",
            "\\|\\|a\\|\\| a|b \\~\\~c\\~\\~ a~b",
        ),
        ("C:\\dir \\*", "C:\\dir \\\u{2060}*\u{2060}", "C:\\\\dir \\\\\\*"),
        ("see https://h/a_b_(c). x", "see <https://h/a_b_(c)>. x", "see https://h/a_b_(c). x"),
        ("(https://h/a) <https://h>", "(https://h/a) &lt;<https://h>&gt;", "\\(https://h/a) \\<<https://h>>"),
        (
            "**https://h/**",
            "\u{2060}*\u{2060}*\u{2060}<https://h/>\u{2060}*\u{2060}*\u{2060}",
            "\\*\\*<https://h/>\\*\\*",
        ),
        ("[a](https://h)", "[a](https://h)", "\\[a]\\(https://h)"),
        ("&amp; ＊a＊", "&amp;amp; \u{2060}＊\u{2060}a\u{2060}＊\u{2060}", "&amp; ＊a＊"),
    ] {
        let html = html::escape(text);
        assert_rendered(&html, [mrkdwn, markdown, text]);
    }
}
