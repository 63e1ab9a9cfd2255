//! Bodies that are read as their proof was, whatever their headers call them: what is proved by a field is what is later
//! read of it.

use super::media::Media;
use super::{form, multipart};
use crate::json::{self, Unreadable, Value};
use crate::sender::ProvedAs;

/// What a body says that its sender proves by fields of it; `None` where it is to be read as any other.
pub(super) fn payload(
    proved: ProvedAs,
    media: &Media,
    written: &str,
    body: &[u8],
) -> Option<Result<Option<Value>, Unreadable>> {
    match proved {
        ProvedAs::Json => Some(json::read(body).map(Some)),
        // What is called something else was not proved as a form.
        ProvedAs::Form if !form::is_taken_for_one(written, body) => None,
        ProvedAs::Form if form::has_too_many(body) => Some(Err(Unreadable::fields())),
        ProvedAs::Form => Some(Ok(form::read(body, Some("utf-8")))),
        ProvedAs::FormIfNamed if media.is_form() => payload(ProvedAs::Form, media, written, body),
        ProvedAs::FormIfNamed => None,
        ProvedAs::Field(name) => form::only(body, name).map(|text| json::read(&text).map(Some)),
        ProvedAs::AnyField(name) if media.name.starts_with("multipart/") => {
            multipart::field(written, body, name).map(|text| json::read(&text).map(Some))
        }
        ProvedAs::AnyField(name) => payload(ProvedAs::Field(name), media, written, body),
    }
}
