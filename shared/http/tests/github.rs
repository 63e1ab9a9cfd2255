//! The client of GitHub's API against a fake that forgives nothing.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::TcpListener;
use std::sync::Arc;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock as _;
use bellhop_app::ranges::PublishedNetworks as _;
use bellhop_app::reconcile::{Deliveries as _, Refusal, Webhook};
use bellhop_core::hook::Reconcile;
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_http::GitHub;
use bellhop_tests::github_api::{APP_ID, APP_KEY, FakeGitHubApi, Limit, TOKEN};
use serde_json::json;

/// A webhook in a configuration: whose, its number and its token.
fn webhook(fake: &FakeGitHubApi, of: &str, webhook_id: Option<u64>, token: &str) -> Webhook {
    let place = Reconcile {
        of: of.to_owned(),
        webhook_id,
        token: SecretRef::Env("T".to_owned()),
        api_base: fake.url(),
        vouched: true,
    };
    Webhook { place, token: Secret::new(token).unwrap(), public_only: false }
}

fn client() -> GitHub {
    GitHub::new(Arc::new(SystemClock))
}

/// A fake with one webhook at a place whose receiver is down.
async fn fake(place: &str) -> FakeGitHubApi {
    let fake = FakeGitHubApi::start().await;
    let down = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    fake.put_webhook(place, &format!("http://{down}/webhook"), "secret");
    fake
}

/// What kind of refusal it is, and its words.
fn told(refusal: Refusal) -> (&'static str, String) {
    match refusal {
        Refusal::Limited(until) => ("limited", until.rfc3339()),
        Refusal::Never(error) => ("never", error.to_string()),
        Refusal::Failed(error) => ("failed", error.to_string()),
    }
}

#[tokio::test]
async fn every_kind_of_webhook_is_listed_and_asked() {
    for (of, id, token, place) in [
        ("repos/octo/hello", Some(7), TOKEN, "repos/octo/hello/hooks/7"),
        ("orgs/octo", Some(8), TOKEN, "orgs/octo/hooks/8"),
        (&format!("app/{APP_ID}"), None, APP_KEY, "app/hook"),
    ] {
        let fake = fake(place).await;
        let guid = fake.deliver(place, "push", b"{}", 60).await;
        let webhook = webhook(&fake, of, id, token);
        let listing = client().list(&webhook, None).await.unwrap();
        assert_eq!((listing.attempts.len(), &listing.next), (1, &None), "{of}");
        let attempt = &listing.attempts[0];
        assert_eq!((&attempt.guid, attempt.accepted), (&guid, false));
        let age = SystemClock.now().ms_since(attempt.at);
        assert!((60_000..120_000).contains(&age), "{age}");
        client().ask_again(&webhook, attempt.id).await.unwrap();
        assert_eq!(fake.redeliveries(), 1);
        assert_eq!(fake.mistakes(), [] as [&str; 0]);
    }
}

#[tokio::test]
async fn a_long_list_is_turned_page_by_page() {
    let place = "repos/octo/hello/hooks/7";
    let fake = fake(place).await;
    for number in 0..205 {
        fake.deliver(place, "push", b"{}", 1000 - number).await;
    }
    let webhook = webhook(&fake, "repos/octo/hello", Some(7), TOKEN);
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let listing = client().list(&webhook, cursor.as_deref()).await.unwrap();
        ids.extend(listing.attempts.iter().map(|attempt| attempt.id));
        cursor = listing.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((ids.len(), fake.requests().len()), (205, 3));
    assert!(ids.is_sorted_by(|newer, older| newer > older));
}

