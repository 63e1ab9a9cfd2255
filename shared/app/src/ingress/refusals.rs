//! Refused requests: all are logged, and a few are recorded, so that a forger cannot make us write.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bellhop_core::id::{EventId, HookId};
use bellhop_core::order::{Order, RefusedRequest};

use super::sampled::Sampled;
use crate::answer::Refused;
use crate::doors::Door;
use crate::ports::{Clock, Orders};

/// How long the answer waits for the order to be given.
const ORDER_TIME: Duration = Duration::from_millis(500);

/// The longest part of a path that is kept, in characters.
const PATH_CHARS: usize = 200;

/// From this length on, and with so many kinds of characters, a part of a path may be one of a secret path, mistyped or
/// with something after it; of such a part its beginning alone is kept.
const SECRET_CHARS: usize = 16;
const SECRET_KINDS: usize = 10;
const SHOWN_CHARS: usize = 4;

/// Logs refusals and has a few of them recorded.
pub(super) struct Refusals {
    orders: Arc<dyn Orders>,
    clock: Arc<dyn Clock>,
    samplers: Sampled,
}

/// A request at a path, before anything is known of who sent it.
#[derive(Clone, Copy)]
pub(super) struct Knock<'a> {
    /// The doors at the path.
    pub(super) here: &'a [Arc<Door>],
    /// The path.
    pub(super) path: &'a str,
    /// Where it comes from.
    pub(super) source_ip: Option<IpAddr>,
    /// Whether a web page that is not ours makes it, where one of the doors minds.
    pub(super) by_page: bool,
}

impl Refusals {
    /// Refusals that are recorded by these orders.
    pub(super) fn new(orders: Arc<dyn Orders>, clock: Arc<dyn Clock>) -> Self {
        Self { orders, clock, samplers: Sampled::default() }
    }

    /// Logs a refusal for the operator, has it recorded if few were of late, and passes the caller's answer on.
    pub(super) async fn refuse(&self, knock: &Knock<'_>, cause: &str, body_bytes: u64, answer: Refused) -> Refused {
        self.refuse_explained(knock, cause, String::new, body_bytes, answer).await
    }

    /// The same; what `explain` says goes with the cause, and it is asked only where the refusal is recorded.
    pub(super) async fn refuse_explained(
        &self,
        knock: &Knock<'_>,
        cause: &str,
        explain: impl FnOnce() -> String,
        body_bytes: u64,
        answer: Refused,
    ) -> Refused {
        let now = self.clock.now();
        if !self.samplers.takes(knock.hook(), now) {
            knock.log(answer.status, cause);
            return answer;
        }
        let cause = format!("{cause}{}", explain());
        knock.log(answer.status, &cause);
        let mut random = [0; 10];
        self.clock.random(&mut random);
        let refused = RefusedRequest {
            id: EventId::new(now, &random),
            received_at: now,
            hook: knock.hook().cloned(),
            path: knock.nobodys_path(),
            source_ip: knock.source_ip,
            status: answer.status,
            cause,
            body_bytes,
        };
        self.record(refused).await;
        answer
    }

    /// Gives the order to record a refusal; if that fails or takes long, the log alone has it.
    async fn record(&self, refused: RefusedRequest) {
        let order = Order::RefusedV1(refused);
        match tokio::time::timeout(ORDER_TIME, self.orders.give(&order)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!(error:%; "a refused request could not be recorded"),
            Err(_) => log::warn!("a refused request could not be recorded in time"),
        }
    }
}

impl Knock<'_> {
    /// The first hook of the path.
    fn hook(&self) -> Option<&HookId> {
        self.here.first().map(|door| &door.hook.id)
    }

    /// The path, where no hook has it, without its long parts: it may have been the path of an unsigned hook, which is its
    /// secret, or be one with a slip of the pen in it.
    fn nobodys_path(&self) -> Option<String> {
        self.here.is_empty().then(|| {
            let path: String = self.path.chars().take(PATH_CHARS).collect();
            path.split('/').map(shown).collect::<Vec<_>>().join("/")
        })
    }

    /// Logs the refusal: a hook by its id, nobody's path without what may be a secret.
    fn log(&self, status: u16, cause: &str) {
        let source = self.source_ip.map(|ip| ip.to_string()).unwrap_or_default();
        match self.hook() {
            Some(hook) => log::info!(hook = hook.as_str(), status, source, cause; "refused"),
            None => {
                let path = self.nobodys_path().unwrap_or_default();
                log::info!(path, status, source, cause; "refused");
            }
        }
    }
}

/// A part of a path as it may be shown.
fn shown(part: &str) -> Cow<'_, str> {
    let kinds: HashSet<char> = part.chars().collect();
    match part.chars().count() >= SECRET_CHARS && kinds.len() >= SECRET_KINDS {
        true => format!("{}…", part.chars().take(SHOWN_CHARS).collect::<String>()).into(),
        false => part.into(),
    }
}
