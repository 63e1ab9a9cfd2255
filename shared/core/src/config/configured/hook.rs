//! Hooks as configured things.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Configured, Stamp, fallbacks_inside};
use crate::config::{HookDraft, HookSpec, Kept, Problem, SecretInput, SecretsAs, check_change, check_hook};
use crate::hook::{Hook, Origin, SecretUse};
use crate::id::{HookId, random_word};
use crate::secret::SecretRef;
use crate::time::Timestamp;
use bellhop_senders::sender::CustomScheme;

/// How many secrets may be on their way out; the oldest goes first.
const MOST_RETIRING: usize = 10;

impl Configured for Hook {
    const KIND: &'static str = "hook";

    type Spec = HookSpec;
    type Draft = HookDraft;

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn spec(&self) -> HookSpec {
        HookSpec::of(self)
    }

    fn check(
        spec: &HookSpec,
        secrets: SecretsAs,
        change: Option<(&Self, &Map<String, Value>)>,
    ) -> Result<HookDraft, Vec<Problem>> {
        let Some((old, fields)) = change else {
            return check_hook(spec, secrets);
        };
        let mut kept = Kept::of(old);
        if fields.contains_key("secrets") {
            kept.secrets = None;
        } else if spec.sender != old.sender || decoding(spec.scheme.as_ref()) != decoding(old.scheme.as_ref()) {
            // Its secrets are written in another way now: they must be given with it.
            kept.secrets = Some(Vec::new());
        }
        kept.actions.same = !fields.contains_key("actions");
        let mut draft = check_change(spec, secrets, &kept)?;
        if kept.actions.same {
            (draft.hook.actions, draft.hook.fallbacks) = kept.actions.as_written();
        }
        Ok(draft)
    }

    fn new_id(random: &[u8; 22]) -> String {
        HookId::from_random(random).to_string()
    }

    fn written_name(spec: &HookSpec) -> &str {
        &spec.name
    }

    fn name_of(draft: &HookDraft) -> &str {
        &draft.hook.name
    }

    fn complete(
        draft: HookDraft,
        old: Option<&Self>,
        stamp: &Stamp,
        keep: &mut dyn FnMut(&str, SecretInput) -> SecretRef,
    ) -> Self {
        let HookDraft { mut hook, path_is_open, status_is_open, .. } = draft;
        let id = &stamp.id;
        hook.id = HookId::from_text(id.clone());
        hook.origin = match (stamp.origin, old) {
            // An address that came through the API is not the operator's, whoever made the hook.
            (Origin::Api, Some(old)) if !names_address(&hook, old) => old.origin,
            (origin, _) => origin,
        };
        (hook.created_at, hook.updated_at) = (stamp.now, stamp.now);
        let minted = || old.map(|old| old.path.clone()).filter(|path| is_minted(path));
        if path_is_open {
            hook.path = minted().unwrap_or_else(|| mint_path(&stamp.random));
        }
        if let Some(old) = old {
            (hook.created_at, hook.updated_at, hook.version) = (old.created_at, old.updated_at, old.version);
            hook.retiring.clone_from(&old.retiring);
            if status_is_open {
                hook.status = old.status;
            }
        }
        let mut hook = hook.map(&mut |used_for, secret| match used_for {
            SecretUse::Own => keep(id, secret),
            SecretUse::Reconcile => keep(&format!("reconcile-{id}"), secret),
            SecretUse::Action => keep(&format!("action-{id}"), secret),
        });
        let mut seen = HashSet::new();
        hook.secrets.retain(|secret| seen.insert(secret.clone()));
        hook
    }

    fn secrets(&self) -> Vec<&SecretRef> {
        self.all_secrets().collect()
    }

    fn shown(&self) -> Value {
        let shown = self.clone().map(&mut |_, secret| secret.shown());
        // A struct of texts and numbers is an object.
        let mut shown = serde_json::to_value(shown).unwrap_or_default();
        fallbacks_inside(&mut shown);
        shown
    }

    fn touch(&mut self, version: u64, now: Timestamp) {
        (self.version, self.updated_at) = (version, now);
    }

    fn tidy(&mut self, now: Timestamp) {
        self.retiring.retain(|retiring| now < retiring.until);
        let over = self.retiring.len().saturating_sub(MOST_RETIRING);
        self.retiring.drain(..over);
    }
}

/// Whether a hook asks for lost deliveries at another address than it did.
fn names_address(new: &Hook<SecretInput>, old: &Hook) -> bool {
    let there = old.reconcile.as_ref().map(|old| &old.api_base);
    new.reconcile.as_ref().is_some_and(|new| there != Some(&new.api_base))
}

/// How a hook of these options reads its secrets.
fn decoding(scheme: Option<&CustomScheme>) -> &str {
    scheme.map_or("raw", CustomScheme::decoding)
}

/// A path nobody can guess.
fn mint_path(random: &[u8; 22]) -> String {
    format!("in-{}", random_word(random))
}

/// Whether a path was made by us.
fn is_minted(path: &str) -> bool {
    path.len() == 25 && path.starts_with("in-")
}
