//! Whose turn it is: sources one after the other, each with a bounded queue.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// How many jobs are begun at once, in all and for one source: most of them only wait for the store.
const MOST_BEGUN: usize = 64;
const MOST_BEGUN_OF_SOURCE: usize = 16;

/// How many jobs of one source wait.
const MOST_WAITING_OF_SOURCE: usize = 256;

/// Where a job comes from; `None` where that is unknown.
type Source = Option<IpAddr>;

/// Jobs in the order of their turns.
pub(super) struct Turns<J> {
    /// Whose turn comes when: every source of which jobs wait.
    order: VecDeque<Source>,
    sources: HashMap<Source, Jobs<J>>,
    begun: usize,
}

/// The jobs of one source.
struct Jobs<J> {
    waiting: VecDeque<J>,
    begun: usize,
}

impl<J> Default for Turns<J> {
    fn default() -> Self {
        Self { order: VecDeque::new(), sources: HashMap::new(), begun: 0 }
    }
}

impl<J> Turns<J> {
    /// Queues a job; false where too many of its source wait.
    pub(super) fn push(&mut self, source: Source, job: J) -> bool {
        let jobs = self.sources.entry(source).or_insert_with(|| Jobs { waiting: VecDeque::new(), begun: 0 });
        if jobs.waiting.len() >= MOST_WAITING_OF_SOURCE {
            return false;
        }
        if jobs.waiting.is_empty() {
            self.order.push_back(source);
        }
        jobs.waiting.push_back(job);
        true
    }

    /// The job whose turn it is, which counts as begun from now on; `None` where none may be begun.
    pub(super) fn begin(&mut self) -> Option<(Source, J)> {
        if self.begun >= MOST_BEGUN {
            return None;
        }
        for _ in 0..self.order.len() {
            let source = self.order.pop_front()?;
            let Some(jobs) = self.sources.get_mut(&source) else { continue };
            if jobs.begun >= MOST_BEGUN_OF_SOURCE {
                self.order.push_back(source);
                continue;
            }
            let Some(job) = jobs.waiting.pop_front() else { continue };
            if !jobs.waiting.is_empty() {
                self.order.push_back(source);
            }
            jobs.begun += 1;
            self.begun += 1;
            return Some((source, job));
        }
        None
    }

    /// Notes that a begun job of a source has ended.
    pub(super) fn end(&mut self, source: Source) {
        self.begun = self.begun.saturating_sub(1);
        let Some(jobs) = self.sources.get_mut(&source) else { return };
        jobs.begun = jobs.begun.saturating_sub(1);
        if jobs.begun == 0 && jobs.waiting.is_empty() {
            self.sources.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source.
    fn source(number: u8) -> Source {
        Some([192, 0, 2, number].into())
    }

    #[test]
    fn a_source_with_many_jobs_delays_no_other() {
        let mut turns = Turns::default();
        let queued = (0..1000).filter(|number| turns.push(source(1), *number)).count();
        assert_eq!(queued, MOST_WAITING_OF_SOURCE);
        assert!(turns.push(source(2), 5000) && turns.push(source(2), 5001) && turns.push(None, 6000));
        let begun: Vec<_> = (0..6).filter_map(|_| turns.begin()).map(|(_, job)| job).collect();
        assert_eq!(begun, [0, 5000, 6000, 1, 5001, 2]);
    }

    #[test]
    fn a_source_whose_jobs_wait_for_something_leaves_room() {
        let mut turns = Turns::default();
        for number in 0..200 {
            turns.push(source(1), number);
        }
        let begun = std::iter::from_fn(|| turns.begin()).count();
        assert_eq!(begun, MOST_BEGUN_OF_SOURCE);
        for number in 2..20 {
            for _ in 0..MOST_BEGUN_OF_SOURCE {
                turns.push(source(number), 0);
            }
        }
        let others = std::iter::from_fn(|| turns.begin()).count();
        assert_eq!(begun + others, MOST_BEGUN);
        turns.end(source(1));
        assert!(turns.begin().is_some() && turns.begin().is_none());
    }

    #[test]
    fn nothing_is_kept_of_a_source_that_is_done() {
        let mut turns = Turns::default();
        turns.push(source(1), 1);
        assert!(turns.begin().is_some());
        turns.end(source(1));
        assert!(turns.order.is_empty() && turns.sources.is_empty());
        assert_eq!(turns.begun, 0);
    }
}
