//! Our reading of the language against another implementation, `@bufbuild/cel`, on generated expressions.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bellhop_core::event::EventHead;
use bellhop_core::filter::{Condition, Decision, Variables};
use bellhop_core::hook::Hook;
use bellhop_core::json as tree;
use bellhop_core::template::Facts;
use bellhop_tests::build::workspace;
use bellhop_tests::npm;
use serde_json::{Value, json};

use super::generated::Generator;

/// How many expressions are tried, each on every document.
const EXPRESSIONS: usize = 2500;

/// Where we differ on purpose: part of what the other one says, and why we do otherwise.
const LENIENT: &[(&str, &str)] = &[
    ("field not found", "a missing field is null"),
    ("no such key", "a missing key is null"),
    ("index", "an entry that a list has not is null"),
    ("bad key type", "an index that a value has not leads to null"),
    ("unknown identifier", "fields of what is no map are null"),
    ("null", "null goes through operators and functions, and is false where a truth is asked for"),
    ("overload", "whole numbers and doubles compute together, and null with anything"),
];

/// What an expression comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Holds,
    Fails,
    /// It has no truth value: it is an error, or of another type.
    None,
}

#[test]
fn another_implementation_decides_as_we_do() {
    let documents = documents();
    let mut generator = Generator::new(20_261_129);
    let expressions: Vec<String> = (0..EXPRESSIONS).map(|_| generator.truth(4)).collect();
    let theirs = ask(&expressions, &documents);
    let mut faults = Vec::new();
    let mut agreed = 0;
    let mut decided = 0;
    let mut lenient = BTreeMap::<&str, usize>::new();
    for (expression, answers) in expressions.iter().zip(&theirs) {
        for (document, answer) in documents.iter().zip(answers.as_array().into_iter().flatten()) {
            let (ours, said) = ours(expression, document);
            let other = match answer.as_bool() {
                Some(true) => Outcome::Holds,
                Some(false) => Outcome::Fails,
                None => Outcome::None,
            };
            if ours == other {
                agreed += 1;
                decided += usize::from(ours != Outcome::None);
                continue;
            }
            let error = answer.as_str().unwrap_or_default();
            match LENIENT.iter().find(|(part, _)| other == Outcome::None && error.contains(part)) {
                Some((_, reason)) => *lenient.entry(reason).or_default() += 1,
                // Where fields are missing, what null decides takes the error of another operand along.
                None if other == Outcome::None && document.get("l").is_none() => {
                    *lenient.entry("decided by null beside an error").or_default() += 1;
                }
                // We refuse to save what never comes to anything else.
                None if REFUSED.iter().any(|part| said.contains(part)) => {
                    *lenient.entry("refused when saved").or_default() += 1;
                }
                None => faults.push(format!("{expression} on {document}: we say {ours:?} {said}, they {answer}")),
            }
        }
    }
    println!("{agreed} agreed, {decided} of them on true or false; on purpose otherwise: {lenient:#?}");
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
    assert!(decided >= 4000, "only {decided} were decided by both");
}

/// What we make of an expression, with what we say of it.
fn ours(expression: &str, document: &Value) -> (Outcome, String) {
    let condition = match Condition::compile(expression) {
        Ok(condition) => condition,
        Err(error) => return (Outcome::None, error.to_string()),
    };
    let body = document.to_string();
    let payload = Arc::new(tree::read(body.as_bytes()).expect("a document is JSON"));
    let event: EventHead = serde_json::from_value(json!({"id": "018bcfe5-6807-7000-8000-000000000000", "path": "p",
        "sender": "github", "received_at": 0, "headers": [], "hooks": [], "body_bytes": body.len()}))
    .expect("an event");
    let hook: Hook = serde_json::from_value(json!({"id": "hk_1", "name": "h", "path": "p", "sender": "github",
        "secrets": [], "rate_per_minute": 1, "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api",
        "created_at": 0, "updated_at": 0}))
    .expect("a hook");
    let payload = Some(&payload);
    let facts =
        Facts { event: &event, hook: hook.facts(), method: "POST", body: body.as_bytes(), payload, test: false };
    match condition.decide(&Variables::new(facts)) {
        Decision::Holds => (Outcome::Holds, String::new()),
        Decision::Fails(_) => (Outcome::Fails, String::new()),
        Decision::Unclear(what) | Decision::Beyond(what) => (Outcome::None, what),
    }
}

