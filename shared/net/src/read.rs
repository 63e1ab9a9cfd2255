//! Answers, read within a time and a number of bytes.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::failure::{Failure, Kind};

/// How long an exchange may take, and how much of its answer is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first look at the request to the end of the answer.
    pub time: Duration,
    /// Between two pieces of the answer's body.
    pub idle: Duration,
    /// How much of the body.
    pub part: Part,
}

/// How much of an answer's body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it, in bytes at most; one that is longer, or that breaks off, is a failure.
    Whole(usize),
    /// So many bytes of its beginning. What comes after, or does not come in time, is left unread: the status has said
    /// what became of the request.
    First(usize),
}

impl Limits {
    /// A whole answer of at most so many bytes, within so much time.
    pub const fn whole(time: Duration, most: usize) -> Self {
        Self { time, idle: time, part: Part::Whole(most) }
    }

    /// The first so many bytes of an answer, within so much time; a body that pauses for longer than `idle` has ended.
    pub const fn first(time: Duration, idle: Duration, most: usize) -> Self {
        Self { time, idle, part: Part::First(most) }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as much of it as was asked for.
    pub body: Bytes,
    /// Whether that is all of the body.
    pub is_whole: bool,
}

/// A body as the connection gives it.
pub(crate) trait Incoming: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin {}

impl<T: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin> Incoming for T {}

/// Reads the answer whose head is there; what it has of the body stays in `read` wherever it is stopped.
pub(crate) async fn body(body: &mut impl Incoming, limits: &Limits, read: &mut Vec<u8>) -> Result<(), Failure> {
    let (Part::Whole(most) | Part::First(most)) = limits.part;
    while let Some(frame) = timeout(limits.idle, body.frame()).await.map_err(|_| Kind::TimedOut)? {
        let frame = frame.map_err(|error| Failure::of_body(error.into()))?;
        // What is no data is a trailer, which nobody asked for.
        let Ok(data) = frame.into_data() else { continue };
        let room = most - read.len();
        read.extend_from_slice(data.get(..room).unwrap_or(&data));
        if data.len() > room {
            return Err(Kind::TooLong.into());
        }
    }
    Ok(())
}

/// The reply of this head and this body, which may be a failure to read all of it.
pub(crate) fn reply(
    head: Response<()>,
    part: Part,
    read: Vec<u8>,
    outcome: Result<(), Failure>,
) -> Result<Reply, Failure> {
    let is_whole = outcome.is_ok();
    if let Part::Whole(_) = part {
        outcome?;
    }
    let (head, ()) = head.into_parts();
    Ok(Reply { status: head.status, headers: head.headers, body: read.into(), is_whole })
}
