//! What is wrong with JSON of the wrong shape: the names of fields, never their values.

use serde_json::Value;
use serde_path_to_error::Segment;

use super::Problem;

/// What is wrong with a fingerprint that is sent back.
const SENT_BACK: &str =
    "a fingerprint only shows which secret is kept: leave the field out to keep it, or write the secret";

/// Names the field that a value could not be read at, and what is wrong with it.
pub fn field_problem(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let path = error.path().to_string();
    let text = error.inner().to_string();
    // The place in the text says less than the field's name.
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let message = match text.split_once([':', ' ']) {
        Some(("unknown", rest)) if rest.starts_with("field") => text.to_owned(),
        Some(("missing" | "duplicate", _)) => text.to_owned(),
        _ => match text.split_once("expected ") {
            Some((_, expected)) => format!("expected {expected}"),
            None => "a value that does not fit".to_owned(),
        },
    };
    Problem { field: if path == "." { "the body".to_owned() } else { path }, message }
}

/// The same where what was written is at hand: a fingerprint in the place of a secret is what an answer showed, sent back.
pub fn field_problem_in(error: &serde_path_to_error::Error<serde_json::Error>, written: &Value) -> Problem {
    let problem = field_problem(error);
    let found = error.path().iter().try_fold(written, |value, segment| match segment {
        Segment::Seq { index } => value.get(index),
        Segment::Map { key } | Segment::Enum { variant: key } => value.get(key),
        Segment::Unknown => None,
    });
    match found.and_then(|value| value.get("fingerprint")) {
        None => problem,
        Some(_) => Problem { message: SENT_BACK.to_owned(), ..problem },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HookSpec;

    #[test]
    fn the_field_is_named_and_its_value_is_not() {
        for (json, field, message) in [
            (r#"{"name":7}"#, "name", "expected a string"),
            (r#"{"secrets":["a",{"canary":1}]}"#, "secrets[1]", "expected a string"),
            (r#"{"colour":"canary"}"#, "colour", "unknown field `colour`"),
            (r#"{"conditions":[{"field":"a","operator":"canary"}]}"#, "conditions[0].operator", "expected one of"),
            (r#"{"conditions":[{"field":"a"}]}"#, "conditions[0]", "missing field `operator`"),
            (r#"{"priority":"canary"}"#, "priority", "expected i32"),
            (r#"["canary", 7]"#, "", ""),
        ] {
            let reader = &mut serde_json::Deserializer::from_str(json);
            let error = serde_path_to_error::deserialize::<_, HookSpec>(reader).unwrap_err();
            let problem = field_problem(&error);
            assert!(problem.field.starts_with(field), "{json}: {problem:?}");
            assert!(problem.message.contains(message), "{json}: {problem:?}");
            assert!(!problem.message.contains("canary"), "{json}: {problem:?}");
        }
    }
    #[test]
    fn a_fingerprint_that_is_sent_back_is_told_from_other_objects() {
        for (json, is_told) in [
            (r#"{"secrets":["a",{"fingerprint":"0a1b2c3d"}]}"#, true),
            (r#"{"secrets":["a",{"other":"0a1b2c3d"}]}"#, false),
            (r#"{"name":7,"secrets":[{"fingerprint":"0a1b2c3d"}]}"#, false),
        ] {
            let written: Value = serde_json::from_str(json).unwrap();
            let error = serde_path_to_error::deserialize::<_, HookSpec>(&written).unwrap_err();
            let problem = field_problem_in(&error, &written);
            assert_eq!(problem.message == SENT_BACK, is_told, "{json}: {problem:?}");
            assert_eq!(problem.field, field_problem(&error).field);
        }
    }
}
