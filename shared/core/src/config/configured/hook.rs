//! Hooks as configured things.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Configured, Stamp};
use crate::action::Action;
use crate::config::{HookDraft, HookSpec, Kept, Problem, SecretInput, SecretsAs, check_change, check_hook};
use crate::hook::{Hook, Origin};
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
        let mut draft = check_change(spec, secrets, &kept)?;
        if !fields.contains_key("actions") {
            draft.actions = old.actions.iter().map(Action::as_written).collect();
        }
        Ok(draft)
    }

    fn new_id(random: &[u8; 22]) -> String {
        HookId::from_random(random).to_string()
    }

    fn name_of(draft: &HookDraft) -> &str {
        &draft.name
    }

    fn secrets_of(draft: &HookDraft, id: &str) -> Vec<(String, SecretInput)> {
        let own = draft.secrets.iter().map(|secret| (id.to_owned(), secret.clone()));
        // Not under the name of the hook's secrets: who looks for deliveries need not know those.
        let token = draft.reconcile.iter().map(|place| (format!("reconcile-{id}"), place.token.clone()));
        // Neither are those of its actions, which their workers read.
        let actions = draft.actions.iter().flat_map(Action::secrets);
        let actions = actions.map(|secret| (format!("action-{id}"), secret.clone()));
        own.chain(token).chain(actions).collect()
    }

    fn complete(draft: HookDraft, kept: Vec<SecretRef>, old: Option<&Self>, stamp: &Stamp) -> Self {
        let minted = || old.map(|old| old.path.clone()).filter(|path| is_minted(path));
        let path = draft.path.clone().or_else(minted).unwrap_or_else(|| mint_path(&stamp.random));
        let origin = match (stamp.origin, old) {
            // An address that came through the API is not the operator's, whoever made the hook.
            (Origin::Api, Some(old)) if !names_address(&draft, old) => old.origin,
            (origin, _) => origin,
        };
        let mut kept = kept.into_iter();
        let mut seen = HashSet::new();
        let mut secrets: Vec<_> = kept.by_ref().take(draft.secrets.len()).collect();
        secrets.retain(|secret| seen.insert(secret.clone()));
        let reconcile = draft.reconcile.clone().zip(draft.reconcile.as_ref().and_then(|_| kept.next()));
        let reconcile = reconcile.map(|(place, token)| place.kept(token));
        // There are as many as there were.
        let mut next = || kept.next().unwrap_or_else(|| SecretRef::Stored(String::new()));
        let actions = draft.actions.clone().into_iter().map(|action| action.map(|_| next())).collect();
        let status = draft.status;
        let id = HookId::from_text(stamp.id.clone());
        let hook = draft.into_hook(id, path, secrets, actions, origin, stamp.now);
        let Some(old) = old else { return Self { reconcile, ..hook } };
        Self {
            reconcile,
            created_at: old.created_at,
            updated_at: old.updated_at,
            version: old.version,
            status: status.unwrap_or(old.status),
            retiring: old.retiring.clone(),
            ..hook
        }
    }

    fn secrets(&self) -> Vec<&SecretRef> {
        let retiring = self.retiring.iter().map(|retiring| &retiring.secret);
        let token = self.reconcile.iter().map(|reconcile| &reconcile.token);
        let actions = self.actions.iter().flat_map(Action::secrets);
        self.secrets.iter().chain(retiring).chain(token).chain(actions).collect()
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

/// Whether a draft asks for lost deliveries at another address than the hook did.
fn names_address(draft: &HookDraft, old: &Hook) -> bool {
    let there = old.reconcile.as_ref().map(|old| &old.api_base);
    draft.reconcile.as_ref().is_some_and(|new| there != Some(&new.api_base))
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
