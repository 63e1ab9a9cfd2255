//! What is known of a sender, in words: for the page of all senders and for the command line.

use super::{
    Algorithm, AlternativeWhen, Answer, Carrier, Handshake, Hash, Part, Place, Recipient, Scheme, Sender, Signed,
    TokenPlace, Verification,
};

impl Sender {
    /// How a request proves itself, in a sentence.
    pub fn proof_in_words(&self) -> String {
        let mut words = proof(&self.scheme);
        if let Some(other) = &self.alternative {
            words += &match (other.when, &other.scheme) {
                (AlternativeWhen::SecretBegins(prefix), Scheme::None) => {
                    format!("; a secret that begins with `{prefix}` is for the handshake alone")
                }
                (AlternativeWhen::SecretBegins(prefix), scheme) => {
                    format!("; where a secret begins with `{prefix}`: {}", proof(scheme))
                }
                (AlternativeWhen::FirstIsAbsent, scheme) => format!("; or by {}", proof(scheme)),
            };
        }
        words
    }

    /// What accepted events are answered with; empty where that is Bellhop's own JSON.
    pub fn answers_in_words(&self) -> String {
        self.answers.iter().map(Answer::words).collect::<Vec<_>>().join("; ")
    }

    /// How a request proves itself, in a word: `hmac-sha256`.
    pub const fn family(&self) -> &'static str {
        match &self.scheme {
            Scheme::Signed(signed) => match signed.algorithm {
                Algorithm::Hmac(Hash::Md5) => "hmac-md5",
                Algorithm::Hmac(Hash::Sha1) => "hmac-sha1",
                Algorithm::Hmac(Hash::Sha256) => "hmac-sha256",
                Algorithm::Hmac(Hash::Sha384) => "hmac-sha384",
                Algorithm::Hmac(Hash::Sha512) => "hmac-sha512",
                Algorithm::Digest(Hash::Md5) => "md5",
                Algorithm::Digest(Hash::Sha1) => "sha1",
                Algorithm::Digest(Hash::Sha256) => "sha256",
                Algorithm::Digest(Hash::Sha384) => "sha384",
                Algorithm::Digest(Hash::Sha512) => "sha512",
                Algorithm::Ed25519 => "ed25519",
                Algorithm::EcdsaP256 => "ecdsa-p256",
                Algorithm::Rsa(_) | Algorithm::RsaByVersion => "rsa",
            },
            Scheme::Jwt(_) => "jwt",
            Scheme::AppStore(_) => "ecdsa-p256",
            Scheme::Token(TokenPlace::Basic) => "password",
            Scheme::Token(_) => "token",
            Scheme::None => "nothing",
        }
    }
}

impl Answer {
    /// The answer, and when it is given.
    fn words(&self) -> String {
        let body = match (self.body, self.content_type) {
            ("", _) => "no body".to_owned(),
            (body, content_type) => format!("`{body}` as `{content_type}`"),
        };
        let when = self.when.as_ref().map(|when| match when.is {
            [value] => format!(" where `{}` is {value}", when.field),
            values => format!(" where `{}` is one of {}", when.field, values.join(", ")),
        });
        format!("{} and {body}{}", self.status, when.unwrap_or_default())
    }
}

impl Verification {
    /// What it was checked against, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Vectors => "published signatures",
            Self::Sdk => "the provider's own library",
            Self::Documentation => "the provider's own documentation or code",
            Self::Unverified => "nothing of the provider's own yet",
        }
    }
}

impl Hash {
    /// Its usual name.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }
}

impl Handshake {
    /// What Bellhop does by itself to be accepted; empty where there is nothing to do.
    pub const fn words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::SlackChallenge => "`url_verification` is answered with its `challenge`",
            Self::HubChallenge => {
                "GET with `hub.challenge` is answered where `hub.verify_token` is the hook's secret for that"
            }
            Self::XCrc => "GET with `crc_token` is answered with its keyed hash",
            Self::Zoom => "`endpoint.url_validation` is answered with the keyed hash of its token",
            Self::Dropbox => "GET with `challenge` is answered with it",
            Self::Twitch => "`webhook_callback_verification` is answered with its `challenge`",
            Self::Okta => "GET with a challenge in a header is answered in JSON",
            Self::EventGrid => "`SubscriptionValidationEvent` is answered with its code, OPTIONS with a permission",
            Self::Asana => "the first request brings the secret, which is sent back",
            Self::Notion => "the first request brings the verification token",
            Self::BitbucketPing => "the unsigned test of the connection is answered with 200",
            Self::WooCommercePing => "the unsigned test of a new webhook is answered with 200",
            Self::Monday => "a body with a `challenge` is answered with it",
            Self::DiscordPing => "PING is answered in kind, a wrong signature with 401",
            Self::SnsConfirm => "a subscription is confirmed at its `SubscribeURL`",
            Self::CloudEvents => "OPTIONS with `WebHook-Request-Origin` is answered",
            Self::Head => "HEAD is answered with 200",
            Self::Ping => "a signed event that only says hello is accepted",
            Self::Terraform => "the verification without a run is answered with 200",
            Self::Xero => {
                "the intent to receive is answered with an empty 200, and with 401 where it is signed wrongly on purpose"
            }
            Self::ValidationToken => "a request with `validationToken` is answered with it",
            Self::Onfleet => "GET with `check` is answered with it",
            Self::Get => "GET is answered with 200",
            Self::Strava => {
                "GET with `hub.challenge` is answered where `hub.verify_token` is one of the hook's secrets"
            }
            Self::WebSub => "GET with `hub.challenge` is answered where `hub.topic` is the hook's secret for that",
            Self::Lark => "`url_verification` is answered with its `challenge`",
            Self::GoogleChannel => "the message `sync` of a new channel is answered with 200",
            Self::Viber => "the event `webhook` is answered with 200",
            Self::Figma => "`PING` is answered with 200",
        }
    }
}

