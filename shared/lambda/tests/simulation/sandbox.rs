//! Sandboxes: where invocations of the functions run, one at a time, until one dies.

use std::sync::Arc;
use std::time::Duration;

use bellhop_app::cache::{Cache, Changes};
use bellhop_app::delivery::Engine;
use bellhop_app::delivery::sinks::{Calls, SettingsCache, SinkEngine, SinkPorts, Sinks};
use bellhop_app::delivery::telegram::TelegramEngine;
use bellhop_app::ports::{AwsReach, Clock as _};
use bellhop_app::routing::Routing;
use bellhop_app::testing::memory::{Memory, Received};
use bellhop_core::action::QueueName;
use bellhop_lambda::batch::{Batch, Outcome};
use bellhop_lambda::inbox::route;
use bellhop_lambda::work::Groups;

use crate::bot::SimBot;
use crate::faults::Plan;
use crate::outside::Outside;
use crate::places::aws_targets;
use crate::sim::{Sim, SimClock};
use crate::watched::Watched;

/// How long an invocation may take, in seconds, as the template says.
const ROUTER_SECONDS: u64 = 30;
const WORKER_SECONDS: u64 = 60;

/// A process that runs all functions, which share nothing but its clock and its fate.
pub(crate) struct Sandbox {
    pub(crate) plan: Arc<Plan>,
    pub(crate) routing: Routing,
    pub(crate) worker: TelegramEngine,
    pub(crate) forwarder: SinkEngine,
    clock: Arc<SimClock>,
    entrance: Memory,
}

impl Sandbox {
    /// A fresh one, whose clock goes wrong in its own way.
    pub(crate) fn new(sim: &Arc<Sim>) -> Self {
        let plan = Plan::new(sim);
        let skew_ms = sim.random.between(0, sim.most_skew_ms);
        let clock = SimClock::new(sim.begin, skew_ms, sim.random.next());
        let entrance = sim.memory.entrance(clock.clone(), plan.clone());
        let watched = Arc::new(Watched { sim: Arc::clone(sim), plan: plan.clone(), memory: entrance.clone() });
        let mut routing = entrance.routing(Changes::default());
        routing.events = watched.clone();
        let mut worker = entrance.telegram(Changes::default());
        worker.tasks = watched.clone();
        worker.worker.api = Arc::new(SimBot { sim: Arc::clone(sim), plan: plan.clone() });
        let memory = Arc::new(entrance.clone());
        let outside = Arc::new(Outside { sim: Arc::clone(sim), plan: plan.clone() });
        let ports = SinkPorts {
            calls: Calls { outbound: outside.clone(), secrets: memory.clone(), clock: clock.clone() },
            events: watched.clone(),
            bodies: memory.clone(),
            documents: memory.clone(),
            mailer: outside.clone(),
            aws: Some(AwsReach::new(outside, &aws_targets())),
        };
        let settings = SettingsCache::new(memory.clone(), Cache::new(clock.clone(), Changes::default()));
        let forwarder = Engine::new(Sinks::new(ports, settings), watched, memory.clone(), memory, clock.clone());
        Self { plan, routing, worker, forwarder, clock, entrance }
    }

    /// Runs the router's function on a batch; `None` where it died.
    pub(crate) async fn route(&self, received: &[Received]) -> Option<Outcome> {
        let (batch, deadline) = (batch(received), self.clock.now().plus_ms((ROUTER_SECONDS - 1) * 1000));
        self.live(route(&self.routing, &batch, deadline), ROUTER_SECONDS).await
    }

    /// Runs the function of a queue on a batch; `None` where it died.
    pub(crate) async fn carry(&self, queue: QueueName, received: &[Received]) -> Option<Outcome> {
        let (batch, deadline) = (batch(received), self.clock.now().plus_ms((WORKER_SECONDS - 1) * 1000));
        match queue {
            QueueName::Forward => {
                let groups = Groups { engine: &self.forwarder, receipts: &self.entrance, deadline };
                self.live(groups.work(&batch), WORKER_SECONDS).await
            }
            QueueName::Telegram => {
                let groups = Groups { engine: &self.worker, receipts: &self.entrance, deadline };
                self.live(groups.work(&batch), WORKER_SECONDS).await
            }
        }
    }

    /// Runs an invocation until it is done, dies, or has to be stopped.
    async fn live(&self, invocation: impl Future<Output = Outcome>, seconds: u64) -> Option<Outcome> {
        let outcome = tokio::select! {
            biased;
            () = self.plan.death() => None,
            outcome = tokio::time::timeout(Duration::from_secs(seconds), invocation) => outcome.ok(),
        };
        self.plan.end();
        outcome
    }
}

/// A batch as the queue hands it over.
pub(crate) fn batch(received: &[Received]) -> Batch {
    let records = received.iter().map(|message| {
        serde_json::json!({
            "messageId": message.id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": {"MessageGroupId": message.group, "ApproximateReceiveCount": message.receipts.to_string()},
        })
    });
    serde_json::from_value(serde_json::json!({ "Records": records.collect::<Vec<_>>() })).unwrap()
}
