//! Secrets that senders bring along themselves, claimed by the operator.

use std::time::Duration;

use bellhop_tests::github;
use bellhop_tests::http::{Answer, headers};
use http::Method;
use serde_json::{Value, json};

use super::{call, call_with, get, post, text};
use crate::world::{ADMIN_TOKEN, CHAT, OTHER_SECRET, World, assert_accepted, assert_refused, hook};

const OFFERED: &str = "offered-by-the-sender-6b1f";

/// A hook of a sender that brings its secret along, made through the API.
async fn asana_hook(world: &World, name: &str) -> Value {
    let spec = json!({
        "name": name, "path": name, "sender": "asana", "secrets": [OTHER_SECRET],
        "actions": [{"kind": "telegram", "chat": CHAT}],
    });
    post(world, "/api/hooks", spec, 201).await
}

/// Offers a secret to a hook, as its sender does before it has proved anything.
async fn offer(world: &World, path: &str, secret: &str) {
    let offered = headers(&[("x-hook-secret", secret)]);
    let answer = world.http.post(&world.bellhop.at(&format!("/webhook/{path}")), &offered, "").await;
    assert_eq!((answer.status.as_u16(), answer.header("x-hook-secret")), (200, secret), "{}", answer.text());
}

/// Claims what was offered to a hook.
async fn claim(world: &World, id: &str) -> Answer {
    call(world, Method::POST, &format!("/api/hooks/{id}/claim"), Value::Null).await
}

/// Claims one of several offers.
async fn claim_named(world: &World, id: &str, offer: &str) -> Answer {
    call(world, Method::POST, &format!("/api/hooks/{id}/claim"), json!({"offer": offer})).await
}

/// What is offered to a hook: each offer's id and fingerprint, newest first.
async fn offers(world: &World, id: &str) -> Vec<(String, String)> {
    let list = get(world, &format!("/api/hooks/{id}/offers")).await;
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|offer| (text(offer, "id"), text(offer, "fingerprint"))).collect()
}

/// Checks that there is nothing to claim.
async fn nothing_to_claim(world: &World, id: &str) {
    let answer = claim(world, id).await;
    assert_refused(&answer, 404);
    assert_eq!(answer.json()["error"]["code"], "no_offer");
}

