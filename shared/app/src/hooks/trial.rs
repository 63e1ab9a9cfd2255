//! Trying a hook out: what a body would have to be signed with, and a sample event through all of Bellhop.

use std::sync::Arc;

use bellhop_core::event::{Proof, kept_headers};
use bellhop_core::hook::{Hook, HookStatus};
use bellhop_core::id::{EventId, random_word};
use bellhop_core::inbound::{Headers, Inbound};
use bellhop_core::inbox::Message;
use bellhop_core::secret::Secret;
use bellhop_core::sender::{Place, Sender};
use bellhop_core::sign::sign;
use bellhop_core::time::Timestamp;
use bellhop_core::verify::{BadKey, Key, Refusal, verify};
use serde_json::Value;

use crate::ports::{Clock, Inbox, PortError, Secrets};

/// What stands in place of a secret that a header would hold.
const HIDDEN: &str = "<the hook's secret>";

/// Tries hooks out.
pub struct Trials {
    /// Where the hooks' secrets are looked up.
    pub secrets: Arc<dyn Secrets>,
    /// Where events are written down.
    pub inbox: Arc<dyn Inbox>,
    /// The time, and luck.
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
    /// The request would not have been accepted.
    #[error("the hook would refuse it: {0}")]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] PortError),
}

impl Trials {
    /// The headers that this body would need now; a secret that would stand among them itself is left out.
    pub async fn sign(&self, hook: &Hook, body: &[u8]) -> Result<Vec<(String, String)>, NotTried> {
        let sender = hook.sender().ok_or(NotTried::UnknownSender)?;
        let Some(secret) = self.first_secret(hook, sender).await? else {
            return Ok(Vec::new());
        };
        let mut headers = sign(sender, &secret, body, &self.delivery("msg"), self.clock.now())?;
        for (_, value) in &mut headers {
            if value == secret.expose() {
                HIDDEN.clone_into(value);
            }
        }
        Ok(headers)
    }

    /// Sends an event to a hook as its sender would, marked as a test: this body, or else the sender's sample.
    pub async fn send(&self, hook: &Hook, body: Option<&[u8]>, event_type: Option<&str>) -> Result<EventId, NotTried> {
        if hook.status == HookStatus::Disabled {
            return Err(NotTried::Disabled);
        }
        let sender = hook.sender().ok_or(NotTried::UnknownSender)?;
        let (now, delivery) = (self.clock.now(), self.delivery("test"));
        let body = body.map_or_else(|| sample(sender, &delivery), <[u8]>::to_vec);
        if body.len() as u64 > hook.max_body_bytes {
            return Err(NotTried::TooLarge(hook.max_body_bytes));
        }
        let secret = self.first_secret(hook, sender).await?;
        let headers = request_headers(sender, secret.as_ref(), &body, event_type, &delivery, now)?;
        let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let headers = Headers::new(&pairs);
        let keys = secret.iter().map(|secret| Key::new(sender, secret)).collect::<Result<Vec<_>, _>>()?;
        let verified = verify(sender, &keys, Inbound { headers, body: &body, source_ip: None }, now)?;
        let mut random = [0; 10];
        self.clock.random(&mut random);
        let message = Message {
            id: EventId::new(now, &random),
            path: &hook.path,
            sender: sender.name,
            event_type: verified.event_type(),
            delivery_id: verified.delivery_id(),
            received_at: now,
            source_ip: None,
            headers: kept_headers(sender, headers),
            hooks: vec![Proof { hook: hook.id.clone(), secret: secret.is_some().then_some(0) }],
            body: &body,
            test: true,
        };
        self.inbox.put(&message).await?;
        log::info!(event:% = message.id, hook = hook.id.as_str(), bytes = body.len(); "test event accepted");
        Ok(message.id)
    }

    /// The value of a hook's first secret; `None` for an unsigned one.
    async fn first_secret(&self, hook: &Hook, sender: &Sender) -> Result<Option<Secret>, NotTried> {
        if sender.is_unsigned() {
            return Ok(None);
        }
        let reference = hook.secrets.first().ok_or_else(|| NotTried::NoSecret("there is none".to_owned()))?;
        let mut found = self.secrets.resolve(std::slice::from_ref(reference)).await?;
        let secret = found.remove(reference).ok_or_else(|| NotTried::NoSecret(reference.to_string()))?;
        Ok(Some(secret))
    }

    /// A delivery id that no other delivery has, so that the event is nobody's duplicate.
    fn delivery(&self, kind: &str) -> String {
        let mut random = [0; 22];
        self.clock.random(&mut random);
        format!("{kind}_{}", random_word(&random))
    }
}

/// The body of the sender's sample, with a delivery id of its own where that stands in the body.
fn sample(sender: &'static Sender, delivery: &str) -> Vec<u8> {
    let body = sender.sample().body;
    if let (Place::Field(field), Ok(Value::Object(mut object))) = (sender.delivery_id, serde_json::from_str(body)) {
        object.insert(field.to_owned(), delivery.into());
        return Value::Object(object).to_string().into_bytes();
    }
    body.as_bytes().to_vec()
}

/// The headers a sender would send with a body: its sample's, event type and delivery id, and its proof.
fn request_headers(
    sender: &'static Sender,
    secret: Option<&Secret>,
    body: &[u8],
    event_type: Option<&str>,
    delivery: &str,
    now: Timestamp,
) -> Result<Vec<(String, String)>, BadKey> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: &str| {
        headers.retain(|(there, _)| there != name);
        headers.push((name.to_owned(), value.to_owned()));
    };
    for (name, value) in sender.sample().headers {
        set(name, value);
    }
    if let (Place::Header(name), Some(event_type)) = (sender.event_type, event_type) {
        set(name, event_type);
    }
    if let Place::Header(name) = sender.delivery_id {
        set(name, delivery);
    }
    if let Some(secret) = secret {
        for (name, value) in sign(sender, secret, body, delivery, now)? {
            set(&name, &value);
        }
    }
    Ok(headers)
}
