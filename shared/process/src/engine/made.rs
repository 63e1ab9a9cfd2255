//! An engine's parts on a file of a test's own, with nobody to talk to.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bellhop_app::cache::{Cache, Changes};
use bellhop_app::clock::SystemClock;
use bellhop_app::delivery::Engine;
use bellhop_app::delivery::sinks::{Calls, SettingsCache, SinkPorts, Sinks};
use bellhop_app::delivery::telegram::{BotCache, Telegram};
use bellhop_app::ports::{
    BotMessage, Clock, DryRun, Outbound, OutboundAnswer, OutboundError, OutboundFailure, OutboundRequest, PortError,
    PortResult,
};
use bellhop_app::ranges::{PublishedNetworks, RangeRefresh};
use bellhop_app::reconcile::{Deliveries, Listing, Reconciler, Refusal, Webhook};
use bellhop_app::routing::{Routing, RuleCache};
use bellhop_app::schedule::Scheduler;
use bellhop_app::testing::memory::Memory;
use bellhop_core::pace::{Pace, Scope};
use ipnet::IpNet;

use super::EngineParts;
use bellhop_sqlite::{Database, LocalSecrets};

/// Shows nothing.
struct Nowhere;

impl DryRun for Nowhere {
    fn show(&self, _: &BotMessage<'_>) {}
}

#[async_trait]
impl Deliveries for Nowhere {
    async fn list(&self, _: &Webhook, _: Option<&str>) -> Result<Listing, Refusal> {
        Err(Refusal::Failed(PortError::new("nobody", "is there")))
    }

    async fn ask_again(&self, _: &Webhook, _: u64) -> Result<(), Refusal> {
        Err(Refusal::Failed(PortError::new("nobody", "is there")))
    }
}

#[async_trait]
impl Outbound for Nowhere {
    async fn send(&self, _: OutboundRequest<'_>) -> Result<OutboundAnswer, OutboundError> {
        Err(OutboundError::new(OutboundFailure::NoName, "nobody is there"))
    }
}

#[async_trait]
impl PublishedNetworks for Nowhere {
    async fn github(&self) -> PortResult<Vec<IpNet>> {
        Err(PortError::new("nobody", "is there"))
    }
}

/// The parts, over one file.
pub(super) fn engine(folder: &Path) -> EngineParts {
    let database = Database::open(folder).unwrap();
    let store = Arc::new(database.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let secrets = Arc::new(LocalSecrets::new(database.clone()));
    EngineParts {
        before_record: |_| (),
        routing: Routing {
            rules: RuleCache::new(store.clone(), store.clone(), Cache::new(clock.clone(), Changes::default())),
            events: store.clone(),
            history: store.clone(),
            tasks: store.clone(),
            documents: store.clone(),
            counts: store.clone(),
            orders: store.clone(),
            due: store.clone(),
            bodies: store.clone(),
            queue: store.clone(),
            clock: clock.clone(),
        },
        telegram: Arc::new(Engine::new(
            Telegram {
                bot: BotCache::new(store.clone(), secrets.clone(), Cache::new(clock.clone(), Changes::default())),
                api: Arc::new(Memory::new(clock.clone())),
                dry_run: Arc::new(Nowhere),
                documents: store.clone(),
                clock: clock.clone(),
                bot_pace: Mutex::new(Pace::new(Scope::Bot)),
            },
            store.clone(),
            store.clone(),
            store.clone(),
            clock.clone(),
        )),
        sinks: Arc::new(Engine::new(
            Sinks::new(
                SinkPorts {
                    calls: Calls { outbound: Arc::new(Nowhere), secrets: secrets.clone(), clock: clock.clone() },
                    events: store.clone(),
                    bodies: store.clone(),
                    documents: store.clone(),
                    mailer: Arc::new(Memory::new(clock.clone())),
                    aws: None,
                },
                SettingsCache::new(store.clone(), Cache::new(clock.clone(), Changes::default())),
            ),
            store.clone(),
            store.clone(),
            store.clone(),
            clock.clone(),
        )),
        scheduler: Scheduler {
            due: store.clone(),
            jobs: store.clone(),
            orders: store.clone(),
            clock: clock.clone(),
            ahead_ms: 0,
        },
        reconciler: Reconciler {
            hooks: store.clone(),
            secrets,
            documents: store.clone(),
            deliveries: Arc::new(Nowhere),
        },
        ranges: RangeRefresh { hooks: store.clone(), documents: store, published: Arc::new(Nowhere) },
        database,
        clock,
    }
}
