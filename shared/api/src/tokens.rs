//! Tokens: `/api/tokens…`.

use axum::Json;
use axum::extract::State;
use bellhop_core::time::Timestamp;
use bellhop_core::token::{Scope, Token};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Answered, Body, Id, Params, invalid_field, unknown};
use super::query::{Listed, PageParams, bad, page_size};
use super::{Api, failed};

/// The longest life of a token that has an end, in seconds: ten years.
const LONGEST_SECONDS: u64 = 315_360_000;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_tokens, create_token)).routes(routes!(revoke_token))
}

/// A token about to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenSpec {
    /// What people call it; at most 100 characters.
    #[serde(default)]
    #[schema(max_length = 100)]
    name: String,
    /// What it opens: `hooks`, `events`, `jobs`, `services`, `channel:NAME`, or `admin` for everything.
    #[schema(min_items = 1, max_items = 100)]
    scopes: Vec<String>,
    /// In how many seconds it ends; never unless said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 315_360_000)]
    expires_in_seconds: Option<u64>,
    /// When it ends, instead of `expires_in_seconds`.
    #[serde(default)]
    #[schema(format = "date-time")]
    expires_at: Option<String>,
}

/// A token.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it ends.
    pub expires_at: Option<String>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<String>,
}

/// A token that was just made.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    /// What is kept of it.
    #[serde(flatten)]
    pub kept: TokenView,
    /// Its value. It is shown this once.
    pub token: String,
}

impl TokenView {
    /// A token as the API shows it.
    fn new(token: &Token) -> Self {
        Self {
            id: token.id.clone(),
            name: token.name.clone(),
            scopes: token.scopes.iter().map(Scope::to_string).collect(),
            created_at: token.created_at.rfc3339(),
            expires_at: token.expires_at.map(Timestamp::rfc3339),
            last_used_at: token.last_used_at.map(Timestamp::rfc3339),
        }
    }
}

/// Lists the tokens, newest first, without their values.
#[utoipa::path(get, path = "/api/tokens", tag = "tokens", params(PageParams), responses(
    (status = 200, description = "A page of tokens", body = Listed<TokenView>),
    (status = 400, description = "A parameter is wrong"),
))]
async fn list_tokens(State(api): State<Api>, Params(page): Params<PageParams>) -> Answered<Json<Listed<TokenView>>> {
    let limit = page_size(page.limit)?;
    let after = page.cursor.map(|cursor| {
        let (created, id) = cursor.split_once('.')?;
        Some((Timestamp::from_ms(created.parse().ok()?), id.to_owned()))
    });
    let after = after.map(|after| after.ok_or_else(|| bad("cursor", "not one of this list"))).transpose()?;
    let mut tokens = api.tokens.list().await.map_err(failed)?;
    tokens.retain(|token| after.as_ref().is_none_or(|(created, id)| (token.created_at, &token.id) < (*created, id)));
    let more = tokens.len() > limit;
    tokens.truncate(limit);
    let next_cursor = tokens.last().filter(|_| more).map(|token| format!("{}.{}", token.created_at.as_ms(), token.id));
    Ok(Json(Listed { items: tokens.iter().map(TokenView::new).collect(), next_cursor }))
}

/// Makes a token. Its value is shown this once and kept only as its SHA-256.
#[utoipa::path(post, path = "/api/tokens", tag = "tokens", request_body = TokenSpec, responses(
    (status = 201, description = "The token, with its value", body = NewToken),
    (status = 400, description = "The body is not JSON"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong"),
))]
async fn create_token(State(api): State<Api>, Body(spec): Body<TokenSpec>) -> Answered<(StatusCode, Json<NewToken>)> {
    if spec.name.chars().count() > 100 {
        return Err(invalid_field("name", "at most 100 characters"));
    }
    if !(1..=100).contains(&spec.scopes.len()) {
        return Err(invalid_field("scopes", "1 to 100 scopes, such as `hooks` or `events`"));
    }
    let scope = |(place, text): (usize, &String)| {
        Scope::parse(text).map_err(|error| invalid_field(&format!("scopes[{place}]"), error.to_string()))
    };
    let scopes = spec.scopes.iter().enumerate().map(scope).collect::<Answered<Vec<_>>>()?;
    let end = end(&spec, api.tokens.clock.now())?;
    let minted = api.tokens.create(spec.name, scopes, end).await.map_err(failed)?;
    let answer = NewToken { kept: TokenView::new(&minted.token), token: minted.value.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// When a token is to end.
fn end(spec: &TokenSpec, now: Timestamp) -> Answered<Option<Timestamp>> {
    let latest = now.plus_ms(LONGEST_SECONDS * 1000);
    match (spec.expires_in_seconds, &spec.expires_at) {
        (Some(_), Some(_)) => Err(invalid_field("expires_at", "give this or `expires_in_seconds`, not both")),
        (Some(seconds), None) if (1..=LONGEST_SECONDS).contains(&seconds) => Ok(Some(now.plus_ms(seconds * 1000))),
        (Some(_), None) => Err(invalid_field("expires_in_seconds", format!("from 1 to {LONGEST_SECONDS}"))),
        (None, Some(text)) => match Timestamp::from_rfc3339(text) {
            Some(end) if now < end && end <= latest => Ok(Some(end)),
            Some(_) => Err(invalid_field("expires_at", "a moment within the next ten years")),
            None => Err(invalid_field("expires_at", "a moment such as `2027-11-21T03:24:00Z`")),
        },
        (None, None) => Ok(None),
    }
}

/// Revokes a token, from its next use on.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "tokens", params(("id" = String, Path, description = "The token's id")),
responses(
    (status = 204, description = "It opens nothing any more"),
    (status = 404, description = "No token has this id"),
))]
async fn revoke_token(State(api): State<Api>, Id(id): Id) -> Answered<StatusCode> {
    match api.tokens.revoke(&id).await.map_err(failed)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown("token")),
    }
}
