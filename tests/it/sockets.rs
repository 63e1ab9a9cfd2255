//! Peers that do not get on: none of them keeps out those who do, each is let go in time, and memory comes back.

use std::time::{Duration, Instant};

use bellhop_tests::github;
use bellhop_tests::http::Http;
use bellhop_tests::raw::{self, connect};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{ADMIN_TOKEN, CHAT, GITHUB_SECRET, World, assert_accepted, github_hook};

/// More sockets than there are places.
const MANY: usize = 1_100;

/// By when every one of them is let go: a body's 15 s are the longest wait on a peer, and the machine may be busy.
const LET_GO: Duration = Duration::from_secs(90);

const MIB: u64 = 1024 * 1024;

/// Lets this process have as many files open as it may.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the limit can be raised");
}

/// Checks on new connections that the server answers its health check and takes a webhook.
async fn answers(world: &World, series: u32) {
    let answer = Http::new().get(&world.bellhop.at("/health")).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    let body = format!(r#"{{"series":{series}}}"#).into_bytes();
    let headers = github::headers(GITHUB_SECRET, "push", &github::delivery_id(77, series), &body);
    assert_accepted(&Http::new().post(&world.bellhop.at("/webhook/github"), &headers, body).await);
}

/// Opens so many sockets that each send this, as far as it goes without waiting.
async fn open(world: &World, count: usize, sent: &[u8], halved: bool) -> Vec<TcpStream> {
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let mut socket = connect(&world.bellhop.url).await;
        // One that is turned away at once may be closed before all is written.
        let _ = tokio::time::timeout(Duration::from_millis(50), socket.write_all(sent)).await;
        if halved {
            let _ = socket.shutdown().await;
        }
        sockets.push(socket);
    }
    sockets
}

