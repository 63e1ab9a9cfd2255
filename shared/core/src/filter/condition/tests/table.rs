//! The language, by its definition and examples.

use super::*;

#[test]
fn values_that_are_written_out() {
    check(
        &json!({}),
        &[
            ("1 == 1u && 1 == 1.0 && 0x10 == 16 && -7 == 0 - 7", true),
            ("-9223372036854775808 < -9223372036854775807", true),
            ("r'\\d' == '\\\\d' && '''a\nb''' == \"a\\nb\" && '\\u00e4' == 'ä'", true),
            ("b'abc' == b'\\x61bc' && size(b'ä') == 2 && size(b'\\xff') == 1", true),
            ("[1, 2,] == [1, 2] && {'a': 1,} == {'a': 1} && [[]] != []", true),
            ("{1: 'a', true: 'b', 'c': 3u}[true] == 'b'", true),
            ("type(1) == int && type(1u) == uint && type(1.5) == double && type('') == string", true),
            ("type(b'') == bytes && type([]) == list && type({}) == map && type(null) == null_type", true),
            ("type(type(1)) == type && type(true) == bool && type(1) != uint", true),
            ("true // what follows is for people", true),
        ],
    );
}

#[test]
fn numbers_compare_and_compute_exactly() {
    check(
        &json!({"id": 820_982_911_946_154_508_i64, "n": 7, "f": 7.5, "u": u64::MAX, "whole": 7.0}),
        &[
            ("payload.id == 820982911946154508 && payload.id != 820982911946154509", true),
            ("payload.id > 820982911946154507 && payload.id < 820982911946154509", true),
            ("payload.u == 18446744073709551615u && payload.u > 9223372036854775807", true),
            ("9007199254740993 > 9007199254740992.0 && 9007199254740992.0 < 9007199254740993", true),
            ("-1 < 0u && 1u > -1 && 3.5 > 3 && 3.5 < 4u", true),
            ("payload.whole == 7 && payload.n == 7.0 && payload.n in [1, 7.0]", true),
            ("payload.n / 2 == 3 && payload.f * 2 == 15 && payload.n % 4 == 3 && -payload.n % 4 == -3", true),
            ("7 / 2.0 == 3.5 && 1 + 1u == 2 && 2 - 3u == -1 && 0.1 + 0.2 != 0.3", true),
            ("1.0 / 0.0 > 9e307 && -1.0 / 0.0 < 0 && !(0.0 / 0.0 == 0.0 / 0.0)", true),
            ("2 + 3 * 4 - 6 / 2 == 11 && (2 + 3) * 4 == 20 && 10 - 4 - 3 == 3 && !(1 == 2 == true)", true),
            ("math.greatest(1, 2.5, payload.n) == 7 && math.least([3, 1u]) == 1 && math.abs(-3) == 3", true),
            ("math.floor(1.5) == 1 && math.ceil(1.5) == 2 && math.round(1.5) == 2", true),
        ],
    );
}

/// Numbers that no JSON reader of Rust's usual kind keeps; they are read from a body's text here.
#[test]
fn numbers_of_any_size_are_exact() {
    let body = r#"{"big": 123456789012345678901234567890, "huge": 1e400, "tiny": 1e-400, "long": 820982911946154508.0,
        "minus": -123456789012345678901234567890}"#;
    for (source, holds) in [
        ("payload.big == 123456789012345678901234567890", true),
        ("payload.big == 123456789012345678901234567891", false),
        ("payload.big > 123456789012345678901234567889 && payload.big < 1e30", true),
        ("payload.minus == -123456789012345678901234567890 && payload.minus < -1e29", true),
        ("string(payload.big) == '123456789012345678901234567890'", true),
        ("payload.huge > 1e308 && payload.huge > payload.big && payload.huge == payload.huge", true),
        ("payload.tiny < 1e-300 && payload.tiny > 0", true),
        ("payload.long == 820982911946154508 && payload.long != 820982911946154509", true),
        ("payload.huge < 1.0 / 0.0", true),
    ] {
        let condition = Condition::compile(source).unwrap();
        let payload = crate::json::read(body.as_bytes()).unwrap();
        let decision = super::super::super::tests::with_payload(payload, body, |variables| condition.decide(variables));
        assert_eq!(decision == Decision::Holds, holds, "{source}: {decision:?}");
    }
}

