//! Bodies are read as Python's `json`, `urllib` and `email` read them, but for differences that are meant.

#![expect(clippy::expect_used, reason = "tests")]

mod bodies;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bellhop_core::event::Event;
use bellhop_core::json::{self, Map, Value};

/// A difference that is meant, and how it is told from one that is not.
struct Rule {
    why: &'static str,
    /// Whether it explains that these two differ: the body, what we read, what Python read, and why it read nothing.
    explains: fn(&bodies::Body, &Option<Value>, &Option<Value>, &str) -> bool,
}

/// The field in which Python tells a number.
const NUMBER: &str = "number as sent";

/// What stands for a tree that we do not take from Python either.
const TOO_DEEP: &str = "a tree that is too deep";

/// All differences that are meant.
const RULES: &[Rule] = &[
    Rule {
        why: "bytes that are no text become U+FFFD here, and are no JSON to Python",
        explains: |(_, body), ours, theirs, error| {
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
            let json = body.starts_with(b"{") || body.starts_with(b"[");
            ours.is_some() && error == "UnicodeDecodeError" && (json || theirs.is_none())
        },
    },
    Rule {
        why: "half a surrogate pair, and other bytes that are no character, become U+FFFD here: one, or one for each byte",
        explains: |_, ours, theirs, _| matches!((ours, theirs), (Some(ours), Some(theirs)) if plain(ours) == plain(theirs)),
    },
    Rule {
        why: "ISO-8859-1 is windows-1252 here, as browsers have it (WHATWG, Encoding, section 4.2)",
        explains: |(content_type, body), ours, theirs, _| {
            let latin = |text: &str| text.to_ascii_lowercase().contains("charset=iso-8859-1");
            let named = latin(content_type) || latin(&String::from_utf8_lossy(body));
            named && matches!((ours, theirs), (Some(ours), Some(theirs)) if unspecial(ours) == unspecial(theirs))
        },
    },
    Rule {
        why: "Python nests deeper than 128 levels",
        explains: |_, _, theirs, _| theirs.as_ref().and_then(Value::as_str) == Some(TOO_DEEP),
    },
];

/// What is unlike in how unknown characters are written is made alike.
fn plain(value: &Value) -> Value {
    let text = |text: &str| {
        let mut out = String::new();
        for c in text.chars().filter(|c| *c != '\u{feff}') {
            if !(c == '\u{fffd}' && out.ends_with('\u{fffd}')) {
                out.push(c);
            }
        }
        out
    };
    match value {
        Value::String(found) => text(found).into(),
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Object(fields) => fields.iter().map(|(name, value)| (text(name), plain(value))).collect::<Map>().into(),
        other => other.clone(),
    }
}

/// A tree's text without the characters in which windows-1252 and ISO-8859-1 differ.
fn unspecial(value: &Value) -> String {
    const SPECIAL: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";
    let text = plain(value).to_string();
    text.chars().filter(|c| !(SPECIAL.contains(*c) || ('\u{80}'..='\u{9f}').contains(c))).collect()
}

/// A tree as Python tells it, with its numbers.
fn told(value: &Value) -> Value {
    match value {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key(NUMBER) => {
            let number = fields.get(NUMBER).and_then(Value::as_str).and_then(json::Number::parse);
            number.map_or(Value::Null, Value::Number)
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name, told(value))).collect::<Map>().into(),
        Value::Array(items) => Value::Array(items.iter().map(told).collect()),
        other => other.clone(),
    }
}

/// What Python reads, and why it reads nothing.
fn python(all: &[bodies::Body]) -> Vec<(Option<Value>, String)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reading/others.py");
    let mut child = Command::new("python3")
        .args(["-I", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python is there");
    let mut input = child.stdin.take().expect("it has an input");
    let lines: String =
        all.iter().map(|(kind, body)| serde_json::json!([kind, hex::encode(body)]).to_string() + "\n").collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("Python ends");
    writer.join().expect("writing does not panic").expect("Python reads all");
    assert!(output.status.success(), "Python failed");
    let read = |line: &str| {
        let answer = json::read(line.as_bytes()).expect("Python writes JSON");
        let error = answer["error"].as_str().unwrap_or_default().to_owned();
        let text = answer["read"].as_str().expect("Python tells its tree");
        let tree = json::read(text.as_bytes()).unwrap_or_else(|_| TOO_DEEP.into());
        ((!tree.is_null()).then(|| told(&tree)), error)
    };
    String::from_utf8(output.stdout).expect("it is text").lines().map(read).collect()
}

/// What Bellhop reads.
fn bellhop((content_type, body): &bodies::Body) -> Option<Value> {
    let head = serde_json::json!({
        "id": "01890a5d-ac96-774b-bcce-b302099a8057", "path": "", "sender": "none", "received_at": 0,
        "headers": [["content-type", content_type]], "hooks": [], "body_bytes": body.len(),
    });
    let event = Event { head: serde_json::from_value(head).expect("it is a head"), body: body.clone() };
    event.payload().filter(|payload| !payload.is_null())
}

/// Whether two trees say the same, numbers as they are written.
fn same(ours: &Option<Value>, theirs: &Option<Value>) -> bool {
    let text = |value: &Option<Value>| value.as_ref().map(ToString::to_string);
    text(ours) == text(theirs)
}

#[test]
fn bodies_are_read_as_python_reads_them() {
    let all = bodies::all();
    assert!(all.len() >= 5_000, "{}", all.len());
    let theirs = python(&all);
    assert_eq!(theirs.len(), all.len());
    let mut counts: BTreeMap<&str, usize> = RULES.iter().map(|rule| (rule.why, 0)).collect();
    let (mut read, mut faults) = (0, Vec::new());
    for (body, (theirs, error)) in all.iter().zip(theirs) {
        let ours = bellhop(body);
        read += usize::from(ours.is_some());
        if same(&ours, &theirs) {
            continue;
        }
        match RULES.iter().find(|rule| (rule.explains)(body, &ours, &theirs, &error)) {
            Some(rule) => *counts.entry(rule.why).or_default() += 1,
            None => faults.push(format!(
                "{} {}\n  ours:   {}\n  theirs: {} {error}",
                body.0,
                body.1.escape_ascii(),
                ours.map_or("nothing".to_owned(), |value| value.to_string()),
                theirs.map_or("nothing".to_owned(), |value| value.to_string()),
            )),
        }
    }
    println!("{} bodies, {read} read; meant: {counts:#?}", all.len());
    assert!(
        faults.is_empty(),
        "{} of {} are read otherwise:\n{}",
        faults.len(),
        all.len(),
        faults[..faults.len().min(12)].join("\n")
    );
    assert!(read > all.len() / 3, "only {read} of {} are bodies that can be read", all.len());
    for (why, count) in counts {
        assert!(count > 0, "no body differs any more because: {why}");
    }
}
