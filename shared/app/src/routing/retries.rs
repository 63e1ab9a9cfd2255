//! Has tasks done again that have ended.

use bellhop_core::action::Kind;
use bellhop_core::event::Event;
use bellhop_core::id::TaskId;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use super::making::{self, Made, Making, Prepared};
use super::text::Words;
use super::{Recorded, Routing};
use crate::delivery;
use crate::ports::{Collection, NewDocument, PortError, PortResult, SendWork as _};

/// How long a copy of an order keeps others from its task: longer than a function runs, and less than it takes for a message
/// to come again.
const HELD_MS: u64 = 120_000;

/// When that is forgotten.
const FORGOTTEN_MS: u64 = 24 * 60 * 60 * 1000;

impl Routing {
    /// Has a task done again that has ended, unless that was done already.
    pub(super) async fn retry(&self, id: &TaskId, retries: u32) -> PortResult<Recorded> {
        let event_id = id.event();
        let Some(recorded) = self.history.recorded(event_id).await? else {
            return Ok(left_alone(id, "its event is gone"));
        };
        let Some(mut task) = recorded.tasks.iter().find(|task| task.id == *id).cloned() else {
            return Ok(left_alone(id, "there is no such task"));
        };
        // Between the saving and the queueing the order may have been cut short; then only the queueing is left.
        let was_saved = task.retries == retries + 1 && task.status == TaskStatus::Queued;
        if !was_saved && (task.retries != retries || !task.status.is_final()) {
            return Ok(left_alone(id, "it has not ended, or was done again already"));
        }
        if task.kind == Kind::Route {
            return self.retry_route(task).await;
        }
        let made = match delivery::subject(&task, &recorded.tasks) {
            Some(subject) => Some(Made::Work(Box::new(Work::telegram(task.clone(), vec![delivery::text(subject)])))),
            None => self.made_today(&mut task).await?,
        };
        let Some(made) = made else {
            return Ok(left_alone(id, "its event's content, its hook or its action was deleted"));
        };
        let (steps, trouble) = match &made {
            Made::Work(work) => (work.payload.steps(), work.task.reason.clone()),
            Made::Never(..) => (1, None),
        };
        if !was_saved {
            self.begin_retry(&task).await?;
            task.retry(steps, self.clock.now());
            task.reason = trouble;
            if let Made::Never(why, fallback) = &made {
                task.die(why);
                self.tell_of_dead(std::slice::from_ref(&task), &*self.rules.rules().await?).await?;
                let fallback = fallback.iter().map(|fallback| fallback.as_ref().clone().in_place_of(&task));
                self.fall_back(&fallback.collect::<Vec<_>>()).await?;
            }
            self.tasks.save(std::slice::from_ref(&task)).await?;
        }
        log::info!(event:% = event_id, task = id.as_str(), retries = task.retries; "task is retried");
        if let Made::Work(work) = made {
            self.queue.send(&[Work { task, trace: None, ..*work }]).await?;
        }
        Ok(Recorded { event: Some(event_id), ..Recorded::default() })
    }

    /// Sees to it that of several copies of an order one writes the task down: written down late, it would be done twice.
    async fn begin_retry(&self, task: &Task) -> PortResult<()> {
        let key = format!("{}#{}", task.id, task.retries);
        let (document, now) = (self.documents.document(Collection::Retry, &key).await?, self.clock.now());
        let begun = document.as_ref().and_then(|document| document.text.parse().ok()).map(Timestamp::from_ms);
        let (text, expires) = (now.as_ms().to_string(), Some(now.plus_ms(FORGOTTEN_MS)));
        let new = NewDocument { collection: Collection::Retry, key: &key, text: &text, expires };
        let is_held = begun.is_some_and(|begun| now.ms_since(begun) < HELD_MS);
        if is_held || !self.documents.swap(&new, document.map(|document| document.version)).await? {
            return Err(PortError::new("another copy of the order is at work on the task", &task.id));
        }
        Ok(())
    }

    /// A task's work as its hook would make it today, for where its action goes today.
    async fn made_today(&self, task: &mut Task) -> PortResult<Option<Made>> {
        let Some(mut event) = self.whole_event(task).await? else { return Ok(None) };
        let rules = self.rules.with_job(self.rules.rules_of_now().await?, &event.head).await?;
        if making::redirect(&rules, task).is_none() {
            return Ok(None);
        }
        // What was wrong the last time is over.
        task.reason = None;
        let words = Words::of(&mut event, &rules);
        Ok(Making { event: &event, words: &words }.work(&rules, task))
    }

    /// Routes a hook's part in an event: the task that stood for it becomes the first of those that are made.
    async fn retry_route(&self, task: Task) -> PortResult<Recorded> {
        let gone = || Ok(left_alone(&task.id, "its event's content, its hook or its job was deleted"));
        let Some(mut event) = self.whole_event(&task).await? else { return gone() };
        let rules = self.rules.with_job(self.rules.rules_of_now().await?, &event.head).await?;
        let Some(rule) = rules.of_task(&task) else { return gone() };
        let words = Words::of(&mut event, &rules);
        let made = self.make_for(rule, &event, &words, task.expires_at).await?;
        let duplicate_of = made
            .as_ref()
            .err()
            .map(|copy| format!("its delivery was done before, as event {}: {}", copy.first, copy.cause));
        let mut made = made.unwrap_or_default().into_iter();
        let mut first = made.next().unwrap_or_else(|| Task {
            status: TaskStatus::Skipped,
            reason: Some(duplicate_of.unwrap_or_else(|| "its hook has no actions".to_owned())),
            ..task.clone()
        });
        first.retries = task.retries + 1;
        // The others first: once the first is written down, an order that comes again has nothing more to route.
        let mut others: Vec<_> = made.collect();
        let making = Making { event: &event, words: &words };
        let Prepared { work, mut fallbacks } = making.prepare(&rules, &mut others);
        let of_first = making.prepare(&rules, std::slice::from_mut(&mut first));
        fallbacks.extend(of_first.fallbacks);
        self.tell_of_dead(&others, &rules).await?;
        self.tell_of_dead(std::slice::from_ref(&first), &rules).await?;
        self.fall_back(&fallbacks).await?;
        if !others.is_empty() {
            self.tasks.add(&others).await?;
        }
        if !work.is_empty() {
            self.queue.send(&work).await?;
        }
        self.begin_retry(&task).await?;
        self.tasks.save(std::slice::from_ref(&first)).await?;
        if !of_first.work.is_empty() {
            self.queue.send(&of_first.work).await?;
        }
        let counted = vec![(rule.definition.owner(), event.head.received_at)];
        Ok(Recorded { event: Some(task.event), counted, ..Recorded::default() })
    }

    /// A task's event with its body, unless one of them is gone.
    async fn whole_event(&self, task: &Task) -> PortResult<Option<Event>> {
        let event = self.events.event(task.event).await?.filter(|event| event.head.erased_at.is_none());
        let Some(mut event) = event else { return Ok(None) };
        if event.body.is_empty() && event.head.body_bytes > 0 {
            // It was recorded without being routed, so its body is still where ingress left it.
            event.body = self.bodies.get(task.event).await?;
        }
        Ok(Some(event))
    }
}

/// An order that changes nothing, and why.
fn left_alone(id: &TaskId, why: &str) -> Recorded {
    log::warn!(task = id.as_str(), why; "a task is not done again");
    Recorded::default()
}
