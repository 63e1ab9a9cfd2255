//! The hooks as the router needs them: conditions and templates compiled, kept for a while.

use std::collections::HashMap;
use std::sync::Arc;

use bellhop_core::event::Event;
use bellhop_core::filter::{BadCondition, Condition};
use bellhop_core::hook::{Action, Hook};
use bellhop_core::id::HookId;
use bellhop_core::template::{Escape, Template};
use bellhop_core::time::Timestamp;

use crate::cache::Cache;
use crate::ports::{HookReader, PortResult};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// All rules at one moment.
#[derive(Debug)]
pub struct Rules {
    by_hook: HashMap<HookId, Rule>,
    /// How many days events and tasks live.
    pub retention_days: u32,
}

/// One hook, ready to route.
#[derive(Debug)]
pub struct Rule {
    /// The hook.
    pub hook: Hook,
    /// Its condition; one that cannot be read holds for nothing.
    pub condition: Option<Result<Condition, BadCondition>>,
    /// Its actions' own templates, in the actions' order.
    pub templates: Vec<Option<Template>>,
}

impl Rules {
    /// The rule of a hook, unless it has been deleted.
    pub fn get(&self, hook: &HookId) -> Option<&Rule> {
        self.by_hook.get(hook)
    }

    /// The rules of the hooks that an event proved itself to, the highest priority first.
    pub fn of(&self, event: &Event) -> Vec<&Rule> {
        let mut rules: Vec<_> = event.head.hooks.iter().filter_map(|proof| self.get(&proof.hook)).collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.hook.priority));
        rules
    }

    /// When what is recorded now may be deleted.
    pub const fn expires(&self, now: Timestamp) -> Timestamp {
        now.plus_ms(self.retention_days as u64 * DAY_MS)
    }
}

impl Rule {
    /// Compiles a hook's condition and templates, which were checked when it was saved.
    ///
    /// One that fails all the same was saved by another version: a condition then holds for nothing, and a template gives
    /// way to the sender's own text.
    fn new(hook: Hook) -> Self {
        let condition = hook.when.as_deref().map(Condition::compile);
        let templates = hook.actions.iter().map(|action| {
            let Action::Telegram { template, .. } = action;
            let compiled = Template::compile(template.as_deref()?, Escape::Html);
            compiled
                .inspect_err(
                    |error| log::error!(hook = hook.id.as_str(), error:%; "a template of the hook cannot be read"),
                )
                .ok()
        });
        Self { templates: templates.collect(), condition, hook }
    }
}

/// Reads the rules and keeps them for at most a minute.
pub struct RuleCache {
    hooks: Arc<dyn HookReader>,
    cache: Cache<Rules>,
}

impl RuleCache {
    /// A cache that has read nothing yet.
    pub fn new(hooks: Arc<dyn HookReader>, cache: Cache<Rules>) -> Self {
        Self { hooks, cache }
    }

    /// The rules, none older than a minute.
    pub async fn rules(&self) -> PortResult<Arc<Rules>> {
        self.cache
            .get(|| async {
                let (hooks, settings) = self.hooks.hooks_and_settings().await?;
                let by_hook = hooks.into_iter().map(|hook| (hook.id.clone(), Rule::new(hook))).collect();
                Ok(Rules { by_hook, retention_days: settings.retention_days })
            })
            .await
    }
}
