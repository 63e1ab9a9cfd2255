//! Parameters that several lists share.

use bellhop_core::id::EventId;
use bellhop_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::Answered;
use crate::body::Rejection;
use bellhop_app::history::Window;

/// How many entries a page has unless asked, and at most.
const PAGE: u32 = 50;
pub(super) const LARGEST_PAGE: u32 = 200;

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Listed<T> {
    /// The entries, newest first.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PageParams {
    /// How many entries, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(super) limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

/// How many entries a page is to have.
pub(super) fn page_size(limit: Option<u32>) -> Answered<usize> {
    let limit = limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(bad("limit", &format!("a number from 1 to {LARGEST_PAGE}")));
    }
    Ok(limit as usize)
}

/// A window of time, page by page.
pub(super) fn window(
    limit: Option<u32>,
    cursor: Option<&str>,
    from: Option<&str>,
    to: Option<&str>,
) -> Answered<Window> {
    let cursor = cursor.map(|cursor| cursor.parse::<EventId>().map_err(|_| bad("cursor", "not one that a list gave")));
    Ok(Window {
        from: from.map(|text| moment("from", text)).transpose()?,
        to: to.map(|text| moment("to", text)).transpose()?,
        cursor: cursor.transpose()?,
        limit: page_size(limit)?,
    })
}

/// The cursor of a place in the history.
pub(super) fn cursor(next: Option<EventId>) -> Option<String> {
    next.map(|id| id.to_string())
}

/// Reads a moment.
fn moment(name: &str, text: &str) -> Answered<Timestamp> {
    Timestamp::from_rfc3339(text).ok_or_else(|| bad(name, "a moment such as `2026-11-21T03:24:00Z`"))
}

/// 400, naming the parameter.
pub(super) fn bad(name: &str, expected: &str) -> Rejection {
    Rejection::new(400, "bad_query", format!("{name}: {expected}"))
}
