//! The senders' texts in every markup, and templates that people write in others than HTML.

use super::senders::{cases, replaced, with_texts};
use super::*;
use crate::markup::tests::{reads_without_marks_of_its_own, says, takes};
use crate::markup::{self, Length, Markup, Unit, mail_html, parts};

/// The lengths of messages of Slack's blocks, of Slack's text and of Discord.
const LENGTHS: [Length; 3] = [
    Length { most: 3_000, unit: Unit::Chars },
    Length { most: 40_000, unit: Unit::Chars },
    Length { most: 2_000, unit: Unit::Utf16 },
];

/// Values that would be markup somewhere.
const HOSTILE: [&str; 16] = [
    "*bold* _italic_ ~struck~ `code` __under__ ~~struck~~ ||hidden|| **bold** ***both***",
    "```\ncode\n```\nafter",
    "<!channel> <!here> <@U123> <#C1|x> <!subteam^S1|all> &lt;!channel&gt;",
    "@everyone @here <@123> <@&123> <#123> <t:1618953630:R> <:e:123> </cmd:1> <id:1>",
    "[x](https://evil.example/) <https://evil.example/|x> https://evil.example/_a_*b*",
    "> quoted\n>>> quoted\n# heading\n-# small\n- item\n* item\n1. item\n+ item",
    "everyone",
    "here",
    "\\",
    "`",
    "a`b",
    "|",
    ">x|y](z) *",
    "https://h/)](<https://evil.example/>)",
    "https://h/?a=1&b=2",
    "\u{202e}\u{200b}*\u{2060}*x*\u{200b}*",
];

#[test]
fn every_senders_text_reads_the_same_in_every_markup() {
    let hostile = "*a* _b_ ~~c~~ ||d|| `e` <@1> <!here> @everyone https://h/x_y_)* [x](https://e/)\n# > &lt;\\";
    let mut read = 0;
    for sender in with_texts() {
        for case in cases(sender) {
            for payload in [case.payload.clone(), replaced(&case.payload, hostile)] {
                let html = case.message(sender, &payload);
                LENGTHS.into_iter().for_each(|length| says(&html, length));
                read += 1;
            }
        }
    }
    assert!(read > 900, "{read}");
}

/// Senders and what is done by them that people know.
const KNOWN: [(&str, &str); 30] = [
    ("github", "push: two commits"),
    ("github", "push: seven commits, forced"),
    ("github", "pull_request: opened"),
    ("github", "pull_request: merged"),
    ("gitlab", "Push Hook: seven commits"),
    ("gitlab", "Merge Request Hook: opened"),
    ("bitbucket", "the sample"),
    ("stripe", "the sample"),
    ("stripe", "charge.dispute.created: a dispute"),
    ("sentry", "the sample"),
    ("sentry", "event_alert: an alert on an event"),
    ("grafana", "the sample"),
    ("grafana", "seven"),
    ("alertmanager", "the sample"),
    ("alertmanager", "many"),
    ("jira", "jira:issue_created: created"),
    ("linear", "the sample"),
    ("pagerduty", "the sample"),
    ("shopify", "the sample"),
    ("vercel", "the sample"),
    ("uptime-kuma", "the sample"),
    ("uptime-kuma", "up again"),
    ("twilio", "the sample"),
    ("typeform", "the sample"),
    ("zendesk", "the sample"),
    ("trello", "the sample"),
    ("slack", "the sample"),
    ("aws-sns", "the sample"),
    ("jenkins", "the sample"),
    ("standard-webhooks", "the sample"),
];

#[test]
fn known_events_side_by_side() {
    for (name, title) in KNOWN {
        let sender = with_texts().find(|sender| sender.name == name).unwrap_or_else(|| panic!("{name}"));
        let case = cases(sender).into_iter().find(|case| case.title() == title);
        let case = case.unwrap_or_else(|| panic!("{name}: {title}"));
        let html = case.message(sender, &case.payload);
        let length = Length { most: 40_000, unit: Unit::Chars };
        let in_markup = |to| parts(&html, Markup::Html, to, length).join("\n");
        let shown = [
            ("Telegram", in_markup(Markup::Html)),
            ("Slack", in_markup(Markup::Mrkdwn)),
            ("Discord", in_markup(Markup::Markdown)),
            ("plain", in_markup(Markup::Plain)),
            ("mail", mail_html(&html)),
        ];
        let all: String = shown.iter().map(|(sink, text)| format!("## {sink}\n{}\n\n", visible(text))).collect();
        let file =
            format!("{name} {}", title.trim_end_matches(':')).replace([':', ' ', ',', '.'], "-").replace("--", "-");
        insta::with_settings!({
            prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "markups"
        }, {
            insta::assert_snapshot!(file, all);
        });
    }
}

/// A text in which characters that are not seen are.
fn visible(text: &str) -> String {
    text.replace('\u{200b}', "⟨ZWSP⟩").replace('\u{2060}', "⟨WJ⟩")
}

