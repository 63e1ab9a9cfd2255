use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::event::{Event, EventHead};
use crate::hook::Hook;
use crate::telegram::{MESSAGE_UNITS, html, split, units};
use crate::time::Timestamp;

mod bounds;
mod github;
mod senders;
mod sentences;
mod tags;
mod written;

/// What the tests tell of an event besides its body.
struct Delivery<'a> {
    sender: &'a str,
    event_type: Option<&'a str>,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

impl Delivery<'_> {
    /// What is known of the event besides its body.
    fn head(&self) -> EventHead {
        EventHead {
            id: crate::id::EventId::new(Timestamp::from_ms(1_700_000_000_007), &[0; 10]),
            path: "door".to_owned(),
            sender: self.sender.to_owned(),
            event_type: self.event_type.map(str::to_owned),
            delivery_id: None,
            received_at: Timestamp::from_ms(1_700_000_000_007),
            source_ip: Some("192.0.2.1".parse().unwrap()),
            query: None,
            headers: self.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            hooks: vec![],
            body_bytes: self.body.len(),
            test: false,
            erased_at: None,
            duplicates: Vec::new(),
        }
    }

    /// The variables of the event.
    fn context(&self) -> Context {
        let event = self.head();
        let hook: Hook = serde_json::from_value(json!({
            "id": "hk_1", "name": "my <door>", "path": "door", "sender": self.sender, "secrets": [], "rate_per_minute": 1,
            "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
        }))
        .unwrap();
        let payload = Event { head: event.clone(), body: self.body.to_vec() }.payload().map(Arc::new);
        let payload = payload.as_ref();
        Context::new(&Facts { event: &event, hook: &hook, method: "POST", body: self.body, payload, test: false })
    }

    /// The default message, checked to be one that Telegram takes.
    fn message(&self) -> String {
        let message = message_for(self.sender, self.event_type, None, &self.context());
        assert_eq!(message.trouble, None);
        assert_takes(&message.html);
        message.html
    }
}

/// A delivery of a sender that has no texts of its own.
fn plain_delivery(body: &[u8]) -> Delivery<'_> {
    Delivery { sender: "shared-secret", event_type: None, headers: &[], body }
}

/// Fills a template in with a payload.
fn render(template: &str, payload: &Value) -> String {
    let body = payload.to_string();
    Template::compile(template, Escape::Html).unwrap().render(&plain_delivery(body.as_bytes()).context()).unwrap()
}

/// Fails unless Telegram would take the text.
fn assert_takes(html: &str) {
    let parsed = html::parse(html).unwrap_or_else(|error| panic!("{error}: {html}"));
    assert!(!parsed.text.trim().is_empty());
}

#[test]
fn a_missing_field_is_empty_at_any_depth() {
    let payload = json!({"null": null, "text": "x", "list": [1]});
    for template in [
        "{{ payload.a }}",
        "{{ payload.a.b.c.d }}",
        "{{ payload.null }}",
        "{{ payload.null.a.b }}",
        "{{ payload.text.a.b }}",
        "{{ payload.list[7].a }}",
        "{{ payload.a | upper }}",
        "{{ payload.a | truncate(3) }}{{ payload.a | firstline }}{{ payload.a | short }}{{ payload.a | pretty }}",
        "{{ payload.a | link(payload.b) }}",
        "{% for x in payload.a.b %}{{ x }}{% endfor %}",
        "{{ payload.a | join(', ') }}",
        "{{ payload.a ~ payload.b }}",
        "{{ payload.a | replace('x', 'y') }}",
        "{{ nothing.at.all }}",
        "{{ schedule.name }}",
        "{{ payload.a | first }}{{ payload.a | last }}{{ payload.a | min }}{{ payload.a | max }}",
        "{{ payload.a | items | list | join }}{{ payload.a | dictsort | join }}{{ payload.a | lines | join }}",
        "{{ payload.a | sort | join }}{{ payload.a | unique | join }}{{ payload.a | reverse }}{{ payload.a | split(',') | join }}",
        "{{ payload.a | map(attribute='x') | join }}{{ payload.a | selectattr('x') | join }}{{ payload.a | list | join }}",
        "{{ payload.a | lower | title | capitalize | indent(2) }}{{ payload.a | string }}{{ payload.a | escape }}",
        "{{ payload.a | trim }}",
        "{% if payload.a.b == 1 %}x{% endif %}",
        "{% if 'x' in payload.a %}x{% endif %}",
    ] {
        let compiled = Template::compile(template, Escape::Html).unwrap();
        let body = payload.to_string();
        assert_eq!(compiled.render(&plain_delivery(body.as_bytes()).context()), Ok(String::new()), "{template}");
    }
    assert_eq!(render("{{ payload.a | length }}{{ payload.a | count }}{{ payload.a | int }}", &payload), "000");
    assert_eq!(render("{{ payload.list | length }}{{ payload.list | first }}{{ 1.26 | round(1) }}", &payload), "111.3");
    assert_eq!(render("{{ payload.a is none }} {{ payload.null is none }}", &payload), "true true");
}