/// Waits until the server holds no more files than this.
async fn files_are_back(world: &World, most: usize, way: &str) {
    let started = Instant::now();
    while world.bellhop.open_files() > most {
        assert!(started.elapsed() < LET_GO, "{way}: {} files are open", world.bellhop.open_files());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_that_do_not_get_on_keep_nobody_out_and_are_let_go() {
    raise_file_limit();
    let world = World::start(&github_hook("github", CHAT)).await;
    answers(&world, 0).await;
    let files = world.bellhop.open_files();
    let document = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
    let head = b"POST /webhook/github HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n";
    let body = [head.as_slice(), &[b'1'; 20_000]].concat();
    let api = format!(
        "POST /api/hooks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ADMIN_TOKEN}\r\ncontent-length: 99\r\n\r\n{{"
    );
    let ways: [(&str, &[u8], bool); 10] = [
        ("unread", &document, false),
        ("unread and half-closed", &document, true),
        ("silent", b"", false),
        ("half-closed", b"", true),
        ("slow head", b"POST /webhook/github HTTP/1.1\r\nhost: ", false),
        ("half-closed head", b"POST /webhook/github HTTP/1.1\r\nhost: ", true),
        ("slow body", &body, false),
        ("half-closed body", &body, true),
        ("slow body for the API", api.as_bytes(), false),
        ("idle", b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n", false),
    ];
    for ((way, sent, halved), series) in ways.into_iter().zip(1..) {
        let sockets = open(&world, MANY, sent, halved).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        answers(&world, 2 * series).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        answers(&world, 2 * series + 1).await;
        files_are_back(&world, files + 20, way).await;
        drop(sockets);
    }
    files_are_back(&world, files + 4, "afterwards").await;
    world.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_now_and_then_holds_no_place() {
    let world = World::start(&github_hook("github", CHAT)).await;
    let url = &world.bellhop.url;
    let second = Duration::from_secs(1);
    let head = raw::drip(url, b"POST /webhook/github HTTP/1.1\r\nhost: x\r\nx-drip: ", b"1", second, LET_GO);
    let body = b"POST /webhook/github HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n";
    let body = raw::drip(url, body, b"1", second, LET_GO);
    let api = format!(
        "POST /api/hooks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ADMIN_TOKEN}\r\ncontent-length: 999\r\n\r\n"
    );
    let api = raw::drip(url, api.as_bytes(), b" ", second, LET_GO);
    let read = async {
        let document = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(400);
        let mut socket = connect(url).await;
        let _ = tokio::time::timeout(second, socket.write_all(&document)).await;
        let started = Instant::now();
        let mut byte = [0];
        // What has arrived can be read even then; writing tells that the connection is no more.
        while started.elapsed() < LET_GO
            && socket.read_exact(&mut byte).await.is_ok()
            && socket.write_all(b"x").await.is_ok()
        {
            tokio::time::sleep(second / 2).await;
        }
        started.elapsed()
    };
    let (head, body, api, read) = tokio::join!(head, body, api, read);
    assert!(head.closed && body.closed && api.closed && read < LET_GO, "{head:?} {body:?} {api:?} {read:?}");
    assert_eq!((body.status(), api.status()), (Some(408), Some(408)));
    answers(&world, 0).await;
    world.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_bodies_have_a_budget_and_memory_comes_back() {
    raise_file_limit();
    let world = World::start(&github_hook("github", CHAT)).await;
    answers(&world, 0).await;
    let before = world.bellhop.resident_bytes();
    let long = vec![b' '; 4_000_000];
    let head = format!("POST /webhook/github HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", long.len() + 1);
    let sent = std::sync::Arc::new([head.as_bytes(), &long].concat());
    for round in 0..3 {
        let started = Instant::now();
        let mut bodies = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let (url, sent) = (world.bellhop.url.clone(), std::sync::Arc::clone(&sent));
            bodies.spawn(async move { raw::exchange(&url, &sent, Duration::from_secs(60)).await });
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let held = world.bellhop.resident_bytes().saturating_sub(before);
        assert!(held < 120 * MIB, "{} MiB are held", held / MIB);
        answers(&world, 2 * round + 1).await;
        let outcomes = bodies.join_all().await;
        assert!(outcomes.iter().all(|outcome| outcome.closed), "every one was let go");
        let busy = outcomes.iter().filter(|outcome| outcome.status() == Some(503));
        assert!(busy.clone().count() > 100, "{:?}", outcomes.iter().map(raw::Outcome::status).collect::<Vec<_>>());
        assert!(busy.clone().all(|outcome| outcome.answer.to_lowercase().contains("\r\nretry-after: ")));
        assert!(started.elapsed() < LET_GO);
        answers(&world, 2 * round + 2).await;
    }
    let started = Instant::now();
    while world.bellhop.resident_bytes() > before + 56 * MIB {
        let left = world.bellhop.resident_bytes().saturating_sub(before) / MIB;
        assert!(started.elapsed() < Duration::from_secs(30), "{left} MiB did not come back");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    world.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configured_capacity_counts() {
    let hook = github_hook("github", CHAT).replace("sender =", "max_body_bytes = 400000\nsender =");
    let fake = bellhop_tests::bot_api::FakeBotApi::start_unlimited().await;
    let limits = "[limits]\nconnections = 16\nconnections_per_address = 2\nbytes_in_flight = 1600000";
    let config = crate::world::config(&fake.url(), &hook).replace("[limits]", limits);
    let setup = crate::world::setup(&config);
    let world = World { bellhop: setup.start(), setup, fake, http: Http::new() };
    let head = "POST /webhook/github HTTP/1.1\r\nhost: x\r\ncontent-length: 400000\r\n\r\n";
    let sent = [head.as_bytes(), &[b' '; 390_000]].concat();
    let first = open(&world, 1, &sent, false).await;
    let second = raw::exchange(&world.bellhop.url, &sent, Duration::from_secs(10)).await;
    assert_eq!(second.status(), Some(503), "{second:?}");
    // Two places, and those for loopback: whoever waits longest makes room.
    let more = open(&world, 30, b"", false).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    answers(&world, 1).await;
    assert!(world.bellhop.open_files() < 80, "{} files are open", world.bellhop.open_files());
    drop((first, more));
    world.finish();
}
