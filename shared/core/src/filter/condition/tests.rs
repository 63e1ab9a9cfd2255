use proptest::prelude::*;
use serde_json::json;

use super::super::tests::with_event;
use super::*;

mod limits;
mod random;
mod refused;
mod table;

/// What a condition comes to for a payload.
fn decide(source: &str, payload: serde_json::Value) -> Decision {
    let condition = Condition::compile(source).unwrap_or_else(|e| panic!("{source}: {e}"));
    with_event(payload, |variables| condition.decide(variables))
}

/// Whether conditions hold, each for the same payload.
fn check(payload: &serde_json::Value, table: &[(&str, bool)]) {
    for (source, holds) in table {
        match decide(source, payload.clone()) {
            Decision::Holds => assert!(holds, "{source} holds for {payload}"),
            Decision::Fails(_) => assert!(!holds, "{source} does not hold for {payload}"),
            Decision::Unclear(what) | Decision::Beyond(what) => panic!("{source} for {payload}: {what}"),
        }
    }
}

#[test]
fn a_missing_field_is_null_wherever_it_is_missing() {
    check(
        &json!({}),
        &[
            ("!has(payload.draft) || payload.draft == false", true),
            ("has(payload.draft) ? payload.draft : true", true),
            ("!(has(payload.level) && payload.level > 3)", true),
            ("has(payload.draft)", false),
            ("has(payload.draft) || payload.draft == null", true),
            ("has(payload.a.b.c) || has(payload['a']) || has(payload.a[0])", false),
            ("payload.repository.private == false", false),
            ("payload.repository.private != true", true),
            ("payload['draft'] != true", true),
            ("payload[\"a\"]['b'].c[7]['d'] == null", true),
            ("headers['x-env'] != 'test'", true),
            ("headers.none == null && headers['x-none'] == null", true),
            ("payload.commits[0].id == null && payload.commits[-1] == null", true),
            ("payload.flag", false),
            ("!payload.flag", true),
            ("payload.flag || event.type == 'push'", true),
            ("payload.flag ? false : true", true),
            ("payload.x > 3", false),
            ("payload.x <= 3", false),
            ("!(payload.x > 3)", true),
            ("payload.x == null", true),
            ("payload.x + 1 == null && -payload.x == null", true),
            ("payload.ref.startsWith('x')", false),
            ("!payload.ref.contains('x') && !payload.ref.matches('x')", true),
            ("size(payload.commits) == 0 && payload.commits.size() == 0", true),
            ("int(headers['x-count']) > 3", false),
            ("payload.ref.lowerAscii().trim() == null", true),
            ("'x' in payload.labels", false),
            ("payload.list.all(x, x.a == 1)", true),
            ("payload.list.exists(x, true) || payload.list.exists_one(x, true)", false),
            ("payload.list.map(x, x.a).size() == 0 && payload.list.filter(x, true) == []", true),
            ("[{'a': 1}, {}].exists(x, x.b == null) && [{'a': 1}].all(x, x['b'] != 2)", true),
            ("[1][5] == null && {'a': 1}['b'] == null", true),
            ("timestamp(payload.at) < timestamp(0)", false),
            ("payload.at.getHours() == null", true),
        ],
    );
    check(
        &json!({"draft": null, "n": 7, "t": "text", "list": [{"a": {"b": 1}}, {}, null, 3]}),
        &[
            ("has(payload.draft)", true),
            ("payload.draft == null", true),
            ("payload.n.x.y == null && payload.t['x'] == null && payload.list.x == null", true),
            ("has(payload.n.x) || has(payload.list[9]) || has(payload.list[0].a.c)", false),
            ("has(payload.list[0].a.b) && has(payload.list[2])", true),
            ("payload.list.exists(x, x.a.b == 1)", true),
            ("payload.list.filter(x, has(x.a)).size() == 1", true),
            ("payload.list.map(x, x.a.b) == [1, null, null, null]", true),
        ],
    );
}

#[test]
fn a_missing_part_is_named_where_the_condition_fails() {
    for (source, missing) in [
        ("payload.level > 3", Some("payload.level")),
        ("payload.ref.startsWith('v')", Some("payload.ref")),
        ("payload.flag", Some("payload.flag")),
        ("event.type == 'x'", None),
    ] {
        assert_eq!(decide(source, json!({})), Decision::Fails(missing.map(str::to_owned)), "{source}");
    }
}

