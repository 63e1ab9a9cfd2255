//! Tokens that say whom they are for: Google signs them for everybody, so the signature alone proves nothing.

use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

use super::asymmetric::{RSA, rsa_bytes};
use super::request::{BASE, Request};
use super::*;

const ACCOUNT: &str = "bell@octo.iam.gserviceaccount.com";
const AUDIENCE: &str = "https://hooks.example.com/webhook/p";
const HEADER: &str = "authorization";

fn url_safe(bytes: impl AsRef<[u8]>) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// The claims of a token made now for this account and audience.
fn claims() -> Value {
    json!({
        "aud": AUDIENCE, "azp": "1001", "email": ACCOUNT, "email_verified": true, "sub": "1001",
        "iss": "https://accounts.google.com", "iat": NOW, "exp": NOW + 3_600,
    })
}

/// Claims with some in another way; null takes one away.
fn with(changes: Value) -> Value {
    let mut all = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(all.as_object_mut().unwrap().remove(name)),
            value => all[name] = value.clone(),
        }
    }
    all
}

/// A token that a key signed.
fn token(key: usize, head: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", url_safe(head.to_string()), url_safe(claims.to_string()));
    let signature = url_safe(rsa_bytes(key, input.as_bytes()));
    format!("{input}.{signature}")
}

fn head(kid: &str) -> Value {
    json!({"alg": "RS256", "kid": kid, "typ": "JWT"})
}

/// What is found at the address of Google's keys.
fn published(keys: &[(usize, &str)]) -> String {
    let jwk = |(key, id): &(usize, &str)| {
        let public = RSA[*key].to_public_key();
        json!({
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": id,
            "n": url_safe(public.n_bytes()), "e": url_safe(public.e_bytes()),
        })
    };
    json!({"keys": keys.iter().map(jwk).collect::<Vec<_>>()}).to_string()
}

/// A request of this sender with this token, checked with the keys that are published.
fn request(sender: &str, secret: &str, token: &str) -> Request {
    let request = Request {
        sender: Sender::named(sender).unwrap(),
        secret: secret.to_owned(),
        fetched: None,
        base: BASE.to_owned(),
        method: "POST".to_owned(),
        target: "/webhook/p".to_owned(),
        headers: vec![(HEADER.to_owned(), format!("Bearer {token}"))],
        body: br#"{"message":{"data":"e30="}}"#.to_vec(),
    };
    let pairs = request.pairs();
    let wanted = wanted_key(request.sender, request.inbound(&pairs)).unwrap().unwrap();
    let fetched = FetchedKey::read(wanted, published(&[(1, "old"), (0, "new")]).as_bytes()).unwrap();
    drop(pairs);
    Request { fetched: Some(fetched), ..request }
}

/// A good request of each sender whose tokens Google makes, with what is found at the address of their keys.
pub(super) fn all() -> impl Iterator<Item = (Request, String)> {
    let account = ["google-pubsub", "google-play", "google-cloud-monitoring-pubsub", "google-oidc"];
    let chat = "chat@system.gserviceaccount.com";
    let by_url = with(json!({ "email": chat }));
    let by_number = with(json!({"iss": chat, "aud": "1234567890", "email": null, "email_verified": null}));
    let chats = [("google-chat", AUDIENCE, by_url), ("google-chat-project", "1234567890", by_number)];
    let all = account.map(|name| (name, ACCOUNT, claims())).into_iter().chain(chats);
    let made = |(name, secret, claims)| request(name, secret, &token(0, &head("new"), &claims));
    all.map(made).map(|request| (request, published(&[(1, "old"), (0, "new")])))
}

fn pubsub(claims: &Value) -> Request {
    request("google-pubsub", ACCOUNT, &token(0, &head("new"), claims))
}

