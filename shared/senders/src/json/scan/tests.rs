use proptest::prelude::*;

use super::super::{Value, read};
use super::*;
use crate::sender::{text_at, value_at};

/// Paths as rows have them: into objects, into lists, through what is neither, and the whole.
const PATHS: [&str; 9] = ["a", "a.b", "b", "b.0.a", "a.b.a", "0", "1.a", "", "b.a"];

/// Checks that a text says the same to both readers, or nothing to the one that takes fewer.
fn compare(text: &[u8]) -> Result<(), TestCaseError> {
    let mut fields = Fields::at(PATHS);
    let (found, tree) = (fields.find(text), read(text));
    let Ok(tree) = tree else {
        prop_assert_eq!(found, None, "it is no JSON");
        return Ok(());
    };
    // UTF-16 and UTF-32 have zeros in whatever is JSON.
    prop_assert!(found.is_some() || text.contains(&0), "it is JSON");
    for path in PATHS.iter().filter(|_| found.is_some()) {
        let (ours, theirs) = (fields.get(path), value_at(&tree, path));
        let again = ours.map(|raw| read(raw.bytes()).unwrap());
        prop_assert_eq!(again.as_ref(), theirs, "{}", path);
        prop_assert_eq!(fields.text(path), text_at(&tree, path), "{}", path);
        let string = ours.and_then(Raw::string);
        prop_assert_eq!(string.as_deref(), theirs.and_then(Value::as_str), "{}", path);
        let items = ours.and_then(Raw::items).map(|items| items.map(|raw| read(raw.bytes()).unwrap()).collect());
        prop_assert_eq!(items, theirs.and_then(Value::as_array).cloned(), "{}", path);
    }
    Ok(())
}

/// Texts that are nearly JSON: its signs, names in several spellings, numbers, escapes, bytes that are no text.
fn tokens() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        6 => prop::sample::select(vec!["{", "}", "[", "]", ":", ",", " ", "\n", "null", "true", "false", "\u{feff}"]),
        4 => prop::sample::select(vec![r#""a""#, r#""b""#, r#""\u0061""#, r#""\u0062":"#, r#""a":"#, r#""b":"#]),
        2 => prop::sample::select(vec!["0", "-1", "-0", "1e9", "01", "1.", "12345678901234567890", "-"]),
        2 => prop::sample::select(vec![r#""\ud83d\ude00""#, r#""\ud83d""#, r#""\x""#, r#""\u12""#, r#""\"""#, "\"\u{1}\""]),
    ];
    let text = token.prop_map(|text| text.as_bytes().to_vec());
    let broken = prop::sample::select(vec![&b"\"\xff\""[..], b"\"\xe2\x82\"", b"\xff", b"\0", b"\"a\xff\":"]);
    let any = prop_oneof![19 => text, 1 => broken.prop_map(<[u8]>::to_vec)];
    prop::collection::vec(any, 0..24).prop_map(|tokens| tokens.concat())
}

/// Texts that are JSON, with names that stand there twice and in several spellings.
fn documents() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "7",
        "-0",
        "1.50",
        r#""x""#,
        r#""\u0061\n\"""#,
        r#""\ud800""#,
        "[]",
        "{}",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 5, |inner| {
        let name = prop::sample::select(vec![r#""a""#, r#""b""#, r#""\u0061""#, r#" "0""#, r#""c" "#, r#""""#]);
        let object = prop::collection::vec((name, inner.clone()), 0..5).prop_map(|fields| {
            let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}:{value}")).collect();
            format!("{{{}}}", fields.join(","))
        });
        let list = prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" , ")));
        prop_oneof![3 => object, 1 => list]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_nearly_json_says_the_same_to_both_readers(text in tokens()) {
        compare(&text)?;
    }

    #[test]
    fn what_is_json_says_the_same_to_both_readers(text in documents()) {
        prop_assert!(read(text.as_bytes()).is_ok());
        compare(text.as_bytes())?;
        compare(format!("\u{feff}{text}\r\n").as_bytes())?;
        // Cut anywhere, it is JSON to neither or to both.
        for end in 0..text.len() {
            compare(&text.as_bytes()[..end])?;
        }
    }
}

#[test]
fn of_fields_with_one_name_the_last_counts_with_all_that_is_in_it() {
    for (text, expected) in [
        (r#"{"a":{"b":"x"}}"#, Some("x")),
        (r#"{"a":{"b":"x"},"a":{"b":"y"}}"#, Some("y")),
        (r#"{"a":{"b":"x"},"a":{}}"#, None),
        (r#"{"a":{"b":"x"},"\u0061":5}"#, None),
        (r#"{"a":{"b":"x","\u0062":"z"}}"#, Some("z")),
        (r#"{"a":{"b":null,"b":"x"},"c":{"a":{"b":"y"}}}"#, Some("x")),
        (r#"{"a.b":"y"}"#, None),
    ] {
        let mut fields = Fields::at(["a.b"]);
        fields.find(text.as_bytes()).unwrap();
        assert_eq!(fields.text("a.b").as_deref(), expected, "{text}");
    }
}

#[test]
fn it_nests_as_deep_as_what_is_read_whole() {
    for (deep, fits) in [(DEEPEST, true), (DEEPEST + 1, false)] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"{"x":"#, "}")] {
            let text = format!("{}1{}", open.repeat(deep), close.repeat(deep));
            assert_eq!(Fields::at(["a.b"]).find(text.as_bytes()).is_some(), fits, "{open}{deep}");
            assert_eq!(read(text.as_bytes()).is_ok(), fits, "{open}{deep}");
        }
    }
}

#[test]
fn every_value_of_a_name_is_found() {
    let text = r#"{"v":[{"k":"1","\u006b":"2"},{"k":{"k":3}}],"v":[{"k":4},{"l":[{"k":5}]}],"k":6}"#;
    let mut found = Vec::new();
    Raw::of(text.as_bytes()).unwrap().every(&["v", "*", "k"], &mut |raw| found.push(raw.bytes()));
    assert_eq!(found, [&br#""1""#[..], br#""2""#, br#"{"k":3}"#, b"4"]);
}
