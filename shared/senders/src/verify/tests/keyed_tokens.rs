//! JSON Web Tokens signed with a private key, whose public half is the hook's secret.
//!
//! The tokens beside this file were made once by another implementation, Python's `cryptography`.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::*;

const HEADER: &str = "x-fusionauth-signature-jwt";

#[derive(Deserialize)]
struct Made {
    body: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Deserialize)]
struct Token {
    alg: String,
    key: String,
    token: String,
}

fn made() -> Made {
    serde_json::from_str(include_str!("keyed_tokens.json")).unwrap()
}

/// Whether a token is taken for one of `FusionAuth`'s by a hook with this secret.
fn taken(secret: &str, token: &str, body: &str) -> Checked {
    check("fusionauth", &[secret], &[(HEADER, token.as_bytes())], body.as_bytes())
}

#[test]
fn tokens_of_every_kind_of_key_are_taken() {
    let Made { body, tokens } = made();
    let names: Vec<_> = tokens.iter().map(|token| token.alg.as_str()).collect();
    assert_eq!(names, ["RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA", "Ed25519"]);
    for Token { alg, key, token } in &tokens {
        assert_eq!(taken(key, token, &body), Ok(Some(0)), "{alg}");
        assert_eq!(taken(&format!("\n{key}\n"), token, &body), Ok(Some(0)), "{alg}");
        assert_eq!(taken(key, token, "{}"), Err(Refusal::Claim("request_body_sha256")), "{alg}");
    }
}

#[test]
fn a_token_of_another_key_or_algorithm_is_refused() {
    let Made { body, tokens } = made();
    for Token { alg, key, token } in &tokens {
        for other in tokens.iter().filter(|other| other.key != *key) {
            assert_eq!(taken(&other.key, token, &body), Err(Refusal::Mismatch(HEADER)), "{alg} with {}", other.alg);
        }
        let (text, signature) = token.rsplit_once('.').unwrap();
        let (head, claims) = text.split_once('.').unwrap();
        for named in ["none", "None", "", "HS256", "HS384", "HS512", "RS1", "PS256", "ES512", "Ed448"] {
            let head = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{named}","typ":"JWT"}}"#));
            assert_eq!(
                taken(key, &format!("{head}.{claims}.{signature}"), &body),
                Err(Refusal::Claim("alg")),
                "{named}"
            );
            assert!(taken(key, &format!("{head}.{claims}."), &body).is_err(), "{named}");
        }
        for named in tokens.iter().map(|other| &other.alg).filter(|named| *named != alg) {
            let head = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{named}","typ":"JWT"}}"#));
            let forged = format!("{head}.{claims}.{signature}");
            assert_eq!(taken(key, &forged, &body), Err(Refusal::Mismatch(HEADER)), "{alg} as {named}");
        }
        // A public key is no secret: nothing that is computed with it counts.
        let input = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#));
        let hashed = URL_SAFE_NO_PAD.encode(mac(key.as_bytes(), input.as_bytes()));
        assert_eq!(taken(key, &format!("{input}.{hashed}"), &body), Err(Refusal::Claim("alg")), "{alg}");
        assert_eq!(taken("a shared secret", token, &body), Err(Refusal::Claim("alg")), "{alg}");
        for place in [0, head.len() / 2, head.len() + 3, text.len() + 3, token.len() - 8] {
            let letter = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
            let mut spoiled = token.clone();
            spoiled.replace_range(place..=place, letter);
            assert!(taken(key, &spoiled, &body).is_err(), "{alg} at {place}");
        }
    }
}

#[test]
fn what_is_no_public_key_is_refused_when_it_is_saved() {
    let fusionauth = Sender::named("fusionauth").unwrap();
    let good = made().tokens.remove(0).key;
    let read = |text: &str| Key::new(fusionauth, &Secret::new(text).unwrap()).map(drop);
    assert_eq!(read(&good), Ok(()));
    let private = good.replace("PUBLIC", "PRIVATE").replace("MIIB", "MIIE");
    for bad in ["-----BEGIN PUBLIC KEY-----", &good[..good.len() / 2], &good.replace("MIIB", "MIIC"), &private] {
        assert_eq!(read(bad), Err(BadKey::NotPublicKey), "{bad}");
    }
}
