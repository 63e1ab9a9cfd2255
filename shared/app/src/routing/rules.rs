//! The hooks as the router needs them: conditions and templates compiled, kept for a while.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bellhop_core::action::{Action, Templates};
use bellhop_core::config::Settings;
use bellhop_core::event::{Event, EventHead};
use bellhop_core::filter::{BadCondition, Condition};
use bellhop_core::hook::Hook;
use bellhop_core::id::{Owner, TaskId};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;

use crate::cache::Cache;
use crate::ports::{HookReader, PortResult};

/// How far apart the clocks of two functions may be, in milliseconds.
const APART_MS: u64 = 10_000;

/// All rules at one moment.
#[derive(Debug)]
pub struct Rules {
    by_owner: HashMap<Owner, Rule>,
    settings: Settings,
}

/// One hook, ready to route.
#[derive(Debug)]
pub struct Rule {
    /// The hook.
    pub hook: Hook,
    /// Its condition; one that cannot be read holds for nothing.
    pub condition: Option<Result<Condition, BadCondition>>,
    /// The templates of its actions, in the actions' order.
    pub templates: Vec<Templates>,
    /// For each of them, what of it does not wait in quiet hours; nothing where it has no condition.
    pub urgent: Vec<Option<Result<Condition, BadCondition>>>,
    /// Those of what is done instead of them, by their places.
    pub fallbacks: BTreeMap<usize, Templates>,
}

impl Rules {
    /// The rule of an owner, unless it has been deleted.
    pub fn get(&self, owner: &Owner) -> Option<&Rule> {
        self.by_owner.get(owner)
    }

    /// The rule of a task's owner, unless that has been deleted.
    pub fn of_task(&self, task: &Task) -> Option<&Rule> {
        self.get(&task.owner)
    }

    /// The rules of those whose an event is, the highest priority first.
    pub fn of(&self, event: &Event) -> Vec<&Rule> {
        let mut rules: Vec<_> = event.head.owners.iter().filter_map(|proof| self.get(&proof.owner)).collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.hook.priority));
        rules
    }

    /// The sender that an event proved to be, as the first of its owners has it; `None` where that has changed since.
    pub fn sender(&self, head: &EventHead) -> Option<&'static Sender> {
        let rule = self.get(&head.owners.first()?.owner)?;
        rule.hook.sender().filter(|sender| sender.name == head.sender)
    }

    /// The chat that is told of trouble.
    pub fn operator_chat(&self) -> Option<&str> {
        self.settings.operator_chat.as_deref()
    }

    /// When what is recorded now may be deleted.
    pub const fn expires(&self, now: Timestamp) -> Timestamp {
        self.settings.expiry(now)
    }
}

impl Rule {
    /// The action that a task is of, with its templates; `None` where it is gone.
    pub(super) fn action(&self, task: &TaskId) -> Option<(&Action, &Templates)> {
        let place = task.action();
        match task.is_fallback() {
            true => self.hook.fallbacks.get(&place).zip(self.fallbacks.get(&place)),
            false => self.hook.actions.get(place).zip(self.templates.get(place)),
        }
    }

    /// Compiles a hook's condition and templates, which were checked when it was saved.
    ///
    /// One that fails all the same was saved by another version: a condition then holds for nothing, and a template gives
    /// way to the sender's own text.
    fn new(hook: Hook) -> Self {
        let condition = hook.when.as_deref().map(Condition::stored);
        let compiled = |action: &Action| {
            let templates = Templates::of(action);
            for (field, error) in templates.unreadable() {
                log::error!(hook = hook.id.as_str(), field, error:%; "a template of the hook cannot be read");
            }
            templates
        };
        let templates = hook.actions.iter().map(compiled).collect();
        let fallbacks = hook.fallbacks.iter().map(|(place, action)| (*place, compiled(action))).collect();
        let urgent = hook.actions.iter().map(|action| {
            let condition = action.quiet()?.unless.as_deref()?;
            Some(Condition::stored(condition))
        });
        Self { templates, urgent: urgent.collect(), fallbacks, condition, hook }
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

    /// Where the rules are read.
    pub(super) fn reader(&self) -> Arc<dyn HookReader> {
        Arc::clone(&self.hooks)
    }

    /// The rules, none older than a minute.
    pub async fn rules(&self) -> PortResult<Arc<Rules>> {
        self.cache.get(|| self.read()).await
    }

    /// The rules for an event. Where they lack one of its hooks, the front door may know of it already, because it was
    /// made after they were read: then they are read again, unless that was done after the event came, and it is deleted.
    /// For a test they are read again in any case: it is what people try a change with.
    pub async fn rules_for(&self, head: &EventHead) -> PortResult<Arc<Rules>> {
        let rules = self.rules().await?;
        let knows = |owner: &Owner| owner.hook().is_none() || rules.get(owner).is_some();
        match !head.test && head.owners.iter().all(|proof| knows(&proof.owner)) {
            true => Ok(rules),
            false => self.cache.get_since(head.received_at.plus_ms(APART_MS), || self.read()).await,
        }
    }

    /// The rules for an order. Whoever gives one has often changed a hook just before, and means what it is now.
    pub async fn rules_of_now(&self) -> PortResult<Arc<Rules>> {
        self.cache.get_since(self.cache.now(), || self.read()).await
    }

    /// The rules as the store has them.
    async fn read(&self) -> PortResult<Rules> {
        let (hooks, settings) = self.hooks.hooks_and_settings().await?;
        let by_owner = hooks.into_iter().map(|hook| (hook.owner(), Rule::new(hook))).collect();
        Ok(Rules { by_owner, settings })
    }
}
