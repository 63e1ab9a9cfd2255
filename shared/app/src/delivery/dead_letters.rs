//! Makes dead tasks of what the queues have put aside, so that people see what crashed a function again and again, and
//! can do it again.

use std::sync::Arc;

use bellhop_core::work::Work;

use super::poison::Poison;
use crate::ports::{DeadLetter, DeadLetters, PortResult};

/// Why such a task is dead.
const ROUTER_FAILED: &str = "the router failed on its event too often";
const WORKER_FAILED: &str = "a worker failed on it too often";

/// How often a queue is asked for more in one run.
const MOST_ROUNDS: usize = 20;

/// Works through the dead letters.
pub struct Drain {
    /// What the inbox has put aside.
    pub inbox: Arc<dyn DeadLetters>,
    /// What the workers' queues have put aside.
    pub work: Vec<Arc<dyn DeadLetters>>,
    /// What makes dead tasks of it.
    pub poison: Poison,
}

/// Which queue a letter is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Inbox,
    Work,
}

impl Drain {
    /// Records what can be read of the dead letters and deletes it from its queue; what cannot be read is logged and stays.
    pub async fn run(&self) -> PortResult<()> {
        let work = self.work.iter().map(|queue| self.drain(&**queue, From::Work));
        let work = futures_util::future::join_all(work);
        let (inbox, work) = futures_util::future::join(self.drain(&*self.inbox, From::Inbox), work).await;
        work.into_iter().fold(inbox, Result::and)
    }

    /// Works through one queue.
    async fn drain(&self, queue: &dyn DeadLetters, from: From) -> PortResult<()> {
        for _ in 0..MOST_ROUNDS {
            let letters = queue.receive().await?;
            if letters.is_empty() {
                break;
            }
            let (mut recorded, mut trouble) = (Vec::new(), None);
            for letter in letters {
                let done = match from {
                    From::Inbox => self.poison.message(letter.body.as_bytes(), ROUTER_FAILED).await,
                    From::Work => self.record_task(&letter).await,
                };
                match done {
                    Ok(true) => recorded.push(letter.receipt),
                    Ok(false) => {
                        log::error!(message_id = letter.id.as_str(), queue:? = from; "dead letter left: nothing can be read in it");
                    }
                    Err(error) => trouble = Some(error),
                }
            }
            queue.delete(&recorded).await?;
            if let Some(error) = trouble {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Writes down that the task in a worker's message is dead; false where no task can be read in it.
    async fn record_task(&self, letter: &DeadLetter) -> PortResult<bool> {
        let Ok(work) = serde_json::from_str::<Work>(&letter.body) else { return Ok(false) };
        self.poison.work(&work, WORKER_FAILED).await.map(|()| true)
    }
}

#[cfg(test)]
mod tests;
