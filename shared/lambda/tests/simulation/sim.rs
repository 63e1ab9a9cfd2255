//! One world: what there is in it, and what is noted of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use bellhop_app::ports::{Clock, HookWriter as _, Vault as _};
use bellhop_app::testing::memory::{Memory, NoFaults, Queue};
use bellhop_core::config::Settings;
use bellhop_core::event::Proof;
use bellhop_core::hook::Hook;
use bellhop_core::id::{EventId, HookId};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::time::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::bot::Mood;
use crate::faults::Rates;
use crate::places::{self, Place};
use crate::random::Random;

pub(crate) const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// The chat that is told of trouble.
pub(crate) const OPERATOR: &str = "900";

/// A safety step that is taken out, so that the invariants must break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removed {
    /// None.
    Nothing,
    /// The queue is told that every message is done.
    FailureLists,
    /// What a worker writes down of tasks is acknowledged and forgotten.
    TaskWrites,
    /// What the router records is acknowledged and forgotten.
    EventWrites,
    /// The workers' queue keeps no order.
    Groups,
}

/// A clock of the simulated world that goes wrong by so much.
pub(crate) struct SimClock {
    begin: Instant,
    skew_ms: u64,
    random: Random,
}

impl SimClock {
    pub(crate) fn new(begin: Instant, skew_ms: u64, seed: u64) -> Arc<Self> {
        Arc::new(Self { begin, skew_ms, random: Random::new(seed) })
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let passed = self.begin.elapsed().as_millis();
        START.plus_ms(u64::try_from(passed).unwrap() + self.skew_ms)
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.random.next().to_be_bytes()[0]);
    }
}

/// An event that was acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Rung {
    pub(crate) id: EventId,
    pub(crate) delivery: Option<String>,
    pub(crate) hooks: Vec<Proof>,
    /// How many markers its text has.
    pub(crate) markers: u64,
    /// Whether some conditions hold for it.
    pub(crate) odd: bool,
    /// Which function it kills, if it does.
    pub(crate) kills: Option<&'static str>,
}

/// What is noted while a world runs.
#[derive(Default)]
pub(crate) struct Observed {
    pub(crate) trace: u64,
    pub(crate) log: Vec<String>,
    pub(crate) rung: Vec<Rung>,
    /// How often each marker arrived.
    pub(crate) effects: BTreeMap<String, u64>,
    /// How often each marker may have arrived once more.
    pub(crate) excuses: HashMap<String, u64>,
    /// When each place was sent something, and the markers in their order.
    pub(crate) sends: BTreeMap<String, Vec<(Timestamp, Vec<String>)>>,
    /// When places took what has an id that they know for a while.
    pub(crate) known: HashMap<String, Timestamp>,
    /// How many messages were made at addresses.
    pub(crate) messages: u64,
    /// By place and key, what was shown there: the message, the marker, and whether the message was edited to it.
    pub(crate) keyed: BTreeMap<String, Vec<(String, String, bool)>>,
    /// How many crashes and failed writes may have broken a chat's pace.
    pub(crate) pace_excuses: u64,
    /// When a chat was sent something too soon, and how.
    pub(crate) pace_breaks: Vec<String>,
    /// When each chat, or the whole bot, may be sent something again.
    pub(crate) blocked: HashMap<String, (Timestamp, Timestamp)>,
    /// How often a function died while it had an event's message in hand, and how often of what it had in hand.
    pub(crate) deaths: HashMap<EventId, u64>,
    pub(crate) kills: u64,
    /// How many dead letters were put back on their queue.
    pub(crate) redriven: u64,
    pub(crate) broken: Vec<String>,
    pub(crate) busy: u64,
    pub(crate) ended: bool,
}

/// The world.
pub(crate) struct Sim {
    pub(crate) random: Random,
    pub(crate) rates: Rates,
    pub(crate) removed: Removed,
    pub(crate) verbose: bool,
    pub(crate) most_skew_ms: u64,
    pub(crate) memory: Memory,
    pub(crate) clock: Arc<SimClock>,
    pub(crate) begin: Instant,
    pub(crate) moods: HashMap<String, Mood>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) something_new: Notify,
    pub(crate) observed: Mutex<Observed>,
}

