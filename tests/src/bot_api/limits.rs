//! The documented sending limits as a pure machine: time is a parameter, in milliseconds.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

/// The limits in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// False: nothing is limited, only recorded.
    pub enforce: bool,
    /// Messages per second of one bot.
    pub bot_per_second: usize,
    /// Messages per second of one chat.
    pub chat_per_second: usize,
    /// Messages a chat may send above that before it is refused.
    pub chat_burst: usize,
    /// Messages per minute of one group (a negative id).
    pub group_per_minute: usize,
    /// The least `retry_after` of a refusal.
    pub retry_after_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enforce: true,
            bot_per_second: 30,
            chat_per_second: 1,
            chat_burst: 0,
            group_per_minute: 20,
            retry_after_seconds: 2,
        }
    }
}

/// Whom a refusal blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every chat of the bot.
    Bot,
    /// One chat.
    Chat,
}

/// Why a message may not pass now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whom it blocks.
    pub scope: Scope,
    /// Whole seconds to wait, rounded up.
    pub retry_after: u64,
    /// Set where the sender had been told to wait and did not.
    pub early: Option<Early>,
}

/// How a message came before its block had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Early {
    /// How long before the end of the block.
    pub by_ms: u64,
    /// How long after its start: a message already on its way then is no fault of the sender.
    pub after_ms: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Block {
    from: u64,
    until: u64,
}

/// What has been sent and who is blocked until when.
#[derive(Debug, Default)]
pub struct Limiter {
    bot: VecDeque<u64>,
    chats: HashMap<i64, VecDeque<u64>>,
    bot_block: Block,
    chat_blocks: HashMap<i64, Block>,
}

impl Limiter {
    /// Decides on one message to `chat` at `now`; a refusal starts a block.
    pub fn check(&mut self, limits: &Limits, chat: i64, now: u64) -> Result<(), Refusal> {
        self.check_blocks(chat, now)?;
        if !limits.enforce {
            return Ok(());
        }
        let sent = self.chats.entry(chat).or_default();
        while sent.front().is_some_and(|at| at + 60_000 <= now) {
            sent.pop_front();
        }
        while self.bot.front().is_some_and(|at| at + 1000 <= now) {
            self.bot.pop_front();
        }
        let last_second = sent.iter().rev().take_while(|at| *at + 1000 > now).count();
        let least = limits.retry_after_seconds;
        if self.bot.len() >= limits.bot_per_second {
            return Err(self.block(Scope::Bot, chat, least, now));
        }
        if chat < 0 && sent.len() >= limits.group_per_minute {
            let oldest = sent.front().copied().unwrap_or(now);
            return Err(self.block(Scope::Chat, chat, least.max((oldest + 60_000 - now).div_ceil(1000)), now));
        }
        if last_second >= limits.chat_per_second + limits.chat_burst {
            return Err(self.block(Scope::Chat, chat, least, now));
        }
        Ok(())
    }

    /// Starts a block, as a scripted 429 does.
    pub fn block(&mut self, scope: Scope, chat: i64, seconds: u64, now: u64) -> Refusal {
        let block = match scope {
            Scope::Bot => &mut self.bot_block,
            Scope::Chat => self.chat_blocks.entry(chat).or_default(),
        };
        *block = Block { from: now, until: block.until.max(now + seconds * 1000) };
        Refusal { scope, retry_after: seconds, early: None }
    }

    /// Counts a delivered message.
    pub fn delivered(&mut self, chat: i64, now: u64) {
        self.bot.push_back(now);
        self.chats.entry(chat).or_default().push_back(now);
    }

    fn check_blocks(&self, chat: i64, now: u64) -> Result<(), Refusal> {
        let chat_block = self.chat_blocks.get(&chat).copied().unwrap_or_default();
        for (scope, block) in [(Scope::Bot, self.bot_block), (Scope::Chat, chat_block)] {
            if block.until > now {
                let by_ms = block.until - now;
                let early = Early { by_ms, after_ms: now.saturating_sub(block.from) };
                return Err(Refusal { scope, retry_after: by_ms.div_ceil(1000), early: Some(early) });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Early, Limiter, Limits, Refusal, Scope};

    fn send(limiter: &mut Limiter, chat: i64, now: u64) -> Result<(), Refusal> {
        limiter.check(&Limits::default(), chat, now)?;
        limiter.delivered(chat, now);
        Ok(())
    }

    #[test]
    fn one_message_a_second_to_a_chat() {
        let mut limiter = Limiter::default();
        assert_eq!(send(&mut limiter, 1, 0), Ok(()));
        assert_eq!(send(&mut limiter, 2, 0), Ok(()));
        assert_eq!(send(&mut limiter, 1, 1000), Ok(()));
        assert_eq!(send(&mut limiter, 1, 1999), Err(Refusal { scope: Scope::Chat, retry_after: 2, early: None }));
        assert_eq!(
            send(&mut limiter, 1, 3000),
            Err(Refusal { scope: Scope::Chat, retry_after: 1, early: Some(Early { by_ms: 999, after_ms: 1001 }) })
        );
        assert_eq!(send(&mut limiter, 2, 3000), Ok(()));
        assert_eq!(send(&mut limiter, 1, 3999), Ok(()));
    }

    #[test]
    fn a_burst_may_be_allowed() {
        let limits = Limits { chat_burst: 2, ..Limits::default() };
        let mut limiter = Limiter::default();
        for _ in 0..3 {
            assert_eq!(limiter.check(&limits, 1, 5), Ok(()));
            limiter.delivered(1, 5);
        }
        assert!(limiter.check(&limits, 1, 5).is_err());
    }

    #[test]
    fn thirty_messages_a_second_of_a_bot_then_all_chats_wait() {
        let mut limiter = Limiter::default();
        for chat in 0..30 {
            assert_eq!(send(&mut limiter, chat, 10), Ok(()));
        }
        assert_eq!(send(&mut limiter, 30, 1009), Err(Refusal { scope: Scope::Bot, retry_after: 2, early: None }));
        assert_eq!(
            send(&mut limiter, 31, 1100),
            Err(Refusal { scope: Scope::Bot, retry_after: 2, early: Some(Early { by_ms: 1909, after_ms: 91 }) })
        );
        assert_eq!(send(&mut limiter, 31, 3009), Ok(()));
    }

    #[test]
    fn twenty_messages_a_minute_to_a_group() {
        let mut limiter = Limiter::default();
        for index in 0..20 {
            assert_eq!(send(&mut limiter, -7, index * 1000), Ok(()));
            assert_eq!(send(&mut limiter, 7, index * 1000), Ok(()));
        }
        assert_eq!(send(&mut limiter, 7, 20_000), Ok(()), "a private chat has no such limit");
        assert_eq!(send(&mut limiter, -7, 20_000), Err(Refusal { scope: Scope::Chat, retry_after: 40, early: None }));
        assert_eq!(send(&mut limiter, -7, 60_000), Ok(()));
    }

    #[test]
    fn without_limits_only_scripted_blocks_count() {
        let limits = Limits { enforce: false, ..Limits::default() };
        let mut limiter = Limiter::default();
        for _ in 0..100 {
            assert_eq!(limiter.check(&limits, 1, 0), Ok(()));
            limiter.delivered(1, 0);
        }
        limiter.block(Scope::Bot, 1, 5, 0);
        assert_eq!(
            limiter.check(&limits, 2, 4000),
            Err(Refusal { scope: Scope::Bot, retry_after: 1, early: Some(Early { by_ms: 1000, after_ms: 4000 }) })
        );
    }
}
