//! Whatever is written: no panic, no unbounded work, and the same outcome twice.

use std::time::{Duration, Instant};

use super::*;

/// Pieces of the language from which texts are put together.
const PIECES: &[&str] = &[
    "payload",
    "event",
    "headers",
    "body",
    "hook",
    "webhook",
    "cloudevent",
    ".",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "?",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "!=",
    "&&",
    "||",
    " in ",
    "1",
    "0u",
    "2.5",
    "'a'",
    "b'a'",
    "r'\\'",
    "'''",
    "\"",
    "true",
    "false",
    "null",
    "x",
    "y",
    ".a",
    ".list",
    ".text",
    ".n",
    "['a']",
    "[0]",
    "[-1]",
    ".all(x, ",
    ".exists(y, ",
    ".map(x, ",
    ".filter(x, ",
    ".exists_one(x, ",
    "size(",
    "has(",
    "int(",
    "string(",
    ".contains(",
    ".matches(",
    ".split(",
    ".replace(",
    ".join(",
    ".substring(",
    "timestamp(",
    "duration(",
    "math.least(",
    "type(",
    ".getHours(",
    "9223372036854775807",
    "1e308",
    "'\\u00e4'",
    "`a.b`",
    " // c\n",
    "ä",
    "\u{0}",
];

/// Expressions that are read, of any depth.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "payload.a",
        "payload.list",
        "payload.text",
        "payload.n",
        "payload.gone",
        "payload.m",
        "headers['x-a']",
        "1",
        "2u",
        "0",
        "-3.5",
        "'a'",
        "''",
        "b'a'",
        "true",
        "false",
        "null",
        "[]",
        "[1, 'a']",
        "{'a': 1}",
        "event.type",
        "body",
        "9223372036854775807",
        "payload",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 4, |inner| {
        let two = (inner.clone(), inner.clone());
        const OPERATORS: &[&str] = &["+", "-", "*", "/", "%", "<", ">=", "==", "!=", "in", "&&", "||"];
        const FUNCTIONS: &[&str] =
            &["size", "int", "string", "double", "bool", "type", "timestamp", "duration", "uint", "bytes"];
        const METHODS: &[&str] =
            &["contains", "split", "startsWith", "matches", "join", "indexOf", "charAt", "substring"];
        const MACROS: &[&str] = &["all", "exists", "exists_one", "map", "filter"];
        prop_oneof![
            (two.clone(), prop::sample::select(OPERATORS)).prop_map(|((a, b), o)| format!("({a} {o} {b})")),
            (inner.clone(), prop::sample::select(FUNCTIONS)).prop_map(|(a, f)| format!("{f}({a})")),
            (two.clone(), prop::sample::select(METHODS)).prop_map(|((a, b), m)| format!("({a}).{m}({b})")),
            (two.clone(), prop::sample::select(MACROS)).prop_map(|((a, b), m)| format!("({a}).{m}(x, {b})")),
            (inner.clone(), two.clone()).prop_map(|(a, (b, c))| format!("({a} ? {b} : {c})")),
            two.prop_map(|(a, b)| format!("({a})[{b}]")),
            inner.clone().prop_map(|a| format!("!({a})")),
            inner.clone().prop_map(|a| format!("has(({a}).k)")),
            prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(", "))),
        ]
    })
}

/// Compiles and decides twice, within a time that the bounds leave far below.
fn try_out(source: &str) -> Result<(), TestCaseError> {
    let payload = json!({"a": 1, "list": (0..20).collect::<Vec<_>>(), "text": "some text äöü", "n": 2.5,
        "m": {"k": [true, null, {"k": "v"}]}});
    let start = Instant::now();
    for read in [Condition::compile, Condition::stored] {
        match (read(source), read(source)) {
            (Ok(one), Ok(other)) => {
                let decisions = [&one, &other].map(|c| with_event(payload.clone(), |variables| c.decide(variables)));
                prop_assert_eq!(&decisions[0], &decisions[1]);
            }
            (one, other) => prop_assert_eq!(one.err(), other.err()),
        }
    }
    prop_assert!(start.elapsed() < Duration::from_secs(30), "{}", source);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expressions_are_decided_or_refused(source in expressions()) {
        try_out(&source)?;
    }

    #[test]
    fn pieces_are_decided_or_refused(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        try_out(&pieces.concat())?;
    }

    #[test]
    fn any_text_is_decided_or_refused(source in "\\PC{0,80}") {
        try_out(&source)?;
    }
}
