//! New secrets, in the form that a sender's scheme reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Algorithm, Scheme, SecretFormat, Sender, TokenPlace};
use crate::secret::Secret;

impl Sender {
    /// A new secret of this chance; `None` where the secret is not ours to make up: a public key, or an account's name.
    ///
    /// Many senders make the secret themselves and only show it; then a new one is made there.
    pub fn new_secret(&self, random: &[u8; 32]) -> Option<Secret> {
        let text = match &self.scheme {
            Scheme::None | Scheme::AppStore(_) => return None,
            Scheme::Token(TokenPlace::Basic) => format!("bellhop:{}", hex::encode(random)),
            Scheme::Jwt(jwt) if jwt.key.is_some() => return None,
            Scheme::Token(_) | Scheme::Jwt(_) => hex::encode(random),
            Scheme::Signed(scheme) => match (scheme.algorithm, scheme.secret) {
                (Algorithm::Hmac(_) | Algorithm::Digest(_), SecretFormat::Whsec) => {
                    format!("whsec_{}", STANDARD.encode(random))
                }
                (Algorithm::Hmac(_) | Algorithm::Digest(_), SecretFormat::Base64) => STANDARD.encode(random),
                (
                    Algorithm::Hmac(_) | Algorithm::Digest(_),
                    SecretFormat::Raw | SecretFormat::Hex | SecretFormat::Nfkd,
                ) => hex::encode(random),
                _ => return None,
            },
        };
        Secret::new(text).ok()
    }

    /// Whether its requests carry the secret itself, in whatever spelling: what signs one is not for showing, then.
    pub const fn sends_secret(&self) -> bool {
        matches!(self.scheme, Scheme::Token(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Key;

    #[test]
    fn a_new_secret_is_one_that_the_scheme_reads() {
        let mut made = 0;
        for sender in Sender::all() {
            let Some(secret) = sender.new_secret(&[7; 32]) else { continue };
            assert!(Key::new(sender, &secret).is_ok(), "{}", sender.name);
            assert_eq!(sender.scheme_for(secret.expose()), &sender.scheme, "{}", sender.name);
            made += 1;
        }
        assert!(made > 100, "{made}");
        let made =
            |name: &str| Sender::named(name).unwrap().new_secret(&[7; 32]).map(|secret| secret.expose().to_owned());
        assert_eq!(made("github"), Some("07".repeat(32)));
        assert!(made("standard-webhooks").unwrap().starts_with("whsec_BwcH"));
        assert!(made("basic").unwrap().starts_with("bellhop:07"));
        for name in ["none", "discord", "aws-sns", "paypal", "plaid", "wise"] {
            assert_eq!(made(name), None, "{name}");
        }
    }

    #[test]
    fn tokens_are_told_from_signatures() {
        let sends = |name: &str| Sender::named(name).unwrap().sends_secret();
        assert!(["bearer", "basic", "gitlab", "query-token", "microsoft-graph"].into_iter().all(sends));
        assert!(!["github", "netlify", "none", "discord"].into_iter().any(sends));
    }
}
