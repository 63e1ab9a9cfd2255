//! The published vectors: some stand beside this file, with where they were published; the place of the others is given
//! by `BELLHOP_VECTORS`.

use std::collections::BTreeMap;
use std::io::Read as _;

use serde_json::Value;

use super::*;
use crate::inbound::Url;

/// What the vectors call a scheme, and what we call its sender.
const NAMES: &[(&str, &str)] = &[
    ("adyen-standard", "adyen"),
    ("generic-hmac-sha512-base64", "hmac-sha512-base64"),
    ("generic-hmac-sha512-hex", "hmac-sha512"),
    ("gitlab-token", "gitlab"),
    ("hubspot-v3", "hubspot"),
    ("messagebird-jwt", "messagebird"),
];

/// The cases whose outcome is a choice of ours, each with what we choose and why.
const POLICY: &[(&str, &str, bool, &str)] = &[
    ("stripe", "before the signed time", false, "a time ahead of ours is as suspect as one behind: ±300 s"),
    ("hubspot-v3", "before the signed time", false, "±300 s"),
    ("paddle", "before the signed time", false, "±60 s: more than the library's 5 s, so that clocks may differ"),
    ("workos", "before the signed time", false, "±300 s"),
    ("box", "before the signed time", false, "±600 s, the library's own"),
    ("twitch", "before the signed time", false, "±600 s, as documented"),
    ("discord", "later than the delivery", false, "Discord documents none; ±300 s keeps old requests out"),
    ("discord", "before the signed time", false, "±300 s"),
    ("contentful", "before the signed time", false, "±30 s, the library's own"),
    ("messagebird-jwt", "before the signed time", false, "the token says itself from when it counts"),
    ("mailgun", "later than the delivery", false, "Mailgun documents none; ±300 s, and its token is taken once"),
];

/// The vectors that stand beside this file.
fn ours() -> Vec<Value> {
    serde_json::from_str(include_str!("published.json")).unwrap()
}

/// The other vectors, or nothing where they are absent.
fn read() -> Option<Vec<Value>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/vectors.json.gz");
    let place = std::env::var("BELLHOP_VECTORS").unwrap_or_else(|_| default.to_owned());
    let Ok(file) = std::fs::File::open(&place) else {
        println!("skipped: no vectors at {place}; set BELLHOP_VECTORS");
        return None;
    };
    let mut json = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut json).unwrap();
    Some(serde_json::from_str(&json).unwrap())
}

/// The secrets of a vector's hook; what a sender's secret is, where the vectors know none.
fn secrets(vector: &Value, body: &str) -> Vec<String> {
    if let Some(both) = vector["secrets"].as_object() {
        return both.values().map(|secret| secret.as_str().unwrap().to_owned()).collect();
    }
    let topic = |body: &str| serde_json::from_str::<Value>(body).ok()?["TopicArn"].as_str().map(str::to_owned);
    let found = vector["secret"].as_str().or(vector["public_key"].as_str()).map(str::to_owned).or_else(|| topic(body));
    found.into_iter().collect()
}

/// Whether a vector's request is accepted.
fn accepts(vector: &Value) -> Result<Option<usize>, Refusal> {
    let provider = vector["provider"].as_str().unwrap();
    let name = NAMES.iter().find(|(theirs, _)| *theirs == provider).map_or(provider, |(_, ours)| *ours);
    let sender = Sender::named(name).unwrap_or_else(|| panic!("no sender {name}"));
    let headers: Vec<(String, String)> = vector["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.to_lowercase().replace("x-convoy-", "x-"), value.as_str().unwrap().to_owned()))
        .collect();
    let pairs: Pairs<'_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let body = vector["body"].as_str().unwrap();
    let url = vector["url"].as_str().unwrap_or_default();
    let split = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| at + 3 + slash)).unwrap_or(url.len());
    let target = vector["path"].as_str().unwrap_or(&url[split..]);
    let inbound = Inbound {
        method: vector["method"].as_str().unwrap(),
        url: Url::new(&url[..split], target),
        ..Inbound::new(Headers::new(&pairs), body.as_bytes())
    };
    // A secret that cannot be a key makes a hook that accepts nothing.
    let secrets = secrets(vector, body).into_iter().filter_map(|text| Secret::new(text).ok());
    let keys: Vec<Key> = secrets.filter_map(|secret| Key::new(sender, &secret).ok()).collect();
    let wanted = wanted_key(sender, inbound)?;
    let fetched = wanted
        .map(|request| FetchedKey::read(request, vector["public_cert_pem"].as_str().unwrap().as_bytes()).unwrap());
    let now = Timestamp::from_seconds(vector["now"].as_u64().unwrap_or(NOW));
    verify(sender, &keys, inbound, fetched.as_ref(), now).map(|verified| verified.matched_key())
}

#[test]
fn the_vectors_beside_this_file_are_decided_as_published() {
    for vector in ours() {
        let (provider, why) = (&vector["provider"], &vector["why"]);
        assert!(vector["source"].as_str().unwrap().starts_with("https://"), "{provider}: {why}");
        assert_eq!(accepts(&vector).is_ok(), vector["expect"] == "valid", "{provider}: {why}");
    }
}

#[test]
fn published_vectors_are_decided_as_published() {
    let Some(vectors) = read() else { return };
    let mut decided: BTreeMap<&str, usize> = BTreeMap::new();
    let mut choices = [0; POLICY.len()];
    let mut wrong = Vec::new();
    for vector in &vectors {
        let provider = vector["provider"].as_str().unwrap();
        let why = vector["why"].as_str().unwrap();
        let result = accepts(vector);
        let as_wanted = if why.contains("POLICY") {
            let ours = POLICY.iter().position(|(name, words, ..)| *name == provider && why.contains(words));
            let ours = ours.unwrap_or_else(|| panic!("no choice for {provider}: {why}"));
            choices[ours] += 1;
            // All of them are about time: refused for another reason, the choice would not have been made.
            if POLICY[ours].2 { result.is_ok() } else { matches!(result, Err(Refusal::Stale(_))) }
        } else {
            result.is_ok() == (vector["expect"] == "valid")
        };
        if !as_wanted {
            wrong.push(format!("{provider}: {why}: {result:?}"));
        }
        *decided.entry(provider).or_default() += 1;
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(choices, [1; POLICY.len()], "each choice is about one vector");
    assert_eq!((decided.len(), vectors.len()), (46, 526));
}

#[test]
fn a_row_that_says_so_was_checked_against_vectors() {
    let Some(vectors) = read() else { return };
    let vectors = [vectors, ours()].concat();
    for sender in Sender::all().iter().filter(|sender| sender.facts().verified == crate::sender::Verification::Vectors)
    {
        let theirs = NAMES.iter().find(|(_, ours)| *ours == sender.name).map_or(sender.name, |(theirs, _)| *theirs);
        let valid = |vector: &&Value| vector["provider"] == theirs && vector["expect"] == "valid";
        assert!(vectors.iter().any(|vector| valid(&vector)), "{} has no vector", sender.name);
    }
}
