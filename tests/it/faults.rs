//! The deployed stack while its queue or its table fails: nothing is acknowledged that is not durable, senders hear of it
//! in time, and all is well again soon after.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bellhop_tests::bot_api::{FakeBotApi, TOKEN};
use bellhop_tests::github;
use bellhop_tests::http::Http;
use bellhop_tests::proxy::{Fault, Proxy};
use bellhop_tests::stack::{Stack, free_port};

use crate::world::{GITHUB_SECRET, config, hook, no_secret_in};

const CHATS: u32 = 12;

/// How long a service fails.
const OUTAGE: Duration = Duration::from_secs(10);

/// How long a sender may wait for its answer: three seconds of ours, and what the local AWS takes to carry it.
const ANSWER: Duration = Duration::from_millis(3_500);

/// How long it may take until requests are accepted again.
const BACK: Duration = Duration::from_secs(2);

/// What became of one request.
struct Seen {
    at: Instant,
    status: u16,
    took: Duration,
    retry_after: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outages_lose_nothing_and_end() {
    let fake = FakeBotApi::start_unlimited().await;
    let port = free_port();
    let proxy = Proxy::before(port).await;
    let stack = tokio::task::block_in_place(|| Stack::deploy_behind(&proxy, port));
    let output = stack.apply(
        &config(&fake.url(), &hooks()),
        &stack.deployed.admin_token,
        &[("TELEGRAM_BOT_TOKEN", TOKEN), ("GITHUB_WEBHOOK_SECRET", GITHUB_SECRET)],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let load = Arc::new(Load::new(&stack));
    load.until(1, &fake).await;
    for (calls, fault) in [
        ("AmazonSQS.SendMessage", Fault::Throttle),
        ("AmazonSQS.SendMessage", Fault::Broken),
        ("AmazonSQS.SendMessage", Fault::Reset),
        ("AmazonSQS.SendMessage", Fault::Silent),
        ("DynamoDB_20120810.", Fault::Broken),
        ("DynamoDB_20120810.", Fault::Silent),
    ] {
        check(&load, &proxy, calls, fault).await;
    }
    // What the router could not record comes to it again when its visibility timeout of three minutes has passed.
    load.all_arrive(&fake, Duration::from_secs(300)).await;
    no_secret_in(&stack.function_logs());
}

/// Lets one service fail under load, and looks at every answer.
async fn check(load: &Arc<Load>, proxy: &Proxy, calls: &'static str, fault: Fault) {
    let what = format!("{calls} {fault:?}");
    let sending = tokio::spawn(Arc::clone(load).send_for(OUTAGE + BACK + Duration::from_secs(4)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begin = Instant::now();
    proxy.fail(calls, fault);
    tokio::time::sleep(OUTAGE).await;
    proxy.mend();
    let end = Instant::now();
    let seen = sending.await.expect("the senders do not panic");
    assert!(seen.len() > 30, "{what}: only {} requests", seen.len());
    for one in &seen {
        assert!(matches!(one.status, 200 | 503), "{what}: {}", one.status);
        assert_eq!(one.status == 503, one.retry_after, "{what}: a 503 says when to come again");
        assert!(one.took <= ANSWER, "{what}: an answer took {:?}", one.took);
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
}

fn hooks() -> String {
    let template = "template = \"#{{ payload.id }}\"";
    let one = |chat: u32| {
        hook(&format!("c{chat}"), &format!("c/{chat}"), "github", "GITHUB_WEBHOOK_SECRET", chat.into(), "", template)
    };
    (1..=CHATS).map(one).collect()
}

/// Senders that remember what was acknowledged.
struct Load {
    url: String,
    number: AtomicU32,
    acknowledged: Mutex<BTreeSet<u32>>,
}

impl Load {
    fn new(stack: &Stack) -> Self {
        Self { url: stack.deployed.url.clone(), number: AtomicU32::new(0), acknowledged: Mutex::default() }
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
        let headers = github::headers(GITHUB_SECRET, "push", &github::delivery_id(1, number), body.as_bytes());
        let (at, url) = (Instant::now(), format!("{}/webhook/c/{}", self.url, 1 + number % CHATS));
        let answer = http.post(&url, &headers, body).await;
        if answer.status.as_u16() == 200 {
            self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        }
        let retry_after = !answer.header("retry-after").is_empty();
        Seen { at, status: answer.status.as_u16(), took: at.elapsed(), retry_after }
    }

    /// Sends one after the other until so many have come out at the other end.
    async fn until(&self, messages: usize, fake: &FakeBotApi) {
        let http = Http::new();
        let deadline = Instant::now() + Duration::from_secs(30);
        while fake.messages().len() < messages {
            assert!(Instant::now() < deadline, "nothing arrives");
            self.send(&http).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Waits until everything acknowledged has arrived.
    async fn all_arrive(&self, fake: &FakeBotApi, limit: Duration) {
        let deadline = Instant::now() + limit;
        loop {
            let arrived: BTreeSet<u32> = fake
                .messages()
                .iter()
                .flat_map(|message| message.text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
                .filter_map(|word| word.strip_prefix('#')?.parse().ok())
                .collect();
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