impl Sender {
    /// How long its bodies are, and how long they may be where the proof has to be looked for in them.
    pub fn longest_body_in_words(&self) -> String {
        let sent = self.facts().max_body_bytes.map_or_else(|| "not documented".to_owned(), size);
        match self.max_proof_bytes() {
            Some(most) => format!("{sent}; the proof stands in it, so more than {} is refused", size(most)),
            None => sent,
        }
    }
}

impl Place {
    /// Where the value is found, in words; empty where the sender does not say it.
    pub fn words(&self) -> String {
        let all = |places: &[Self], between: &str| places.iter().map(Self::words).collect::<Vec<_>>().join(between);
        match self {
            Self::Nowhere => String::new(),
            Self::Header(name) => format!("header `{name}`"),
            Self::Field(path) => format!("`{path}` in the body"),
            Self::Key(names) => format!(
                "which of {} is in the body",
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
            Self::Join(places) => all(places, " and "),
            Self::First(places) => all(places, ", else "),
        }
    }
}

/// A number of bytes.
pub fn size(bytes: u64) -> String {
    match bytes {
        _ if bytes.is_multiple_of(1024 * 1024) => format!("{} MiB", bytes / 1024 / 1024),
        _ if bytes.is_multiple_of(1024) => format!("{} KiB", bytes / 1024),
        _ if bytes.is_multiple_of(1_000_000) => format!("{} MB", bytes / 1_000_000),
        _ if bytes.is_multiple_of(1_000) => format!("{} kB", bytes / 1_000),
        _ => format!("{bytes} bytes"),
    }
}

/// How a scheme proves a request.
fn proof(scheme: &Scheme) -> String {
    let carrier = scheme.carrier();
    match scheme {
        Scheme::Signed(scheme) => signed(scheme),
        Scheme::Jwt(jwt) => {
            let whom = match jwt.recipient {
                None => "",
                Some(Recipient::Audience(_)) => ", made for the audience that is the secret",
                Some(Recipient::Email) => ", made for the account and the audience that the secret names",
            };
            format!("a JSON Web Token in the header `{carrier}`{}{whom}", after(jwt.prefix))
        }
        Scheme::AppStore(store) => format!(
            "ECDSA P-256 in `{carrier}` of the body, by a key that Apple's root certificate vouches for, of the app that \
             the secret names, in {}",
            store.environment
        ),
        Scheme::Token(TokenPlace::Header { prefix, .. }) => {
            format!("the secret itself in the header `{carrier}`{}", after(prefix))
        }
        Scheme::Token(TokenPlace::Basic) => "a user name and password in the header `authorization`".to_owned(),
        Scheme::Token(TokenPlace::Query(_)) => format!("the secret itself in the URL's parameter `{carrier}`"),
        Scheme::Token(TokenPlace::Field(_)) => {
            format!("the secret itself in `{}` of the body", carrier.replace('|', "` or `"))
        }
        Scheme::Token(TokenPlace::Form(_)) => format!("the secret itself in `{carrier}` of the form"),
        Scheme::None => "nothing: the path is the secret, or the addresses are named".to_owned(),
    }
}

/// How a signature proves a request.
fn signed(scheme: &Signed) -> String {
    let how = match scheme.algorithm {
        Algorithm::Hmac(hash) => format!("HMAC-{}", hash.words()),
        Algorithm::Digest(hash) => format!("{} with the secret in it", hash.words()),
        Algorithm::Ed25519 => "Ed25519".to_owned(),
        Algorithm::EcdsaP256 => "ECDSA P-256".to_owned(),
        Algorithm::Rsa(hash) => format!("RSA with {}", hash.words()),
        Algorithm::RsaByVersion => "RSA".to_owned(),
    };
    let name = scheme.place.name();
    let place = match scheme.place {
        Carrier::Headers(names) => {
            format!("the header {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "))
        }
        Carrier::Numbered(_) => format!("the header `{name}`, or one with another number"),
        Carrier::Field(_) => format!("`{name}` of the body"),
    };
    let url = scheme
        .content
        .iter()
        .any(|part| matches!(part, Part::Url | Part::UrlAnyPort | Part::UrlHubspot | Part::UrlContentful));
    let url = if url { ", over the public URL too" } else { "" };
    let clock = scheme.timestamp.map(|clock| format!(", not older or newer than {} s", clock.tolerance_seconds));
    format!("{how} in {place}{url}{}", clock.unwrap_or_default())
}

/// What stands before a token, if something does.
fn after(prefix: &str) -> String {
    if prefix.trim().is_empty() { String::new() } else { format!(" after `{}`", prefix.trim()) }
}
