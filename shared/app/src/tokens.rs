//! The tokens of the management API: making, listing, revoking and recognising them.

use std::sync::Arc;

use bellhop_core::id::random_word;
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_core::token::{self, RANDOM_LETTERS, Scope, Token, well_formed};

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::ports::{Clock, Collection, Documents, NewDocument, PortError, PortResult};

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

    /// Whether a digest is the token's; digests have one length, so the comparison tells nothing about it.
    pub fn is(&self, digest: &[u8; 32]) -> bool {
        self.0.ct_eq(digest).into()
    }
}

/// How much older the last use of a token must be before a new one is written down, in milliseconds.
const USE_MS: u64 = 60_000;

/// How long a token is still listed after it has expired, in milliseconds: 30 days.
const LISTED_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// The tokens.
pub struct Tokens {
    /// Where they are kept, by their SHA-256.
    pub documents: Arc<dyn Documents>,
    /// The time, and randomness.
    pub clock: Arc<dyn Clock>,
}

/// A token that was just made; its value is shown this once.
#[derive(Debug)]
pub struct Minted {
    /// What is kept of it.
    pub token: Token,
    /// Its value.
    pub value: Secret,
}

impl Tokens {
    /// Makes a token.
    pub async fn create(
        &self,
        name: String,
        mut scopes: Vec<Scope>,
        expires_at: Option<Timestamp>,
    ) -> PortResult<Minted> {
        let mut random = [0; RANDOM_LETTERS];
        self.clock.random(&mut random);
        let value = token::mint(&random).map_err(|error| PortError::new("a token", error))?;
        let mut random = [0; 22];
        self.clock.random(&mut random);
        scopes.sort();
        scopes.dedup();
        let token = Token {
            id: format!("tk_{}", random_word(&random)),
            name,
            scopes,
            created_at: self.clock.now(),
            expires_at,
            last_used_at: None,
        };
        let (key, text) = (token::key(value.expose()), to_text(&token)?);
        if !self.documents.swap(&document(&key, &text, &token), None).await? {
            return Err(PortError::new("a token", "its place is taken"));
        }
        log::info!(token = token.id; "token made");
        Ok(Minted { token, value })
    }

    /// Every token, newest first.
    pub async fn list(&self) -> PortResult<Vec<Token>> {
        let mut tokens: Vec<_> = self.all().await?.into_iter().map(|(_, token)| token).collect();
        tokens.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        Ok(tokens)
    }

    /// Revokes a token, from its next use on; says whether there was one of this id.
    pub async fn revoke(&self, id: &str) -> PortResult<bool> {
        let found = self.all().await?.into_iter().find(|(_, token)| token.id == id);
        let Some((key, _)) = found else {
            return Ok(false);
        };
        let revoked = self.documents.delete_document(Collection::Token, &key).await?;
        log::info!(token = id; "token revoked");
        Ok(revoked)
    }

    /// The token of this value, if there is one and it is still valid. It is read each time, so that a revoked one opens
    /// nothing any more.
    pub async fn recognise(&self, value: &str) -> PortResult<Option<Token>> {
        if !well_formed(value) {
            return Ok(None);
        }
        let key = token::key(value);
        let Some(document) = self.documents.document(Collection::Token, &key).await? else {
            return Ok(None);
        };
        let (token, now) = (from_text(&document.text)?, self.clock.now());
        if !token.is_valid(now) {
            return Ok(None);
        }
        self.note_use(&key, document.version, &token, now).await;
        Ok(Some(token))
    }

    /// Writes down that a token was used, unless that was done within the last minute.
    async fn note_use(&self, key: &str, version: u64, token: &Token, now: Timestamp) {
        if token.last_used_at.is_some_and(|last| now.ms_since(last) < USE_MS) {
            return;
        }
        let used = Token { last_used_at: Some(now), ..token.clone() };
        let written = async {
            let text = to_text(&used)?;
            // Only in place of what was read: a token revoked meanwhile must not come back.
            self.documents.swap(&self::document(key, &text, &used), Some(version)).await
        };
        if let Err(error) = written.await {
            log::warn!(token = token.id, error:%; "the use of a token could not be written down");
        }
    }

    /// Every token with its key.
    async fn all(&self) -> PortResult<Vec<(String, Token)>> {
        let documents = self.documents.documents(Collection::Token).await?;
        documents.into_iter().map(|(key, document)| Ok((key, from_text(&document.text)?))).collect()
    }
}

/// The document of a token.
fn document<'a>(key: &'a str, text: &'a str, token: &Token) -> NewDocument<'a> {
    NewDocument {
        collection: Collection::Token,
        key,
        text,
        expires: token.expires_at.map(|end| end.plus_ms(LISTED_MS)),
    }
}

/// A token's document as text.
fn to_text(token: &Token) -> PortResult<String> {
    serde_json::to_string(token).map_err(|error| PortError::unreadable("a token's note", &error))
}

/// A token read from its document.
fn from_text(text: &str) -> PortResult<Token> {
    serde_json::from_str(text).map_err(|error| PortError::new("a token's note", error))
}
