use std::sync::atomic::AtomicU32;

use async_trait::async_trait;
use futures_util::future::join_all;

use super::*;
use crate::ports::Document;

/// Documents in memory that count how often they are read and written, and can fail.
#[derive(Default)]
struct Counting {
    documents: Mutex<HashMap<String, Document>>,
    reads: AtomicU32,
    writes: AtomicU32,
    broken: AtomicBool,
    hangs: AtomicBool,
}

impl Counting {
    /// How often documents were read and written since the last time.
    fn counts(&self) -> (u32, u32) {
        (self.reads.swap(0, Ordering::Relaxed), self.writes.swap(0, Ordering::Relaxed))
    }

    /// Lets others go first, as a store over a network does; fails or hangs where it is told to.
    async fn answer(&self) -> PortResult<()> {
        tokio::task::yield_now().await;
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.broken.load(Ordering::Relaxed) { Err(PortError::new("the store", "down")) } else { Ok(()) }
    }
}

#[async_trait]
impl Documents for Counting {
    async fn document(&self, collection: Collection, key: &str) -> PortResult<Option<Document>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.answer().await?;
        assert_eq!(collection, Collection::Limit);
        Ok(self.documents.lock().unwrap().get(key).cloned())
    }

    async fn documents(&self, _: Collection) -> PortResult<Vec<(String, Document)>> {
        unreachable!("no limit needs a list")
    }

    async fn write(&self, _: &NewDocument<'_>) -> PortResult<()> {
        unreachable!("a limit is swapped")
    }

    async fn swap(&self, document: &NewDocument<'_>, version: Option<u64>) -> PortResult<bool> {
        self.answer().await?;
        assert!(document.expires.is_some());
        let mut documents = self.documents.lock().unwrap();
        if documents.get(document.key).map(|there| there.version) != version {
            return Ok(false);
        }
        self.writes.fetch_add(1, Ordering::Relaxed);
        let new = Document { text: document.text.to_owned(), version: version.unwrap_or(0) + 1 };
        documents.insert(document.key.to_owned(), new);
        Ok(true)
    }

    async fn delete_document(&self, _: Collection, _: &str) -> PortResult<bool> {
        unreachable!("a limit expires")
    }
}

fn hook(id: &str, rate_per_minute: u32) -> DoorHook {
    serde_json::from_value(serde_json::json!({
        "id": id, "name": id, "path": "p", "sender": "none", "secrets": [], "rate_per_minute": rate_per_minute,
        "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
    }))
    .unwrap()
}

const START: Timestamp = Timestamp::from_seconds(1_000_000);

/// The moment this many milliseconds after the start.
fn at(ms: u64) -> Timestamp {
    START.plus_ms(ms)
}

/// How many requests of a hook pass at once before the first that does not.
async fn flood(limiter: &Limiter, hook: &DoorHook, all: u32, now: Timestamp) -> u32 {
    let mut passed = 0;
    while limiter.pass([hook].into_iter(), all, now).await.is_ok() {
        passed += 1;
    }
    passed
}

/// A limiter of each form.
fn forms() -> [Limiter; 2] {
    [Limiter::alone(), Limiter::leasing(Arc::new(Counting::default()))]
}

#[tokio::test]
async fn a_request_counts_for_all_its_hooks_or_for_none() {
    for limiter in forms() {
        let (wide, narrow) = (hook("wide", 3), hook("narrow", 1));
        assert_eq!(limiter.pass([&wide, &narrow].into_iter(), 100, START).await, Ok(()));
        for _ in 0..5 {
            assert_eq!(limiter.pass([&wide, &narrow].into_iter(), 100, START).await, Err(60));
        }
        assert_eq!(limiter.pass([&wide].into_iter(), 100, START).await, Ok(()));
        assert_eq!(limiter.pass([&wide].into_iter(), 100, START).await, Ok(()));
        assert_eq!(limiter.pass([&wide].into_iter(), 100, START).await, Err(20));
    }
}

#[tokio::test]
async fn the_limit_over_all_hooks_holds_for_all() {
    for limiter in forms() {
        assert_eq!(limiter.pass([&hook("a", 9)].into_iter(), 1, START).await, Ok(()));
        assert_eq!(limiter.pass([&hook("b", 9)].into_iter(), 1, START).await, Err(60));
    }
}

#[tokio::test]
async fn a_new_rate_is_in_force_at_once() {
    let limiter = Limiter::alone();
    assert_eq!(limiter.pass([&hook("a", 1)].into_iter(), 100, START).await, Ok(()));
    assert!(limiter.pass([&hook("a", 1)].into_iter(), 100, START).await.is_err());
    assert_eq!(limiter.pass([&hook("a", 2)].into_iter(), 100, START).await, Ok(()));
}

#[tokio::test]
async fn a_full_minutes_worth_passes_and_the_time_named_is_kept() {
    for limiter in forms() {
        for rate in [1, 7, 25, 100, 1009] {
            let hook = hook(&format!("{rate}"), rate);
            assert_eq!(flood(&limiter, &hook, 100_000, START).await, rate);
            let seconds = limiter.pass([&hook].into_iter(), 100_000, START).await.unwrap_err();
            assert_eq!(limiter.pass([&hook].into_iter(), 100_000, at(seconds * 1000)).await, Ok(()), "{rate}");
        }
    }
}

