//! Calls over HTTP, as sinks make them.

use std::collections::HashMap;
use std::sync::Arc;

use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::MOST_ANSWER_BYTES;
use bellhop_core::time::Timestamp;

use super::answer;
use crate::delivery::{Attempted, Failure, attempted};
use crate::ports::{Clock, Outbound, OutboundAnswer, OutboundError, OutboundRequest, PortResult, Secrets};

/// A shorter word is no secret that a far end gives out, and would be found in every other text.
const SHORTEST_SECRET: usize = 7;

/// A part of an address that is longer may be what opens the door.
const LONGEST_NAME: usize = 15;

/// What calls are made with.
#[derive(Clone)]
pub struct Calls {
    /// The client.
    pub outbound: Arc<dyn Outbound>,
    /// Where addresses, tokens and keys are kept.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Secrets that were looked up.
#[derive(Default)]
pub(in crate::delivery) struct Values(HashMap<SecretRef, Secret>);

/// A call, and what was answered.
pub(in crate::delivery) struct Called {
    started_at: Timestamp,
    ended_at: Timestamp,
    /// The answer; an error where none came.
    pub(in crate::delivery) answered: Result<OutboundAnswer, OutboundError>,
}

impl Calls {
    /// Looks secrets up.
    pub(in crate::delivery) async fn values(&self, references: Vec<SecretRef>) -> PortResult<Values> {
        match references.is_empty() {
            true => Ok(Values::default()),
            false => self.secrets.resolve(&references).await.map(Values),
        }
    }

    /// Makes a call.
    pub(in crate::delivery) async fn send(&self, request: OutboundRequest<'_>) -> Called {
        let started_at = self.clock.now();
        let answered = self.outbound.send(request).await;
        Called { started_at, ended_at: self.clock.now(), answered }
    }

    /// An attempt that came to nothing before a call was made.
    pub(in crate::delivery) fn refused(&self, why: impl Into<String>) -> Attempted {
        self.failed(Failure::Refused(why.into()))
    }

    /// The same, for whatever reason.
    pub(in crate::delivery) fn failed(&self, failure: Failure) -> Attempted {
        let now = self.clock.now();
        attempted(now, now, Err(failure))
    }
}

impl Values {
    /// A secret; an error that names it where there is none.
    pub(in crate::delivery) fn get(&self, reference: &SecretRef) -> Result<&Secret, String> {
        self.0.get(reference).ok_or_else(|| format!("the secret of the action is missing: {}", reference.shown()))
    }

    /// A text of the far end without these secrets: some repeat what they were sent.
    fn redacted(&self, mut text: String) -> String {
        for secret in self.0.values() {
            let whole = secret.expose().trim();
            // Of an address, what is behind the host is the secret part, and what servers repeat; some write it in their
            // own way, `\/` for `/`, so its parts are looked for too.
            let path = whole.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
            let parts = path.into_iter().flat_map(|path| path.split(['/', '?', '&', '=']));
            let words = [Some(whole), path].into_iter().flatten().filter(|word| word.len() >= SHORTEST_SECRET);
            for word in words.chain(parts.filter(|part| part.len() > LONGEST_NAME)) {
                if text.contains(word) {
                    text = text.replace(word, "[redacted]");
                }
            }
        }
        text.truncate(text.floor_char_boundary(MOST_ANSWER_BYTES));
        text
    }
}

impl Called {
    /// What came of it, read from the answer and from the seconds that it asks to wait.
    pub(in crate::delivery) fn attempted(
        self,
        values: &Values,
        read: impl FnOnce(&OutboundAnswer, Option<u64>) -> Result<(), Failure>,
    ) -> Attempted {
        let Self { started_at, ended_at, answered } = self;
        match answered {
            Ok(answer) => {
                let seconds = answer.retry_after.as_deref().and_then(|text| answer::seconds(text, ended_at));
                let result = read(&answer, seconds);
                let asked = match &result {
                    Ok(()) => None,
                    Err(Failure::Throttled { seconds, .. }) => Some(*seconds),
                    Err(_) => seconds,
                };
                Attempted {
                    status: Some(answer.status),
                    answer: values.redacted(answer.body),
                    blocked_until: asked.map(|seconds| ended_at.plus_ms(seconds.saturating_mul(1000))),
                    ..attempted(started_at, ended_at, result)
                }
            }
            Err(error) => {
                let failure = match error.kind.may_pass() {
                    true => Failure::Passing { why: error.to_string(), seconds: None, counts: true },
                    false => Failure::Refused(error.to_string()),
                };
                attempted(started_at, ended_at, Err(failure))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_far_end_repeats_of_a_secret_is_not_recorded_however_it_writes_it() {
        let url = "https://hooks.example.com/services/T0/canary-7f3a-of-a-hook?key=canary-7f3a-of-a-query";
        let secrets = [("url", url), ("token", "xoxb-canary-7f3a"), ("short", "a")];
        let values = secrets.map(|(name, value)| (SecretRef::stored(name, "0a1b"), Secret::new(value).unwrap()));
        let values = Values(values.into());
        for said in [
            url.to_owned(),
            format!("cannot POST {}", &url[25..]),
            url.replace('/', "\\/"),
            "nobody knows canary-7f3a-of-a-hook".to_owned(),
            "a bad Authorization: Bearer xoxb-canary-7f3a".to_owned(),
        ] {
            let kept = values.redacted(said.clone());
            assert!(!kept.contains("canary") && kept.contains("[redacted]"), "{said}: {kept}");
        }
        assert_eq!(values.redacted("a bad day at /services".to_owned()), "a bad day at /services");
        assert!(values.redacted("ü".repeat(9_000)).len() <= MOST_ANSWER_BYTES);
    }
}
