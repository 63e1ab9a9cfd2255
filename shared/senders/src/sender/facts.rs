//! What is known of a sender besides how it signs, for people and for the doors.

/// What a sender is.
#[derive(Debug, PartialEq, Eq)]
pub struct Facts {
    /// The name for people: `GitHub`.
    pub title: &'static str,
    /// The page of the provider that describes the scheme; empty where there is no provider.
    pub docs: &'static str,
    /// What was read for the scheme; empty where that is `docs`.
    pub source: &'static str,
    /// The kind of service: `code`, `chat`, `payments`, `saas`, `cloud`, `home` or `generic`.
    pub category: &'static str,
    /// Within how many seconds it wants an answer; `None` where that is not known.
    pub deadline_seconds: Option<u32>,
    /// When it delivers again, in a sentence; empty where that is not known.
    pub retries: &'static str,
    /// The longest body it sends; `None` where that is not known.
    pub max_body_bytes: Option<u64>,
    /// What to click and paste at the provider, step by step.
    pub setup: &'static [&'static str],
    /// What its scheme was checked against.
    pub verified: Verification,
}

/// What a sender's scheme was checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// Published signatures.
    Vectors,
    /// The sender's own library.
    Sdk,
    /// The sender's own documentation or code.
    Documentation,
    /// Nothing: only what others write says so.
    Unverified,
}

impl Facts {
    /// What was read for the scheme.
    pub const fn read(&self) -> &'static str {
        if self.source.is_empty() { self.docs } else { self.source }
    }
}

impl Verification {
    /// The word in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vectors => "vectors",
            Self::Sdk => "sdk",
            Self::Documentation => "documentation",
            Self::Unverified => "unverified",
        }
    }
}

/// How a sender makes sure that an address is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// It does not.
    None,
    /// The body's `challenge` is the answer.
    SlackChallenge,
    /// GET with `hub.challenge`, which is the answer where `hub.verify_token` is a secret of the hook's for that.
    HubChallenge,
    /// GET with `crc_token`, answered with its keyed hash.
    XCrc,
    /// `endpoint.url_validation`, answered with the token and its keyed hash.
    Zoom,
    /// GET with `challenge`, which is the answer.
    Dropbox,
    /// `webhook_callback_verification`, whose `challenge` is the answer.
    Twitch,
    /// GET with a challenge in a header, answered in JSON.
    Okta,
    /// `SubscriptionValidationEvent`, whose code is the answer; or OPTIONS, as for `CloudEvents`.
    EventGrid,
    /// The first request brings the secret in `X-Hook-Secret`, which is sent back.
    Asana,
    /// The first request brings the secret in `verification_token`.
    Notion,
    /// The test of the connection, without a signature.
    BitbucketPing,
    /// The test of a new webhook, a form without a signature.
    WooCommercePing,
    /// The body's `challenge` is sent back in JSON.
    Monday,
    /// PING, answered in kind.
    DiscordPing,
    /// `SubscriptionConfirmation`, whose `SubscribeURL` is visited.
    SnsConfirm,
    /// OPTIONS with `WebHook-Request-Origin`.
    CloudEvents,
    /// HEAD must be answered with 200.
    Head,
    /// A signed event that only says hello.
    Ping,
    /// A POST without a run, which must be answered with 200.
    Terraform,
    /// A body without events: 200 and nothing else where it is signed well, 401 where it is wrong on purpose.
    Xero,
    /// `validationToken` in the query, which is the answer.
    ValidationToken,
    /// GET with `check`, which is the answer.
    Onfleet,
    /// GET must be answered with 200.
    Get,
    /// GET with `hub.challenge`, which is the answer in JSON where `hub.verify_token` is a secret of the hook's.
    Strava,
    /// GET with `hub.challenge`, which is the answer where `hub.topic` is a secret of the hook's for that.
    WebSub,
    /// The body's `challenge` is sent back in JSON, where its `type` says so.
    Lark,
    /// A proved event of type `sync`, in a header, that only says hello.
    GoogleChannel,
    /// A proved event `webhook` that only says hello.
    Viber,
    /// A proved event `PING` that only says hello.
    Figma,
}
