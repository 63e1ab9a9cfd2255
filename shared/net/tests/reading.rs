//! No answer holds a request up for longer than it may take, or is read beyond what was asked for.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::{Duration, Instant};

use bellhop_net::{Client, Failure, Kind, Limits, Reply, Settings, built_in};
use bellhop_tests::hostile::answers::BadServer;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;

const TIME: Duration = Duration::from_millis(700);
const IDLE: Duration = Duration::from_millis(300);
const MOST: usize = 2048;

/// A client as the product has it.
fn client() -> Client<Full<Bytes>> {
    let settings = Settings {
        connect_time: Duration::from_secs(5),
        idle_time: Duration::from_secs(50),
        sweeps: true,
        most_head_bytes: Some(64 * 1024),
    };
    Client::open(built_in(), &settings)
}

/// What comes of one answer.
async fn get(client: &Client<Full<Bytes>>, server: &BadServer, answer: &str, limits: &Limits) -> Result<Reply, Kind> {
    let request = Request::get(server.url(answer)).body(Full::default()).unwrap();
    let begin = Instant::now();
    let outcome = client.send(request, limits).await.map_err(|failure: Failure| failure.kind);
    assert!(begin.elapsed() < limits.time + Duration::from_millis(800), "{answer} took {:?}", begin.elapsed());
    outcome
}

/// Every answer by its name: what becomes of it where all of it is wanted, and of how many bytes its first are.
const ANSWERS: &[(&str, Kind, Result<usize, Kind>)] = &[
    ("endless-chunks", Kind::TooLong, Ok(MOST)),
    ("endless-length", Kind::TooLong, Ok(MOST)),
    ("endless-until-closed", Kind::TooLong, Ok(MOST)),
    ("endless-chunk-size", Kind::TimedOut, Ok(0)),
    ("endless-chunk-extension", Kind::Broken, Ok(0)),
    ("endless-trailers", Kind::Broken, Ok(0)),
    ("slow-body", Kind::TimedOut, Ok(7)),
    ("paused-body", Kind::TimedOut, Ok(3)),
    ("cut-body", Kind::Broken, Ok(3)),
    ("endless-head", Kind::Broken, Err(Kind::Broken)),
    ("endless-header", Kind::Broken, Err(Kind::Broken)),
    ("endless-status", Kind::Broken, Err(Kind::Broken)),
    ("endless-hints", Kind::TimedOut, Err(Kind::TimedOut)),
    ("slow-head", Kind::TimedOut, Err(Kind::TimedOut)),
    ("long-header", Kind::Broken, Err(Kind::Broken)),
    ("many-headers", Kind::Broken, Err(Kind::Broken)),
    ("cut-head", Kind::Broken, Err(Kind::Broken)),
    ("nothing", Kind::Broken, Err(Kind::Broken)),
    ("nonsense", Kind::Broken, Err(Kind::Broken)),
    ("other-protocol", Kind::Broken, Err(Kind::Broken)),
    ("two-lengths", Kind::Broken, Err(Kind::Broken)),
    ("negative-length", Kind::Broken, Err(Kind::Broken)),
    ("status-0", Kind::Broken, Err(Kind::Broken)),
    ("silent", Kind::TimedOut, Err(Kind::TimedOut)),
];

#[tokio::test]
async fn where_all_is_wanted_no_bad_answer_is_one() {
    let server = BadServer::start().await;
    for (answer, kind, _) in ANSWERS {
        let client = client();
        let outcome = get(&client, &server, answer, &Limits::whole(TIME, MOST)).await;
        assert_eq!(outcome.map(|reply| reply.body), Err(*kind), "{answer}");
        assert!(server.is_left_within(Duration::from_secs(2)).await, "{answer}: the connection stays open");
    }
}

#[tokio::test]
async fn where_the_first_bytes_are_wanted_the_status_counts_and_the_rest_is_left() {
    let server = BadServer::start().await;
    for (answer, _, expected) in ANSWERS {
        let client = client();
        let outcome = get(&client, &server, answer, &Limits::first(TIME, IDLE, MOST)).await;
        match (outcome, expected) {
            (Err(kind), Err(expected)) => assert_eq!(kind, *expected, "{answer}"),
            (Ok(reply), Ok(length)) => {
                // Drops may be late on a busy machine.
                let least = if *answer == "slow-body" { 1 } else { *length };
                assert!((least..=*length).contains(&reply.body.len()), "{answer}: {} bytes", reply.body.len());
                assert!(reply.status == 200 && !reply.is_whole, "{answer}");
            }
            (outcome, expected) => panic!("{answer}: {outcome:?} instead of {expected:?}"),
        }
        assert!(server.is_left_within(Duration::from_secs(2)).await, "{answer}: the connection stays open");
    }
}

#[tokio::test]
async fn a_pause_in_a_body_ends_it_before_the_time_is_over() {
    let server = BadServer::start().await;
    let begin = Instant::now();
    let limits = Limits::first(Duration::from_secs(60), IDLE, MOST);
    let reply = get(&client(), &server, "paused-body", &limits).await.unwrap();
    assert_eq!((reply.body.as_ref(), reply.is_whole), (b"xyz".as_slice(), false));
    assert!((IDLE..Duration::from_secs(10)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn good_answers_are_whole_to_the_last_byte_that_is_allowed() {
    let server = BadServer::start().await;
    let client = client();
    for (answer, status, length) in [("200", 200, 2), ("204", 204, 0), ("200-2048", 200, 2048), ("500-0", 500, 0)] {
        for limits in [Limits::whole(TIME, MOST), Limits::first(TIME, IDLE, MOST)] {
            let reply = get(&client, &server, answer, &limits).await.unwrap();
            let told = (reply.status.as_u16(), reply.body.len(), reply.is_whole);
            assert_eq!(told, (status, length, true), "{answer}");
        }
    }
    let reply = get(&client, &server, "200-2049", &Limits::first(TIME, IDLE, MOST)).await.unwrap();
    assert_eq!((reply.body.len(), reply.is_whole), (2048, false));
    assert_eq!(get(&client, &server, "200-2049", &Limits::whole(TIME, MOST)).await.unwrap_err(), Kind::TooLong);
}

/// What a server sends beyond its answer is nobody's answer.
#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_not_the_next_ones() {
    let server = BadServer::start().await;
    let client = client();
    for _ in 0..20 {
        let first = get(&client, &server, "two-answers", &Limits::whole(TIME, MOST)).await.unwrap();
        assert_eq!(first.body, "my");
        let next = get(&client, &server, "200", &Limits::whole(TIME, MOST)).await.unwrap();
        assert_eq!(next.body, "ok");
    }
}
