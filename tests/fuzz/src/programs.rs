//! What users write for events to run through: conditions and templates.
//!
//! An input is a line that is the program, or whose bytes choose its words, and an event's body. Nothing may panic; the
//! fuzzer ends a run that takes too much memory at once, or too long.

use std::sync::{Arc, LazyLock};

use bellhop_core::event::{Event, EventHead};
use bellhop_core::filter::{Condition, Decision, Variables};
use bellhop_core::hook::Hook;
use bellhop_core::id::EventId;
use bellhop_core::json::{self, Value};
use bellhop_core::template::{Context, Escape, Facts, MAX_OUTPUT_BYTES, Template, check_tags};
use bellhop_core::time::Timestamp;

/// The byte before a program of which each byte is a word.
const WORDS: u8 = 0xff;

/// The body of an event, where an input brings none: values of every kind, some of them long.
static BODY: LazyLock<String> = LazyLock::new(|| {
    format!(
        r#"{{"a": [1, 2.50, "x", null, {{"b": "y"}}, [[3]]], "s": "{}", "list": [{}1], "map": {{{}"z": 0}}, "n": 1000000000,
        "time": "2024-02-29T12:00:00Z", "html": "<b>x</b> &amp; <i>{}</i>", "deep": {}{}}}"#,
        "x y\\n".repeat(5_000),
        "1,".repeat(3_000),
        (0..500).map(|n| format!("\"k{n}\": {n},")).collect::<String>(),
        "<&>".repeat(1_000),
        "[".repeat(100),
        "]".repeat(100)
    )
});

/// The words of conditions.
const IN_CONDITIONS: &[&str] = &[
    "payload",
    "payload.a",
    "payload.s",
    "payload.list",
    "payload.map",
    "payload.n",
    "payload.deep",
    "headers",
    "event.type",
    "body",
    "hook",
    "webhook",
    "cloudevent",
    "x",
    "y",
    "1",
    "2.5",
    "0u",
    "'x'",
    "'xx'",
    "''",
    "null",
    "true",
    "false",
    "b'x'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "?",
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "&&",
    "||",
    "!",
    " in ",
    ".all(x,",
    ".exists(x,",
    ".exists_one(y,",
    ".map(x,",
    ".filter(y,",
    ".size()",
    "size(",
    "has(payload.a)",
    ".contains(",
    ".startsWith(",
    ".matches('(x|y)*z{1,9}')",
    ".matches(",
    ".replace('x','xx')",
    ".replace('',payload.s)",
    ".split('')",
    ".split(",
    ".join(",
    ".upperAscii()",
    ".substring(",
    "string(",
    "int(",
    "double(",
    "timestamp(",
    "duration('1h')",
    "type(",
    "payload.a.all(x, payload.list.all(y, x != y))",
    "payload.s + payload.s",
    "[payload, payload]",
    "a.b.c",
    "\n",
    " ",
];

/// The words of templates.
const IN_TEMPLATES: &[&str] = &[
    "{{ ",
    " }}",
    "{% ",
    " %}",
    "{{ payload.s",
    "{{ payload.a",
    "payload",
    "payload.list",
    "payload.map",
    "payload.n",
    "payload.deep",
    "payload.html",
    "body",
    "headers",
    "event",
    "webhook",
    "loop",
    "loop(",
    "x",
    "y",
    "a",
    "1",
    "2.5",
    "100000",
    "'x'",
    "'%s %9d'",
    "''",
    "none",
    "true",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "~",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "==",
    "!=",
    "<",
    ">=",
    " and ",
    " or ",
    " not ",
    " in ",
    " is ",
    " if ",
    " else ",
    "=",
    "|",
    "{% set a = ",
    "{% set a %}",
    "{% endset %}",
    "{% for x in ",
    "{% for x, y in ",
    " recursive",
    "{% endfor %}",
    "{% if ",
    "{% elif ",
    "{% else %}",
    "{% endif %}",
    "{% with ",
    "{% endwith %}",
    "{% filter ",
    "{% endfilter %}",
    "{% autoescape false %}",
    "{% endautoescape %}",
    "range(",
    "dict(",
    "|replace('x', ",
    "|join(",
    "|indent(",
    "|format(",
    "|batch(",
    "|slice(",
    "|sort",
    "|unique",
    "|groupby('b')",
    "|map('",
    "|select",
    "|selectattr('b')",
    "|items",
    "|list",
    "|tojson",
    "|fromjson",
    "|pretty",
    "|truncate(",
    "|joined(",
    "|link(",
    "|bold",
    "|untag",
    "|document_text",
    "|split(",
    "|chain(",
    "|zip(",
    "|flat",
    "|sum(start=",
    "|dictsort",
    "|reverse",
    "|escape",
    "|safe",
    "|default(",
    "|length",
    "|upper",
    "|trim(",
    "|round(",
    "|pprint",
    "|string",
    "[::",
    "]|first",
    "a ~ a",
    "a * 99",
    "payload.list + a",
    "text",
    "<b>",
    "</b>",
    "\n",
];