#[test]
fn a_token_proves_the_account_and_the_audience() {
    let good = pubsub(&claims());
    assert_eq!(good.check(NOW), Ok(Some(0)));
    assert_eq!(good.check_with(&format!("{ACCOUNT}:{AUDIENCE}"), NOW), Ok(Some(0)));
    assert_eq!(pubsub(&with(json!({"iss": "accounts.google.com"}))).check(NOW), Ok(Some(0)));
    let lower = vec![(HEADER.to_owned(), good.headers[0].1.replace("Bearer", "bearer"))];
    assert_eq!(Request { headers: lower, ..good.clone() }.check(NOW), Ok(Some(0)));
    // The audience is the hook's URL, with its query or without.
    let asked = Request { target: "/webhook/p?a=1".to_owned(), ..good.clone() };
    assert_eq!(asked.check(NOW), Ok(Some(0)));
    let whole = pubsub(&with(json!({"aud": format!("{AUDIENCE}?a=1")})));
    assert_eq!(Request { target: "/webhook/p?a=1".to_owned(), ..whole.clone() }.check(NOW), Ok(Some(0)));
    assert_eq!(whole.check(NOW), Err(Refusal::Claim("aud")));
    let unknown = Request { base: String::new(), ..good.clone() };
    assert_eq!(unknown.check(NOW), Err(Refusal::NoPublicUrl));
    assert_eq!(unknown.check_with(&format!("{ACCOUNT}:{AUDIENCE}"), NOW), Ok(Some(0)), "then nobody asks for it");
}

#[test]
fn a_token_for_somebody_else_is_refused() {
    for (changes, claim) in [
        (json!({"email": "mallory@evil.iam.gserviceaccount.com"}), "email"),
        (json!({"email": format!("{ACCOUNT}.evil.example")}), "email"),
        (json!({"email": ACCOUNT.to_uppercase()}), "email"),
        (json!({"email": null}), "email"),
        (json!({"email": [ACCOUNT]}), "email"),
        (json!({"email_verified": false}), "email"),
        (json!({"email_verified": "true"}), "email"),
        (json!({"email_verified": null}), "email"),
        (json!({"aud": "https://evil.example"}), "aud"),
        (json!({"aud": "https://hooks.example.com/webhook/q"}), "aud"),
        (json!({"aud": "https://hooks.example.com"}), "aud"),
        (json!({"aud": format!("x{AUDIENCE}")}), "aud"),
        (json!({"aud": [AUDIENCE]}), "aud"),
        (json!({"aud": ""}), "aud"),
        (json!({"aud": null}), "aud"),
        (json!({"iss": "https://accounts.google.com/"}), "iss"),
        (json!({"iss": "https://evil.example"}), "iss"),
        (json!({"iss": null}), "iss"),
        (json!({"iat": null}), "iat"),
        (json!({"iat": "now"}), "iat"),
        (json!({"exp": "never"}), "exp"),
    ] {
        assert_eq!(pubsub(&with(changes.clone())).check(NOW), Err(Refusal::Claim(claim)), "{changes}");
    }
    let stale = |changes: Value, off: i64| {
        assert_eq!(pubsub(&with(changes.clone())).check(NOW), Err(Refusal::Stale(off)), "{changes}");
    };
    stale(json!({"exp": NOW - 301}), 301);
    stale(json!({"iat": NOW - 3_901}), 3_901);
    stale(json!({"iat": NOW + 3_901}), -3_901);
    stale(json!({"nbf": NOW + 301}), -301);
    assert_eq!(pubsub(&with(json!({"iat": NOW - 3_900, "exp": NOW - 299}))).check(NOW), Ok(Some(0)));
    let good = pubsub(&claims());
    for other in ["mallory@evil.example", &format!("{ACCOUNT}:https://evil.example"), &format!("x{ACCOUNT}")] {
        assert!(matches!(good.check_with(other, NOW), Err(Refusal::Claim("email" | "aud"))), "{other}");
    }
    for bad in ["bell", "@octo.example", "bell@", "bell@octo", &format!("{ACCOUNT}:")] {
        let secret = Secret::new(format!("{bad} ")).unwrap();
        assert_eq!(Key::new(good.sender, &secret).err(), Some(BadKey::NotAccount), "{bad}");
    }
}

