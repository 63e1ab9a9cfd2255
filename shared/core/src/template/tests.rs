use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::event::{Event, EventHead};
use crate::hook::Hook;
use crate::telegram::{MESSAGE_UNITS, html, split, units};
use crate::time::Timestamp;

mod bounds;
mod filters;
mod general;
mod github;
mod markups;
mod refused;
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
            owners: vec![],
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
        Context::new(&Facts {
            event: &event,
            hook: hook.facts(),
            method: "POST",
            body: self.body,
            payload,
            test: false,
        })
    }

    /// The default message, checked to be one that Telegram takes.
    fn message(&self) -> String {
        let message = message_for(self.sender, self.event_type, None, &self.context());
        assert_eq!(message.trouble, None);
        assert_takes(&message.text);
        message.text
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
