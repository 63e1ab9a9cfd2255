//! The hooks and jobs as the router needs them: conditions and templates compiled, kept for a while.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bellhop_core::action::{Action, Templates};
use bellhop_core::config::Settings;
use bellhop_core::event::{Event, EventHead};
use bellhop_core::filter::{BadCondition, Condition};
use bellhop_core::hook::Hook;
use bellhop_core::id::{JobId, Owner, TaskId};
use bellhop_core::job::Job;
use bellhop_core::task::Task;
use bellhop_core::template::HookFacts;
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;

use crate::cache::Cache;
use crate::jobs;
use crate::ports::{Documents, HookReader, PortResult};

/// How far apart the clocks of two functions may be, in milliseconds.
const APART_MS: u64 = 10_000;

/// All rules at one moment.
#[derive(Debug)]
pub struct Rules {
    by_owner: HashMap<Owner, Rule>,
    settings: Settings,
}

/// One hook or job, ready to route.
#[derive(Debug)]
pub struct Rule {
    /// What is to be done.
    pub definition: Definition,
    /// Its condition; one that cannot be read holds for nothing.
    pub condition: Option<Result<Condition, BadCondition>>,
    /// The templates of its actions, in the actions' order.
    pub templates: Vec<Templates>,
    /// For each of them, what of it does not wait in quiet hours; nothing where it has no condition.
    pub urgent: Vec<Option<Result<Condition, BadCondition>>>,
    /// Those of what is done instead of them, by their places.
    pub fallbacks: BTreeMap<usize, Templates>,
}

/// What is configured to do something with an event.
#[derive(Debug)]
pub enum Definition {
    /// A hook, with what comes in at its path.
    Hook(Box<Hook>),
    /// A job, with its due times.
    Job(Box<Job>),
}

impl Definition {
    /// The hook, if it is one.
    pub fn hook(&self) -> Option<&Hook> {
        match self {
            Self::Hook(hook) => Some(hook),
            Self::Job(_) => None,
        }
    }

    /// Whose the events and tasks are.
    pub fn owner(&self) -> Owner {
        match self {
            Self::Hook(hook) => hook.owner(),
            Self::Job(job) => job.owner(),
        }
    }

    /// What templates and conditions know of it.
    pub fn facts(&self) -> HookFacts<'_> {
        match self {
            Self::Hook(hook) => hook.facts(),
            Self::Job(job) => job.facts(),
        }
    }

    /// What it does with an event.
    pub fn actions(&self) -> &[Action] {
        match self {
            Self::Hook(hook) => &hook.actions,
            Self::Job(job) => &job.actions,
        }
    }

    /// What is done instead of an action whose task is dead, by the action's place.
    pub fn fallbacks(&self) -> &BTreeMap<usize, Action> {
        match self {
            Self::Hook(hook) => &hook.fallbacks,
            Self::Job(job) => &job.fallbacks,
        }
    }

    /// The condition in CEL that an event must meet.
    pub fn when(&self) -> Option<&str> {
        match self {
            Self::Hook(hook) => hook.when.as_deref(),
            Self::Job(job) => job.when.as_deref(),
        }
    }
}

impl Rules {
    /// The rules of one job alone, with the settings of these.
    pub(super) fn of_job(&self, job: Job) -> Self {
        let by_owner = HashMap::from([(job.owner(), Rule::new(Definition::Job(Box::new(job))))]);
        Self { by_owner, settings: self.settings.clone() }
    }

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
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.definition.hook().map_or(0, |hook| hook.priority)));
        rules
    }

    /// The sender that an event proved to be, as the first of its owners has it; `None` where that has changed since.
    pub fn sender(&self, head: &EventHead) -> Option<&'static Sender> {
        let rule = self.get(&head.owners.first()?.owner)?;
        rule.definition.hook()?.sender().filter(|sender| sender.name == head.sender)
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
            true => self.definition.fallbacks().get(&place).zip(self.fallbacks.get(&place)),
            false => self.definition.actions().get(place).zip(self.templates.get(place)),
        }
    }

    /// Compiles a condition and templates, which were checked when they were saved.
    ///
    /// One that fails all the same was saved by another version: a condition then holds for nothing, and a template gives
    /// way to the sender's own text.
    fn new(definition: Definition) -> Self {
        let condition = definition.when().map(Condition::stored);
        let compiled = |action: &Action| {
            let templates = Templates::of(action);
            for (field, error) in templates.unreadable() {
                log::error!(owner = definition.facts().id, field, error:%; "a template cannot be read");
            }
            templates
        };
        let templates = definition.actions().iter().map(compiled).collect();
        let fallbacks = definition.fallbacks().iter().map(|(place, action)| (*place, compiled(action))).collect();
        let urgent = definition.actions().iter().map(|action| {
            let condition = action.quiet()?.unless.as_deref()?;
            Some(Condition::stored(condition))
        });
        Self { templates, urgent: urgent.collect(), fallbacks, condition, definition }
    }
}

/// Reads the rules and keeps them for at most a minute.
pub struct RuleCache {
    hooks: Arc<dyn HookReader>,
    jobs: Arc<dyn Documents>,
    cache: Cache<Rules>,
}

impl RuleCache {
    /// A cache that has read nothing yet.
    pub fn new(hooks: Arc<dyn HookReader>, jobs: Arc<dyn Documents>, cache: Cache<Rules>) -> Self {
        Self { hooks, jobs, cache }
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
        let rules = match !head.test && head.owners.iter().all(|proof| knows(&proof.owner)) {
            true => rules,
            false => self.cache.get_since(head.received_at.plus_ms(APART_MS), || self.read()).await?,
        };
        self.with_job(rules, head).await
    }

    /// The rules of a job as it is now, where an event is one's; else these.
    ///
    /// A job is read whenever it runs: it may have been changed or cancelled just before, and there may be very many.
    pub async fn with_job(&self, rules: Arc<Rules>, head: &EventHead) -> PortResult<Arc<Rules>> {
        let Some(id) = head.owners.iter().find_map(|proof| proof.owner.job()) else { return Ok(rules) };
        let job = self.job(id).await?;
        Ok(job.map_or(rules.clone(), |job| Arc::new(rules.of_job(job))))
    }

    /// A job as it is now, unless it has been deleted.
    pub async fn job(&self, id: &JobId) -> PortResult<Option<Job>> {
        jobs::job(&*self.jobs, id).await
    }

    /// The rules for an order. Whoever gives one has often changed a hook just before, and means what it is now.
    pub async fn rules_of_now(&self) -> PortResult<Arc<Rules>> {
        self.cache.get_since(self.cache.now(), || self.read()).await
    }

    /// The rules as the store has them.
    async fn read(&self) -> PortResult<Rules> {
        let (hooks, settings) = self.hooks.hooks_and_settings().await?;
        let rules = hooks.into_iter().map(|hook| (hook.owner(), Rule::new(Definition::Hook(Box::new(hook)))));
        let by_owner = rules.collect();
        Ok(Rules { by_owner, settings })
    }
}
