//! A request's body as it arrives, counted against the budget of bytes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bellhop_api::web::NoRoom;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::budget::Flight;
use super::places::Activity;

/// The body.
pub(super) struct Counted {
    /// What comes from the connection.
    pub(super) incoming: Incoming,
    /// What it is counted in.
    pub(super) flight: Arc<Flight>,
    /// Who is told that it is waited for.
    pub(super) activity: Arc<Activity>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.incoming).poll_frame(cx);
        self.activity.waits(polled.is_pending());
        polled.map(|frame| match frame? {
            Ok(frame) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                Some(if self.flight.add(bytes) { Ok(frame) } else { Err(NoRoom.into()) })
            }
            Err(error) => Some(Err(error.into())),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
