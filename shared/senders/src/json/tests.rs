use std::cmp::Ordering;

use serde_json::json;

use super::*;

/// What a text is read as.
fn value(text: &str) -> Value {
    read(text.as_bytes()).unwrap()
}

/// Why bytes are no JSON.
fn refused(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn what_is_json_is_read_as_others_read_it() {
    for text in [
        "null",
        " true ",
        "false",
        "\"\"",
        "0",
        "-5e-8",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[1,[2,{\"a\":[3]}],\"x\"]\r\n\t ",
        r#"{"b":1,"a":{"c":null,"":[true]},"é😀":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}"#,
        r#"{"a":1,"b":2,"a":3,"b":4,"c":5,"a":6}"#,
    ] {
        let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value(text), Value::from(theirs.clone()), "{text}");
        assert_eq!(value(text).to_string(), theirs.to_string(), "{text}");
        assert_eq!(value(&value(text).to_string()), value(text), "{text}");
    }
}

#[test]
fn bytes_are_taken_for_the_text_that_they_are() {
    let text = r#"{"level":"high","naïve":"😀"}"#;
    let expected = value(text);
    let marked = format!("\u{feff}{text}");
    let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<_>>();
    let utf32 = |text: &str, order: fn(u32) -> [u8; 4]| text.chars().flat_map(|c| order(c.into())).collect::<Vec<_>>();
    for text in [text, &marked] {
        assert_eq!(read(text.as_bytes()), Ok(expected.clone()));
        assert_eq!(read(&utf16(text, u16::to_le_bytes)), Ok(expected.clone()));
        assert_eq!(read(&utf16(text, u16::to_be_bytes)), Ok(expected.clone()));
        assert_eq!(read(&utf32(text, u32::to_le_bytes)), Ok(expected.clone()));
        assert_eq!(read(&utf32(text, u32::to_be_bytes)), Ok(expected.clone()));
    }
    assert_eq!(read(b"\x007"), Ok(7u64.into()));
    assert_eq!(read(b"7\0"), Ok(7u64.into()));
    assert_eq!(read(b"{\"a\":\"x\xff\xc3\"}"), Ok(Value::from(json!({"a": "x\u{fffd}\u{fffd}"}))));
    assert_eq!(read(b"\xff\xfe\"\0\0\xd8\"\0"), Ok("\u{fffd}".into()));
    assert_eq!(read(b"\xff\xfe7\0 "), Err(Unreadable { at: 1, cause: read(b"7\xff").unwrap_err().cause }));
    assert_eq!(
        refused("\u{feff}\u{feff}{}".as_bytes()),
        "it is no JSON at byte 3: a character beyond ASCII stands where a value should"
    );
}

#[test]
fn half_a_surrogate_pair_is_one_unknown_character() {
    for (text, expected) in [
        (r#""cut \ud83d""#, "cut \u{fffd}"),
        (r#""\ude00!""#, "\u{fffd}!"),
        (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
        (r#""\ud83d\n""#, "\u{fffd}\n"),
        (r#""\ud83dA""#, "\u{fffd}A"),
        (r#""\uD83D\uDE00""#, "😀"),
        (r#""\u0000""#, "\0"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    assert_eq!(value(r#"{"\ud800":1}"#), Value::from(json!({"\u{fffd}": 1})));
}

#[test]
fn numbers_keep_every_digit() {
    for text in [
        "820982911946154508",
        "123456789012345678901234567890",
        "18446744073709551615",
        "-9223372036854775808",
        "-9223372036854775809",
        "1.10",
        "1e400",
        "-1E-400",
        "-0",
        "-0.0",
        "0.1e+5",
        "100000000000000000000000000000000000000000000.000000000000000000001",
    ] {
        assert_eq!(value(text).to_string(), text);
        assert_eq!(value(&format!("[{text}]"))[0], value(text));
        assert_eq!(Number::parse(text).unwrap().to_string(), text);
    }
    let number = |text: &str| Number::parse(text).unwrap();
    assert_eq!((number("1e400").as_f64(), number("1.5").as_f64(), number("1.0").as_i64()), (None, Some(1.5), None));
    assert_eq!((number("18446744073709551615").as_u64(), number("-1").as_u64()), (Some(u64::MAX), None));
    assert_eq!((number("18446744073709551615").as_i64(), number("-0").as_i64()), (None, Some(0)));
    for wrong in ["", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1 ", " 1", "NaN", "0x1", "1_0", "1.e5"] {
        assert!(Number::parse(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn numbers_are_compared_exactly() {
    let rising = [
        "-1e99999999999999999999999999999999999999999",
        "-1e400",
        "-9223372036854775809",
        "-9223372036854775808",
        "-1.5",
        "-1.4999999999999999999999999",
        "-1e-400",
        "0",
        "1e-400",
        "0.09",
        "0.1",
        "0.10000000000000000000000001",
        "9",
        "10",
        "820982911946154508",
        "820982911946154509",
        "9007199254740993",
        "18446744073709551615",
        "123456789012345678901234567890",
        "123456789012345678901234567890.1",
        "1e400",
        "1.1e400",
    ];
    let mut numbers: Vec<_> = rising.iter().map(|text| Number::parse(text).unwrap()).collect();
    numbers.sort_by(Number::compare);
    let sorted: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    assert_eq!(sorted.iter().position(|text| text == "9007199254740993"), Some(14), "{sorted:?}");
    for (one, two) in
        [("1", "1.0"), ("10", "1e1"), ("0", "-0.0e7"), ("120", "1.2E+2"), ("0.05", "5e-2"), ("0", "0e400")]
    {
        let (one, two) = (Number::parse(one).unwrap(), Number::parse(two).unwrap());
        assert_eq!((one.compare(&two), &one), (Ordering::Equal, &two));
    }
    for pair in numbers.windows(2) {
        assert_eq!(pair[0].compare(&pair[1]), Ordering::Less, "{pair:?}");
        assert_eq!(pair[1].compare(&pair[0]), Ordering::Greater, "{pair:?}");
    }
}

#[test]
fn what_is_no_json_says_where_and_why() {
    for (bytes, expected) in [
        (&b""[..], "0: it ends where a value should follow"),
        (b"  ", "2: it ends where a value should follow"),
        (b"hello", "0: a letter stands where a value should"),
        (b"<a/>", "0: `<` stands where a value should"),
        (b"NaN", "0: a letter stands where a value should"),
        (b"nul", "0: a letter stands where a value should"),
        (b"-Infinity", "0: `-` stands where a number should"),
        (b"[1,]", "3: `]` stands where a value should"),
        (b"[1 2]", "3: a digit stands where `,` or `]` should"),
        (b"[01]", "2: a digit stands where `,` or `]` should"),
        (b"{\"a\" 1}", "5: a digit stands where `:` should"),
        (b"{a:1}", "1: a letter stands where a field's name should"),
        (b"{\"a\":1,}", "7: `}` stands where a field's name should"),
        (b"{\"a\":1", "6: it ends where `,` or `}` should follow"),
        (b"{}{}", "2: `{` stands where nothing more should"),
        (b"\"a", "2: it ends where the rest of a string should follow"),
        (b"\"a\nb\"", "2: a control character stands unescaped within a string"),
        (b"\"\\x41\"", "1: `\\` is followed by what is no escape"),
        (b"\"\\u12g4\"", "1: `\\` is followed by what is no escape"),
        (b"\"\\u+123\"", "1: `\\` is followed by what is no escape"),
        (b"\"\\", "1: it ends where the rest of an escape should follow"),
        (b"[\x00]", "1: a control character stands where a value should"),
        (b"'a'", "0: `'` stands where a value should"),
        (b"/**/1", "0: `/` stands where a value should"),
    ] {
        assert_eq!(refused(bytes), format!("it is no JSON at byte {expected}"));
    }
}

#[test]
fn nesting_has_a_limit() {
    let lists = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let objects = |depth: usize| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
    for nested in [lists, objects] {
        assert!(read(nested(128).as_bytes()).is_ok());
        assert_eq!(read(nested(129).as_bytes()).unwrap_err().cause, Cause::Deep);
        assert_eq!(read(nested(1_000_000).as_bytes()).unwrap_err().cause, Cause::Deep);
    }
}

#[test]
fn fields_are_found_by_name_and_place() {
    let mut found = value(r#"{"b":[1,{"c":"x"}],"a":null}"#);
    assert_eq!(found["b"][1]["c"], "x");
    assert_eq!(found.get("b").and_then(|list| list.get(0)).and_then(Value::as_i64), Some(1));
    for absent in [&found["x"], &found["b"]["c"], &found["b"][2], &found[0], &found["a"]["b"]] {
        assert!(absent.is_null());
    }
    let fields = found.as_object_mut().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(fields.insert("aa", true), None);
    assert_eq!(fields.insert("b", "new").map(|list| list.is_array()), Some(true));
    assert_eq!(fields.remove("a"), Some(Value::Null));
    assert_eq!(found, Value::from(json!({"aa": true, "b": "new"})));
}

#[test]
fn a_body_of_tiny_values_takes_a_bounded_amount_of_memory() {
    assert!(size_of::<Value>() <= 32 && size_of::<Number>() <= 24);
    for piece in ["{\"\":0},", "0,", "[],", "\"\",", "[0],", "{},"] {
        for (bytes, most) in [(256 * 1024, 34 * 256 * 1024), (4 * 1024 * 1024, 24_000_000)] {
            let body = format!("[{}0]", piece.repeat(bytes / piece.len()));
            let mut tree = None;
            let used = allocation_counter::measure(|| tree = Some(read(body.as_bytes())));
            match tree.unwrap() {
                Ok(tree) => assert!(tree.as_array().is_some() && bytes < 1024 * 1024),
                Err(unreadable) => assert!(unreadable.cause == Cause::Many && bytes > 1024 * 1024, "{unreadable}"),
            }
            assert!(used.bytes_max < most, "{piece}: {} bytes at once", used.bytes_max);
        }
    }
}

#[test]
fn as_many_values_are_read_as_is_said() {
    let list = |values: usize| read(format!("[{}0]", "0,".repeat(values - 2)).as_bytes());
    assert!(list(MOST_VALUES).is_ok());
    let refused = list(MOST_VALUES + 1).unwrap_err();
    assert_eq!(refused.to_string(), "it has more than 200000 values, and is not looked into");
    let mut left = 3;
    assert!(read_within(b"[1]", &mut left).is_ok() && read_within(b"[1]", &mut left).is_err());
}
