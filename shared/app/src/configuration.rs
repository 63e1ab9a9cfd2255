//! The configuration as a whole: applying one, or telling what that would change.

use std::sync::Arc;

use bellhop_core::config::{CheckedConfig, Settings};
use bellhop_core::hook::Hook;
use bellhop_core::job::Job;

use crate::catalogue::secrets::{Value, referred};
use crate::catalogue::{Applied, Difference, Plan, Together, differences};
use crate::hooks::Hooks;
use crate::jobs::Jobs;
use crate::ports::{Clock, PortResult};

/// Everything that is configured.
pub struct Configuration {
    /// The hooks, beside the settings.
    pub hooks: Arc<Hooks>,
    /// The jobs; `None` where nothing runs them.
    pub jobs: Option<Arc<Jobs>>,
}

/// Everything that is configured, as it is stored.
#[derive(Debug, Default, PartialEq)]
pub struct Stored {
    /// The hooks.
    pub hooks: Vec<Hook>,
    /// The jobs.
    pub jobs: Vec<Job>,
    /// What holds for all of them.
    pub settings: Settings,
}

/// What it takes to make a configuration the one that holds. Making it writes nothing and keeps no secret.
pub struct ConfigPlan {
    /// What becomes of the hooks.
    pub hooks: Plan<Hook>,
    /// What becomes of the jobs.
    pub jobs: Plan<Job>,
    /// What becomes of the settings; of a secret that is kept, the fingerprint alone is told.
    pub settings: Vec<Difference>,
    /// The settings, where they are others.
    new_settings: Option<Settings>,
    /// The values that are to be kept for them.
    values: Vec<Value>,
}

impl ConfigPlan {
    /// The plan that makes of what there is what a configuration says.
    ///
    /// Hooks and jobs are told apart by name; those made through the API stay, unless the configuration takes over their
    /// name.
    pub fn new(clock: &dyn Clock, stored: Stored, config: CheckedConfig) -> Self {
        let mut values = Vec::new();
        let token = config.telegram_token.map(|token| referred("telegram-token", token, &mut values));
        let relay = config.email_smtp.map(|relay| referred("email-smtp", relay, &mut values));
        let settings = Settings { telegram_token: token, email_smtp: relay, ..config.settings };
        Self {
            hooks: Plan::new(clock, stored.hooks, config.hooks),
            jobs: Plan::new(clock, stored.jobs, config.jobs),
            settings: differences(&stored.settings.shown(), &settings.shown()),
            new_settings: (settings != stored.settings).then_some(settings),
            values,
        }
    }

    /// How many things it makes, changes, leaves and deletes.
    pub fn applied(&self) -> Applied {
        self.hooks.applied + self.jobs.applied
    }
}

impl Configuration {
    /// What applying a configuration would change.
    pub async fn plan(&self, config: CheckedConfig) -> PortResult<ConfigPlan> {
        let (hooks, settings) = self.hooks.stored().await?;
        let jobs = match &self.jobs {
            Some(jobs) => jobs.catalogue.list().await?,
            None => Vec::new(),
        };
        Ok(ConfigPlan::new(&*self.hooks.catalogue.clock, Stored { hooks, jobs, settings }, config))
    }

    /// Adds all that was planned to what is to be written together.
    pub async fn add(&self, plan: ConfigPlan, together: &mut Together) -> PortResult<Applied> {
        let applied = plan.applied();
        together.settings(plan.new_settings, plan.values);
        together.add(&self.hooks.catalogue, plan.hooks).await?;
        if let Some(jobs) = &self.jobs {
            together.add(&jobs.catalogue, plan.jobs).await?;
        }
        Ok(applied)
    }

    /// Makes the hooks and jobs of earlier configurations those of this one, and its settings the settings, all or nothing.
    pub async fn apply(&self, config: CheckedConfig) -> PortResult<Applied> {
        let mut together = Together::default();
        let applied = self.add(self.plan(config).await?, &mut together).await?;
        self.hooks.catalogue.carry_out(together).await?;
        Ok(applied)
    }
}