#[test]
fn a_failure_says_which_part_met_what_and_no_value() {
    let payload = json!({"count": "secret-text", "list": [1, "secret-text"], "big": 9_223_372_036_854_775_807_i64,
        "map": {"secret-key": 1}, "flag": true, "zero": 0});
    for (source, what) in [
        (
            "payload.count > 3",
            "`payload.count > 3`: `payload.count` is a text and `3` is a number; `>` does not take these together",
        ),
        (
            "event.type == 'push' && payload.count + 1 == 2",
            "`payload.count + 1`: `payload.count` is a text and `1` is a number; `+` does not take these together",
        ),
        (
            "payload.list.exists(x, x > 5)",
            "`x > 5`: `x` is a text and `5` is a number; `>` does not take these together",
        ),
        ("payload.map.startsWith('x')", "`payload.map` is a map, not a text"),
        ("payload.count", "`payload.count`: it is a text, neither true nor false"),
        ("payload.count && true", "`payload.count` is a text, not true or false"),
        (
            "payload.flag > 3",
            "`payload.flag > 3`: `payload.flag` is a truth value and `3` is a number; `>` does not take these together",
        ),
        ("1 in payload.count", "`payload.count` is a text, not a list or a map"),
        ("payload.zero.all(x, x)", "`payload.zero` is a number, not a list or a map"),
        ("payload.big + 1 > 0", "`payload.big + 1`: the result does not fit 64 bits"),
        ("1 / payload.zero > 0", "`1 / payload.zero`: it divides by zero"),
        ("int(payload.count) > 0", "`int(payload.count)`: the text is not such a number"),
        ("payload.count.charAt(99) == 'x'", "`payload.count.charAt(99)`: the place lies outside the text"),
        ("{payload.count: 1, payload.count: 2} == {}", "`payload.count`: the key is there twice"),
    ] {
        let Decision::Unclear(found) = decide(source, payload.clone()) else {
            panic!("{source} is decided");
        };
        assert_eq!(found, what, "{source}");
        assert!(!found.contains("secret"));
    }
    let long = format!("payload.count > {}", ["1"; 80].join(" + "));
    let Decision::Unclear(found) = decide(&long, payload) else { panic!("{long} is decided") };
    assert!(found.chars().count() < 300 && found.contains(" … "), "{found}");
}

#[test]
fn what_decides_wins_over_failures() {
    check(
        &json!({"t": "text", "list": ["a", 7]}),
        &[
            ("payload.t > 3 || true", true),
            ("true || payload.t > 3", true),
            ("payload.t > 3 && false", false),
            ("payload.t && false", false),
            ("payload.list.exists(x, x > 3)", true),
            ("payload.list.all(x, x > 8)", false),
        ],
    );
}

#[test]
fn headers_are_found_in_any_case() {
    check(
        &json!({}),
        &[
            ("headers['x-env'] == 'test' && headers['X-Env'] == 'test' && headers['X-ENV'] == 'test'", false),
            ("headers['X-A'] == '1' && headers['x-a'] == '1'", true),
            ("'X-A' in headers && has(headers['X-A']) && !('X-B' in headers)", true),
            ("headers.all(name, headers[name] != null)", true),
            ("headers.exists(name, name == 'user-agent') && size(headers) == 3", true),
            ("headers == {'user-agent': 'hook/1', 'x-a': '1', 'content-type': 'application/json'}", true),
        ],
    );
}

#[test]
fn every_variable_is_there() {
    check(
        &json!({"a": 1}),
        &[
            ("event.type == 'push' && event.path == 'door' && event.sender == 'github' && !event.test", true),
            ("event.id.size() == 36 && event.received_at.startsWith('2023-') && event.source_ip == '192.0.2.1'", true),
            ("event.size_bytes == 7 && event.content_type == 'application/json' && event.delivery_id == null", true),
            ("has(event.type) && !has(event.delivery_id)", true),
            ("event.exists(name, name == 'sender') && event['type'] == 'push' && 'id' in event", true),
            (
                "hook.name == 'my door' && hook.id == 'hk_1' && hook == {'id': 'hk_1', 'name': 'my door', 'path': 'door', 'sender': 'github'}",
                true,
            ),
            ("webhook.body.a == 1 && webhook.path == 'door' && webhook.method == 'POST' && size(webhook) == 3", true),
            ("body == '{\"a\":1}' && body.contains('a')", true),
            ("cloudevent == null && cloudevent.type == null", true),
        ],
    );
}
