//! The Rust expression for what a sender's events are answered with.

use serde::Deserialize;

use crate::code::Result;

/// An answer to an accepted event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    when: Option<When>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    content_type: String,
    #[serde(default)]
    body: String,
}

/// Which of a sender's events an answer is for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    field: String,
    is: Vec<String>,
}

/// The status that an answer has unless it says another.
fn ok() -> u16 {
    200
}

/// The expression for the answers, the first that fits coming first.
pub(crate) fn answers(answers: &[Answer]) -> Result<String> {
    let open = answers.iter().position(|answer| answer.when.is_none());
    if open.is_some_and(|at| at + 1 < answers.len()) {
        return Err("only the last answer is for all events".into());
    }
    Ok(format!("&[{}]", answers.iter().map(one).collect::<Result<Vec<_>>>()?.join(", ")))
}

/// The expression for one answer.
fn one(answer: &Answer) -> Result<String> {
    let Answer { when, status, content_type, body } = answer;
    if !(200..300).contains(status) {
        return Err(format!("an accepted event is not answered with {status}").into());
    }
    if body.is_empty() != content_type.is_empty() || (*status == 204 && !body.is_empty()) {
        return Err("an answer has a body and its content_type, or neither; 204 has neither".into());
    }
    let when = match when {
        None => "None".to_owned(),
        Some(When { field, is }) => format!("Some(When {{ field: {field:?}, is: &{is:?} }})"),
    };
    Ok(format!("Answer {{ when: {when}, status: {status}, content_type: {content_type:?}, body: {body:?} }}"))
}
