//! Signs a body as a sender would, to try a hook out and to find out why a signature does not match.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::secret::Secret;
use crate::sender::{Clock, Encoding, HmacScheme, Part, Scheme, Sender};
use crate::time::Timestamp;
use crate::verify::{BadKey, Key};

/// The headers that prove a request with this body, signed now.
///
/// `id` stands in the header of the delivery id where that is signed too, so it must not be empty. A sender that proves
/// itself with the secret alone has the secret among its headers: they are not for showing.
pub fn sign(
    sender: &'static Sender,
    secret: &Secret,
    body: &[u8],
    id: &str,
    now: Timestamp,
) -> Result<Vec<(String, String)>, BadKey> {
    let key = Key::new(sender, secret)?;
    Ok(match (&sender.scheme, key.mac()) {
        (Scheme::Hmac(scheme), Some(mac)) => signed(scheme, mac, body, id, now),
        (Scheme::Token { header }, _) => vec![((*header).to_owned(), secret.expose().to_owned())],
        (Scheme::Hmac(_) | Scheme::None, _) => Vec::new(),
    })
}

/// The headers of a keyed hash: those it covers, then the signature.
fn signed(scheme: &HmacScheme, mut mac: Hmac<Sha256>, body: &[u8], id: &str, now: Timestamp) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::with_capacity(3);
    let seconds = now.as_seconds().to_string();
    for part in scheme.content {
        match part {
            Part::Body => mac.update(body),
            Part::Text(text) => mac.update(text.as_bytes()),
            Part::Header(name) => {
                let value = if is_clock(scheme.timestamp, name) { &seconds } else { id };
                mac.update(value.as_bytes());
                if headers.iter().all(|(there, _)| there != name) {
                    headers.push(((*name).to_owned(), value.to_owned()));
                }
            }
        }
    }
    let signature = mac.finalize().into_bytes();
    let encoded = match scheme.encoding {
        Encoding::Hex => hex::encode(signature),
        Encoding::Base64 => STANDARD.encode(signature),
    };
    headers.push((scheme.header.to_owned(), format!("{}{encoded}", scheme.prefix)));
    headers
}

/// Whether this header carries the time of signing.
fn is_clock(clock: Option<Clock>, header: &str) -> bool {
    clock.is_some_and(|clock| clock.header == header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::{Headers, Inbound};
    use crate::verify::verify;
    use proptest::prelude::*;

    /// Whether a body with these headers proves itself to the secret at this moment.
    fn proves(
        sender: &'static Sender,
        secret: &Secret,
        headers: &[(String, String)],
        body: &[u8],
        now: Timestamp,
    ) -> bool {
        let key = Key::new(sender, secret).unwrap();
        let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        verify(sender, &[key], Inbound { headers: Headers::new(&pairs), body, source_ip: None }, now).is_ok()
    }

    proptest! {
        #[test]
        fn whatever_is_signed_verifies_and_one_flipped_bit_does_not(
            which in any::<prop::sample::Index>(),
            secret in proptest::collection::vec(any::<u8>(), 24..60),
            body in proptest::collection::vec(any::<u8>(), 1..400),
            id in "[a-z0-9_-]{1,40}",
            at in 0u64..4_000_000_000,
            place in any::<prop::sample::Index>(),
            bit in 0u8..8,
        ) {
            let sender = which.get(Sender::all());
            // Base64 is a secret that every scheme can read.
            let secret = Secret::new(STANDARD.encode(secret)).unwrap();
            let now = Timestamp::from_seconds(at);
            let headers = sign(sender, &secret, &body, &id, now).unwrap();
            prop_assert!(proves(sender, &secret, &headers, &body, now));
            let mut other = body.clone();
            other[place.index(body.len())] ^= 1 << bit;
            let covers_body = matches!(sender.scheme, Scheme::Hmac(_));
            prop_assert_eq!(proves(sender, &secret, &headers, &other, now), !covers_body);
        }
    }

    #[test]
    fn a_senders_headers_are_those_it_would_send() {
        let named = |sender: &str| {
            let secret = Secret::new("c2VjcmV0LXNlY3JldC1zZWNyZXQ=").unwrap();
            let headers =
                sign(Sender::named(sender).unwrap(), &secret, b"{}", "msg_1", Timestamp::from_ms(5_999)).unwrap();
            headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        assert_eq!(named("none"), [""; 0]);
        assert_eq!(named("shared-secret"), ["x-webhook-secret: c2VjcmV0LXNlY3JldC1zZWNyZXQ="]);
        let github = named("github");
        assert!(github.len() == 1 && github[0].starts_with("x-hub-signature-256: sha256="), "{github:?}");
        let standard = named("standard-webhooks");
        assert_eq!(standard[..2], ["webhook-id: msg_1", "webhook-timestamp: 5"]);
        assert!(standard.len() == 3 && standard[2].starts_with("webhook-signature: v1,"), "{standard:?}");
    }

    #[test]
    fn a_secret_that_the_scheme_cannot_read_is_refused() {
        let sender = Sender::named("standard-webhooks").unwrap();
        let secret = Secret::new("not base64!").unwrap();
        assert_eq!(sign(sender, &secret, b"", "m", Timestamp::default()), Err(BadKey::NotBase64));
    }
}
