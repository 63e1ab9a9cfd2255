//! The deployed stack while its queue or its table fails: nothing is acknowledged that is not durable, senders hear of it
//! in time, and all is well again soon after.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::bot_api::limits::Limits;
use bellhop_tests::github;
use bellhop_tests::http::Http;
use bellhop_tests::proxy::Fault;

use crate::deployment::{Deployment, SOON};
use crate::phases::{Report, say, wanted};
use crate::world::{GITHUB_SECRET, hook, no_secret_in};

/// The chats, each with a hook of its own.
const CHATS: std::ops::RangeInclusive<u32> = 101..=112;

/// How long a service fails.
const OUTAGE: Duration = Duration::from_secs(10);

/// How long a sender may wait for its answer of us; what the local AWS takes to carry one comes on top.
const ANSWER: Duration = Duration::from_secs(3);

/// What the local AWS may take to carry an answer on a quiet machine; on others it is measured.
const CARRIED: Duration = Duration::from_millis(500);

/// How long it may take until requests are accepted again.
const BACK: Duration = Duration::from_secs(2);

/// What became of one request.
struct Seen {
    at: Instant,
    status: u16,
    took: Duration,
    retry_after: bool,
}

/// The outages, one after the other: which calls fail, and how.
const OUTAGES: [(&str, &str, Fault); 6] = [
    ("a_queue_that_throttles_loses_nothing", "AmazonSQS.SendMessage", Fault::Throttle),
    ("a_queue_that_fails_loses_nothing", "AmazonSQS.SendMessage", Fault::Broken),
    ("a_queue_that_hangs_up_loses_nothing", "AmazonSQS.SendMessage", Fault::Reset),
    ("a_queue_that_keeps_silent_loses_nothing", "AmazonSQS.SendMessage", Fault::Silent),
    ("a_table_that_fails_loses_nothing", "DynamoDB_20120810.", Fault::Broken),
    ("a_table_that_keeps_silent_loses_nothing", "DynamoDB_20120810.", Fault::Silent),
];

/// Each outage begins when all is well again: what fails in every one of them is set aside in the end, and rightly so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_outage_loses_anything() {
    let stack = Arc::new(Deployment::join_with(Limits { enforce: false, ..Limits::default() }).await);
    let mut report = Report::default();
    for ((name, calls, fault), series) in OUTAGES.into_iter().zip(1..).filter(|((name, ..), _)| wanted(name)) {
        let (load, started) = (Load::new(&stack, series), Instant::now());
        let end = tokio::spawn(outage(Arc::clone(&stack), Arc::new(load), calls, fault)).await;
        // One that failed may have ended before it mended.
        stack.proxy.mend();
        say(name, started.elapsed(), &end);
        report.note(name, end);
    }
    no_secret_in(&tokio::task::block_in_place(|| stack.stack.function_logs()));
    report.finish();
}

