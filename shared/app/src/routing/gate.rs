//! Which events a hook acts on.

use bellhop_core::action::Action;
use bellhop_core::action::forward::{MOST_HOPS, hops};
use bellhop_core::event::Event;
use bellhop_core::filter::{Check, Decision, Variables, type_passes};
use bellhop_core::hook::{Hook, HookStatus};
use bellhop_core::id::EventId;
use bellhop_core::job;
use bellhop_core::quota::{Passage, Quota};
use bellhop_core::task::TaskStatus;

use super::text::Words;
use super::{Definition, Routing, Rule};
use crate::ports::{Collection, NewDocument, PortError, PortResult};

/// How often a quota's document is tried to be written where others write it too.
const TRIES: usize = 32;

/// That a hook's actions are not done for an event.
#[derive(Debug, Clone)]
pub(super) struct Undone {
    /// Skipped; or dead, where a condition used up what it may.
    pub(super) status: TaskStatus,
    /// Why.
    pub(super) reason: String,
}

impl Undone {
    /// They are skipped.
    pub(super) const fn skipped(reason: String) -> Self {
        Self { status: TaskStatus::Skipped, reason }
    }
}

impl Routing {
    /// Why a hook's quota does not let an event through, if it does not.
    pub(super) async fn turned_away(&self, hook: &Hook, event: EventId) -> PortResult<Option<String>> {
        for _ in 0..TRIES {
            let document = self.documents.document(Collection::Quota, hook.id.as_str()).await?;
            let mut quota: Quota = match &document {
                Some(document) => {
                    serde_json::from_str(&document.text).map_err(|e| PortError::unreadable("a hook's quota", &e))?
                }
                None => Quota::default(),
            };
            match quota.pass(event, hook.max_executions, hook.cooldown_seconds) {
                Passage::Passes => {}
                Passage::Passed => return Ok(None),
                Passage::Spent => {
                    let max = hook.max_executions.unwrap_or_default();
                    return Ok(Some(format!(
                        "the hook has acted on {max} events, which is all it may (`max_executions`)"
                    )));
                }
                Passage::Cooling => {
                    let seconds = hook.cooldown_seconds;
                    return Ok(Some(format!(
                        "the hook acted on another event within {seconds} s (`cooldown_seconds`)"
                    )));
                }
            }
            let text =
                serde_json::to_string(&quota).map_err(|e| PortError::new("a hook's quota cannot be written", e))?;
            let new = NewDocument { collection: Collection::Quota, key: hook.id.as_str(), text: &text, expires: None };
            if self.documents.swap(&new, document.map(|document| document.version)).await? {
                return Ok(None);
            }
        }
        Err(PortError::new("a hook's quota is written by too many at once", &hook.id))
    }
}

/// Whether a hook acts on so many events only, or so often only.
pub(super) const fn has_quota(hook: &Hook) -> bool {
    hook.max_executions.is_some() || hook.cooldown_seconds > 0
}

/// Why an action says nothing of an event that its hook takes: its words are the sender's own, and those come with another
/// event of the sender.
///
/// A template of its own asks for every event, and so does a condition that tells a sender's actions apart.
pub(super) fn told_elsewhere(rule: &Rule, action: &Action, event: &Event, words: &Words) -> Option<String> {
    let asks = |text: &str| text.contains("action");
    let is_asked = !action.speaks_for_sender()
        || event.head.test
        || rule.definition.when().is_some_and(asks)
        || rule.definition.hook().is_some_and(|hook| hook.conditions.iter().any(|check| asks(&check.field)));
    if is_asked { None } else { words.told_elsewhere(event, &rule.definition) }
}

/// Why a condition does not hold, with what is wrong with the body where the condition reads one that cannot be read.
fn unmet(why: String, reads: &str, words: &Words) -> String {
    match words.unreadable().filter(|_| ["payload", "webhook.body"].iter().any(|name| reads.contains(name))) {
        Some(unreadable) => format!("{why}; the body has no fields: {unreadable}"),
        None => why,
    }
}

/// Why a hook does not take an event, if it does not: it is disabled, or its filters do not let the event through.
pub(super) fn filtered(rule: &Rule, event: &Event, words: &Words) -> Option<Undone> {
    let why = match kept_out(rule, event, words)? {
        Ok(why) => return Some(Undone::skipped(why)),
        Err(beyond) => beyond,
    };
    Some(Undone { status: TaskStatus::Dead, reason: format!("its condition was not decided: {why}") })
}

/// Why a hook does not take an event, if it does not; an error is a bound that a condition reached.
fn kept_out(rule: &Rule, event: &Event, words: &Words) -> Option<Result<String, String>> {
    if hops(&event.head) >= MOST_HOPS {
        return Some(Ok(format!(
            "it has gone through Bellhop {MOST_HOPS} times already, so it goes round in a circle"
        )));
    }
    if matches!(rule.definition, Definition::Job(_)) && event.head.event_type.as_deref() == Some(job::ASKED) {
        return None;
    }
    let variables = words.variables(event, &rule.definition);
    if let Some(why) = rule.definition.hook().and_then(|hook| kept_out_of_hook(hook, event, words, &variables)) {
        return Some(why);
    }
    let condition = match rule.condition.as_ref()? {
        Ok(condition) => condition,
        Err(error) => return Some(Ok(format!("its condition cannot be read, so it holds for nothing: {error}"))),
    };
    let why = match condition.decide(&variables) {
        Decision::Holds => return None,
        Decision::Fails(None) => "its condition does not hold".to_owned(),
        Decision::Fails(Some(missing)) => format!("its condition does not hold: `{missing}` is null or absent"),
        Decision::Unclear(what) => format!("its condition cannot be decided: {what}"),
        Decision::Beyond(what) => return Some(Err(what)),
    };
    Some(Ok(unmet(why, rule.definition.when().unwrap_or_default(), words)))
}

/// Why an event is kept out by what hooks alone have: their status, their event types and their plain conditions.
fn kept_out_of_hook(
    hook: &Hook,
    event: &Event,
    words: &Words,
    variables: &Variables<'_>,
) -> Option<Result<String, String>> {
    if hook.status == HookStatus::Disabled {
        return Some(Ok("the hook was disabled after the event came in".to_owned()));
    }
    let event_type = event.head.event_type.as_deref();
    if !type_passes(&hook.events, event_type) {
        return Some(Ok(format!("the hook does not take events of type `{}`", event_type.unwrap_or_default())));
    }
    let (check, decision) = Check::first_unmet(&hook.conditions, variables)?;
    let field = &check.field;
    Some(match (decision, check.problem()) {
        (Decision::Beyond(what), _) => Err(what),
        // Saved by a version that did not see it.
        (_, Some(problem)) => Ok(format!("its condition on `{field}` cannot hold: {problem}")),
        (_, None) => Ok(unmet(format!("its condition on `{field}` does not hold"), field, words)),
    })
}
