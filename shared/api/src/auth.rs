//! Who may use the management API, and for what.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bellhop_core::address::network_of;
use bellhop_core::config::SecretsAs;
use bellhop_core::limit::Bucket;
use bellhop_core::time::Timestamp;
use bellhop_core::token::{LEAST_ADMIN_CHARS, Scope, may_be_admin};
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use crate::web::{Source, refusal};
use bellhop_app::answer::Refused;
use bellhop_app::ports::Clock;
use bellhop_app::tokens::{AdminToken, Tokens};

/// How many wrong tokens a minute are taken from one address; the same one again is no new attempt.
const WRONG_PER_MINUTE: u32 = 10;

/// How many wrong tokens are remembered of an address.
const MOST_SEEN: usize = 16;

/// How many addresses are remembered; beyond that, those that have not been wrong for longest are forgotten.
const MOST_SOURCES: usize = 10_000;

/// Lets requests through that bring a token with the scope they need.
pub struct Guard {
    admin: AdminToken,
    tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
    wrong: Mutex<Wrong>,
}

/// Who calls, as far as the token says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    admin: bool,
}

impl Caller {
    /// How secrets may stand in what the caller writes.
    pub(super) const fn secrets(self) -> SecretsAs {
        if self.admin { SecretsAs::Values } else { SecretsAs::ValuesAlone }
    }
}

/// The addresses that wrong tokens came from, and the tokens that were right before.
#[derive(Default)]
struct Wrong {
    sources: HashMap<Option<IpAddr>, Attempts>,
    known: HashSet<[u8; 32]>,
}

/// The wrong tokens of one address.
struct Attempts {
    bucket: Bucket,
    seen: VecDeque<[u8; 32]>,
    last: Timestamp,
}

impl Guard {
    /// A guard that knows these tokens.
    pub fn new(admin: AdminToken, tokens: Arc<Tokens>, clock: Arc<dyn Clock>) -> Self {
        Self { admin, tokens, clock, wrong: Mutex::default() }
    }

    /// Checks a request's token; what the caller may besides.
    async fn check(&self, headers: &HeaderMap, source: Option<IpAddr>, scope: &Scope) -> Result<Caller, Refused> {
        let missing = || Refused::new(401, "unauthorized", "send the token as `Authorization: Bearer <token>`");
        let token = given(headers).ok_or_else(missing)?;
        let digest: [u8; 32] = Sha256::digest(token).into();
        if self.admin.is(&digest) {
            return match may_be_admin(token) {
                true => Ok(Caller { admin: true }),
                // Where only its digest was known at the start, its length shows here.
                false => Err(too_short()),
            };
        }
        self.may_try(source, &digest)?;
        let found = self.tokens.recognise(token).await.map_err(|error| super::failed(error).0)?;
        let Some(found) = found else {
            self.note_wrong(source, &digest);
            return Err(Refused::new(401, "unauthorized", "the token is wrong, expired or revoked"));
        };
        self.wrong().known.insert(digest);
        if found.opens(scope) {
            return Ok(Caller { admin: found.opens(&Scope::Admin) });
        }
        Err(Refused::new(403, "forbidden", format!("the token lacks the scope `{scope}`")))
    }

    /// Refuses an address that too many wrong tokens came from; a token that was right before may still be looked up, since
    /// a proxy's address is everybody's.
    fn may_try(&self, source: Option<IpAddr>, digest: &[u8; 32]) -> Result<(), Refused> {
        let (mut wrong, now) = (self.wrong(), self.clock.now());
        if wrong.known.contains(digest) {
            return Ok(());
        }
        let attempts = wrong.sources.get_mut(&source).filter(|attempts| !attempts.seen.contains(digest));
        let Some(attempts) = attempts else {
            return Ok(());
        };
        attempts.bucket.check(now).map_err(|seconds| {
            let message = "too many wrong tokens came from this address";
            Refused::new(429, "too_many_attempts", message).after(seconds)
        })
    }

    /// Notes that a wrong token came from an address.
    fn note_wrong(&self, source: Option<IpAddr>, digest: &[u8; 32]) {
        let (mut wrong, now) = (self.wrong(), self.clock.now());
        wrong.known.remove(digest);
        if wrong.sources.len() >= MOST_SOURCES {
            let oldest = wrong.sources.iter().min_by_key(|(_, attempts)| attempts.last).map(|(source, _)| *source);
            oldest.map(|oldest| wrong.sources.remove(&oldest));
        }
        let attempts = wrong.sources.entry(source).or_insert_with(|| Attempts {
            bucket: Bucket::new(WRONG_PER_MINUTE, now),
            seen: VecDeque::new(),
            last: now,
        });
        attempts.last = now;
        if attempts.seen.contains(digest) {
            return;
        }
        // Checking first fills the bucket up to this moment.
        let _ = attempts.bucket.check(now);
        attempts.bucket.take();
        attempts.seen.push_back(*digest);
        if attempts.seen.len() > MOST_SEEN {
            attempts.seen.pop_front();
        }
        let source = source.map(|ip| ip.to_string()).unwrap_or_default();
        log::warn!(source; "a wrong token");
    }

    /// What is known of wrong tokens; nothing panics while it is held.
    fn wrong(&self) -> std::sync::MutexGuard<'_, Wrong> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses an admin token that could be found out by trying; whoever brings it knows it, so its flaw tells nothing.
fn too_short() -> Refused {
    log::error!("the admin token has fewer than {LEAST_ADMIN_CHARS} characters and opens nothing; set a longer one");
    let message =
        format!("the admin token has fewer than {LEAST_ADMIN_CHARS} characters: set a longer one at the server");
    Refused::new(401, "unauthorized", message)
}

/// The routes, open only to tokens with this scope.
pub fn guarded(routes: Router, guard: &Arc<Guard>, scope: Scope) -> Router {
    routes.route_layer(from_fn_with_state((Arc::clone(guard), scope), require))
}

/// Lets a request through whose token has the scope.
async fn require(State((guard, scope)): State<(Arc<Guard>, Scope)>, mut request: Request, next: Next) -> Response {
    let source = request.extensions().get::<Source>().map(|Source(ip)| network_of(*ip));
    match guard.check(request.headers(), source, &scope).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refused) => {
            let mut response = refusal(&refused);
            if refused.status == 401 {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

/// The token a request brings: as a bearer token, or in `X-Webhook-Secret` for older clients.
fn given(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    bearer.or_else(|| text("x-webhook-secret")).filter(|token| !token.is_empty())
}