/// Lets one service fail under load, looks at every answer, and waits for everything that was acknowledged.
async fn outage(phase: Arc<Deployment>, load: Arc<Load>, calls: &'static str, fault: Fault) {
    let carried = load.until(10, &phase.fake).await.max(CARRIED);
    let what = format!("{calls} {fault:?}");
    let sending = tokio::spawn(Arc::clone(&load).send_for(OUTAGE + BACK + Duration::from_secs(4)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begin = Instant::now();
    phase.proxy.fail(calls, fault);
    tokio::time::sleep(OUTAGE).await;
    phase.proxy.mend();
    let end = Instant::now();
    let seen = sending.await.expect("the senders do not panic");
    assert!(seen.len() > 30, "{what}: only {} requests", seen.len());
    for one in &seen {
        assert!(matches!(one.status, 200 | 503), "{what}: {}", one.status);
        assert_eq!(one.status == 503, one.retry_after, "{what}: a 503 says when to come again");
        assert!(one.took <= ANSWER + carried, "{what}: an answer took {:?}, {carried:?} of it on its way", one.took);
    }
    let refused = seen.iter().filter(|one| one.status == 503).count();
    if calls.starts_with("AmazonSQS") {
        // What was asked in the middle of the outage cannot have been written.
        let middle = |one: &&Seen| one.at > begin + Duration::from_secs(1) && one.at + one.took < end;
        assert!(seen.iter().filter(middle).all(|one| one.status == 503), "{what}: 200 without a write");
        assert!(refused > 5, "{what}: {refused} refused");
    }
    let after = seen.iter().filter(|one| one.at > end + BACK);
    let bad: Vec<_> = after.clone().filter(|one| one.status != 200).map(|one| one.at - end).collect();
    assert!(after.count() > 5 && bad.is_empty(), "{what}: refused {bad:?} after the end");
    load.all_arrive(&phase.fake, 2 * SOON).await;
}

/// The hooks of these tests.
pub(crate) fn hooks() -> String {
    let template = "template = \"#{{ payload.id }}\"";
    let one = |chat: u32| {
        hook(&format!("c{chat}"), &format!("c/{chat}"), "github", "GITHUB_WEBHOOK_SECRET", chat.into(), "", template)
    };
    CHATS.map(one).collect()
}

/// Senders that remember what was acknowledged.
struct Load {
    url: String,
    number: AtomicU32,
    acknowledged: Mutex<BTreeSet<u32>>,
}

impl Load {
    /// A load whose deliveries are no other series'.
    fn new(phase: &Deployment, series: u32) -> Self {
        let (url, first) = (phase.stack.deployed.url.clone(), series * 100_000);
        Self { url, number: AtomicU32::new(first), acknowledged: Mutex::default() }
    }

    /// Sends with four senders at a time, each a little after its last answer.
    async fn send_for(self: Arc<Self>, time: Duration) -> Vec<Seen> {
        let end = Instant::now() + time;
        let senders = (0..4).map(|_| {
            let load = Arc::clone(&self);
            tokio::spawn(async move {
                let (http, mut seen) = (Http::new(), Vec::new());
                while Instant::now() < end {
                    seen.push(load.send(&http).await);
                    tokio::time::sleep(Duration::from_millis(60)).await;
                }
                seen
            })
        });
        let mut seen = Vec::new();
        for sender in senders.collect::<Vec<_>>() {
            seen.extend(sender.await.expect("a sender does not panic"));
        }
        seen
    }

    async fn send(&self, http: &Http) -> Seen {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let body = format!(r#"{{"id":"{number}"}}"#);
        let headers = github::headers(GITHUB_SECRET, "push", &github::delivery_id(100, number), body.as_bytes());
        let chat = CHATS.start() + number % (CHATS.end() - CHATS.start() + 1);
        let (at, url) = (Instant::now(), format!("{}/webhook/c/{chat}", self.url));
        let answer = http.post(&url, &headers, body).await;
        if answer.status.as_u16() == 200 {
            self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        }
        let retry_after = !answer.header("retry-after").is_empty();
        Seen { at, status: answer.status.as_u16(), took: at.elapsed(), retry_after }
    }

    /// Sends one after the other until so many have come out at the other end; how long the slowest of the later answers
    /// took, the first of which opened connections.
    async fn until(&self, messages: usize, fake: &FakeBotApi) -> Duration {
        let (http, mut slowest) = (Http::new(), Duration::ZERO);
        let deadline = Instant::now() + SOON;
        for sent in 0.. {
            let acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if arrived(fake).intersection(&acknowledged).count() >= messages {
                break;
            }
            assert!(Instant::now() < deadline, "nothing arrives");
            let seen = self.send(&http).await;
            if sent > 0 {
                slowest = slowest.max(seen.took);
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        slowest
    }

    /// Waits until everything acknowledged has arrived.
    async fn all_arrive(&self, fake: &FakeBotApi, limit: Duration) {
        let deadline = Instant::now() + limit;
        loop {
            let arrived = arrived(fake);
            let missing: Vec<_> = {
                let acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
                acknowledged.difference(&arrived).copied().collect()
            };
            if missing.is_empty() {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "acknowledged and lost: {} of them, {:?} …",
                missing.len(),
                missing.first()
            );
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// The numbers that the messages so far have carried.
fn arrived(fake: &FakeBotApi) -> BTreeSet<u32> {
    let numbers = |text: &str| -> Vec<u32> {
        text.split_whitespace().filter_map(|word| word.strip_prefix('#')?.parse().ok()).collect()
    };
    fake.messages().iter().flat_map(|message| numbers(&message.text)).collect()
}