#[test]
fn lists_may_hold_items_without_what_is_looked_for() {
    let payload = json!({"list": [null, {"a": {"b": "x"}, "c": [7]}, {}, {"a": null}, "text", {"a": {"b": "y"}}], "nulls": [null]});
    for (template, expected) in [
        ("{{ payload.list | map(attribute='a.b') | joined(' ') }}", "x y"),
        ("{{ payload.list | map(attribute='c.0') | joined(' ') }}", "7"),
        ("{{ payload.list | map(attribute='a.b', default='-') | join }}", "-x---y"),
        ("{{ payload.list | map('default', '-') | map('length') | join }}", "120141"),
        ("{{ payload.nulls | map(attribute='a') | join }}{{ payload.nulls[:5] | map(attribute='a') | length }}", "1"),
        ("{{ payload.list | selectattr('a.b') | map(attribute='a.b') | join }}", "xy"),
        ("{{ payload.list | selectattr('a.b', 'equalto', 'y') | length }}", "1"),
        ("{{ payload.list | rejectattr('a.b') | length }}{{ payload.nulls | rejectattr('a') | length }}", "30"),
        ("{{ payload.list | flat('c') | join }}{{ payload.list | flat('c.0') | join }}", "77"),
        ("{{ {'a': 2, 'b': 1} | dictsort(by='value') | map('first') | join }}", "ba"),
    ] {
        assert_eq!(render(template, &payload), expected, "{template}");
    }
    for (template, what) in [
        ("{{ payload.nulls | map(attribute='a', nope=1) }}", "unknown keyword argument 'nope'"),
        ("{{ payload.nulls | map('upper', attribute='a') }}", "too many arguments"),
        ("{{ payload.nulls | selectattr }}", "missing argument"),
    ] {
        let refused = Template::compile(template, Escape::Html).unwrap_err();
        assert!(refused.what.contains(what), "{template}: {refused}");
    }
}

