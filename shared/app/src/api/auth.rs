//! Who may use the management API.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bellhop_core::secret::Secret;
use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::answer::Refused;
use crate::web::refusal;

/// The admin token, known only by its SHA-256.
#[derive(Debug, Clone)]
pub struct AdminToken([u8; 32]);

impl AdminToken {
    /// The token of this value.
    pub fn of(token: &Secret) -> Self {
        Self(Sha256::digest(token.expose()).into())
    }

    /// Takes the token's SHA-256 in hex.
    pub fn from_sha256_hex(digest: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(digest.trim(), &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Whether a value is the token; digests have one length, so the comparison tells nothing about it.
    fn is(&self, value: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(value).into();
        self.0.ct_eq(&digest).into()
    }
}

/// Lets a request with the admin token through; answers 401 to every other.
pub(super) async fn require(State(admin): State<Arc<AdminToken>>, request: Request, next: Next) -> Response {
    match given(request.headers()) {
        Some(token) if admin.is(token) => next.run(request).await,
        Some(_) => refusal(&Refused::new(401, "unauthorized", "the token is wrong")),
        None => refusal(&Refused::new(401, "unauthorized", "send the token as `Authorization: Bearer <token>`")),
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
