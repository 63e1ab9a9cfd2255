//! What is wrong with JSON of the wrong shape: the names of fields, never their values.

use super::Problem;

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
}