/// The head of the event.
static EVENT: LazyLock<EventHead> = LazyLock::new(|| EventHead {
    id: EventId::new(Timestamp::default(), &[7; 10]),
    path: "p".to_owned(),
    sender: "shared-secret".to_owned(),
    event_type: Some("push".to_owned()),
    delivery_id: None,
    received_at: Timestamp::default(),
    source_ip: None,
    query: None,
    headers: vec![("content-type".to_owned(), "application/json".to_owned())],
    owners: Vec::new(),
    body_bytes: BODY.len(),
    test: false,
    erased_at: None,
    duplicates: Vec::new(),
});

/// The hook.
static HOOK: LazyLock<Hook> = LazyLock::new(|| {
    let hook = serde_json::json!({
        "id": "hk_1", "name": "n", "path": "p", "sender": "shared-secret", "secrets": [], "rate_per_minute": 1,
        "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
    });
    serde_json::from_value(hook).unwrap_or_else(|error| panic!("the hook of the fuzzer: {error}"))
});

/// The payload where an input brings no body.
static PAYLOAD: LazyLock<Option<Arc<Value>>> = LazyLock::new(|| json::read(BODY.as_bytes()).ok().map(Arc::new));

/// The variables of a template where an input brings no body.
static CONTEXT: LazyLock<Context> = LazyLock::new(|| Context::new(&facts(BODY.as_bytes(), PAYLOAD.as_ref())));

/// What is known of an event with this body.
fn facts<'a>(body: &'a [u8], payload: Option<&'a Arc<Value>>) -> Facts<'a> {
    Facts { event: &EVENT, hook: HOOK.facts(), method: "POST", body, payload, test: false }
}

/// A body, and the payload that is in it.
type Content = (Vec<u8>, Option<Arc<Value>>);

/// The program and the body of an input; the body is parsed as an event's is.
fn split(data: &[u8], words: &[&str]) -> (String, Option<Content>) {
    let (program, body) =
        super::request::split(data, b"\n\n").map_or((data, None), |(program, body)| (program, Some(body)));
    let program = match program {
        [WORDS, chosen @ ..] => chosen.iter().map(|byte| words[usize::from(*byte) % words.len()]).collect(),
        text => String::from_utf8_lossy(text).into_owned(),
    };
    let parsed = |body: &[u8]| Event { head: EVENT.clone(), body: body.to_vec() }.payload().map(Arc::new);
    (program, body.map(|body| (body.to_vec(), parsed(body))))
}

/// Conditions; whether one is taken and decides.
pub fn condition(data: &[u8]) -> bool {
    let (source, own) = split(data, IN_CONDITIONS);
    let Ok(condition) = Condition::compile(&source) else {
        // What is refused today may have been saved by a version that refused less.
        return Condition::stored(&source).is_ok_and(|stored| decides(&stored, own.as_ref()));
    };
    decides(&condition, own.as_ref())
}

