//! `bellhop apply`: brings a configuration file to a deployed stack, or to a running server.

use std::path::PathBuf;

use bellhop_api::view::AppliedView;
use bellhop_core::secret::SecretRef;
use clap::Args;

use crate::config::{Loaded, Place, load, look_up};
use crate::failure::Failure;
use crate::print::to_stdout;
use crate::server::Server;

/// Bring the hooks of a configuration file to a deployed stack or a running server.
#[derive(Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    server: Server,
    /// The configuration file.
    #[arg(long, default_value = "bellhop.toml")]
    config: PathBuf,
}

impl Apply {
    /// Checks the file, looks its secrets up here and sends all of it in one request.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Loaded { mut spec, .. } = load(&self.config, Place::Deployed)?;
        for secret in spec.hooks.iter_mut().flat_map(|hook| &mut hook.secrets) {
            *secret = value_of(secret)?;
        }
        for hook in &mut spec.hooks {
            // A token whose variable is unset means that nobody looks for lost deliveries yet.
            hook.reconcile = hook.reconcile.take().and_then(|mut reconcile| {
                reconcile.token = value_of(&reconcile.token).ok()?;
                Some(reconcile)
            });
        }
        // A token whose variable is unset means that there is no bot yet.
        spec.telegram.token = spec.telegram.token.and_then(|token| value_of(&token).ok());
        let body = serde_json::to_string(&spec).map_err(|e| Failure::new("the configuration cannot be sent", e))?;
        let applied: AppliedView = self.server.call("PUT", "/api/config", Some(body))?;
        let AppliedView { created, updated, unchanged, deleted } = applied;
        to_stdout(&format!(
            "hooks: {created} created, {updated} updated, {unchanged} unchanged, {deleted} deleted; in force within a minute"
        ));
        Ok(())
    }
}

/// The value of a reference that is read here; an `ssm:` reference stays as it is.
fn value_of(reference: &str) -> Result<String, Failure> {
    let reference = SecretRef::parse(reference).map_err(|e| Failure(e.to_string()))?;
    match look_up(&reference, Place::Deployed).map_err(Failure)? {
        Some(secret) => Ok(secret.expose().to_owned()),
        None => Ok(reference.to_string()),
    }
}
