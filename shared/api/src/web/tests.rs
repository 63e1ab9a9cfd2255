mod documented;

use std::convert::Infallible;
use std::sync::Mutex;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::*;
use bellhop_app::testing::front::Memory;

/// The status of the answer to a body, and what was recorded of it: status, cause and length.
async fn send(body: Body) -> (u16, Vec<(u16, String, u64)>) {
    let memory = Memory::with(&[json!({"id": "hk_1", "max_body_bytes": 10})], &[]);
    let request = Request::builder().method("POST").uri("/webhook/p").body(body).unwrap();
    let response = receive(State(Arc::new(Front { ingress: Arc::new(memory.ingress()), worker: None })), request).await;
    let refused = memory.refused().into_iter();
    (response.status().as_u16(), refused.map(|r| (r.status, r.cause, r.body_bytes)).collect())
}

/// A body of these pieces.
fn pieces(pieces: &[&'static str]) -> impl stream::Stream<Item = Result<&'static str, Infallible>> + use<> {
    stream::iter(pieces.iter().copied().map(Ok).collect::<Vec<_>>())
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_read_to_its_end_is_recorded() {
    assert_eq!(send(Body::from_stream(pieces(&["12345", "67890"]))).await, (200, vec![]));
    let large = send(Body::from_stream(pieces(&["12345", "67890", "1"]))).await;
    assert_eq!(large, (413, vec![(413, "too large".to_owned(), 11)]));
    let fails = stream::iter([Ok("123"), Err("gone")]);
    assert_eq!(send(Body::from_stream(fails)).await, (400, vec![(400, "broken off".to_owned(), 3)]));
    let slow = pieces(&["1234"]).chain(stream::pending());
    assert_eq!(send(Body::from_stream(slow)).await, (408, vec![(408, "too slow".to_owned(), 4)]));
}

/// A worker that does its jobs when it is told to, or has no room, or loses them.
#[derive(Default)]
struct Fake {
    is_full: bool,
    loses: bool,
    sources: Mutex<Vec<Option<IpAddr>>>,
}

impl Worker for Fake {
    fn queue(&self, source: Option<IpAddr>, job: BoxFuture<'static, ()>) -> bool {
        self.sources.lock().unwrap().push(source);
        if !self.is_full && !self.loses {
            tokio::spawn(job);
        }
        !self.is_full
    }
}

/// The status and the time to come back of the answer to a body, signed or not, at a hook of a sender; and for which
/// sources the worker was asked.
async fn ask(worker: Fake, sender: &str, body: Vec<u8>) -> (u16, Option<String>, Vec<Option<IpAddr>>) {
    let hook = json!({"id": "hk_1", "sender": sender, "secrets": ["env:S"], "max_body_bytes": 1_000_000});
    let secret = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let memory = Memory::with(&[hook], &[("S", secret)]);
    let worker = Arc::new(worker);
    let app = Front { ingress: Arc::new(memory.ingress()), worker: Some(worker.clone()) };
    let mut request = Request::builder().method("POST").uri("/webhook/p").header("x-gitlab-token", secret);
    request.extensions_mut().unwrap().insert(Source([192, 0, 2, 1].into()));
    let response = receive(State(Arc::new(app)), request.body(Body::from(body)).unwrap()).await;
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let sources = std::mem::take(&mut *worker.sources.lock().unwrap());
    (response.status().as_u16(), retry_after, sources)
}

#[tokio::test]
async fn what_costs_more_than_a_short_hash_is_the_workers() {
    let source = Some(IpAddr::from([192, 0, 2, 1]));
    assert_eq!(ask(Fake::default(), "gitlab", b"{}".to_vec()).await, (200, None, vec![]));
    assert_eq!(ask(Fake::default(), "gitlab", vec![b' '; 200_000]).await, (200, None, vec![source]));
    for sender in ["discord", "microsoft-graph", "twilio"] {
        let (status, _, sources) = ask(Fake::default(), sender, b"{}".to_vec()).await;
        assert_eq!(sources, [source], "{sender}");
        assert!((400..=401).contains(&status), "{sender}: {status}");
    }
    for sender in ["github", "stripe", "shared-secret"] {
        let (status, _, sources) = ask(Fake::default(), sender, b"{}".to_vec()).await;
        assert_eq!((status, sources), (401, vec![]), "{sender}");
    }
}

#[tokio::test]
async fn where_the_worker_cannot_the_sender_comes_back() {
    let come_back = |seconds: &str| (503, Some(seconds.to_owned()));
    let (status, after, _) = ask(Fake { is_full: true, ..Fake::default() }, "discord", b"{}".to_vec()).await;
    assert_eq!((status, after), come_back("1"));
    let (status, after, _) = ask(Fake { loses: true, ..Fake::default() }, "discord", b"{}".to_vec()).await;
    assert_eq!((status, after), come_back("5"));
}