#[test]
fn texts() {
    check(
        &json!({"ref": "refs/heads/Main", "s": "  äöü 😀 ", "csv": "a,b,,c"}),
        &[
            ("payload.ref.startsWith('refs/') && payload.ref.endsWith('Main') && payload.ref.contains('heads')", true),
            ("payload.ref.matches('^refs/(heads|tags)/[A-Z]') && matches(payload.ref, 'Main$')", true),
            ("payload.ref.matches('refs' + '/h')", true),
            ("payload.ref.lowerAscii() == 'refs/heads/main' && payload.ref.upperAscii() == 'REFS/HEADS/MAIN'", true),
            ("payload.s.trim() == 'äöü 😀' && size(payload.s) == 8 && payload.s.trim().reverse() == '😀 üöä'", true),
            ("payload.csv.split(',') == ['a', 'b', '', 'c'] && payload.csv.split(',', 2) == ['a', 'b,,c']", true),
            ("'äb'.split('') == ['ä', 'b'] && ''.split(',') == [''] && 'a'.split(',', 0) == []", true),
            ("payload.csv.split(',').join('-') == 'a-b--c' && ['a', 'b'].join() == 'ab' && [].join('x') == ''", true),
            ("payload.csv.replace(',', ';') == 'a;b;;c' && payload.csv.replace(',', '', 1) == 'ab,,c'", true),
            ("'ab'.replace('', '-') == '-a-b-'", true),
            ("'äöü'.substring(1) == 'öü' && 'äöü'.substring(0, 2) == 'äö' && 'äöü'.substring(3) == ''", true),
            ("'äöü'.charAt(1) == 'ö' && 'äöü'.charAt(3) == ''", true),
            ("'äbäb'.indexOf('b') == 1 && 'äbäb'.indexOf('b', 2) == 3 && 'äbäb'.lastIndexOf('ä') == 2", true),
            ("'äbäb'.lastIndexOf('b', 2) == 1 && 'x'.indexOf('y') == -1 && 'x'.lastIndexOf('') == 1", true),
            ("'a' < 'b' && 'Z' < 'a' && 'a' + 'b' == 'ab' && b'a' < b'b' && b'a' + b'b' == b'ab'", true),
        ],
    );
}

#[test]
fn lists_and_maps() {
    check(
        &json!({"commits": [{"id": "a", "n": 1}, {"id": "b", "n": 2}], "labels": {"app.kubernetes.io/name": "web"}}),
        &[
            ("payload.commits.exists(c, c.id == 'b') && payload.commits.all(c, c.n > 0)", true),
            ("payload.commits.exists_one(c, c.n == 2) && !payload.commits.exists_one(c, c.n > 0)", true),
            ("payload.commits.map(c, c.n) == [1, 2] && payload.commits.map(c, c.n > 1, c.id) == ['b']", true),
            ("payload.commits.filter(c, c.n > 1).map(c, c.id).join() == 'b'", true),
            ("payload.commits.all(c, payload.commits.exists(d, d.id == c.id))", true),
            ("payload.commits.map(payload, payload.n) == [1, 2]", true),
            (
                "payload.labels.`app.kubernetes.io/name` == 'web' && payload.labels['app.kubernetes.io/name'] == 'web'",
                true,
            ),
            (
                "payload.labels.exists(k, k.startsWith('app.')) && payload.labels.all(k, payload.labels[k] == 'web')",
                true,
            ),
            ("payload.commits[1].id == 'b' && payload.commits[1u].id == 'b' && payload.commits[1.0].id == 'b'", true),
            ("payload.commits[size(payload.commits) - 1].id == 'b'", true),
            ("'a' in payload.commits.map(c, c.id) && 'id' in payload.commits[0] && !('x' in payload.commits[0])", true),
            ("[1] + [2] == [1, 2] && [1, 2] != [2, 1] && {'a': 1, 'b': 2} == {'b': 2, 'a': 1.0}", true),
            ("{1: 'a'}[1u] == 'a' && {1: 'a'} == {1u: 'a'} && 1.0 in {1: 'a'}", true),
            ("has(payload.commits[0].id) && has({'a': null}.a) && !has({}.a)", true),
        ],
    );
}