#[tokio::test]
async fn the_store_is_written_once_per_block_and_left_alone_while_a_block_is_empty() {
    let documents = Arc::new(Counting::default());
    let limiter = Limiter::leasing(documents.clone());
    let hook = hook("a", 100);
    // Blocks of 2, 4 and 8 and nine of 10, the last cut short; one read more says that nothing is left. Over all: 20, 40 and 80.
    assert_eq!(flood(&limiter, &hook, 1000, START).await, 100);
    assert_eq!(documents.counts(), (12 + 1 + 3, 12 + 3));
    for ms in 0..5_000 {
        assert!(limiter.pass([&hook].into_iter(), 1000, at(ms)).await.is_err());
    }
    assert_eq!(documents.counts(), (0, 0));
    assert_eq!(flood(&limiter, &hook, 1000, at(6_000)).await, 10);
    assert_eq!(documents.counts(), (2, 1));
}

#[tokio::test]
async fn many_processes_at_full_flood_keep_to_the_rate() {
    const PROCESSES: usize = 10;
    let documents = Arc::new(Counting::default());
    let limiters: Vec<_> = (0..PROCESSES).map(|_| Limiter::leasing(documents.clone())).collect();
    let (narrow, wide) = (&hook("narrow", 100), &hook("wide", 5_000));
    let mut passed = [0; 2];
    for step in 0..180 {
        let now = at(step * 1000);
        let all = limiters.iter().map(|limiter| async move {
            [flood(limiter, narrow, 1000, now).await, flood(limiter, wide, 1000, now).await]
        });
        for [of_narrow, of_wide] in join_all(all).await {
            passed[0] += of_narrow;
            passed[1] += of_wide;
        }
    }
    // A full bucket, what three minutes refill, and what each process may owe.
    let most = |rate: u32| rate * 4 + PROCESSES as u32 * rate / 10;
    assert!((400 - 100..=most(100)).contains(&passed[0]), "{passed:?}");
    let total = passed[0] + passed[1];
    assert!((4000 - 1000..=most(1000)).contains(&total), "{passed:?}");
    let (_, writes) = documents.counts();
    assert!(writes < total / 4, "{writes} writes for {total} requests");
}

#[tokio::test]
async fn as_many_processes_as_a_burst_starts_all_let_a_request_through() {
    let hook = &hook("a", 100);
    let processes = || {
        let documents = Arc::new(Counting::default());
        (0..50).map(|_| Limiter::leasing(documents.clone())).collect::<Vec<_>>()
    };
    for (process, limiter) in processes().iter().enumerate() {
        assert_eq!(limiter.pass([hook].into_iter(), 1000, START).await, Ok(()), "one after the other: {process}");
    }
    let together = processes();
    let passed = join_all(together.iter().map(|limiter| limiter.pass([hook].into_iter(), 1000, START))).await;
    assert_eq!(passed, [Ok(()); 50]);
}

#[tokio::test]
async fn a_flood_on_one_hook_takes_nothing_from_another() {
    for limiter in forms() {
        let (loud, calm) = (hook("loud", 100), hook("calm", 100));
        for step in 0..120 {
            flood(&limiter, &loud, 1000, at(step * 500)).await;
            if step % 2 == 0 {
                assert_eq!(limiter.pass([&calm].into_iter(), 1000, at(step * 500)).await, Ok(()), "{step}");
            }
        }
    }
}

#[tokio::test]
async fn while_the_store_fails_each_process_counts_for_itself() {
    let documents = Arc::new(Counting::default());
    let limiter = Limiter::leasing(documents.clone());
    let hook = hook("a", 100);
    documents.broken.store(true, Ordering::Relaxed);
    assert_eq!(flood(&limiter, &hook, 1000, START).await, 100);
    assert_eq!(documents.counts(), (2, 0));
    assert_eq!(flood(&limiter, &hook, 1000, at(9_000)).await, 15);
    assert_eq!(documents.counts(), (0, 0));
    documents.broken.store(false, Ordering::Relaxed);
    assert!(flood(&limiter, &hook, 1000, at(10_000)).await > 0);
    assert!(documents.counts().1 > 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_not_waited_for() {
    let documents = Arc::new(Counting::default());
    documents.hangs.store(true, Ordering::Relaxed);
    let started = tokio::time::Instant::now();
    let limiter = Limiter::leasing(documents);
    assert_eq!(limiter.pass([&hook("a", 100)].into_iter(), 1000, START).await, Ok(()));
    assert_eq!(started.elapsed().as_millis() / 10, LEASE_TIME.as_millis() / 10);
}

#[tokio::test]
async fn a_note_that_cannot_be_read_is_replaced() {
    let documents = Arc::new(Counting::default());
    documents.documents.lock().unwrap().insert("a".to_owned(), Document { text: "odd".to_owned(), version: 3 });
    let limiter = Limiter::leasing(documents.clone());
    assert_eq!(limiter.pass([&hook("a", 100)].into_iter(), 1000, START).await, Ok(()));
    assert_eq!(documents.documents.lock().unwrap()["a"].version, 4);
}