impl Sim {
    /// A world with these hooks, in which this goes wrong.
    pub(crate) async fn new(
        seed: u64,
        rates: Rates,
        most_skew_ms: u64,
        removed: Removed,
        hooks: Vec<Hook>,
        moods: HashMap<String, Mood>,
    ) -> Arc<Self> {
        let begin = Instant::now();
        let clock = SimClock::new(begin, 0, seed);
        let memory = Memory::new(clock.clone()).entrance(clock.clone(), Arc::new(NoFaults));
        if removed == Removed::Groups {
            memory.with_work(|queue| *queue = Queue::inbox());
        }
        let settings = Settings {
            telegram_token: Some(SecretRef::Stored("bot".to_owned())),
            operator_chat: Some(OPERATOR.to_owned()),
            email_from: Some("bellhop@example.com".to_owned()),
            ..Settings::default()
        };
        memory.keep("bot", &Secret::new("1:simulated").unwrap()).await.unwrap();
        memory.keep("slack", &Secret::new("xoxb-simulated").unwrap()).await.unwrap();
        for (name, address) in places::all().filter_map(Place::kept) {
            memory.keep(&name, &Secret::new(&address).unwrap()).await.unwrap();
        }
        memory.write_hooks(&hooks, &[], Some(&settings)).await.unwrap();
        let (random, something_new, observed) = (Random::new(seed), Notify::new(), Mutex::default());
        let verbose = std::env::var("BELLHOP_SEED_LOG").is_ok();
        Arc::new(Self {
            random,
            rates,
            removed,
            verbose,
            most_skew_ms,
            memory,
            clock,
            begin,
            moods,
            hooks,
            something_new,
            observed,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Observed what happened: the trace of two equal runs is equal.
    pub(crate) fn note(&self, what: &str) {
        let at = self.now().ms_since(START);
        let mut observed = self.observed.lock().unwrap();
        let mut hash = observed.trace ^ at;
        for byte in what.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        observed.trace = hash;
        if self.verbose {
            observed.log.push(format!("{at:>10} {what}"));
        }
    }

    /// Observed that an invariant is broken.
    pub(crate) fn broken(&self, what: String) {
        self.observed.lock().unwrap().broken.push(what);
    }

    /// Allows each of these markers to arrive once more.
    pub(crate) fn excuse(&self, markers: &[String]) {
        let mut observed = self.observed.lock().unwrap();
        for marker in markers {
            *observed.excuses.entry(marker.clone()).or_default() += 1;
        }
    }

    /// One more who may still make something new, until it is quiet.
    pub(crate) fn is_busy(&self) {
        self.observed.lock().unwrap().busy += 1;
    }

    /// One fewer.
    pub(crate) fn is_quiet(&self) {
        self.observed.lock().unwrap().busy -= 1;
        self.look_around();
        self.something_new.notify_waiters();
    }

    /// Ends the world, if nobody is busy and nothing is on the queues.
    pub(crate) fn look_around(&self) {
        let now = self.now();
        // Someone looks after dead letters: they go back to where they came from.
        let redriven = self.memory.with_inbox(|queue| {
            let dead = std::mem::take(&mut queue.dead);
            dead.into_iter().map(|body| queue.put(body, "", "", now)).count()
        });
        if redriven > 0 {
            self.note("redriven");
            self.observed.lock().unwrap().redriven += redriven as u64;
            self.something_new.notify_waiters();
            return;
        }
        let empty = self.memory.with_inbox(|queue| queue.is_empty()) && self.memory.with_work(|queue| queue.is_empty());
        let mut observed = self.observed.lock().unwrap();
        if empty && observed.busy == 0 && !observed.ended {
            observed.ended = true;
            self.something_new.notify_waiters();
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.observed.lock().unwrap().ended
    }
}

/// The tasks that an event's hook makes: the place of the hook, and of its actions.
pub(crate) fn hook_id(place: u64) -> HookId {
    HookId::from_text(format!("hk_{place}"))
}