#[test]
fn moments_and_lengths_of_time() {
    check(
        &json!({"at": "2027-01-31T09:30:15.250Z", "later": "2027-02-01T00:00:00+02:00", "unix": 1_700_000_000}),
        &[
            ("timestamp(payload.at) < timestamp(payload.later)", true),
            ("timestamp(payload.later) - timestamp(payload.at) > duration('12h') ", true),
            ("timestamp(payload.at) + duration('1h') == timestamp('2027-01-31T10:30:15.25Z')", true),
            ("timestamp(payload.at).getFullYear() == 2027 && timestamp(payload.at).getMonth() == 0", true),
            ("timestamp(payload.at).getDate() == 31 && timestamp(payload.at).getDayOfMonth() == 30", true),
            ("timestamp(payload.at).getDayOfWeek() == 0 && timestamp(payload.at).getDayOfYear() == 30", true),
            ("timestamp(payload.at).getHours() == 9 && timestamp(payload.at).getHours('+02:00') == 11", true),
            ("timestamp(payload.at).getMinutes() == 30 && timestamp(payload.at).getSeconds() == 15", true),
            ("timestamp(payload.at).getMilliseconds() == 250 && timestamp(payload.at).getDate('-10:00') == 30", true),
            (
                "timestamp(payload.unix) == timestamp('2023-11-14T22:13:20Z') && int(timestamp(payload.unix)) == 1700000000",
                true,
            ),
            ("timestamp(event.received_at).getFullYear() == 2023", true),
            (
                "duration('1h30m') == duration('90m') && duration('1h').getMinutes() == 60 && -1 < duration('90s').getSeconds()",
                true,
            ),
            ("string(duration('90m')) == '5400s' && string(timestamp(0)) == '1970-01-01T00:00:00Z'", true),
            (
                "duration('1m') + duration('1s') == duration('61s') && duration('1m') - duration('2m') < duration('0s')",
                true,
            ),
        ],
    );
}

#[test]
fn conversions() {
    check(
        &json!({"n": "42", "f": 1.9}),
        &[
            ("int(payload.n) == 42 && int(payload.f) == 1 && int(-1.9) == -1 && int(7u) == 7 && int('-7') == -7", true),
            ("uint('7') == 7u && uint(7) == 7u && double('1.5') == 1.5 && double(7) == 7.0", true),
            ("string(7) == '7' && string(1.5) == '1.5' && string(true) == 'true' && string(b'a') == 'a'", true),
            ("bool('true') && !bool('0') && bytes('ä') == b'\\xc3\\xa4' && dyn(payload.n) == '42'", true),
        ],
    );
}

#[test]
fn choices_and_precedence() {
    check(
        &json!({}),
        &[
            ("true ? 1 == 1 : false", true),
            ("false ? false : false ? false : true", true),
            ("true || false && false", true),
            ("!false && !!true && !!!false", true),
            ("1 + 2 == 3 && 4 > 3 ? 'a' == 'a' : false", true),
            ("- -3 == 3 && --3 == 3", true),
            ("1 in [1] == true", true),
            (".event.type == 'push'", true),
        ],
    );
}
