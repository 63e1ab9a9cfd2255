//! The use cases over a world in memory.

use std::sync::{Arc, Mutex};

use bellhop_core::pace::{Pace, Scope};

use super::Memory;
use crate::cache::{Cache, Changes};
use crate::delivery::Engine;
use crate::delivery::telegram::{BotCache, Telegram, TelegramEngine};
use crate::routing::{Routing, RuleCache};

impl Memory {
    /// A router of this world, whose rules are read again after each of these changes.
    pub fn routing(&self, changes: Changes) -> Routing {
        let memory = Arc::new(self.clone());
        Routing {
            rules: RuleCache::new(memory.clone(), memory.clone(), Cache::new(self.clock.clone(), changes)),
            events: memory.clone(),
            history: memory.clone(),
            tasks: memory.clone(),
            documents: memory.clone(),
            counts: memory.clone(),
            orders: memory.clone(),
            due: memory.clone(),
            bodies: memory.clone(),
            queue: memory,
            clock: self.clock.clone(),
        }
    }

    /// A Telegram worker of this world, whose bot is looked up again after each of these changes.
    pub fn telegram(&self, changes: Changes) -> TelegramEngine {
        let memory = Arc::new(self.clone());
        let worker = Telegram {
            bot: BotCache::new(memory.clone(), memory.clone(), Cache::new(self.clock.clone(), changes)),
            api: memory.clone(),
            dry_run: memory.clone(),
            documents: memory.clone(),
            clock: self.clock.clone(),
            bot_pace: Mutex::new(Pace::new(Scope::Bot)),
        };
        Engine::new(worker, memory.clone(), memory.clone(), memory, self.clock.clone())
    }
}