#[tokio::test]
async fn refusals_say_what_to_mend_and_hold_no_token() {
    let place = "repos/octo/hello/hooks/7";
    let fake = fake(place).await;
    let other = "ghp_canaryOtherToken5f1d";
    let reversed: String = APP_KEY.chars().rev().collect();
    for (of, id, token, kind, words) in [
        ("repos/octo/hello", 7, other, "failed", "401"),
        ("repos/octo/other", 7, TOKEN, "never", "404"),
        ("repos/octo/hello", 9, TOKEN, "never", "webhook_id"),
        ("repos/octo/hello", 7, "canary\ntoken", "failed", "characters"),
    ] {
        let refusal = client().list(&webhook(&fake, of, Some(id), token), None).await.unwrap_err();
        let (found, text) = told(refusal);
        assert!(found == kind && text.contains(words) && text.contains(of), "{found}: {text}");
        assert!(!text.contains(token) && !text.contains("canary"), "{text}");
    }
    for key in ["canary", &reversed, &APP_KEY.replace('M', "N")] {
        let refusal = client().list(&webhook(&fake, "app/1", None, key), None).await.unwrap_err();
        let (found, text) = told(refusal);
        assert!(found == "failed" && text.contains("private key"), "{found}: {text}");
        assert!(!text.contains("canary") && text.len() < 200, "{text}");
    }
    let known = webhook(&fake, "repos/octo/hello", Some(7), TOKEN);
    assert_eq!(told(client().ask_again(&known, 1).await.unwrap_err()).0, "never");
    assert_eq!(told(client().list(&known, Some("v1_1&x=y")).await.unwrap_err()).0, "never");
}

#[tokio::test]
async fn an_app_is_known_by_its_id_and_key() {
    let fake = fake("app/hook").await;
    for (app, known) in [(APP_ID, true), ("1", false)] {
        let listed = client().list(&webhook(&fake, &format!("app/{app}"), None, APP_KEY), None).await;
        assert_eq!(listed.is_ok(), known, "{app}");
    }
    let listed = client().list(&webhook(&fake, "app", None, "a.ready.jwt"), None).await;
    assert!(told(listed.unwrap_err()).1.contains("401"), "a token that is given whole is sent as it is");
}

#[tokio::test]
async fn limits_say_until_when() {
    let place = "repos/octo/hello/hooks/7";
    for (limit, seconds) in [(Limit::RetryAfter(17), 17), (Limit::Reset(1800), 1801), (Limit::Words, 60)] {
        let fake = fake(place).await;
        fake.limit_after(0, limit);
        let refusal = client().list(&webhook(&fake, "repos/octo/hello", Some(7), TOKEN), None).await.unwrap_err();
        let Refusal::Limited(until) = refusal else { panic!("{refusal:?}") };
        let wait = until.ms_since(SystemClock.now());
        assert!((seconds - 3) * 1000 < wait && wait <= seconds * 1000, "{limit:?}: {wait} ms");
    }
}

#[tokio::test]
async fn nothing_goes_where_a_redirect_points() {
    let fake = fake("repos/octo/hello/hooks/7").await;
    let app = redirecting(format!("{}/repos/octo/hello/hooks/7/deliveries", fake.url())).await;
    let mut webhook = webhook(&fake, "repos/octo/hello", Some(7), TOKEN);
    webhook.place.api_base = app;
    let (kind, text) = told(client().list(&webhook, None).await.unwrap_err());
    assert!(kind == "failed" && text.contains("307"), "{kind}: {text}");
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn what_others_than_the_operator_name_is_called_at_a_public_address_alone() {
    let fake = fake("repos/octo/hello/hooks/7").await;
    for base in [fake.url(), fake.url().replace("http:", "https:"), "https://localhost".to_owned()] {
        let mut webhook = webhook(&fake, "repos/octo/hello", Some(7), TOKEN);
        webhook.place.api_base = base.clone();
        webhook.public_only = true;
        let (kind, text) = told(client().list(&webhook, None).await.unwrap_err());
        assert!(kind == "failed" && text.contains("only public addresses"), "{base}: {kind}: {text}");
        let (kind, text) = told(client().ask_again(&webhook, 1).await.unwrap_err());
        assert!(kind == "failed" && text.contains("only public addresses"), "{base}: {kind}: {text}");
    }
    assert!(fake.requests().is_empty());
}

/// A server that redirects every request.
async fn redirecting(to: String) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn published_networks_are_read_whole_or_not_at_all() {
    for (meta, expected) in [
        (json!(["192.30.252.0/22", "2a0a:a440::/29"]), Some(2)),
        (json!([]), Some(0)),
        (json!(["192.30.252.0/22", "all"]), None),
        (json!({"a": 1}), None),
        (json!(null), None),
    ] {
        let fake = FakeGitHubApi::start().await;
        fake.set_meta(meta.clone());
        let networks = client().with_meta_at(&fake.url()).github().await;
        assert_eq!(networks.as_ref().ok().map(Vec::len), expected, "{meta}: {networks:?}");
        assert_eq!(fake.mistakes(), [] as [&str; 0]);
    }
}
