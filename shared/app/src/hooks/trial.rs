//! Trying a hook out: what a body would have to be signed with, and a sample event through all of Bellhop.

use std::sync::Arc;

use bellhop_core::event::{Proof, kept_body, kept_headers};
use bellhop_core::hook::{Hook, HookStatus};
use bellhop_core::id::{EventId, random_word};
use bellhop_core::inbox::Message;
use bellhop_core::secret::Secret;
use bellhop_senders::inbound::Url;
use bellhop_senders::sender::Sender;
use bellhop_senders::sign::{Draft, Outline, Proof as Signature, Unsignable, post, sign_request};
use bellhop_senders::verify::{BadKey, Key, Refusal, verify};

use crate::ports::{Clock, HookReader, Inbox, PortError, Secrets};

/// What stands in place of a secret that a header would hold.
const HIDDEN: &str = "<the hook's secret>";

/// Tries hooks out.
pub struct Trials {
    /// Where the public URL is read.
    pub hooks: Arc<dyn HookReader>,
    /// Where the hooks' secrets are looked up.
    pub secrets: Arc<dyn Secrets>,
    /// Where events are written down.
    pub inbox: Arc<dyn Inbox>,
    /// The time, and randomness.
    pub clock: Arc<dyn Clock>,
}

/// A hook could not be tried out.
#[derive(Debug, thiserror::Error)]
pub enum NotTried {
    /// It takes no requests.
    #[error("the hook is disabled; make it active first")]
    Disabled,
    /// The body is longer than the hook takes.
    #[error("this hook takes bodies of {0} bytes at most")]
    TooLarge(u64),
    /// This version does not know its sender.
    #[error("this version does not know the hook's sender")]
    UnknownSender,
    /// Its secret leads nowhere.
    #[error("the hook's first secret ({0}) cannot be found, or is empty")]
    NoSecret(String),
    /// Its secret cannot be used with its sender's scheme.
    #[error("the hook's first secret: {0}")]
    BadKey(#[from] BadKey),
    /// Nobody but the sender can sign, or something that is signed is missing.
    #[error("a request of this hook cannot be signed: {0}")]
    Unsignable(#[from] Unsignable),
    /// The request would not have been accepted.
    #[error("the hook would refuse it: {0}")]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] PortError),
}

impl Trials {
    /// What this body would have to be sent with now; what would hold the secret itself is left out of it.
    pub async fn sign(&self, hook: &Hook, body: &[u8]) -> Result<Signature, NotTried> {
        let sender = hook.sender().ok_or(NotTried::UnknownSender)?;
        let Some(secret) = self.first_secret(hook, sender).await? else {
            return Ok(Signature::default());
        };
        let (public_url, path) = (self.public_url().await?, target(hook));
        let draft = Draft { method: "POST", url: Url::new(&public_url, &path), body, id: &self.delivery("msg") };
        let mut proof = sign_request(sender, &secret, draft, self.clock.now())?;
        if sender.sends_secret() {
            proof.headers.iter_mut().for_each(|(_, value)| HIDDEN.clone_into(value));
            (proof.query, proof.body) = (Vec::new(), None);
        }
        Ok(proof)
    }

    /// Sends an event to a hook as its sender would, marked as a test: this body, or else the sender's sample.
    ///
    /// Where nobody but the sender can sign, the event carries no signature.
    pub async fn send(&self, hook: &Hook, body: Option<&[u8]>, event_type: Option<&str>) -> Result<EventId, NotTried> {
        if hook.status == HookStatus::Disabled {
            return Err(NotTried::Disabled);
        }
        let sender = hook.sender().ok_or(NotTried::UnknownSender)?;
        let (now, delivery) = (self.clock.now(), self.delivery("test"));
        let (public_url, path) = (self.public_url().await?, target(hook));
        let outline = Outline { url: Url::new(&public_url, &path), body, event_type, id: &delivery };
        let secret = self.first_secret(hook, sender).await?;
        let (request, signed) = match post(sender, secret.as_ref(), outline, now) {
            Ok(request) => (request, secret.is_some()),
            Err(Unsignable::OnlyItself) => (post(sender, None, outline, now)?, false),
            Err(why) => return Err(why.into()),
        };
        if request.body.len() as u64 > hook.max_body_bytes {
            return Err(NotTried::TooLarge(hook.max_body_bytes));
        }
        let pairs = request.pairs();
        let inbound = request.inbound(&public_url, &pairs);
        if let Some(secret) = secret.as_ref().filter(|_| signed) {
            verify(sender, &[Key::new(sender, secret)?], inbound, None, now)?;
        }
        let mut random = [0; 10];
        self.clock.random(&mut random);
        let kept = kept_body(std::iter::once(sender), inbound.body);
        let message = Message {
            id: EventId::new(now, &random),
            path: &hook.path,
            sender: sender.name,
            event_type: sender.event_type.in_headers(inbound.headers),
            delivery_id: sender.delivery_id.in_headers(inbound.headers),
            received_at: now,
            source_ip: None,
            query: None,
            headers: kept_headers(std::iter::once(sender), inbound.headers),
            owners: vec![Proof::new(hook.owner(), signed.then_some(0))],
            body: &kept,
            test: true,
        };
        self.inbox.put(&message).await?;
        log::info!(event:% = message.id, hook = hook.id.as_str(), bytes = inbound.body.len(); "test event accepted");
        Ok(message.id)
    }

    /// What senders call, without a slash at its end; empty where it is not configured.
    async fn public_url(&self) -> Result<String, NotTried> {
        Ok(self.hooks.settings().await?.public_url.unwrap_or_default())
    }

    /// The value of a hook's first secret; `None` for an unsigned one.
    async fn first_secret(&self, hook: &Hook, sender: &Sender) -> Result<Option<Secret>, NotTried> {
        if sender.is_unsigned() {
            return Ok(None);
        }
        let reference = hook.secrets.first().ok_or_else(|| NotTried::NoSecret("there is none".to_owned()))?;
        let mut found = self.secrets.resolve(std::slice::from_ref(reference)).await?;
        let secret = found.remove(reference).ok_or_else(|| {
            // The name that a value is kept under is nobody's to know.
            let kept = reference.fingerprint().map(|fingerprint| format!("fingerprint {fingerprint}"));
            NotTried::NoSecret(kept.unwrap_or_else(|| reference.to_string()))
        })?;
        Ok(Some(secret))
    }

    /// A delivery id that no other delivery has, so that the event is nobody's duplicate.
    fn delivery(&self, kind: &str) -> String {
        let mut random = [0; 22];
        self.clock.random(&mut random);
        format!("{kind}_{}", random_word(&random))
    }
}

/// The path that a hook's sender calls.
fn target(hook: &Hook) -> String {
    format!("/webhook/{}", hook.path)
}
