//! A connection's bytes: writing that gets on, turns, and an end that the peer can hear.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// How many bytes are read or written before other connections have their turn.
const TURN_BYTES: usize = 64 * 1024;

/// How long, and how many bytes more, the peer may still send once everything is answered: closing at once would throw
/// away what it has not read yet.
const LINGER_TIME: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// How slowly a peer may take an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// In this time,
    pub(super) time: Duration,
    /// it takes at least so many bytes.
    pub(super) bytes: usize,
}

/// The stream under a connection.
pub(super) struct Stream {
    tcp: TcpStream,
    pace: Pace,
    /// When the write that waits has to have got on; `None` while none waits.
    deadline: Option<Pin<Box<Sleep>>>,
    /// How many bytes were written since that was set.
    written: usize,
    /// How many bytes were read and written in this turn.
    moved: usize,
    /// Until when, and how much, the peer is listened to once our side has ended.
    lingering: Option<(Pin<Box<Sleep>>, usize)>,
}

impl Stream {
    /// A stream whose peer reads at this pace.
    pub(super) fn new(tcp: TcpStream, pace: Pace) -> Self {
        Self { tcp, pace, deadline: None, written: 0, moved: 0, lingering: None }
    }

    /// Watches over a write of so many bytes.
    fn watched(
        &mut self,
        cx: &mut Context<'_>,
        wanted: usize,
        write: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match write {
            Poll::Ready(Ok(written)) => {
                self.written += written;
                self.moved += written;
                if written >= wanted {
                    self.deadline = None;
                }
                return Poll::Ready(Ok(written));
            }
            Poll::Ready(error) => return Poll::Ready(error),
            Poll::Pending => {}
        }
        let (time, bytes) = (self.pace.time, self.pace.bytes);
        let deadline = self.deadline.get_or_insert_with(|| {
            self.written = 0;
            Box::pin(tokio::time::sleep(time))
        });
        while deadline.as_mut().poll(cx).is_ready() {
            if self.written < bytes {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")));
            }
            self.written = 0;
            deadline.as_mut().reset(Instant::now() + time);
        }
        Poll::Pending
    }

    /// Whether it is others' turn; the next is this connection's again.
    fn ends_turn(&mut self, cx: &mut Context<'_>) -> bool {
        let is_over = self.moved >= TURN_BYTES;
        if is_over {
            self.moved = 0;
            cx.waker().wake_by_ref();
        }
        is_over
    }

    /// Reads on what nobody will see, until the peer ends too or has had its time.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (deadline, left) =
            self.lingering.get_or_insert_with(|| (Box::pin(tokio::time::sleep(LINGER_TIME)), LINGER_BYTES));
        let mut scratch = [0; 8 * 1024];
        for _ in 0..TURN_BYTES / scratch.len() {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.tcp).poll_read(cx, &mut buffer) {
                Poll::Pending => return deadline.as_mut().poll(cx),
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() || *left < buffer.filled().len() => {
                    return Poll::Ready(());
                }
                Poll::Ready(Ok(())) => *left -= buffer.filled().len(),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ends_turn(cx) {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.tcp).poll_read(cx, buffer);
        self.moved = if polled.is_pending() { 0 } else { self.moved + buffer.filled().len() - before };
        polled
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.ends_turn(cx) {
            return Poll::Pending;
        }
        let write = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.watched(cx, bytes.len(), write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.ends_turn(cx) {
            return Poll::Pending;
        }
        let wanted = slices.iter().map(|slice| slice.len()).sum();
        let write = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.watched(cx, wanted, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.tcp).poll_shutdown(cx))?;
        }
        self.linger(cx).map(Ok)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // What the peer has not taken would stay with the kernel for minutes.
        if self.deadline.is_some() {
            let _ = self.tcp.set_zero_linger();
        }
    }
}

#[cfg(test)]
mod tests;