/// What the other implementation makes of each expression on each document: a truth, or what is wrong in words.
fn ask(expressions: &[String], documents: &[Value]) -> Vec<Value> {
    npm::packages();
    let mut command = Command::new("node");
    command.arg(workspace().join("tests/conditions/evaluate.mjs"));
    let mut other = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node is installed");
    let documents: Vec<Value> = documents.iter().map(tagged).collect();
    let question = json!({"expressions": expressions, "documents": documents}).to_string();
    other.stdin.take().expect("it listens").write_all(question.as_bytes()).expect("it reads to the end");
    let output = other.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?} failed");
    let answers: Value = serde_json::from_slice(&output.stdout).expect("it answers in JSON");
    let answers = answers.as_array().cloned().unwrap_or_default();
    assert_eq!(answers.len(), expressions.len());
    answers
}

/// A document with its whole numbers as texts, for a reader that would round them.
fn tagged(value: &Value) -> Value {
    match value {
        Value::Number(number) if !number.is_f64() => json!({"int": number.to_string()}),
        Value::Array(items) => items.iter().map(tagged).collect(),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), tagged(field))).collect(),
        other => other.clone(),
    }
}

/// Documents in which fields are there, are something else, or are missing.
fn documents() -> Vec<Value> {
    vec![
        json!({"i": 7, "j": -3, "d": 2.5, "s": "abc", "t": "b,c äö", "b": true, "l": [1, 2, 3], "m": {"k": 1, "x": "y"},
            "o": [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]}),
        json!({"i": 0, "j": 9_007_199_254_740_993_i64, "d": -0.5, "s": "", "t": "refs/heads/main", "b": false, "l": [],
            "m": {}, "o": []}),
        json!({"i": "7", "j": 1.5, "d": 3, "s": 5, "t": ["a"], "b": "true", "l": "no list", "m": [1], "o": {"a": 1}}),
        json!({"i": 1}),
    ]
}

/// Suites of what the language's messages need, which there are none of here, and of extensions that are not there.
const ABSENT: &[&str] = &[
    "proto2",
    "proto2_ext",
    "proto3",
    "enums",
    "wrappers",
    "dynamic",
    "optionals",
    "bindings_ext",
    "block_ext",
    "encoders_ext",
    "macros2",
    "namespace",
    "type_deductions",
    "string_ext/quote",
    "string_ext/format",
    "string_ext/format_errors",
];

/// Examples that come out otherwise on purpose, by a part of the expression, with why.
const OTHERWISE: &[(&str, &str)] = &[
    ("[1, 2, 3][3]", "an entry that a list has not is null"),
    ("[1, 2, 3][dyn('')]", "an index that is no place leads to null"),
    ("{0:1,2:2,5:3}[", "a key that a map has not leads to null"),
    ("}[3.1]", "a key that a map has not leads to null"),
    ("9223372036854775808.0", "whole numbers and doubles are compared exactly"),
    ("9999-12-31", "our last moment is a day earlier"),
];

/// What is said of conditions that are refused when they are saved, where the language's checker is left out.
const REFUSED: &[&str] = &["never equal", "each entry of", "nothing is in it", "neither true nor false"];

/// Messages of refusals that say that something is not there at all.
const NOT_THERE: &[&str] =
    &["unknown name", "unknown function", "unknown method", "messages", "optional values", "a time zone is"];

#[test]
fn the_languages_own_examples_come_out_right() {
    npm::packages();
    let mut command = Command::new("node");
    let output = command.arg(workspace().join("tests/conditions/examples.mjs")).output().expect("node is installed");
    assert!(output.status.success(), "{command:?} failed");
    let examples: Vec<(String, String, Option<bool>)> =
        serde_json::from_slice(&output.stdout).expect("it answers in JSON");
    let mut faults = Vec::new();
    let (mut agreed, mut absent, mut otherwise) = (0, 0, 0);
    for (suite, expression, right) in &examples {
        if ABSENT.iter().any(|absent| suite == absent || suite.starts_with(&format!("{absent}/"))) {
            continue;
        }
        let (ours, said) = ours(expression, &json!({}));
        let wanted = right.map_or(Outcome::None, |holds| if holds { Outcome::Holds } else { Outcome::Fails });
        let is_refused_alike = REFUSED.iter().any(|part| said.contains(part));
        if ours == wanted {
            agreed += 1;
        } else if ours == Outcome::None && NOT_THERE.iter().any(|part| said.contains(part)) {
            absent += 1;
        } else if (ours == Outcome::None && is_refused_alike)
            || OTHERWISE.iter().any(|(part, _)| expression.contains(part))
        {
            otherwise += 1;
        } else {
            faults.push(format!("{suite}: {expression} should be {wanted:?}, not {ours:?} {said}"));
        }
    }
    println!("{agreed} agreed, {absent} not there, {otherwise} on purpose otherwise");
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults.join("\n"));
    assert!(agreed >= 700, "only {agreed} agreed");
}
