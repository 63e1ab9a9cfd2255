//! Killed a hundred times under load: what was acknowledged is delivered, and next to nothing twice.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bellhop_tests::bot_api::{FakeBotApi, Message};
use bellhop_tests::github;
use bellhop_tests::http::Http;
use bellhop_tests::serve::Setup;
use tokio::sync::watch;

use crate::world::{GITHUB_SECRET, config, hook, no_secret_in, setup};

/// Many chats keep digests small, so that one caught between the answer and its record is not a flood of copies.
const CHATS: i64 = 28;
const SENDERS: u32 = 16;
/// Each sender's pause: 16 senders make about 320 requests a second.
const PAUSE: Duration = Duration::from_millis(50);

/// What came of a run.
struct Outcome {
    acknowledged: HashSet<String>,
    delivered: HashMap<String, usize>,
    slowest_start: Duration,
    requests_per_second: f64,
    seed: u64,
}

impl Outcome {
    fn lost(&self) -> Vec<&String> {
        self.acknowledged.iter().filter(|id| !self.delivered.contains_key(*id)).collect()
    }

    fn twice(&self) -> usize {
        self.delivered.values().map(|times| times - 1).sum()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing() {
    let fake = FakeBotApi::start_unlimited().await;
    let setup = setup(&config(&fake.url(), &hooks()));
    let outcome = run(&setup, &fake, 100).await;
    assert_eq!(set_aside(&setup), "0 0", "kills from outside are nobody's fault (seed {})", outcome.seed);
    let (seed, acknowledged) = (outcome.seed, outcome.acknowledged.len());
    assert!(outcome.requests_per_second >= 200.0, "only {:.0} acknowledged a second", outcome.requests_per_second);
    assert_eq!(outcome.lost(), Vec::<&String>::new(), "of {acknowledged} acknowledged (seed {seed})");
    let twice = outcome.twice();
    assert!(twice * 100 <= acknowledged, "{twice} of {acknowledged} came twice (seed {seed})");
    assert!(
        outcome.slowest_start <= Duration::from_secs(2),
        "ready again after {:?} (seed {seed})",
        outcome.slowest_start
    );
}

/// The control: a server that answers before it writes must be caught by the very same run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answering_before_writing_is_caught() {
    let fake = FakeBotApi::start_unlimited().await;
    let setup = setup(&config(&fake.url(), &hooks())).env("BELLHOP_FAULT", "answer-before-write");
    let outcome = run(&setup, &fake, 20).await;
    let acknowledged = outcome.acknowledged.len();
    assert!(acknowledged > 500, "the control ran: {acknowledged} acknowledged");
    assert!(
        !outcome.lost().is_empty(),
        "none of {acknowledged} acknowledged was lost: the test cannot see a loss (seed {})",
        outcome.seed
    );
}

/// How many messages were kept as poison, and how many tasks are dead.
fn set_aside(setup: &Setup) -> String {
    let script = "import sqlite3, sys\n\
        store = sqlite3.connect(sys.argv[1])\n\
        dead = \"SELECT count(*) FROM tasks WHERE doc LIKE '%\\\"status\\\":\\\"dead\\\"%'\"\n\
        print(store.execute('SELECT count(*) FROM poison').fetchone()[0], store.execute(dead).fetchone()[0])";
    let file = setup.data().join("bellhop.db");
    let output = std::process::Command::new("python3").args(["-c", script]).arg(file).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn hooks() -> String {
    let template = "template = \"#{{ payload.id }}\"";
    (1..=CHATS)
        .map(|chat| {
            hook(
                &format!("chat-{chat}"),
                &format!("chat/{chat}"),
                "github",
                "GITHUB_WEBHOOK_SECRET",
                chat,
                "",
                template,
            )
        })
        .collect()
}

/// Kills the server `kills` times under load, starts it once more and lets it deliver.
async fn run(setup: &Setup, fake: &FakeBotApi, kills: usize) -> Outcome {
    let seed = bellhop_tests::sign::now().unsigned_abs();
    let mut random = seed;
    let mut next = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let (address, addresses) = watch::channel(String::new());
    let load = Load::start(&addresses);
    let (mut slowest_start, mut up) = (Duration::ZERO, Duration::ZERO);
    for kill in 0..=kills {
        let bellhop = setup.start();
        // The first start makes the store; the others are the ones that must be quick.
        if kill > 0 {
            slowest_start = slowest_start.max(bellhop.ready_after);
        }
        address.send_replace(bellhop.url.clone());
        let started = Instant::now();
        if kill < kills {
            tokio::time::sleep(Duration::from_millis(150 + next(1100))).await;
            up += started.elapsed();
            no_secret_in(&tokio::task::block_in_place(|| bellhop.kill()));
            continue;
        }
        load.stop.store(true, Ordering::Relaxed);
        let acknowledged = load.finish().await;
        let delivered = drain(fake, &acknowledged).await;
        drop(bellhop);
        let requests_per_second = f64::from(u32::try_from(acknowledged.len()).unwrap_or(u32::MAX)) / up.as_secs_f64();
        return Outcome { acknowledged, delivered, slowest_start, requests_per_second, seed };
    }
    unreachable!("the last start returns")
}

/// Waits until everything acknowledged has come, or nothing has come for a while.
async fn drain(fake: &FakeBotApi, acknowledged: &HashSet<String>) -> HashMap<String, usize> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut quiet_since = Instant::now();
    let mut count = 0;
    loop {
        let messages = fake.messages();
        if messages.len() != count {
            (count, quiet_since) = (messages.len(), Instant::now());
        }
        let delivered = ids(&messages);
        let complete = acknowledged.iter().all(|id| delivered.contains_key(id));
        // A moment longer after the last one, so that a second copy of it would be seen too.
        let still = quiet_since.elapsed();
        if (complete && still > Duration::from_secs(2)) || still > Duration::from_secs(10) || Instant::now() > deadline
        {
            return delivered;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn ids(messages: &[Message]) -> HashMap<String, usize> {
    let mut seen = HashMap::new();
    for word in messages.iter().flat_map(|message| message.text.split_whitespace()) {
        if let Some(id) = word.strip_prefix('#') {
            *seen.entry(id.to_owned()).or_default() += 1;
        }
    }
    seen
}

/// Senders that post without end and remember what was acknowledged.
struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<HashSet<String>>>,
    senders: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(addresses: &watch::Receiver<String>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(Mutex::new(HashSet::new()));
        let sender =
            |number| tokio::spawn(send(number, addresses.clone(), Arc::clone(&stop), Arc::clone(&acknowledged)));
        let senders = (0..SENDERS).map(sender).collect();
        Self { stop, acknowledged, senders }
    }

    async fn finish(self) -> HashSet<String> {
        for sender in self.senders {
            sender.await.expect("a sender does not panic");
        }
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn send(
    sender: u32,
    addresses: watch::Receiver<String>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<HashSet<String>>>,
) {
    let http = Http::new();
    let mut ticks = tokio::time::interval(PAUSE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for number in 0_u32.. {
        ticks.tick().await;
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let address = addresses.borrow().clone();
        let id = format!("{sender}-{number}");
        let body = format!(r#"{{"id":"{id}","repository":{{"full_name":"octo/crash"}}}}"#);
        let signed = github::headers(GITHUB_SECRET, "push", &github::delivery_id(sender, number), body.as_bytes());
        let url = format!("{address}/webhook/chat/{}", 1 + i64::from(number) % CHATS);
        // No answer means not acknowledged: such an event may be lost or not.
        let answer = http.try_send(http::Method::POST, &url, &signed, body).await;
        if answer.is_ok_and(|answer| answer.status.as_u16() == 200) {
            acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        }
    }
}
