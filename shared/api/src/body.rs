//! What requests bring and what answers look like.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::response::{IntoResponse, Response};
use bellhop_core::config::Problem;
use http::request::Parts;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::MAX_BODY_BYTES;
use crate::web::{read as read_body, refusal};
use bellhop_app::answer::Refused;
use bellhop_app::ingress::Unread;
use bellhop_core::config::field_problem_in;

/// What an operation answers.
pub(super) type Answered<T> = Result<T, Rejection>;

/// A refusal as an answer.
#[derive(Debug)]
pub(super) struct Rejection(pub(super) Refused);

impl Rejection {
    /// A refusal with a code for programs and a sentence for people.
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(Refused::new(status, code, message))
    }
}

impl From<Refused> for Rejection {
    fn from(refused: Refused) -> Self {
        Self(refused)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        refusal(&self.0)
    }
}

/// A body as it came.
pub(super) struct Raw(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Answered<Self> {
        read_body(request.into_body(), MAX_BODY_BYTES).await.map(Self).map_err(|(why, _)| match why {
            Unread::TooLarge => Rejection::new(413, "too_large", "the API takes bodies of 2 MiB at most"),
            Unread::BrokenOff => Rejection::new(400, "bad_request", "the body broke off"),
            Unread::TooSlow => Rejection::new(408, "too_slow", "the body took too long to arrive"),
            Unread::NoRoom => Refused::busy().into(),
        })
    }
}

/// A body that is JSON of a certain shape.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Answered<Self> {
        let Raw(body) = Raw::from_request(request, state).await?;
        read(&body).map(Self)
    }
}

/// A body that may be left out.
pub(super) struct OptionalBody<T>(pub(super) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Answered<Self> {
        let Raw(body) = Raw::from_request(request, state).await?;
        if matches!(body.trim_ascii(), b"" | b"null") { Ok(Self(T::default())) } else { read(&body).map(Self) }
    }
}

/// The parameters of a query.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answered<Self> {
        let Query(params) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let text = rejection.body_text();
            let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            Rejection::new(400, "bad_query", text)
        })?;
        Ok(Self(params))
    }
}

/// The id in the path.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answered<Self> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| Rejection::new(404, "not_found", "nothing has this id"))
    }
}

/// The versions that `If-Match` allows; any where it is absent or `*`.
pub(super) struct IfMatch(Option<Vec<u64>>);

impl IfMatch {
    /// The versions, where they matter.
    pub(super) fn versions(&self) -> Option<&[u64]> {
        self.0.as_deref()
    }

    /// Reads the header; a tag that is not one of ours matches no version.
    fn read(headers: &HeaderMap) -> Self {
        if !headers.contains_key(header::IF_MATCH) {
            return Self(None);
        }
        let values = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
        let tags: Vec<_> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        if tags.contains(&"*") {
            return Self(None);
        }
        let version = |tag: &&str| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        Self(Some(tags.iter().filter_map(version).collect()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answered<Self> {
        Ok(Self::read(&parts.headers))
    }
}

/// Reads a JSON body; the error says where, and repeats nothing of it.
fn read<T: DeserializeOwned>(body: &[u8]) -> Answered<T> {
    // A list would be read as the fields in their order.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(invalid_field("the body", "expected an object"));
    }
    let reader = &mut serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut *reader).map_err(|error| match error.inner().classify() {
        serde_json::error::Category::Data => {
            invalid(&[field_problem_in(&error, &serde_json::from_slice(body).unwrap_or_default())])
        }
        _ => bad_json(error.inner()),
    })?;
    reader.end().map_err(|error| bad_json(&error))?;
    Ok(value)
}

/// 400, saying where the body ceases to be JSON.
fn bad_json(error: &serde_json::Error) -> Rejection {
    let (line, column) = (error.line(), error.column());
    Rejection::new(400, "bad_json", format!("the body is not JSON: line {line} column {column}"))
}

/// 422, naming every field that is wrong.
pub(super) fn invalid(problems: &[Problem]) -> Rejection {
    let named: Vec<_> = problems.iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect();
    Rejection::new(422, "invalid", named.join("; "))
}

/// 422, naming one field.
pub(super) fn invalid_field(field: &str, message: impl Into<String>) -> Rejection {
    invalid(&[Problem { field: field.to_owned(), message: message.into() }])
}

/// 404.
pub(super) fn unknown(what: &str) -> Rejection {
    Rejection::new(404, "not_found", format!("no {what} has this id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_as_they_were_given() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, http::HeaderValue::from_static(value));
            }
            IfMatch::read(&headers).0
        };
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["*"]), None);
        assert_eq!(read(&["\"3\""]), Some(vec![3]));
        assert_eq!(read(&["\"3\", \"4\"", "\"5\""]), Some(vec![3, 4, 5]));
        for nothing in ["3", "W/\"3\"", "\"x\"", ""] {
            assert_eq!(read(&[nothing]), Some(Vec::new()), "{nothing}");
        }
    }
}
