//! Calls of AWS Lambda functions.
//!
//! Facts: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.

use serde::{Deserialize, Serialize};

use super::envelope::{json, too_large};
use super::{Check, Lane, Material, Rendered};
use crate::arn::Arn;
use crate::config::between;
use crate::template::{Escape, Template};
use crate::work::Payload;

/// How long an answer is waited for unless said, which is as long as it may be, in seconds.
const MOST_TIMEOUT_SECONDS: u64 = 30;

/// Calls a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lambda {
    /// The ARN of the function, of one of its versions, or of an alias.
    pub function: String,
    /// The template of what it is called with; the event with its payload where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// Whether it is called by the way, so that nobody waits for its answer.
    #[serde(default, rename = "async", skip_serializing_if = "std::ops::Not::not")]
    pub is_async: bool,
    /// How long an answer is waited for, in seconds.
    pub timeout_seconds: u64,
}

/// A `lambda` action, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = LambdaAction))]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The ARN of the function, of one of its versions, or of an alias. It must be among what the operator lets actions
    /// call.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub function: String,
    /// The template of what it is called with, which is JSON; the event with its payload unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// Whether Lambda is to call it by the way, and to try again by itself; its answer is waited for unless said.
    #[serde(rename = "async", skip_serializing_if = "std::ops::Not::not")]
    pub is_async: bool,
    /// How long an answer is waited for, in seconds, from 1 to 30; 30 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
}

/// What travels to the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// The ARN of the function.
    pub function: String,
    /// What it is called with, which is JSON.
    pub payload: String,
    /// Whether nobody waits for its answer.
    #[serde(default, rename = "async", skip_serializing_if = "std::ops::Not::not")]
    pub is_async: bool,
    /// How long an answer is waited for, in seconds.
    pub timeout_seconds: u64,
}

impl Lambda {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        if !is_function(&spec.function) {
            let example = "function = \"arn:aws:lambda:eu-central-1:111122223333:function:notify\"";
            check.add("function", format!("a `lambda` action needs the ARN of a function: `{example}`"));
        }
        if let Some(payload) = &spec.payload {
            check.take("payload", Template::compile(payload, Escape::None));
        }
        let timeout = spec.timeout_seconds.unwrap_or(MOST_TIMEOUT_SECONDS);
        let timeout_seconds = check.take("timeout_seconds", between(timeout, 1, MOST_TIMEOUT_SECONDS))?;
        let Spec { function, payload, is_async, .. } = spec.clone();
        Some(Self { function, payload, is_async, timeout_seconds })
    }

    /// The action as it would be written.
    pub(super) fn spec(&self) -> Spec {
        let Self { function, payload, is_async, timeout_seconds } = self.clone();
        Spec { function, payload, is_async, timeout_seconds: Some(timeout_seconds) }
    }

    /// The sources of its templates.
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        self.payload.iter().map(|payload| ("payload".to_owned(), payload.as_str(), Escape::None)).collect()
    }

    /// It passes the event on, and says nothing of its own.
    pub(super) const fn speaks_for_sender(&self) -> bool {
        false
    }

    /// It has no secrets: AWS knows who asks.
    pub(super) const fn secrets<S>(&self) -> Vec<(&'static str, &S)> {
        Vec::new()
    }

    /// Its function.
    pub(super) fn destination(&self) -> String {
        self.function.clone()
    }

    /// The call; an error is a payload that no function takes.
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let payload = json("payload", material)?;
        too_large(payload.len(), "payload")?;
        let (function, is_async, timeout_seconds) = (self.function.clone(), self.is_async, self.timeout_seconds);
        let invocation = Invocation { function, payload, is_async, timeout_seconds };
        Ok(Rendered::new(Payload::Lambda(invocation), Lane::Parallel, []))
    }
}

/// Whether a text is the ARN of a function, with or without the name of a version or an alias.
fn is_function(text: &str) -> bool {
    let is_word = |word: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !word.is_empty() && word.bytes().all(is_part)
    };
    let Some(arn) = Arn::parse(text).filter(|arn| arn.service == "lambda") else { return false };
    let Some(name) = arn.resource.strip_prefix("function:") else { return false };
    let (name, qualifier) = name.split_once(':').map_or((name, None), |(name, qualifier)| (name, Some(qualifier)));
    is_word(name) && qualifier.is_none_or(is_word)
}

#[cfg(test)]
mod tests;
