//! `bellhop apply`: brings a configuration file to a deployed stack, or to a running server; or shows what that would change.

use std::path::{Path, PathBuf};

use bellhop_api::view::{AppliedView, ChangeKind, ChangeView, DifferenceView, PlanView};
use bellhop_app::clock::SystemClock;
use bellhop_app::configuration::ConfigPlan;
use bellhop_core::config::ConfigSpec;
use bellhop_core::secret::SecretRef;
use bellhop_sqlite::stored_configuration;
use clap::Args;
use serde_json::Value;

use crate::config::{Loaded, Place, load, look_up};
use crate::failure::Failure;
use crate::print::{say, to_stdout};
use crate::server::Server;

/// Bring the hooks and jobs of a configuration file to a deployed stack or a running server.
#[derive(Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    server: Server,
    /// The configuration file.
    #[arg(long, default_value = "bellhop.toml")]
    config: PathBuf,
    /// Show what would be changed, and change nothing. Secrets are shown by where they are, or by their fingerprints.
    #[arg(long)]
    dry_run: bool,
    /// Compare with the data in this folder, as `bellhop serve` would change it at its next start; no server is asked.
    #[arg(long, value_name = "FOLDER", requires = "dry_run")]
    data: Option<PathBuf>,
}

impl Apply {
    /// Checks the file, looks its secrets up here and sends all of it in one request.
    pub(crate) fn run(self) -> Result<(), Failure> {
        if let Some(data) = &self.data {
            show(&self.plan_for(data)?);
            return Ok(());
        }
        let Loaded { mut spec, .. } = load(&self.config, Place::Deployed)?;
        with_values(&mut spec)?;
        let body = serde_json::to_string(&spec).map_err(|e| Failure::new("the configuration cannot be sent", e))?;
        if self.dry_run {
            show(&self.server.call("POST", "/api/config/plan", Some(body))?);
            return Ok(());
        }
        let applied: AppliedView = self.server.call("PUT", "/api/config", Some(body))?;
        let AppliedView { created, updated, unchanged, deleted } = applied;
        to_stdout(&format!(
            "hooks and jobs: {created} created, {updated} updated, {unchanged} unchanged, {deleted} deleted; in force within a minute"
        ));
        Ok(())
    }

    /// What a start with the file would change in this folder.
    fn plan_for(&self, data: &Path) -> Result<PlanView, Failure> {
        let config = load(&self.config, Place::Here)?.checked;
        Ok(PlanView::new(&ConfigPlan::new(&SystemClock, stored_configuration(data)?, config)))
    }
}

/// Puts the values of secrets in the place of references that are read here; an `ssm:` reference stays as it is.
fn with_values(spec: &mut ConfigSpec) -> Result<(), Failure> {
    let mut value_of = |reference: &SecretRef| -> Result<Option<String>, Failure> {
        let secret = look_up(reference, Place::Deployed).map_err(Failure)?;
        Ok(secret.map(|secret| secret.expose().to_owned()))
    };
    spec.hooks.iter_mut().try_for_each(|hook| hook.resolve(&mut value_of))?;
    spec.jobs.iter_mut().try_for_each(|job| job.resolve(&mut value_of))?;
    for setting in [&mut spec.telegram.token, &mut spec.email.smtp] {
        if let Some(text) = setting.take() {
            let reference = SecretRef::parse(&text).map_err(|e| Failure(e.to_string()))?;
            // An unset variable means that there is no bot yet, or no mail server.
            *setting = value_of(&reference).ok().map(|value| value.unwrap_or(text));
        }
    }
    Ok(())
}

/// Prints a plan: what is made, changed and deleted, and the fields that are others.
fn show(plan: &PlanView) {
    for change in &plan.changes {
        let ChangeView { kind, name, change, fields } = change;
        let mark = match change {
            change if *change == ChangeKind::Unchanged.into() => continue,
            change if *change == ChangeKind::Created.into() => "+".to_owned(),
            change if *change == ChangeKind::Updated.into() => "~".to_owned(),
            change if *change == ChangeKind::Deleted.into() => "-".to_owned(),
            other => other.to_string(),
        };
        say(&format!("{mark} {kind} {name}"));
        fields.iter().for_each(|field| say(&line(field)));
    }
    if !plan.settings.is_empty() {
        say("~ settings");
        plan.settings.iter().for_each(|field| say(&line(field)));
    }
    let AppliedView { created, updated, unchanged, deleted } = plan.applied;
    say(&format!(
        "hooks and jobs: {created} to be created, {updated} updated, {unchanged} unchanged, {deleted} deleted; nothing was changed"
    ));
}

/// A field that would be another, for a person.
fn line(difference: &DifferenceView) -> String {
    let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), Value::to_string);
    let DifferenceView { field, before, after } = difference;
    format!("    {field}: {} -> {}", shown(before), shown(after))
}
