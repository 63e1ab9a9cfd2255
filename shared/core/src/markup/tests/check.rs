//! Templates in the markup of another sink.

use super::*;
use crate::template::Template;

/// Why a template is refused.
fn refused(markup: Markup, source: &str) -> Option<String> {
    Template::compile(source, markup.escape()).unwrap_or_else(|error| panic!("{source}: {error}"));
    check(markup, source).err().map(|error| error.to_string())
}

#[test]
fn what_a_sink_would_show_as_it_stands_is_refused_with_its_line() {
    use Markup::{Html, Markdown, Mrkdwn};
    for (markup, source, message) in [
        (Html, "a\n<br>", "line 2: Telegram does not know the tag `<br>`"),
        (Mrkdwn, "<b>x</b>", "line 1: Slack knows no tags such as `<b>`: write `*bold*`, or say `markup = \"html\"`"),
        (Mrkdwn, "a\n</i>", "line 2: Slack knows no tags such as `<i>`: write `_italic_`"),
        (Mrkdwn, "<a href=\"{{ payload.u }}\">x</a>", "line 1: Slack knows no tags such as `<a>`: write `<url|label>`"),
        (
            Mrkdwn,
            "x<br>",
            "line 1: Slack knows no tags such as `<br>`: a line break in the template is one in the message",
        ),
        (Mrkdwn, "a\n**{{ payload.x }}** b", "line 2: `**…**` is Markdown's; Slack's bold is `*…*`"),
        (
            Mrkdwn,
            "[{{ payload.x }}]({{ payload.u }})",
            "line 1: `[label](url)` is Markdown's; Slack's link is `<url|label>`",
        ),
        (Mrkdwn, "[x](https://h/)", "line 1: `[label](url)` is Markdown's"),
        (Mrkdwn, "5 < 6", "line 1: a `<` that begins neither a link"),
        (Mrkdwn, "{% if payload.a < 5 %}x{% endif %} <3", "line 1: a `<` that begins neither a link"),
        (Mrkdwn, "<!nobody>", "line 1: a `<` that begins neither a link"),
        (Mrkdwn, "<https://h/|x", "line 1: what `<` begins has no `>` at its end"),
        (Mrkdwn, "a\n```\n{{ payload.x }}", "line 2: the code that ``` begins does not end"),
        (
            Markdown,
            "<b>x</b>",
            "line 1: Discord knows no tags such as `<b>`: write `**bold**`, or say `markup = \"html\"`",
        ),
        (Markdown, "a\nb<br>", "line 2: Discord knows no tags such as `<br>`"),
        (
            Markdown,
            "<blockquote>x</blockquote>",
            "line 1: Discord knows no tags such as `<blockquote>`: write `> ` before each line",
        ),
        (Markdown, "<{{ payload.u }}|x>", "line 1: `<url|label>` is Slack's; Discord's link is `[label](url)`"),
        (Markdown, "<https://h/|x>", "line 1: `<url|label>` is Slack's"),
        (Markdown, "```\nx", "line 1: the code that ``` begins does not end"),
    ] {
        let found = refused(markup, source).unwrap_or_else(|| panic!("{source} is taken"));
        assert!(found.starts_with(message), "{source}: {found}");
    }
}

#[test]
fn what_a_sink_reads_is_taken() {
    use Markup::{Markdown, Mrkdwn, Plain};
    for (markup, source) in [
        (Mrkdwn, "*{{ payload.a }}* _b_ ~c~ `d` ```\ne\n```"),
        (Mrkdwn, "<https://h/{{ payload.a }}|{{ payload.b }}> <mailto:a@h|x> <{{ payload.u }}|x>"),
        (Mrkdwn, "<!here> <!channel> <@U123> <#C123> <!subteam^S1> <@{{ payload.user }}> <!date^1^{date}|x>"),
        (Mrkdwn, "&lt;b&gt; {{ '<b>' }} {# <b> #} {% if payload.a < 5 %}x{% endif %}"),
        (Mrkdwn, "`**a**` 2 ** 3 [x] (y) [a](b)"),
        (Mrkdwn, "{% if payload.a %}```{% endif %}x{% if payload.a %}```{% endif %}"),
        (Markdown, "**{{ payload.a }}** *b* __c__ ~~d~~ ||e|| `<b>` ```html\n<b>\n```"),
        (Markdown, "[{{ payload.a }}]({{ payload.u }}) <https://h/> <{{ payload.u }}> \\<b>"),
        (Markdown, "<@123> <#1> <t:1:R> <:e:1> 5 < 6 <file> <a:e:1>"),
        (Markdown, "{% raw %}```{% endraw %} x ```"),
        (Plain, "<b>**x** [a](https://h/) ```"),
    ] {
        assert_eq!(refused(markup, source), None, "{source}");
    }
}

#[test]
fn the_longest_templates_are_checked_in_no_time() {
    for piece in
        ["[", "[](", "`", "` ``", "**", "<", "<https://", "\\", "```\n", "<b", "{{ a }}[", "{% if a %}```{% endif %}"]
    {
        let source = piece.repeat(crate::template::MAX_SOURCE_BYTES / piece.len());
        for markup in [Markup::Mrkdwn, Markup::Markdown] {
            let begin = std::time::Instant::now();
            let _ = check(markup, &source);
            assert!(begin.elapsed() < std::time::Duration::from_secs(1), "{piece}: {:?}", begin.elapsed());
        }
    }
}