#[test]
fn values_are_shown_as_people_write_them() {
    let payload = json!({"b": true, "n": 1.5, "i": -7, "big": u64::MAX, "m": {"k": ["<a>", null]}, "e": "é"});
    let shown = render("{{ payload.b }} {{ payload.n }} {{ payload.i }} {{ payload.big }} {{ payload.m }}", &payload);
    assert_eq!(shown, r#"true 1.5 -7 18446744073709551615 {&quot;k&quot;:[&quot;&lt;a&gt;&quot;,null]}"#);
    assert_eq!(render("{{ payload.m | tojson }}", &payload), r#"{"k": ["\u003ca\u003e", null]}"#);
}

#[test]
fn values_cannot_break_out_of_their_place() {
    let payload = json!({"x": "</b><a href=\"javascript:1\">&lt;'/"});
    let text = render("<b>{{ payload.x }}</b>", &payload);
    assert_eq!(text, "<b>&lt;/b&gt;&lt;a href=&quot;javascript:1&quot;&gt;&amp;lt;'/</b>");
    assert_eq!(render("{{ payload.x | escape }}{{ payload.x | e | e }}", &payload).matches("&lt;/b&gt;").count(), 2);
    for (label, url, expected) in [
        ("<x>", "https://h/?a=1&b=\"", "<a href=\"https://h/?a=1&amp;b=&quot;\">&lt;x&gt;</a>"),
        ("x", "javascript:alert(1)", "x"),
        ("x", "https://h/ onclick", "x"),
        ("", "https://h/", ""),
    ] {
        let payload = json!({"label": label, "url": url});
        assert_eq!(render("{{ payload.label | link(payload.url) }}", &payload), expected);
    }
}

#[test]
fn nothing_is_escaped_for_json() {
    let template =
        Template::compile(r#"{"text": {{ payload.x | tojson }}, "raw": "{{ payload.x }}"}"#, Escape::None).unwrap();
    let text = template.render(&plain_delivery(br#"{"x": "a<b>\"c"}"#).context()).unwrap();
    assert_eq!(text, r#"{"text": "a\u003cb\u003e\"c", "raw": "a<b>"c"}"#);
    let template = Template::compile("{{ payload.x | link('https://h/') }}", Escape::None).unwrap();
    assert_eq!(template.render(&plain_delivery(br#"{"x": "<x>"}"#).context()).unwrap(), "<x>");
}

#[test]
fn everything_known_of_an_event_has_a_name() {
    let body = br#"{"event":"deploy"}"#;
    let delivery =
        Delivery { sender: "github", event_type: Some("push"), headers: &[("x-a", "1"), ("x-a", "2")], body };
    let show = |source: &str| Template::compile(source, Escape::Html).unwrap().render(&delivery.context()).unwrap();
    assert_eq!(show("{{ event.id }}"), "018bcfe5-6807-7000-8000-000000000000");
    assert_eq!(show("{{ event.type }} {{ event.path }} {{ event.sender }} {{ event.test }}"), "push door github false");
    assert_eq!(show("{{ event.received_at }} {{ event.source_ip }}"), "2023-11-14T22:13:20.007Z 192.0.2.1");
    assert_eq!(
        show("{{ hook.id }} {{ hook.name }} {{ hook.path }} {{ hook.sender }}"),
        "hk_1 my &lt;door&gt; door github"
    );
    assert_eq!(show("{{ webhook.body.event }} {{ webhook.path }} {{ webhook.method }}"), "deploy door POST");
    assert_eq!(show("{{ headers['x-a'] }} {{ headers.missing }}"), "1 ");
    assert_eq!(show("{{ body }}"), "{&quot;event&quot;:&quot;deploy&quot;}");
    let text = Template::compile("{{ webhook.body }}|{{ payload }}", Escape::Html).unwrap();
    assert_eq!(text.render(&plain_delivery(b"not \xff JSON").context()).unwrap(), "not \u{fffd} JSON|");
}

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

#[test]
fn a_bad_template_is_refused_with_its_line() {
    for (source, message) in [
        ("{{ payload.x", "line 1: syntax error: unexpected end of input, expected end of variable block"),
        ("a\n{% if x %}", "line 2: "),
        ("a\nb {{ payload.x | uper }}", "line 2: there is no filter `uper`"),
        ("{% if false %}{{ x | nope(1) }}{% endif %}", "line 1: there is no filter `nope`"),
        ("{% if x is not strange %}{% endif %}", "line 1: there is no test `strange`"),
        ("\n\n{{ now() }}", "line 3: unknown function: now is unknown"),
        ("{% set n = namespace(x=1) %}", "line 1: unknown function: namespace is unknown"),
        ("{{ 'a' | truncate }}", "line 1: missing argument"),
        ("{% filter nope %}x{% endfilter %}", "line 1: there is no filter `nope`"),
    ] {
        let error = Template::compile(source, Escape::Html).unwrap_err().to_string();
        assert!(error.starts_with(message), "{source}: {error}");
    }
    let long = "x".repeat(MAX_SOURCE_BYTES + 1);
    assert!(Template::compile(&long, Escape::Html).is_err());
    assert!(Template::compile(&"{{".repeat(3_000), Escape::Html).is_err());
    assert!(
        Template::compile(&format!("{{{{ {}1{} }}}}", "(".repeat(9_000), ")".repeat(9_000)), Escape::Html).is_err()
    );
}

#[test]
fn what_only_looks_wrong_is_taken() {
    for source in [
        "{# {{ x | nope }} #}",
        "{% raw %}{{ x | nope }}{% endraw %}",
        "{{ '{{ x | nope }}' }} {{ \"a|nope\" }}",
        "{{ payload.is }} {{ payload.x is defined }} {{ a or b }} {{ 1 if x is divisibleby(3) }}",
        "{%- if x -%}{{- y | default('|') -}}{%- endif -%}",
        "{ not a template } {",
        "{{ payload.x | tojson(indent=2) }}",
        "{{ payload.list | map(attribute='x') | join(',') }} {{ payload.list | selectattr('a', 'equalto', 1) | list }}",
    ] {
        assert!(
            Template::compile(source, Escape::Html).is_ok(),
            "{source}: {:?}",
            Template::compile(source, Escape::Html)
        );
    }
}

#[test]
fn no_template_runs_for_ever_or_fills_the_memory() {
    let forever = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}";
    let huge = "{% for a in range(9999) %}{{ body }}{% endfor %}";
    let body = vec![b'x'; 4096];
    let (steps, output) =
        ("the template takes more than 1,000,000 steps", "the template makes more than 1048576 bytes");
    for (source, expected) in [(forever, steps), (huge, output)] {
        let Ok(template) = Template::compile(source, Escape::Html) else {
            assert_eq!(expected, steps, "what takes long without an event is refused");
            continue;
        };
        let context = plain_delivery(&body).context();
        assert_eq!(template.render(&context).unwrap_err().what, expected);
        let message = message_for("shared-secret", None, Some(&template), &context);
        assert_eq!(message.html, String::from_utf8(body.clone()).unwrap());
        assert_eq!(message.trouble.unwrap().what, expected);
    }
}

#[test]
fn a_failure_names_no_value() {
    let template = Template::compile("{{ payload.secret / 2 }}", Escape::Html).unwrap();
    let context = plain_delivery(br#"{"secret": "canary"}"#).context();
    let message = message_for("shared-secret", None, Some(&template), &context);
    let trouble = message.trouble.unwrap().to_string();
    assert!(!trouble.contains("canary"), "{trouble}");
    assert!(message.html.contains("canary"));
}

#[test]
fn a_template_that_makes_nothing_is_replaced() {
    for source in ["", "  {{ payload.missing }} ", "<b></b>", "{{ '\u{200b}' }}"] {
        let template = Template::compile(source, Escape::Html).unwrap();
        let context = plain_delivery(br#"{"message": "hello"}"#).context();
        let message = message_for("shared-secret", None, Some(&template), &context);
        assert_eq!((message.html.as_str(), message.trouble.is_some()), ("hello", true));
    }
}

#[test]
fn the_general_message() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let message = plain_delivery(deep.as_bytes()).message();
    assert!(message.starts_with("[[[") && message.ends_with('…'));
    for (body, expected) in [
        (&br#"{"message":"Disk <full> & more\n"}"#[..], "Disk &lt;full&gt; &amp; more"),
        (br#"{"message":" ","b":1}"#, "<pre>{\n  &quot;message&quot;: &quot; &quot;,\n  &quot;b&quot;: 1\n}</pre>"),
        (
            br#"{"message":{"z":1,"a":2}}"#,
            "<pre>{\n  &quot;message&quot;: {\n    &quot;z&quot;: 1,\n    &quot;a&quot;: 2\n  }\n}</pre>",
        ),
        (b"[1]", "<pre>[\n  1\n]</pre>"),
        (b"null", "null"),
        (b"\"text\"", "<pre>&quot;text&quot;</pre>"),
        (b"broken {\"a\":", "broken {&quot;a&quot;:"),
        (b"caf\xe9 and more text around it", "caf\u{fffd} and more text around it"),
        (b"\x00\x01\x02", "3 bytes of an unknown type came in at /door"),
        (b"", "An event without a body came in at /door"),
        (b" \n ", "An event without a body came in at /door"),
        ("\u{200b}".as_bytes(), "An event of 3 bytes that show nothing came in at /door"),
    ] {
        assert_eq!(plain_delivery(body).message(), expected);
    }
    let picture = Delivery {
        sender: "none",
        event_type: None,
        headers: &[("content-type", "image/png")],
        body: b"\x89PNG\r\n\x1a\n\0",
    };
    assert_eq!(picture.message(), "9 bytes of image/png came in at /door");
}

#[test]
fn a_standard_webhook_is_shown_by_its_type_and_data() {
    let body = br#"{"type":"invoice.paid","timestamp":"2026-01-01T00:00:00Z","data":{"id":"<1>"}}"#;
    let delivery = Delivery { sender: "standard-webhooks", event_type: Some("invoice.paid"), headers: &[], body };
    let expected = "<b>my &lt;door&gt;</b> invoice.paid\n<pre>{\n  &quot;id&quot;: &quot;&lt;1&gt;&quot;\n}</pre>";
    assert_eq!(delivery.message(), expected);
}

#[test]
fn every_senders_sample_reads_well() {
    for (sender, says) in [
        ("github", "octo/hello · octo pushed 1 commit to main\n9c2d4e6 Greet whoever rings (Octo)"),
        ("none", "Hello from octo: somebody is at the door."),
        ("shared-secret", "Hello from octo: the nightly backup is done."),
        ("standard-webhooks", "my <door> invoice.paid"),
    ] {
        let sample = bellhop_senders::sender::Sender::named(sender).unwrap().sample();
        let body = sample.body.as_bytes();
        let delivery = Delivery { sender, event_type: sample.event_type, headers: sample.headers, body };
        let text = html::parse(&delivery.message()).unwrap().text;
        assert!(text.contains(says), "{sender}: {text}");
    }
}

#[test]
fn the_longest_texts_compile_quickly_enough_to_be_refused() {
    for piece in ["{{ x }}\n", "{{ x | upper }}", "{{", "{% if x %}", "{#", "{{ '", "{% raw %}", "a | b is c "] {
        let source = piece.repeat(MAX_SOURCE_BYTES / piece.len());
        let _ = Template::compile(&source, Escape::Html);
    }
}

#[test]
fn a_message_is_made_of_any_body() {
    proptest::proptest!(proptest::test_runner::Config::with_cases(1_000), |(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200))| {
        plain_delivery(&body).message();
        Delivery { sender: "github", event_type: Some("push"), headers: &[], body: &body }.message();
    });
}

#[test]
fn numbers_are_shown_as_they_were_sent() {
    let body = br#"{"id":820982911946154508,"huge":123456789012345678901234567890,"price":1.10,"rate":0.5,"far":1e400,
        "small":-1E-2,"zero":-0,"list":[1.10,2.50],"text":"{\"n\":1.20}","more":{"a":{"price":10.0}}}"#;
    let context = plain_delivery(body).context();
    let show = |template: &str| Template::compile(template, Escape::Html).unwrap().render(&context).unwrap();
    for (template, expected) in [
        (
            "{{ payload.id }} {{ payload.huge }} {{ payload.price }}",
            "820982911946154508 123456789012345678901234567890 1.10",
        ),
        ("{{ payload.far }} {{ payload.small }} {{ payload.zero }}", "1e400 -1E-2 -0"),
        ("{% for n in payload.list %}{{ n }},{% endfor %}", "1.10,2.50,"),
        ("{{ (payload.text | fromjson).n }}", "1.20"),
        ("{{ payload.more.a.price }}", "10.0"),
        ("{{ payload.price * 2 }} {{ payload.rate + 1 }}", "2.2 1.5"),
        ("{{ payload.price > 1 }} {{ payload.price < 1.2 }} {{ payload.price == 1.1 }}", "true true true"),
        ("{{ payload.id + 1 }} {{ payload.huge + 1 }}", "820982911946154509 123456789012345678901234567891"),
        ("{{ payload.id == 820982911946154509 }}", "false"),
        ("{{ payload.more | tojson }} {{ payload.far | tojson }}", r#"{"a": {"price": 10.0}} 1e400"#),
        ("{{ payload.list }}", "[1.10,2.50]"),
        ("{{ payload.more | tojson(indent=1) }}", "{\n \"a\": {\n  \"price\": 10.0\n }\n}"),
    ] {
        assert_eq!(show(template), expected, "{template}");
    }
}

#[test]
fn a_body_of_parts_is_shown_by_its_fields() {
    let body = b"--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nHello <you>\r\n--b\r\n\
        Content-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\x00\x01\r\n--b--\r\n";
    let headers = [("content-type", "multipart/form-data; boundary=b")];
    let message = Delivery { headers: &headers, ..plain_delivery(body) }.message();
    for part in ["note&quot;: &quot;Hello &lt;you&gt;", "filename&quot;: &quot;a.jpg", "size_bytes&quot;: 2"] {
        assert!(message.contains(part), "{part} in {message}");
    }
}
