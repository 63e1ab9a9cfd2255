//! The networks that providers publish for their webhooks, as they were last published.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::ranges::{Ranges, are_used, check_published};
use bellhop_core::time::Timestamp;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::ports::{Collection, Documents, HookReader, NewDocument, PortError, PortResult};

/// The set of GitHub's networks.
const GITHUB: &str = "github";

/// How old the networks may be before they are asked for again, in milliseconds.
const RENEW_MS: u64 = 24 * 60 * 60 * 1000;

/// Where providers publish their networks.
#[async_trait]
pub trait PublishedNetworks: Send + Sync {
    /// The networks that GitHub's webhooks come from.
    async fn github(&self) -> PortResult<Vec<IpNet>>;
}

/// The sets as they were last published.
#[derive(Clone)]
pub struct RangeBook {
    documents: Arc<dyn Documents>,
}

/// Asks for the sets again, once a day.
#[derive(Clone)]
pub struct RangeRefresh {
    /// The hooks, whose lists may name a set.
    pub hooks: Arc<dyn HookReader>,
    /// Where the sets are kept.
    pub documents: Arc<dyn Documents>,
    /// Where they are published.
    pub published: Arc<dyn PublishedNetworks>,
}

/// A set as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    networks: Vec<IpNet>,
    fetched_at: Timestamp,
}

impl RangeBook {
    /// A documents in a documents.
    pub fn new(documents: Arc<dyn Documents>) -> Self {
        Self { documents }
    }

    /// The sets; those that came with this version where none were fetched, or where they cannot be read.
    pub async fn ranges(&self) -> Ranges {
        let mut ranges = Ranges::shipped();
        match kept(&*self.documents).await {
            Ok(Some(kept)) => ranges.put(GITHUB, kept.networks),
            Ok(None) => {}
            Err(error) => log::warn!(error:%; "refreshed networks could not be read; the shipped ones count"),
        }
        ranges
    }
}

impl RangeRefresh {
    /// Asks for the sets where a hook names one and they are a day old; says whether other networks are in force now.
    pub async fn refresh(&self, now: Timestamp) -> PortResult<bool> {
        let (hooks, _) = self.hooks.hooks_and_settings().await?;
        if !are_used(hooks.iter().map(|hook| hook.allowed_ips.as_slice())) {
            return Ok(false);
        }
        let old = kept(&*self.documents).await?;
        if old.as_ref().is_some_and(|old| now.ms_since(old.fetched_at) < RENEW_MS) {
            return Ok(false);
        }
        let published = self.published.github().await?;
        let shipped = Ranges::shipped();
        let old = old.map_or_else(|| shipped.set(GITHUB).unwrap_or_default().to_vec(), |old| old.networks);
        let networks = match check_published(&old, &published) {
            Ok(()) => published,
            Err(error) => {
                log::error!(set = GITHUB, error:%; "the published networks are not taken; the old ones stay in force");
                old.clone()
            }
        };
        let changed = networks.iter().collect::<HashSet<_>>() != old.iter().collect::<HashSet<_>>();
        let failed = |e| PortError::new("the published networks", e);
        let text = serde_json::to_string(&Kept { networks, fetched_at: now }).map_err(failed)?;
        let document = NewDocument { collection: Collection::Ranges, key: GITHUB, text: &text, expires: None };
        self.documents.write(&document).await?;
        if changed {
            log::info!(set = GITHUB; "other networks are in force");
        }
        Ok(changed)
    }
}

/// The networks that were fetched last; `None` where there are none, or none that can be used.
async fn kept(documents: &dyn Documents) -> PortResult<Option<Kept>> {
    let Some(document) = documents.document(Collection::Ranges, GITHUB).await? else {
        return Ok(None);
    };
    let kept = serde_json::from_str::<Kept>(&document.text).ok();
    if kept.is_none() {
        log::error!(set = GITHUB; "the kept networks cannot be read; those of this version are in force");
    }
    Ok(kept.filter(|kept| !kept.networks.is_empty()))
}

#[cfg(test)]
mod tests;
