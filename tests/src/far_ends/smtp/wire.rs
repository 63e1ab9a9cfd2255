//! Lines of a connection: each ends with CR and LF, and has neither within.
//! Source: <https://www.rfc-editor.org/rfc/rfc5321#section-2.3.8>.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Why there is no line.
#[derive(Debug)]
pub(super) enum NoLine {
    /// The client is gone.
    Gone,
    /// A CR or an LF stands alone.
    Bare,
    /// The line is too long.
    Long,
}

impl From<io::Error> for NoLine {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// A connection that is read by lines.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

impl Wire {
    /// Takes a connection.
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Gives the connection back, where nothing is left to read.
    pub(super) fn into_stream(self) -> Option<Box<dyn Stream>> {
        self.buffer.is_empty().then_some(self.stream)
    }

    /// Reads a line of at most so many bytes, without its end.
    pub(super) async fn line(&mut self, most: usize) -> Result<Vec<u8>, NoLine> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                if line.pop() != Some(b'\r') || line.contains(&b'\r') {
                    return Err(NoLine::Bare);
                }
                return if line.len() > most { Err(NoLine::Long) } else { Ok(line) };
            }
            if self.buffer.len() > most + 2 {
                return Err(NoLine::Long);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(NoLine::Gone);
            }
        }
    }

    /// Sends an answer of one or more lines.
    pub(super) async fn send(&mut self, answer: &str) -> io::Result<()> {
        let lines = answer.lines().map(|line| format!("{line}\r\n")).collect::<String>();
        self.stream.write_all(lines.as_bytes()).await?;
        self.stream.flush().await
    }
}
