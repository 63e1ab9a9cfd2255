//! One delivery that comes many times at once, each copy written a little otherwise, has one effect; what only looks like
//! one delivery has the effects of all; and what was dropped is seen.

mod seen;
mod told;

use bellhop_tests::github;
use bellhop_tests::raw;
use bellhop_tests::sign;
use futures_util::future::join_all;

use crate::world::{GITHUB_SECRET, STANDARD_SECRET, World, github_hook, hook};

const COPIES: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_copies_at_once_have_one_effect() {
    let world = World::start(
        &(github_hook("github", 1) + &hook("std", "std", "standard-webhooks", "STANDARD_SECRET", 2, "", "")),
    )
    .await;
    let push = br#"{"ref":"refs/heads/main","repository":{"full_name":"octo/twice"},"commits":[]}"#;
    let signed = github::headers(GITHUB_SECRET, "push", &github::delivery_id(5, 5), push);
    post_variants(&world, "/webhook/github", &signed, push, "x-hub-signature-256").await;
    let paid = br#"{"type":"invoice.paid","data":{"number":"INV-7"}}"#;
    let signed = sign::standard_webhooks(STANDARD_SECRET, "msg_5", sign::now(), paid);
    post_variants(&world, "/webhook/std", &signed, paid, "webhook-signature").await;
    assert_eq!(world.messages_of(1, 1).await.len(), 1);
    assert_eq!(world.messages_of(2, 1).await.len(), 1);

    // Again after a restart: what was seen is remembered.
    let World { fake, setup, bellhop, http } = world;
    bellhop.kill();
    let world = World { bellhop: setup.start(), setup, fake, http };
    let signed = github::headers(GITHUB_SECRET, "push", &github::delivery_id(5, 5), push);
    post_variants(&world, "/webhook/github", &signed, push, "x-hub-signature-256").await;
    // What comes in later is routed later: a second effect of the copies would stand before this one's.
    let other = [push.as_slice(), b"\n"].concat();
    let later = github::headers(GITHUB_SECRET, "push", &github::delivery_id(5, 6), &other);
    assert_eq!(raw::post(&world.bellhop.url, "/webhook/github", later, other).await, 200);
    assert_eq!(world.messages_of(1, 2).await.len(), 2);
    world.finish();
}

/// Posts copies at the same time: headers in other orders and cases, the signature in other spellings.
async fn post_variants(world: &World, path: &str, headers: &[(String, String)], body: &[u8], signature: &str) {
    let posts = (0..COPIES).map(|copy| {
        let mut headers = headers.to_vec();
        let places = headers.len();
        headers.rotate_left(copy % places);
        if copy % 2 == 1 {
            headers.reverse();
        }
        for (name, value) in &mut headers {
            if name == signature {
                *value = spelled(value, copy);
            }
            *name = match copy % 3 {
                0 => name.clone(),
                1 => name.to_uppercase(),
                _ => name.split('-').map(capital).collect::<Vec<_>>().join("-"),
            };
        }
        raw::post(&world.bellhop.url, path, headers, body.to_vec())
    });
    for status in join_all(posts).await {
        assert_eq!(status, 200, "every copy is acknowledged");
    }
}

/// The same signature in another spelling that its scheme allows.
fn spelled(value: &str, copy: usize) -> String {
    match (value.strip_prefix("sha256="), copy % 2) {
        (Some(digits), 1) => format!("sha256={}", digits.to_uppercase()),
        (None, 1) => format!("v1,bm90IHRoZSBzaWduYXR1cmUgb2YgdGhpcyBib2R5ISE= {value} v2,AAAA"),
        _ => value.to_owned(),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}