#[test]
fn a_token_by_another_key_or_in_another_way_is_refused() {
    let mismatch = Err(Refusal::Mismatch(HEADER));
    let malformed = Err(Refusal::Malformed(HEADER));
    let with_token =
        |token: &str| Request { headers: vec![(HEADER.to_owned(), token.to_owned())], ..pubsub(&claims()) };
    let good = token(0, &head("new"), &claims());
    for (token, expected) in [
        (format!("Bearer {}", token(1, &head("new"), &claims())), mismatch),
        (format!("Bearer {}", token(0, &head("old"), &claims())), mismatch),
        // A key that is not in the set may be newer than the set, which is fetched again then.
        (format!("Bearer {}", token(0, &head("newer"), &claims())), mismatch),
        (format!("Bearer {}", token(0, &json!({"alg": "RS256"}), &claims())), malformed),
        (format!("Bearer {}", token(0, &json!({"alg": "RS256", "kid": "new", "crit": []}), &claims())), malformed),
        (format!("Bearer {}", token(0, &json!({"alg": "none", "kid": "new"}), &claims())), Err(Refusal::Claim("alg"))),
        (format!("Bearer {}", token(0, &json!({"alg": "HS256", "kid": "new"}), &claims())), Err(Refusal::Claim("alg"))),
        (format!("Bearer {}", token(0, &json!({"alg": "ES256", "kid": "new"}), &claims())), Err(Refusal::Claim("alg"))),
        (good.clone(), malformed),
        (format!("Basic {good}"), malformed),
        ("Bearer ".to_owned(), malformed),
        (format!("Bearer {good}="), malformed),
        (format!("Bearer {}", &good[..good.len() - 4]), malformed),
    ] {
        assert_eq!(with_token(&token).check(NOW), expected, "{token}");
    }
    assert_eq!(Request { headers: Vec::new(), ..pubsub(&claims()) }.check(NOW), Err(Refusal::Missing(HEADER)));
    let mut twice = pubsub(&claims());
    twice.headers.push(twice.headers[0].clone());
    assert_eq!(twice.check(NOW), Err(Refusal::Doubled(HEADER)));
    assert_eq!(Request { fetched: None, ..pubsub(&claims()) }.check(NOW), Err(Refusal::NoKey));
}

#[test]
fn a_set_of_keys_is_read_as_far_as_it_fits() {
    let request = pubsub(&claims());
    let pairs = request.pairs();
    let wanted = wanted_key(request.sender, request.inbound(&pairs)).unwrap().unwrap();
    assert_eq!((wanted.url.as_str(), wanted.id.as_deref()), ("https://www.googleapis.com/oauth2/v3/certs", None));
    assert_eq!(question(&wanted, &Key::new(request.sender, &Secret::new(ACCOUNT).unwrap()).unwrap()).map(|_| ()), None);
    let good: Value = serde_json::from_str(&published(&[(0, "new")])).unwrap();
    let mut mixed = good.clone();
    mixed["keys"]
        .as_array_mut()
        .unwrap()
        .insert(0, json!({"kty": "EC", "crv": "P-256", "kid": "ec", "x": "", "y": ""}));
    let read = |set: &Value| FetchedKey::read(wanted.clone(), set.to_string().as_bytes());
    assert_eq!(Request { fetched: Some(read(&mixed).unwrap()), ..request.clone() }.check(NOW), Ok(Some(0)));
    let change = |name: &str, value: Value| {
        let mut set = good.clone();
        set["keys"][0][name] = value;
        set
    };
    for bad in [
        json!({}),
        json!({"keys": []}),
        json!({"keys": [{}]}),
        change("alg", json!("RS512")),
        change("kty", json!("oct")),
        change("n", json!("")),
        change("n", json!(url_safe([0xab; 128]))),
        change("n", json!(url_safe([0xab; 513]))),
        change("n", json!("!")),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
}

#[test]
fn google_chat_is_told_by_its_own_account_or_issuer() {
    let chat = "chat@system.gserviceaccount.com";
    let by_url = request("google-chat", AUDIENCE, &token(0, &head("new"), &with(json!({"email": chat}))));
    assert_eq!(by_url.check(NOW), Ok(Some(0)));
    assert_eq!(by_url.check_with("https://evil.example", NOW), Err(Refusal::Claim("aud")));
    let other = request("google-chat", AUDIENCE, &token(0, &head("new"), &claims()));
    assert_eq!(other.check(NOW), Err(Refusal::Claim("email")), "anybody's account has tokens for any audience");
    let number = json!({"iss": chat, "aud": "1234567890", "email": null, "email_verified": null});
    let by_number = request("google-chat-project", "1234567890", &token(0, &head("new"), &with(number)));
    assert_eq!(by_number.check(NOW), Ok(Some(0)));
    assert_eq!(by_number.check_with("1234567891", NOW), Err(Refusal::Claim("aud")));
    let foreign = json!({"aud": "1234567890"});
    let foreign = request("google-chat-project", "1234567890", &token(0, &head("new"), &with(foreign)));
    assert_eq!(foreign.check(NOW), Err(Refusal::Claim("iss")));
}
