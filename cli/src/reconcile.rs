//! `bellhop reconcile`: asks GitHub for lost deliveries from here, without a server.

use std::path::PathBuf;
use std::sync::Arc;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock as _;
use bellhop_app::reconcile::{Look, MOST_ASKS, Seen, Webhook};
use bellhop_core::config::SecretInput;
use bellhop_core::hook::{Hook, Reconcile as Listed};
use bellhop_core::reconcile::Progress;
use bellhop_http::GitHub;
use clap::Args;

use crate::config::{Place, is_unset, load, look_up};
use crate::failure::Failure;
use crate::print::say;
use crate::when::stretch;

/// Ask GitHub again for deliveries that did not reach us. It needs no server, only the configuration file.
#[derive(Args)]
pub(crate) struct Reconcile {
    /// The configuration file.
    #[arg(long, default_value = "bellhop.toml")]
    config: PathBuf,
    /// Only for the hook of this name.
    #[arg(long)]
    hook: Option<String>,
    /// How far to look back; GitHub keeps three days.
    #[arg(long, default_value = "3d", value_parser = stretch)]
    since: u64,
    /// Show what is lost without asking for it.
    #[arg(long)]
    dry_run: bool,
}

impl Reconcile {
    /// Looks at every hook's deliveries once; fails where one hook's could not be had.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let hooks = load(&self.config, Place::Here)?.checked.hooks;
        let hooks = hooks.iter().map(|draft| &draft.hook);
        let wanted = |hook: &&Hook<SecretInput>| self.hook.as_ref().is_none_or(|name| *name == hook.name);
        let webhooks: Vec<_> = hooks.filter(wanted).filter_map(|hook| webhook(hook).transpose()).collect();
        if webhooks.is_empty() {
            return Err(Failure("there is no such hook with `reconcile` and a token".to_owned()));
        }
        let github = GitHub::new(Arc::new(SystemClock));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Failure::new("no runtime", e))?;
        let mut failures = Vec::new();
        for webhook in webhooks {
            let (name, webhook) = webhook?;
            let now = SystemClock.now();
            let look = Look { deliveries: &github, webhook: &webhook, now, most: MOST_ASKS, only_show: self.dry_run };
            let seen = runtime.block_on(look.take(&mut Progress::looking_back(self.since, now)));
            self.tell(name, &seen);
            failures.extend(seen.failed.iter().map(|error| format!("{name}: {error}")));
            failures.extend(
                seen.limited.map(|until| format!("{name}: GitHub takes no more requests until {}", until.rfc3339())),
            );
        }
        if failures.is_empty() { Ok(()) } else { Err(Failure(failures.join("; "))) }
    }

    /// Prints what came of a look.
    fn tell(&self, name: &str, seen: &Seen) {
        let done = if self.dry_run { "lost" } else { "asked for" };
        for lost in &seen.asked {
            say(&format!("{name}: {done} {}, first tried at {}", lost.guid, lost.at.rfc3339()));
        }
        for error in &seen.refused {
            say(&format!("{name}: one cannot be had again: {error}"));
        }
        let more = if seen.left > 0 || seen.unread { "; there are more: run it again in a minute" } else { "" };
        say(&format!("{name}: {done}: {}{more}", seen.asked.len()));
    }
}

/// Where a hook's deliveries are listed, with its name; `None` where nowhere, or without a token.
fn webhook(hook: &Hook<SecretInput>) -> Result<Option<(&str, Webhook)>, Failure> {
    let Some(Listed { of, webhook_id, token: SecretInput::Reference(reference), api_base, vouched }) = &hook.reconcile
    else {
        return Ok(None);
    };
    if is_unset(reference) {
        say(&format!("{}: {reference} is not set, so nothing is asked for", hook.name));
        return Ok(None);
    }
    let token = look_up(reference, Place::Here).map_err(Failure)?;
    let (of, api_base, vouched) = (of.clone(), api_base.clone(), *vouched);
    let place = Listed { of, webhook_id: *webhook_id, token: reference.clone(), api_base, vouched };
    let webhook = |token| Webhook { place, token, public_only: false };
    Ok(token.map(|token| (hook.name.as_str(), webhook(token))))
}
