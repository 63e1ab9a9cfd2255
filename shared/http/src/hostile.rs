//! Everything here that calls a URL of a user is held to the same table of hostile ones.

use std::sync::Arc;
use std::time::Duration;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::{Bot, BotApi as _, BotMessage, Fetch as _, Outbound as _, OutboundRequest, Told};
use bellhop_app::reconcile::{Deliveries as _, Refusal, Webhook};
use bellhop_core::address::PrivateHosts;
use bellhop_core::hook::Reconcile;
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_tests::hostile::{self, Canary};
use bytes::Bytes;

use crate::client::{GuardedClient, SETTINGS};
use crate::{Forwarder, GitHub, HttpBot, HttpFetch};

/// Clients as users' URLs are called with: without private hosts, and with some at other ports and under other names.
fn clients() -> [GuardedClient; 2] {
    let named = ["localhost:1", "127.0.0.1:1", "[::1]:1", "0:1", "loopback.test:1", "here.test"];
    let hosts = named.map(|host| host.parse().unwrap()).into_iter().collect();
    [PrivateHosts::default(), hosts].map(|hosts| hostile::world().guarded_client(&SETTINGS, hosts))
}

#[tokio::test]
async fn no_hostile_url_is_forwarded_to() {
    let canary = Canary::start().await;
    for client in clients() {
        let forwarder = Forwarder { client };
        hostile::check(&canary, async |url| {
            let (method, time) = ("POST", Duration::from_secs(3));
            let request = OutboundRequest {
                method,
                url,
                headers: &[],
                body: Bytes::from_static(b"{}"),
                time,
                told: Told::RECORDED,
            };
            forwarder.send(request).await.map(drop)
        })
        .await;
    }
}

#[tokio::test]
async fn no_hostile_url_is_a_bot_api() {
    let canary = Canary::start().await;
    for client in clients() {
        let api = HttpBot { client };
        hostile::check(&canary, async |url| {
            let bot = Bot { token: Secret::new("123:token").unwrap(), api_base: url.to_owned() };
            api.send_message(&bot, &BotMessage { chat: "1", text: "a", ..BotMessage::default() }).await.map(drop)
        })
        .await;
    }
}

#[tokio::test]
async fn no_hostile_url_is_a_github() {
    let canary = Canary::start().await;
    for client in clients() {
        let mut github = GitHub::new(Arc::new(SystemClock));
        github.guarded = client;
        hostile::check(&canary, async |url| {
            let token = SecretRef::Env("T".to_owned());
            let (of, api_base) = ("repos/octo/hello".to_owned(), url.to_owned());
            let place = Reconcile { of, webhook_id: Some(7), token, api_base, vouched: true };
            let webhook = Webhook { place, token: Secret::new("ghp_token").unwrap(), public_only: true };
            github.list(&webhook, None).await.map(drop).map_err(|refusal| match refusal {
                Refusal::Failed(error) | Refusal::Never(error) => error.to_string(),
                Refusal::Limited(until) => format!("limited until {}", until.rfc3339()),
            })
        })
        .await;
    }
}

#[tokio::test]
async fn no_hostile_url_is_a_published_document() {
    let canary = Canary::start().await;
    let fetch = HttpFetch { client: hostile::world().guarded(&SETTINGS) };
    hostile::check(&canary, async |url| fetch.fetch(url, None).await.map(drop)).await;
}
