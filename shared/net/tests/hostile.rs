//! Nothing that a user gives as a URL leads to a private address: not by its spelling, not by its name, not by what the
//! name leads to the next time, and not by where an answer points.

use std::time::Duration;

use bellhop_net::testing::trusting;
use bellhop_net::{Client, Failure, GuardedClient, Kind, Limits, Reply, Settings};
use bellhop_tests::hostile::{self, Canary, PUBLIC};
use bellhop_tests::tls_site::{TlsSite, answer};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;

const SETTINGS: Settings = Settings {
    connect_time: Duration::from_secs(5),
    idle_time: Duration::from_secs(50),
    sweeps: true,
    most_head_bytes: Some(64 * 1024),
};
const LIMITS: Limits = Limits::whole(Duration::from_secs(10), 64 * 1024);

/// A request for a URL, where it is one.
fn get(url: &str) -> Result<Request<Full<Bytes>>, Failure> {
    Request::get(url).body(Full::default()).map_err(|_| Kind::BadRequest.into())
}

#[tokio::test]
async fn a_guarded_client_calls_no_hostile_url() {
    let canary = Canary::start().await;
    let client: Client<Full<Bytes>> = hostile::world().guarded(&SETTINGS);
    hostile::check(&canary, async |url| client.send(get(url)?, &LIMITS).await.map(drop)).await;
    let fetched: Client<Full<Bytes>> = hostile::world().guarded(&SETTINGS);
    hostile::check(&canary, async |url| bellhop_net::fetch(&fetched, url, None).await.map(drop)).await;
}

/// Hosts that are named open neither other ports of theirs, nor other names and spellings of where they lead.
#[tokio::test]
async fn a_client_for_urls_of_users_calls_no_hostile_url() {
    let canary = Canary::start().await;
    for hosts in [vec![], vec!["localhost:1", "127.0.0.1:1", "[::1]:1", "0:1", "loopback.test:1", "here.test"]] {
        let hosts = hosts.into_iter().map(|host| host.parse().unwrap()).collect();
        let client: GuardedClient<Full<Bytes>> = hostile::world().guarded_client(&SETTINGS, hosts);
        hostile::check(&canary, async |url| client.send(get(url)?, &LIMITS).await.map(drop)).await;
    }
}

#[tokio::test]
async fn a_client_without_a_guard_is_seen_by_the_canary() {
    let canary = Canary::start().await;
    let client: Client<Full<Bytes>> = hostile::world().open(&SETTINGS);
    hostile::control(&canary, async |url| drop(client.send(get(url).unwrap(), &LIMITS).await)).await;
}

/// A name that leads to a public address when it is first called, and to a private one the next time.
#[tokio::test]
async fn a_name_is_judged_by_what_it_leads_to_each_time_it_is_called() {
    let canary = Canary::start().await;
    let closing = answer(200, "connection: close\r\n", b"public");
    let site = TlsSite::start("rebinding.test", &format!("{PUBLIC}:0"), &[("/", &closing)]).await;
    let mut world = hostile::world();
    world.trust = trusting(site.root()).unwrap();
    let client: Client<Full<Bytes>> = world.guarded(&SETTINGS);
    let call = async |port: u16| client.send(get(&format!("https://rebinding.test:{port}/"))?, &LIMITS).await;
    let mut kinds = Vec::new();
    for _ in 0..4 {
        kinds.push(call(site.address().port()).await.map(|reply| reply.body).map_err(|failure| failure.kind));
    }
    let by_turns = [Ok(Bytes::from("public")), Err(Kind::Forbidden), Ok(Bytes::from("public")), Err(Kind::Forbidden)];
    assert_eq!(kinds, by_turns);
    // The same where the canary is at the private address.
    for _ in 0..4 {
        assert!(call(canary.port()).await.is_err());
    }
    assert_eq!(canary.take_visits().await, [PUBLIC; 0]);
}

#[tokio::test]
async fn where_an_answer_points_is_not_called() {
    let canary = Canary::start().await;
    let (port, statuses) = (canary.port(), [201, 300, 301, 302, 303, 305, 307, 308]);
    let answers: Vec<(String, Vec<u8>)> = statuses
        .into_iter()
        .flat_map(|status| ["http", "https", "gopher"].map(|scheme| (status, scheme)))
        .map(|(status, scheme)| {
            let there = format!("{scheme}://127.0.0.1:{port}/");
            let headers = format!(
                "location: {there}\r\nrefresh: 0; url={there}\r\nlink: <{there}>; rel=\"next\"\r\nalt-svc: h2=\"127.0.0.1:{port}\"\r\n"
            );
            (format!("/{status}/{scheme}"), answer(status, &headers, b"elsewhere"))
        })
        .collect();
    let answers: Vec<(&str, &[u8])> = answers.iter().map(|(path, answer)| (path.as_str(), answer.as_slice())).collect();
    let site = TlsSite::start("public.test", &format!("{PUBLIC}:0"), &answers).await;
    let mut world = hostile::world();
    world.trust = trusting(site.root()).unwrap();
    let client: GuardedClient<Full<Bytes>> =
        world.guarded_client(&SETTINGS, ["localhost".parse().unwrap()].into_iter().collect());
    for (path, _) in &answers {
        let url = format!("https://public.test:{}{path}", site.address().port());
        let reply: Reply = client.send(get(&url).unwrap(), &LIMITS).await.unwrap();
        assert_eq!(format!("/{}", reply.status.as_u16()), path[..4], "{path}");
        assert_eq!(reply.body, "elsewhere");
    }
    assert_eq!(canary.take_visits().await, [PUBLIC; 0]);
}
