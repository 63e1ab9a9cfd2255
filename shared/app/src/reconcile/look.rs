//! One look at one webhook's deliveries.

use bellhop_core::reconcile::{Attempted, Lost, Progress, Unread};
use bellhop_core::time::Timestamp;

use super::{Deliveries, Refusal, Webhook};
use crate::ports::PortError;

/// How many parts of a list one look reads; GitHub puts 100 attempts in each.
const MOST_PARTS: usize = 50;

/// A look about to be taken.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The sender.
    pub deliveries: &'a dyn Deliveries,
    /// Whose deliveries.
    pub webhook: &'a Webhook,
    /// The present moment.
    pub now: Timestamp,
    /// How many deliveries to ask for at most.
    pub most: usize,
    /// Whether to show what is lost without asking for it.
    pub only_show: bool,
}

/// What came of a look.
#[derive(Debug, Default)]
pub struct Seen {
    /// The deliveries that were asked for, or would have been.
    pub asked: Vec<Lost>,
    /// How many more are lost and could not be asked for yet.
    pub left: usize,
    /// Those given up just now.
    pub given_up: Vec<String>,
    /// How many that were asked for before have arrived.
    pub arrived: usize,
    /// Why some cannot be had again.
    pub refused: Vec<PortError>,
    /// When the sender takes requests again, where it has had too many.
    pub limited: Option<Timestamp>,
    /// What went wrong, and ended the look.
    pub failed: Option<PortError>,
    /// Whether a part of the list is still to be read.
    pub unread: bool,
}

impl Look<'_> {
    /// Reads the list, asks for what is lost and documents both in the record.
    pub async fn take(&self, progress: &mut Progress) -> Seen {
        let (mut seen, mut listed, mut parts) = (Seen::default(), Vec::new(), MOST_PARTS);
        if let Err(refusal) = self.newest(progress, &mut listed, &mut parts, &mut seen).await {
            seen.end(refusal);
        }
        if seen.goes_on()
            && let Some(unread) = progress.unread.clone()
            && let Err(refusal) = self.unread(progress, &unread, &mut listed, &mut parts, &mut seen).await
        {
            seen.end(refusal);
        }
        seen.unread = progress.unread.is_some();
        progress.wait_until = seen.limited;
        seen
    }

    /// Goes through the list from its newest attempt back to the last look.
    async fn newest(
        &self,
        progress: &mut Progress,
        listed: &mut Vec<Attempted>,
        parts: &mut usize,
        seen: &mut Seen,
    ) -> Result<(), Refusal> {
        let deeper = self.read(None, progress.since(self.now), listed, parts).await?;
        let left = self.ask(progress, listed, seen).await;
        progress.note_checked(self.now, &left);
        if let Some(mut deeper) = deeper {
            // What was unread before lies deeper still.
            let before = progress.unread.as_ref().map_or(deeper.since, |unread| unread.since);
            deeper.since = deeper.since.min(before);
            progress.unread = Some(deeper);
        }
        Ok(())
    }

    /// Goes on where the last look could not read to the end.
    async fn unread(
        &self,
        progress: &mut Progress,
        unread: &Unread,
        listed: &mut Vec<Attempted>,
        parts: &mut usize,
        seen: &mut Seen,
    ) -> Result<(), Refusal> {
        if *parts == 0 {
            return Ok(());
        }
        let deeper = match self.read(Some(&unread.cursor), unread.since, listed, parts).await {
            Err(Refusal::Never(error)) => {
                seen.refused.push(error);
                None
            }
            read => read?,
        };
        let left = self.ask(progress, listed, seen).await;
        if left.is_empty() {
            progress.unread = deeper;
        }
        Ok(())
    }

    /// Adds a stretch of the list down to a moment; what is deeper still, where it is too long.
    async fn read(
        &self,
        cursor: Option<&str>,
        since: Timestamp,
        listed: &mut Vec<Attempted>,
        parts: &mut usize,
    ) -> Result<Option<Unread>, Refusal> {
        let mut cursor = cursor.map(str::to_owned);
        while *parts > 0 {
            *parts -= 1;
            let listing = self.deliveries.list(self.webhook, cursor.as_deref()).await?;
            let deep_enough = listing.attempts.iter().any(|attempted| attempted.at < since);
            listed.extend(listing.attempts.into_iter().filter(|attempted| attempted.at >= since));
            match listing.next {
                Some(next) if !deep_enough => cursor = Some(next),
                _ => return Ok(None),
            }
        }
        Ok(cursor.map(|cursor| Unread { cursor, since }))
    }

    /// Asks for what is lost among the listed; those it could not ask for.
    async fn ask(&self, progress: &mut Progress, listed: &[Attempted], seen: &mut Seen) -> Vec<Lost> {
        let findings = progress.look(listed, self.now);
        seen.arrived += findings.arrived;
        seen.given_up.extend(findings.given_up);
        let mut lost = findings.lost.into_iter();
        let mut left = Vec::new();
        while seen.asked.len() < self.most
            && let Some(next) = lost.next()
        {
            let answer = match self.only_show {
                true => Ok(()),
                false => self.deliveries.ask_again(self.webhook, next.attempt).await,
            };
            match answer {
                // One that cannot be had is counted as asked for, so that it is given up in the end.
                Err(Refusal::Never(error)) => seen.refused.push(error),
                Err(refusal) => {
                    seen.end(refusal);
                    left.push(next);
                    break;
                }
                Ok(()) => {}
            }
            progress.note_asked(&next, self.now);
            seen.asked.push(next);
        }
        left.extend(lost);
        seen.left = left.len();
        left
    }
}

impl Seen {
    /// Whether nothing keeps the look from going on.
    fn goes_on(&self) -> bool {
        self.left == 0 && self.limited.is_none() && self.failed.is_none()
    }

    /// Notes what ended the look.
    fn end(&mut self, refusal: Refusal) {
        match refusal {
            Refusal::Limited(until) => self.limited = Some(until),
            Refusal::Never(error) | Refusal::Failed(error) => self.failed = Some(error),
        }
    }
}
