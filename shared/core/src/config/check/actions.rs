//! Checks the actions of whatever has some.

use std::collections::BTreeMap;

use super::{Problems, SecretInput, SecretsAs};
use crate::action::{Action, Check};
use crate::config::ActionSpec;

/// What changed actions keep where no new secrets were given: those of actions that go to the same places.
#[derive(Debug, Clone, Default)]
pub struct KeptActions {
    /// The actions.
    pub actions: Vec<Action>,
    /// What is done instead of them, by their places.
    pub fallbacks: BTreeMap<usize, Action>,
    /// Whether nobody wrote actions, so that each has what it had at its place.
    pub same: bool,
}

impl KeptActions {
    /// The actions as they are kept already, where nobody wrote others.
    pub(crate) fn as_written(&self) -> (Vec<Action<SecretInput>>, BTreeMap<usize, Action<SecretInput>>) {
        let actions = self.actions.iter().map(Action::as_written).collect();
        (actions, self.fallbacks.iter().map(|(place, action)| (*place, action.as_written())).collect())
    }
}

/// Checks the actions, and what is done instead of those whose tasks are dead, by their places.
pub(super) fn check_actions(
    specs: &[ActionSpec],
    secrets: SecretsAs,
    kept: &KeptActions,
    problems: &mut Problems,
) -> (Vec<Action<SecretInput>>, BTreeMap<usize, Action<SecretInput>>) {
    let (mut actions, mut fallbacks) = (Vec::new(), BTreeMap::new());
    let kept_fallbacks: Vec<_> = kept.fallbacks.values().cloned().collect();
    for (i, action) in specs.iter().enumerate() {
        let (own, fallback) = action.split_fallback();
        let at = format!("actions[{i}].");
        let (kept_action, kept_fallback) = match kept.same {
            true => (alone(kept.actions.get(i)), alone(kept.fallbacks.get(&i))),
            false => (kept.actions.as_slice(), kept_fallbacks.as_slice()),
        };
        let action = own.check(&mut Check { at: &at, secrets, kept: kept_action, problems });
        let field = format!("{at}fallback");
        if let Some(spec) = fallback.and_then(|fallback| problems.take(&field, fallback)) {
            let at = format!("{field}.");
            let fallback = spec.check(&mut Check { at: &at, secrets, kept: kept_fallback, problems });
            if let (Some(action), Some(fallback)) = (&action, &fallback)
                && action.goes_where(fallback)
            {
                problems.add(
                    field,
                    "it goes where its action goes: what stops the one stops the other; name another place",
                );
            }
            if fallback.as_ref().is_some_and(|fallback| fallback.quiet().is_some()) {
                problems.add(format!("{at}quiet"), "a fallback waits for nothing: leave its quiet hours out");
            }
            fallbacks.extend(fallback.map(|fallback| (i, fallback)));
        }
        actions.extend(action);
    }
    (actions, fallbacks)
}

/// A list of one action, or of none.
fn alone(action: Option<&Action>) -> &[Action] {
    action.map(std::slice::from_ref).unwrap_or_default()
}
