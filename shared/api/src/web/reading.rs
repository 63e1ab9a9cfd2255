//! Reads bodies: bounded in bytes and in time, and never held twice.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use http_body_util::BodyExt as _;

use bellhop_app::ingress::Unread;

/// How long a sender may take over its body.
const BODY_TIME: Duration = Duration::from_secs(15);

/// How much room is made at first for a body of several pieces, in bytes: what a head promises is not believed.
const FIRST_ROOM: usize = 64 * 1024;

/// A listener ends a body with this where it holds too many bytes of bodies already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many bytes of bodies are held already")]
pub struct NoRoom;

/// Reads a body of at most so many bytes to its end; else why not, and how many bytes of it had come.
pub(crate) async fn read(body: Body, most: usize) -> Result<Bytes, (Unread, u64)> {
    let mut arrived = Arrived::default();
    let why = match tokio::time::timeout(BODY_TIME, arrived.fill(body, most)).await {
        Ok(Ok(())) => return Ok(arrived.whole()),
        Ok(Err(why)) => why,
        Err(_) => Unread::TooSlow,
    };
    Err((why, arrived.bytes))
}

/// What has come of a body.
#[derive(Default)]
struct Arrived {
    /// The first piece as it came, which mostly is all.
    first: Bytes,
    /// All pieces, once there is a second.
    all: Vec<u8>,
    /// How many bytes came, a piece too many among them.
    bytes: u64,
}

impl Arrived {
    /// Takes in piece after piece.
    async fn fill(&mut self, mut body: Body, most: usize) -> Result<(), Unread> {
        let promised = body.size_hint().exact().unwrap_or_default();
        let promised = usize::try_from(promised).unwrap_or(usize::MAX).min(most);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| if is_no_room(&error) { Unread::NoRoom } else { Unread::BrokenOff })?;
            // Trailers say nothing here.
            let Ok(data) = frame.into_data() else { continue };
            self.bytes += data.len() as u64;
            if self.bytes > most as u64 {
                return Err(Unread::TooLarge);
            }
            self.take(data, promised);
        }
        Ok(())
    }

    /// Takes in one piece of a body that is to have so many bytes.
    fn take(&mut self, data: Bytes, promised: usize) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = data;
            return;
        }
        let first = std::mem::take(&mut self.first);
        let needed = self.all.len() + first.len() + data.len();
        if needed > self.all.capacity() {
            let room = needed.max(FIRST_ROOM).max(2 * self.all.capacity()).min(promised.max(needed));
            self.all.reserve_exact(room - self.all.len());
        }
        self.all.extend_from_slice(&first);
        self.all.extend_from_slice(&data);
    }

    /// All of it, in one piece.
    fn whole(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.into() }
    }
}

/// Whether a body ended for lack of room.
fn is_no_room(error: &(dyn Error + 'static)) -> bool {
    error.is::<NoRoom>() || error.source().is_some_and(is_no_room)
}

#[cfg(test)]
mod tests;
