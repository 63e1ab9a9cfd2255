//! What is refused when it is saved, and what is said.

use super::*;

#[test]
fn what_is_unknown_is_refused_with_the_nearest_name() {
    for (source, what) in [
        ("payload.ref.startswith('x')", "character 13: unknown method `startswith`; did you mean `startsWith`?"),
        ("payload.ref.starts_with('x')", "did you mean `startsWith`?"),
        ("payload.ref.match('x')", "did you mean `matches`?"),
        ("payload.ref.lower() == 'x'", "did you mean `lowerAscii`?"),
        ("payload.ref.toLowerCase() == 'x'", "unknown method `toLowerCase`"),
        ("foo(payload.ref)", "unknown function `foo`; there are "),
        ("Size(payload.ref) > 1", "did you mean `size`?"),
        ("len(payload.ref) > 1", "unknown function `len`"),
        ("startsWith(payload.ref, 'x')", "is a method"),
        ("payload.n.int() == 1", "is no method"),
        ("exists(payload.list, x, x)", "goes through a list"),
        ("payload.list.any(x, x == 1)", "unknown method `any`"),
        ("payload.list.exist(x, x == 1)", "did you mean `exists`?"),
        ("paylod.x == 1", "did you mean `payload`?"),
        ("action == 'opened'", "did you mean `payload.action`?"),
        ("type == 'push'", "`type` is a type and `'push'` is a text"),
        ("sender == 'github'", "did you mean `event.sender` or `payload.sender`?"),
        ("event.typ == 'push'", "`event` has no field `typ`; did you mean `type`?"),
        ("event['typ'] == 'push'", "did you mean `type`?"),
        ("has(event.typ)", "did you mean `type`?"),
        ("hook.sendr == 'x'", "did you mean `sender`?"),
        ("webhook.headers.x == 'x'", "`webhook` has no field `headers`; there are body, path, method"),
        ("body.action == 'x'", "did you mean `payload.action`?"),
        ("headers.user-agent == 'x'", "stands in brackets: `['user-agent']`"),
        ("headers.content-type == 'x'", "stands in brackets: `['content-type']`"),
        ("payload.my-event == 'x'", "stands in brackets: `['my-event']`"),
        ("payload.list.0.x == 1", "is picked with brackets"),
        ("math.max(1, 2) == 2", "unknown function `math.max`"),
        ("size == 1", "`size` is a function and needs its arguments"),
        ("package == 1", "reserved word"),
        ("payload?.x == 1", "a missing field is null anyway"),
        ("payload.?x == 1", "a missing field is null anyway"),
        ("Foo{a: 1} == 1", "unknown name `Foo`"),
        ("payload{a: 1} == 1", "messages"),
    ] {
        refuses(source, what);
    }
}

#[test]
fn what_can_never_hold_is_refused() {
    for (source, what) in [
        ("'text'", "`'text'` is a text, neither true nor false"),
        ("size('a')", "is a number, neither true nor false"),
        ("null", "never holds"),
        ("payload.x ? 1 : 'a'", "a number or a text, neither true nor false"),
        ("size(1) == 1", "`1` is a number, and `size` takes"),
        ("1 + 'a' == 'b'", "`1` is a number and `'a'` is a text: `+` does not take these together"),
        ("'a' - 'b' == 'c'", "`-` does not take"),
        ("headers['x-count'] > 3", "`headers['x-count']` is a text and `3` is a number: `>` does not take"),
        ("headers['x-count'] == 3", "they are never equal"),
        ("event.type != 7", "they are never equal"),
        ("event.size_bytes == '7'", "they are never equal"),
        ("event.type in [1, 2]", "is a text and each entry of `[1, 2]` a number"),
        ("payload.x in []", "is empty, so nothing is in it"),
        ("'x' in body", "write `body.contains('x')`"),
        ("body[0] == 'x'", "`body.charAt(0)`"),
        ("event.type.x == 1", "has no field `x`"),
        ("!'a'", "neither true nor false"),
        ("-'a' == 'b'", "is a text, not a number"),
        ("'a' && true", "neither true nor false"),
        ("event.type.all(x, x == 'a')", "not a list or a map"),
        ("headers.all(x, x == 7)", "they are never equal"),
        ("[1, 2].exists(x, x == 'a')", "they are never equal"),
        ("'a'.startsWith(7)", "`7` is a number, and `startsWith` takes a text"),
        ("payload.x.startsWith()", "`startsWith` takes 1 argument, not 0"),
        ("size(payload.x, 2) == 1", "`size` takes 1 argument, not 2"),
        ("payload.x.substring(1, 2, 3) == 'a'", "`substring` takes 1 to 2 arguments, not 3"),
        ("payload.list.all(1, true)", "the first argument of `all` is a name"),
        ("payload.list.all(x)", "the first argument of `all` is a name"),
        ("payload.list.all(x, true, true)", "takes 2 arguments"),
        ("payload.list.all(payload.x, true)", "the first argument of `all` is a name"),
        ("payload.list.all(true, true)", "the first argument of `all` is a name"),
        ("has(payload)", "`has` takes one field"),
        ("has(payload.a, payload.b)", "`has` takes one field"),
        ("has(size(payload))", "`has` takes one field"),
        ("payload.x.matches('(')", "no regular expression"),
        ("payload.x.matches('a{1001}{1001}')", "too large"),
        ("timestamp('yesterday') < timestamp(0)", "always fails"),
        ("duration('1d') > duration('1h')", "always fails"),
        ("int('x') == 1", "always fails"),
        ("timestamp(event.received_at).getHours('Europe/Berlin') > 8", "offset such as `'+02:00'`"),
    ] {
        refuses(source, what);
    }
}

#[test]
fn what_is_no_condition_is_refused_with_its_place() {
    for (source, what) in [
        ("", "the condition ends where a value such as"),
        ("payload.", "the condition ends where the name of a field should follow"),
        ("==", "there should be a value"),
        ("1 +", "the condition ends where a value"),
        ("payload.x = 1", "character 11, `=`: write `==` to compare"),
        ("payload.a === 1", "write `==`"),
        ("payload.a & payload.b", "write `&&`"),
        ("payload.a and payload.b", "there should be an operator"),
        ("$.action == 'x'", "`payload.action`"),
        ("(true", "the condition ends where `)` should follow"),
        ("true)", "there should be an operator"),
        ("payload.x == 'a", "a text has no end"),
        ("payload.x ==\n  $", "line 2, character 3"),
        ("[1, 2", "the condition ends where `,` or `]` should follow"),
        ("true ? false", "the condition ends where `:`"),
        ("99999999999999999999u == 1u", "too large"),
    ] {
        refuses(source, what);
    }
}

/// Expects a condition to be refused in these words.
fn refuses(source: &str, what: &str) {
    let error = Condition::compile(source).expect_err(source).to_string();
    assert!(error.contains(what), "{source}: {error}");
    assert!(error.chars().count() < 900, "{source}: {error}");
}