/// Whether a condition decides on the event of an input.
fn decides(condition: &Condition, own: Option<&Content>) -> bool {
    let (body, payload) = own.map_or((BODY.as_bytes(), PAYLOAD.as_ref()), |(body, payload)| (body, payload.as_ref()));
    let decision = || condition.decide(&Variables::new(facts(body, payload)));
    let first = decision();
    assert_eq!(first, decision(), "a condition decides the same twice");
    !matches!(first, Decision::Unclear(_) | Decision::Beyond(_))
}

/// Templates; whether one is taken and makes a text.
pub fn template(data: &[u8]) -> bool {
    let (source, own) = split(data, IN_TEMPLATES);
    let Ok(template) = Template::compile(&source, Escape::Html) else { return false };
    let _ = check_tags(&source);
    let context = match &own {
        Some((body, payload)) => &Context::new(&facts(body, payload.as_ref())),
        None => &*CONTEXT,
    };
    let made = template.render(context);
    assert_eq!(made, template.render(context), "a template makes the same twice");
    assert!(made.as_ref().map_or(0, String::len) <= MAX_OUTPUT_BYTES, "it makes too much");
    made.is_ok()
}

/// Where the fuzzer of conditions begins.
pub fn conditions() -> Vec<Vec<u8>> {
    let written = [
        "payload.a.exists(x, x == 'x') && payload.s.contains('x') || event.type in ['push', 'tag']",
        "has(payload.map.k1) ? payload.n > 5 : size(payload.list) == 3001",
        "payload.a.map(x, string(x)).join(',').startsWith('1') && payload.s.matches('^(x y.)+$')",
        "timestamp(payload.time) + duration('1h') > timestamp('2024-01-01T00:00:00Z') && int('7') % 2 == 1",
        "payload.list.all(x, payload.list.all(y, x == y))",
        "payload.s.replace('', payload.s).size() > 0",
        "[1, 2.5, 'x', null, {'a': [payload]}] != [] && -payload.n < 0 && !false",
    ];
    let long = [format!("{} == 1", ["1"; 1_500].join("+")), format!("payload{} == null", "[0]".repeat(1_300))];
    let words = (0..u8::MAX).step_by(8).map(|from| (from..=u8::MAX).take(8).collect::<Vec<u8>>());
    let seeds = written.iter().map(|text| text.as_bytes().to_vec()).chain(long.map(String::into_bytes));
    seeds.chain(words.map(|chosen| [vec![WORDS], chosen].concat())).collect()
}

/// Where the fuzzer of templates begins.
pub fn templates() -> Vec<Vec<u8>> {
    let written = [
        "<b>{{ payload.a[1] }}</b>{% for x in payload.a %}{{ loop.index }}: {{ x | default('-') | truncate(9) }}\n{% endfor %}",
        "{% set a = payload.s %}{% set a = a ~ a %}{% if a is startingwith('x') and a | length > 3 %}{{ a[:9] }}{% endif %}",
        "{% for k, v in payload.map | items %}{{ k }}={{ v }}{% endfor %}{{ payload.list | batch(100) | list | length }}",
        "{{ '%5d %s' | format(payload.n, 'x') | indent(4) }}{{ payload | tojson(indent=2) | length }}",
        "{% for x in payload.deep recursive %}[{{ loop(x) }}]{% endfor %}",
        "{{ range(100) | join(payload.s[:50]) | upper }}{{ payload.html | untag | quote(50) }}",
        "{{ payload.list | sort | unique | map('string') | joined(', ') }}{{ 1 < 2 < 3 and 3 in [1, 2] }}",
        "{% filter replace('x', 'yy') %}{% autoescape false %}{{ payload.html }}{% endautoescape %}{% endfilter %}",
    ];
    let ours = ["github", "stripe", "jira", "slack", "alertmanager", "grafana"];
    let ours = ours.iter().map(|sender| bellhop_senders::texts::default_text(sender, None).as_bytes().to_vec());
    let words = (0..u8::MAX).step_by(8).map(|from| (from..=u8::MAX).take(8).collect::<Vec<u8>>());
    let seeds = written.iter().map(|text| text.as_bytes().to_vec()).chain(ours.filter(|text| text.len() < 3_000));
    seeds.chain(words.map(|chosen| [vec![WORDS], chosen].concat())).collect()
}
