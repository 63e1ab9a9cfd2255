//! Asking GitHub again for deliveries that did not reach us: it never repeats a failed one by itself.

mod look;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::hook::{Hook, HookStatus, Origin, Reconcile};
use bellhop_core::reconcile::{Attempted, Progress};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::time::Timestamp;

pub use self::look::{Look, Seen};
use crate::ports::{Collection, Document, Documents, HookReader, NewDocument, PortError, PortResult, Secrets};

/// How many deliveries one run asks for, over all hooks.
pub const MOST_ASKS: usize = 100;

/// How long the record of a hook lives that is looked at no more.
const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// A webhook at GitHub, with the right to see its deliveries.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where it is.
    pub place: Reconcile,
    /// The token; for an app named with its id, the app's private key.
    pub token: Secret,
    /// Whether only a public address may be called for it: somebody else than the operator named it.
    pub public_only: bool,
}

/// A part of a webhook's list of attempts, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The attempts.
    pub attempts: Vec<Attempted>,
    /// Where the list goes on, if it does.
    pub next: Option<String>,
}

/// Why the sender did not do what it was asked.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// It has had too many requests, and takes the next at this moment.
    Limited(Timestamp),
    /// It never will: there is no such attempt, or no such place in its list.
    Never(PortError),
    /// Something went wrong; later may be better.
    Failed(PortError),
}

/// The deliveries of webhooks at their sender.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// A part of the list: the newest attempts, or those from a cursor on.
    async fn list(&self, webhook: &Webhook, cursor: Option<&str>) -> Result<Listing, Refusal>;

    /// Asks for a delivery again, by one of its attempts.
    async fn ask_again(&self, webhook: &Webhook, attempt: u64) -> Result<(), Refusal>;
}

/// Looks for lost deliveries of every hook that says where.
#[derive(Clone)]
pub struct Reconciler {
    /// The hooks.
    pub hooks: Arc<dyn HookReader>,
    /// Their tokens.
    pub secrets: Arc<dyn Secrets>,
    /// What was asked for before.
    pub documents: Arc<dyn Documents>,
    /// The sender.
    pub deliveries: Arc<dyn Deliveries>,
}

impl Reconciler {
    /// Looks once at every hook's deliveries and asks for the lost ones; says how many it asked for.
    ///
    /// A hook's trouble is logged and keeps no other hook waiting.
    pub async fn run_once(&self, now: Timestamp) -> PortResult<usize> {
        let (hooks, _) = self.hooks.hooks_and_settings().await?;
        let places: Vec<_> = hooks.iter().filter_map(|hook| Some((hook, hook.reconciled()?))).collect();
        if places.is_empty() {
            return Ok(0);
        }
        let documents: HashMap<String, Document> =
            self.documents.documents(Collection::Reconciled).await?.into_iter().collect();
        let references: Vec<_> = places.iter().map(|(_, place)| place.token.clone()).collect();
        let tokens = self.secrets.resolve(&references).await?;
        let mut limited: HashMap<(&str, &SecretRef), Timestamp> = HashMap::new();
        let mut asked = 0;
        for (number, (hook, place)) in places.iter().enumerate() {
            let Some(token) = tokens.get(&place.token) else {
                log::info!(hook:% = hook.id; "there is no token to look for lost deliveries with");
                continue;
            };
            let old = documents.get(hook.id.as_str());
            let mut progress = old.map(|document| read(hook, document)).unwrap_or_default();
            if progress.must_wait(now) {
                continue;
            }
            let account = (place.api_base.as_str(), &place.token);
            if let Some(until) = limited.get(&account) {
                progress.wait_until = Some(*until);
            } else if hook.status == HookStatus::Disabled {
                // What it refuses on purpose stays refused when it is enabled again.
                progress.note_checked(now, &[]);
            } else {
                let public_only = hook.origin == Origin::Api;
                let webhook = Webhook { place: (*place).clone(), token: token.clone(), public_only };
                // Every hook gets its share of what is left, so that one with many does not starve the others.
                let most = (MOST_ASKS - asked).div_ceil(places.len() - number);
                let look = Look { deliveries: &*self.deliveries, webhook: &webhook, now, most, only_show: false };
                let seen = look.take(&mut progress).await;
                log(hook, &seen);
                asked += seen.asked.len();
                limited.extend(seen.limited.map(|until| (account, until)));
            }
            self.write(hook, &progress, old, now).await;
        }
        Ok(asked)
    }

    /// Writes down how far a hook's deliveries have been looked at.
    async fn write(&self, hook: &Hook, progress: &Progress, old: Option<&Document>, now: Timestamp) {
        let written = async {
            let text = serde_json::to_string(progress).map_err(|e| PortError::new("a record of deliveries", e))?;
            let expires = Some(now.plus_ms(KEPT_MS));
            let document =
                NewDocument { collection: Collection::Reconciled, key: hook.id.as_str(), text: &text, expires };
            self.documents.swap(&document, old.map(|document| document.version)).await
        };
        match written.await {
            Ok(true) => {}
            Ok(false) => log::warn!(hook:% = hook.id; "another run looked for lost deliveries at the same time"),
            Err(error) => log::error!(hook:% = hook.id, error:%; "what was asked for could not be written down"),
        }
    }
}

/// The record in a document; a new one where the document cannot be read.
fn read(hook: &Hook, document: &Document) -> Progress {
    serde_json::from_str(&document.text).unwrap_or_else(|error| {
        log::error!(hook:% = hook.id, error:%; "the record of deliveries cannot be read; it begins again");
        Progress::default()
    })
}

/// Tells what came of a look.
fn log(hook: &Hook, seen: &Seen) {
    let hook = &hook.id;
    for lost in &seen.asked {
        log::info!(hook:%, delivery = lost.guid.as_str(), attempt = lost.attempt; "asked for a lost delivery");
    }
    for guid in &seen.given_up {
        log::error!(hook:%, delivery = guid.as_str(); "a lost delivery was asked for in vain and is given up");
    }
    for error in &seen.refused {
        log::warn!(hook:%, error:%; "a lost delivery cannot be had again");
    }
    if let Some(until) = seen.limited {
        log::warn!(hook:%, until = until.rfc3339().as_str(), left = seen.left; "GitHub takes no more requests until then");
    }
    if let Some(error) = &seen.failed {
        log::error!(hook:%, error:%, left = seen.left; "lost deliveries could not be looked for or asked for");
    }
    if seen.arrived > 0 {
        log::info!(hook:%, arrived = seen.arrived; "lost deliveries have arrived");
    }
}

#[cfg(test)]
pub(crate) mod tests;
