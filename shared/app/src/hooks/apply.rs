//! Applying a whole configuration, or telling what that would change.

use bellhop_core::config::{CheckedConfig, Settings};
use bellhop_core::hook::Hook;

use super::Hooks;
use crate::catalogue::secrets::{Value, referred};
use crate::catalogue::{Applied, Catalogue, Difference, Plan, Together, differences};
use crate::ports::{Clock, PortResult};

/// What it takes to make a configuration the one that holds. Making it writes nothing and keeps no secret.
pub struct ConfigPlan {
    /// What becomes of the hooks.
    pub hooks: Plan<Hook>,
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
    /// Hooks are told apart by name; those made through the API stay, unless the configuration takes over their name.
    pub fn new(clock: &dyn Clock, (hooks, before): (Vec<Hook>, Settings), config: CheckedConfig) -> Self {
        let mut values = Vec::new();
        let token = config.telegram_token.map(|token| referred("telegram-token", token, &mut values));
        let relay = config.email_smtp.map(|relay| referred("email-smtp", relay, &mut values));
        let settings = Settings { telegram_token: token, email_smtp: relay, ..config.settings };
        Self {
            hooks: Plan::new(clock, hooks, config.hooks),
            settings: differences(&before.shown(), &settings.shown()),
            new_settings: (settings != before).then_some(settings),
            values,
        }
    }
}

impl ConfigPlan {
    /// Adds all of it to what is to be written together; says what it will have done to the hooks.
    pub fn add_to(self, catalogue: &Catalogue<Hook>, together: &mut Together) -> PortResult<Applied> {
        together.settings(self.new_settings, self.values);
        together.add(catalogue, self.hooks)
    }
}

impl Hooks {
    /// What applying a configuration would change.
    pub async fn plan(&self, config: CheckedConfig) -> PortResult<ConfigPlan> {
        let stored = self.reader.hooks_and_settings().await?;
        Ok(ConfigPlan::new(&*self.catalogue.clock, stored, config))
    }

    /// Makes the hooks of earlier configurations those of this one, and its settings the settings, all or nothing.
    pub async fn apply(&self, config: CheckedConfig) -> PortResult<Applied> {
        let mut together = Together::default();
        let applied = self.plan(config).await?.add_to(&self.catalogue, &mut together)?;
        self.catalogue.carry_out(together).await?;
        Ok(applied)
    }
}
