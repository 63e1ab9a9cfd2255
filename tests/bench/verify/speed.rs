//! How long one verification takes, beside the bare hash of the same bytes.

use std::hint::black_box;
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::request::{Request, SECRET};

const ROUNDS: usize = 31;
const CALLS: u32 = 2_000;
const BODY_BYTES: usize = 2_048;

/// The senders that are measured: each of another family, the plain keyed hash first.
const SENDERS: &[&str] =
    &["github", "stripe", "slack", "standard-webhooks", "shopify", "square", "netlify", "shared-secret", "basic"];

/// The median time of each sender's verification and of the bare hash, in turn so that all share the machine's moods.
pub(crate) fn measure() -> Value {
    let body = vec![b'o'; BODY_BYTES];
    let keyed = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key will do");
    let requests: Vec<_> = SENDERS.iter().map(|sender| Request::signed(sender, body.clone())).collect();
    let mut bare = Vec::new();
    let mut ours: Vec<Vec<f64>> = vec![Vec::new(); SENDERS.len()];
    for _ in 0..ROUNDS {
        bare.push(microseconds(|| {
            let mut hash = black_box(&keyed).clone();
            hash.update(black_box(&body));
            black_box(hash.finalize().into_bytes());
        }));
        for (request, times) in requests.iter().zip(&mut ours) {
            let lent = request.lent();
            times.push(microseconds(|| assert!(black_box(request).pass(black_box(&lent)))));
        }
    }
    let rows = SENDERS.iter().zip(ours).map(|(sender, times)| json!({"sender": sender, "us": times}));
    json!({ "body_bytes": BODY_BYTES, "bare_us": bare, "senders": rows.collect::<Vec<_>>() })
}

/// The time of one call, from many.
fn microseconds(mut call: impl FnMut()) -> f64 {
    let began = Instant::now();
    (0..CALLS).for_each(|_| call());
    began.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
}