/// Fills in a template in a markup.
fn filled(markup: Markup, source: &str, value: &str) -> String {
    let body = json!({ "v": value, "u": "https://h/?a=1&b=_c_", "l": [value, "", value] }).to_string();
    markup::check(markup, source).unwrap_or_else(|error| panic!("{source}: {error}"));
    let template = Template::compile(source, markup.escape()).unwrap_or_else(|error| panic!("{source}: {error}"));
    template.render(&plain_delivery(body.as_bytes()).context()).unwrap_or_else(|error| panic!("{source}: {error}"))
}

#[test]
fn hostile_values_are_text_in_every_markup() {
    for markup in [Markup::Mrkdwn, Markup::Markdown] {
        for value in HOSTILE {
            for (source, shown) in [
                ("{{ payload.v }}", value.to_owned()),
                ("a {{ payload.v }} b", format!("a{value}b")),
                ("a\n{{ payload.v }}\nb", format!("a{value}b")),
                ("> {{ payload.v | replace('\\n', ' ') }}", value.to_owned()),
                ("a{{ payload.v | quote(5000) }}", format!("a{value}")),
                ("a{{ payload.v | line }}", format!("a{value}")),
                ("a {{ payload.v | bold }} b", format!("a{value}b")),
                ("a {{ payload.v | code }} b", format!("a{value}b")),
                ("a {{ payload.v | around('(', ')') }} b", format!("a({value})b")),
                ("a {{ payload.v | around('*_') }} b", format!("a*_{value}b")),
                ("a {{ payload.l | joined(', ') }} b", format!("a{value},{value}b")),
                ("{{ payload.v | upper | lower }}", value.to_lowercase()),
                ("{{ payload.v | bold | truncate(5000) }}", value.to_owned()),
                ("{{ payload.v | e | e }}", value.to_owned()),
                ("{% set x %}{{ payload.v }}{% endset %}{{ x }}", value.to_owned()),
            ] {
                takes(markup, &filled(markup, source, value), &shown);
            }
            for source in [
                "{{ payload | tojson }}",
                "{{ payload | tojson(indent=2) }}",
                "{{ payload }}",
                "{{ payload.v | link(payload.u) }}",
                "@{{ payload.v }}",
                "{{ payload.v }}{{ payload.v }}",
                "{{ payload.l | join('*') }}",
                "{{ payload.l }}",
                "{{ payload.v | pretty }}",
            ] {
                reads_without_marks_of_its_own(markup, &filled(markup, source, value));
            }
        }
    }
}

#[test]
fn filters_mark_up_for_where_the_text_goes() {
    for (source, mrkdwn, markdown, plain) in [
        ("{{ payload.v | bold }}", "*a_b*", "**a\\_b**", "a_b"),
        ("{{ payload.v | code }}", "`a_b`", "`a_b`", "a_b"),
        (
            "{{ payload.v | link(payload.u) }}",
            "<https://h/?a=1&amp;b=_c_|a_b>",
            "[a\\_b](<https://h/?a=1&b=_c_>)",
            "a_b",
        ),
        (
            "{{ payload.v | link(payload.u) | bold }}",
            "*<https://h/?a=1&amp;b=_c_|a_b>*",
            "**[a\\_b](<https://h/?a=1&b=_c_>)**",
            "a_b",
        ),
        ("a{{ payload.v | quote(9) }}", "a\n> a_b", "a\n> a\\_b", "a\na_b"),
        ("a{{ payload.v | line }}", "a\na_b", "a\na\\_b", "a\na_b"),
        ("{{ payload.v | around('<', '>') }}", "&lt;a_b\u{2060}&gt;", "\\<a\\_b\\>", "<a_b>"),
        ("{{ payload.l | joined(' & ') }}", "a_b &amp; a_b", "a\\_b & a\\_b", "a_b & a_b"),
        ("{{ payload.v | bold | truncate(2) }}", "a…", "a…", "a…"),
        ("{{ payload.v | link(payload.u) | bold | upper }}", "*<https://h/?a=1&amp;b=_c_|a_b>*", "", "A_B"),
    ] {
        let made = [Markup::Mrkdwn, Markup::Markdown, Markup::Plain].map(|markup| filled(markup, source, "a_b"));
        if !source.ends_with("upper }}") {
            assert_eq!(made, [mrkdwn, markdown, plain].map(str::to_owned), "{source}");
        }
    }
}

#[test]
fn what_is_escaped_counts_as_it_is_written() {
    let source = "{% for i in range(9) %}{{ payload.v }}{% endfor %}";
    for (value, markup, is_taken) in [
        ("x", Markup::Mrkdwn, true),
        ("*", Markup::Mrkdwn, false),
        ("x", Markup::Markdown, true),
        ("*", Markup::Markdown, false),
        ("x", Markup::Html, true),
        ("&", Markup::Html, false),
    ] {
        let template = Template::compile(source, markup.escape()).unwrap();
        let body = json!({ "v": format!("{value}x ").repeat(30_000) }).to_string();
        let made = template.render(&plain_delivery(body.as_bytes()).context());
        assert_eq!(made.is_ok(), is_taken, "{value} {markup:?}: {:?}", made.map(|text| text.len()));
    }
}
