//! Small documents that somebody publishes, such as the keys of senders.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode};

use crate::client::{Client, Sent};
use crate::failure::{Failure, Kind};
use crate::read::Limits;

/// How long a fetch may take: whoever sent the webhook waits for it.
const FETCH_TIME: Duration = Duration::from_secs(2);

/// How much of an answer is read, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Nothing was fetched. The text repeats neither the URL nor what was sent, for either may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum NotFetched {
    /// No answer came.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The answer was no document.
    #[error("the answer was {0}")]
    Status(StatusCode),
}

/// What is at an address, which is posted this JSON where there is any: the body of a short answer in good time and with
/// a status of 2xx.
pub async fn fetch<B: Sent + From<String>>(
    client: &Client<B>,
    url: &str,
    json: Option<&str>,
) -> Result<Bytes, NotFetched> {
    let request = match json {
        Some(_) => Request::post(url).header(CONTENT_TYPE, "application/json"),
        None => Request::get(url),
    };
    let request = request
        .header(USER_AGENT, concat!("bellhop/", env!("CARGO_PKG_VERSION")))
        .body(B::from(json.unwrap_or_default().to_owned()))
        .map_err(|_| Failure::from(Kind::BadRequest))?;
    let reply = client.send(request, &Limits::whole(FETCH_TIME, MOST_BYTES)).await?;
    if reply.status.is_success() { Ok(reply.body) } else { Err(NotFetched::Status(reply.status)) }
}
