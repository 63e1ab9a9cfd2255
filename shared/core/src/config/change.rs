//! A stored hook as someone would write it, so that a change can be laid over it.

use super::{ActionSpec, HookSpec, Kept, KeptActions, ReconcileSpec};
use crate::hook::{Allowed, Hook, Reconcile};
use crate::secret::SecretRef;

impl HookSpec {
    /// The hook as it would be written, without its secrets.
    pub fn of(hook: &Hook) -> Self {
        Self {
            name: hook.name.clone(),
            description: Some(hook.description.clone()).filter(|text| !text.is_empty()),
            path: Some(hook.path.clone()),
            sender: hook.sender.clone(),
            scheme: hook.scheme.clone(),
            secrets: Vec::new(),
            events: hook.events.clone(),
            when: hook.when.clone(),
            conditions: hook.conditions.clone(),
            priority: Some(hook.priority),
            max_executions: hook.max_executions,
            cooldown_seconds: Some(hook.cooldown_seconds),
            rate_per_minute: Some(hook.rate_per_minute),
            allowed_ips: hook.allowed_ips.iter().map(Allowed::to_string).collect(),
            max_body_bytes: Some(hook.max_body_bytes),
            actions: ActionSpec::all(&hook.actions, &hook.fallbacks),
            deduplicate: hook.deduplicate,
            reconcile: hook.reconcile.as_ref().map(reconcile),
            status: Some(hook.status),
        }
    }
}

impl HookSpec {
    /// Puts the values of secrets in the place of references to them, as far as `value_of` has them. Where it fails for the
    /// token that asks for lost deliveries, nobody asks yet.
    pub fn resolve<E>(&mut self, value_of: &mut impl FnMut(&SecretRef) -> Result<Option<String>, E>) -> Result<(), E> {
        let mut value_in = |text: &mut String| match SecretRef::parse(text) {
            Ok(reference) => value_of(&reference).map(|value| *text = value.unwrap_or_else(|| reference.to_string())),
            Err(_) => Ok(()),
        };
        self.secrets.iter_mut().try_for_each(&mut value_in)?;
        self.reconcile =
            self.reconcile.take().and_then(|mut place| value_in(&mut place.token).is_ok().then_some(place));
        self.actions.iter_mut().try_for_each(|action| action.resolve(value_of))
    }
}

impl Kept {
    /// All secrets of a hook.
    pub fn of(hook: &Hook) -> Self {
        Self {
            secrets: Some(hook.secrets.clone()),
            reconcile: hook.reconcile.clone(),
            actions: KeptActions { actions: hook.actions.clone(), fallbacks: hook.fallbacks.clone(), same: false },
        }
    }
}

/// Where deliveries are looked for, as it would be written, without its token.
fn reconcile(reconcile: &Reconcile) -> ReconcileSpec {
    ReconcileSpec {
        of: reconcile.of.clone(),
        webhook_id: reconcile.webhook_id,
        token: String::new(),
        api_base: Some(reconcile.api_base.clone()),
    }
}