/// The status of the door's answer to a request signed with a secret.
async fn ring(world: &World, path: &str, secret: &str) -> u16 {
    let body = br#"{"events":[{"action":"added","resource":{"resource_type":"task","gid":"7"}}]}"#;
    let signed = github::headers(secret, "", "", body);
    let (_, signature) = signed.iter().find(|(name, _)| name == "x-hub-signature-256").expect("it is signed");
    let signed = headers(&[("x-hook-signature", signature.trim_start_matches("sha256="))]);
    world.http.post(&world.bellhop.at(&format!("/webhook/{path}")), &signed, body.to_vec()).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claimed_secret_is_the_hooks_first_and_the_old_one_retires() {
    let world = World::start("").await;
    let made = asana_hook(&world, "tasks").await;
    let id = text(&made, "id");
    nothing_to_claim(&world, &id).await;
    offer(&world, "tasks", OFFERED).await;
    offer(&world, "tasks", OFFERED).await;
    assert_eq!(ring(&world, "tasks", OFFERED).await, 401, "an offer opens nothing by itself");

    let answer = claim(&world, &id).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (200, "\"2\""), "{}", answer.text());
    let claimed = answer.json();
    assert_eq!((&claimed["secret"], &claimed["source_ip"]), (&json!(OFFERED), &json!("127.0.0.1")));
    assert!(text(&claimed, "offered_at") >= text(&made, "created_at"));
    assert_eq!(claimed["note"], Value::Null);
    nothing_to_claim(&world, &id).await;

    let after = get(&world, &format!("/api/hooks/{id}")).await;
    assert_eq!(after["secrets"].as_array().map(Vec::len), Some(1), "{after}");
    assert_ne!(after["secrets"][0], made["secrets"][0]);
    assert_eq!(after["retiring"].as_array().map(Vec::len), Some(1), "{after}");
    for (secret, status) in [(OFFERED, 200), (OTHER_SECRET, 200)] {
        assert_eq!(ring(&world, "tasks", secret).await, status, "{secret}");
    }
    assert!(!world.finish().contains(OFFERED));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_cannot_be_used_stays_and_changes_nothing() {
    let world = World::start("").await;
    let id = text(&asana_hook(&world, "tasks").await, "id");
    // Nobody may have a secret of ours read by offering its name.
    for secret in ["ssm:/bellhop/prod/admin", "env:BELLHOP_ADMIN_TOKEN", "stored:hk_other"] {
        offer(&world, "tasks", secret).await;
        let newest = offers(&world, &id).await.swap_remove(0).0;
        for _ in 0..2 {
            let answer = claim_named(&world, &id, &newest).await;
            assert_refused(&answer, 422);
            assert!(answer.text().contains("secret: ") && !answer.text().contains(secret), "{}", answer.text());
        }
    }
    offer(&world, "tasks", OFFERED).await;
    let (path, named) =
        (format!("/api/hooks/{id}/claim"), json!({"offer": offers(&world, &id).await.swap_remove(0).0}));
    let outdated = call_with(&world, ADMIN_TOKEN, &[("if-match", "\"7\"")], Method::POST, &path, named.clone()).await;
    assert_refused(&outdated, 412);
    assert_eq!(get(&world, &format!("/api/hooks/{id}")).await["version"], 1, "nothing was changed");
    let claimed = call(&world, Method::POST, &path, named).await;
    assert_eq!(claimed.status.as_u16(), 200, "and the offer is still there");
    world.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_offers_after_the_sender_gains_nothing_by_it() {
    let world = World::start("").await;
    let id = text(&asana_hook(&world, "tasks").await, "id");
    assert_eq!(offers(&world, &id).await, []);
    offer(&world, "tasks", OFFERED).await;
    let sender = offers(&world, &id).await.swap_remove(0);
    // Moments are milliseconds.
    tokio::time::sleep(Duration::from_millis(2)).await;
    offer(&world, "tasks", "mallory's").await;
    let both = offers(&world, &id).await;
    assert_eq!((both.len(), &both[1]), (2, &sender), "the newest comes first, and replaces none");
    assert_ne!(both[0].1, sender.1);
    let list = get(&world, &format!("/api/hooks/{id}/offers")).await;
    assert_eq!((&list["items"][0]["source_ip"], &list["next_cursor"]), (&json!("127.0.0.1"), &Value::Null));
    assert!(!list.to_string().contains("mallory") && !list.to_string().contains(OFFERED), "{list}");
    // None is taken unless it is named, and neither opens anything.
    for _ in 0..2 {
        let answer = claim(&world, &id).await;
        assert_refused(&answer, 409);
        assert_eq!(answer.json()["error"]["code"], "several_offers");
    }
    for (body, status) in
        [(json!({"offer": "of_0"}), 404), (json!({"offer": 7}), 422), (json!({"which": 1}), 422), (json!([]), 422)]
    {
        let answer = call(&world, Method::POST, &format!("/api/hooks/{id}/claim"), body).await;
        assert_refused(&answer, status);
    }
    assert_eq!((ring(&world, "tasks", OFFERED).await, ring(&world, "tasks", "mallory's").await), (401, 401));
    assert_eq!(claim_named(&world, &id, &sender.0).await.json()["secret"], OFFERED);
    assert_eq!((ring(&world, "tasks", OFFERED).await, ring(&world, "tasks", "mallory's").await), (200, 401));
    // The other is gone with it, and cannot be taken by mistake.
    assert_eq!(offers(&world, &id).await, []);
    nothing_to_claim(&world, &id).await;
    assert_refused(&claim_named(&world, &id, &both[0].0).await, 404);
    assert_refused(&call(&world, Method::GET, "/api/hooks/hk_none/offers", Value::Null).await, 404);
    world.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_claim_an_offer_one_is_shown_it() {
    let world = World::start("").await;
    let id = text(&asana_hook(&world, "tasks").await, "id");
    offer(&world, "tasks", OFFERED).await;
    let answers = futures_util::future::join_all((0..10).map(|_| claim(&world, &id))).await;
    let shown = answers.iter().filter(|answer| answer.status.as_u16() == 200).count();
    assert_eq!(shown, 1, "{:?}", answers.iter().map(Answer::text).collect::<Vec<_>>());
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 200) {
        assert!(!answer.text().contains(OFFERED));
    }
    assert_eq!(ring(&world, "tasks", OFFERED).await, 200);
    assert_eq!(get(&world, &format!("/api/hooks/{id}")).await["retiring"].as_array().map(Vec::len), Some(1));
    world.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hook_from_a_file_stays_as_it_is() {
    let world = World::start(&hook("tasks", "tasks", "asana", "OTHER_SECRET", CHAT, "", "")).await;
    let before = get(&world, "/api/hooks").await["items"][0].clone();
    let id = text(&before, "id");
    offer(&world, "tasks", OFFERED).await;
    let claimed = claim(&world, &id).await.json();
    assert_eq!(claimed["secret"], OFFERED);
    assert!(text(&claimed, "note").contains("configuration file"), "{claimed}");
    nothing_to_claim(&world, &id).await;
    assert_eq!(get(&world, &format!("/api/hooks/{id}")).await, before);
    assert_eq!(ring(&world, "tasks", OFFERED).await, 401);
    assert_eq!(ring(&world, "tasks", OTHER_SECRET).await, 200);
    world.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_notion_offers_is_claimed_in_the_same_way() {
    let world = World::start("").await;
    let mut spec = json!({"name": "pages", "path": "pages", "sender": "notion", "secrets": [OTHER_SECRET]});
    spec["actions"] = json!([{"kind": "telegram", "chat": CHAT}]);
    let id = text(&post(&world, "/api/hooks", spec, 201).await, "id");
    let body = json!({"verification_token": OFFERED}).to_string();
    let answer = world.http.post(&world.bellhop.at("/webhook/pages"), &[], body).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    assert_eq!(claim(&world, &id).await.json()["secret"], OFFERED);
    let body = br#"{"id":"7","type":"page.created"}"#;
    let signed = github::headers(OFFERED, "", "", body);
    let (_, signature) = signed.iter().find(|(name, _)| name == "x-hub-signature-256").expect("it is signed");
    let signed = headers(&[("x-notion-signature", signature)]);
    assert_accepted(&world.http.post(&world.bellhop.at("/webhook/pages"), &signed, body.to_vec()).await);
    world.finish();
}
