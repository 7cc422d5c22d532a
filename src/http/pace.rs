//! Where a connection stands between two requests, seen from its socket and its answers.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

/// The most that is read and thrown away of a request we refused, so that its sender hears why.
const MAX_DISCARDED: usize = 4 * 1024 * 1024;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The client is saying what it wants; also from the opening to the first byte.
    Head,
    /// The endpoint has the request.
    Working,
    /// The answer is on its way.
    Sending,
    /// hyper has the last of the answer, the kernel does not yet.
    Flushing,
    /// The answer is given and nothing has been heard since.
    Silent,
    /// As `Silent`, and hyper's buffers are given back.
    Resting,
    /// We closed our side and wait for the client's.
    Leaving,
}

/// The pace at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub phase: Phase,
    /// When the phase began, or the last byte of an answer went out.
    pub since: Instant,
    lingers: bool,
}

/// Shared by the socket, the answers and the watch of one connection, all of which one task drives: the lock is never fought over.
pub(super) struct Pace(Mutex<Moment>);

impl Pace {
    pub fn start() -> Self {
        Self(Mutex::new(Moment { phase: Phase::Head, since: Instant::now(), lingers: false }))
    }

    pub fn now(&self) -> Moment {
        *self.lock()
    }

    pub fn enter(&self, phase: Phase) {
        let mut moment = self.lock();
        *moment = Moment { phase, since: Instant::now(), lingers: moment.lingers };
    }

    /// Nothing is held back for this connection any more; its silence goes on.
    pub fn rest(&self) {
        self.lock().phase = Phase::Resting;
    }

    /// The connection closes after this answer, perhaps while the client is still sending.
    pub fn will_linger(&self) {
        self.lock().lingers = true;
    }

    fn heard(&self) {
        if matches!(self.now().phase, Phase::Flushing | Phase::Silent | Phase::Resting) {
            self.enter(Phase::Head);
        }
    }

    fn wrote(&self) {
        let mut moment = self.lock();
        if matches!(moment.phase, Phase::Sending | Phase::Flushing) {
            moment.since = Instant::now();
        }
    }

    fn answered(&self) {
        if self.now().phase == Phase::Sending {
            self.enter(Phase::Flushing);
        }
    }

    fn flushed(&self) {
        if self.now().phase == Phase::Flushing {
            self.enter(Phase::Silent);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Moment> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket that notes when something is heard and said.
pub(super) struct Socket {
    stream: TcpStream,
    pace: Arc<Pace>,
    discarded: usize,
}

impl Socket {
    pub fn new(stream: TcpStream, pace: Arc<Pace>) -> io::Result<Self> {
        // Without it a second small write waits up to 40 ms for the client's acknowledgement of the first.
        stream.set_nodelay(true)?;
        Ok(Self { stream, pace, discarded: 0 })
    }

    /// Resolves when there is something to read, or the client is gone. Holds no buffer.
    pub async fn has_something(&self) -> io::Result<()> {
        // Looks at a byte: tokio calls a socket readable until somebody has tried.
        self.stream.peek(&mut [0]).await.map(drop)
    }

    /// Throws away what the client still sends, until it stops. Closing with unread bytes would make the kernel reset
    /// the connection, and the reset overtakes our answer.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scrap = [0; 8192];
        while self.discarded < MAX_DISCARDED {
            let mut buf = ReadBuf::new(&mut scrap);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => self.discarded += buf.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.pace.heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.pace.wrote();
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        self.pace.wrote();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // hyper flushes the socket only once its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.pace.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.pace.now().phase != Phase::Leaving {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.pace.enter(Phase::Leaving);
        }
        if self.pace.now().lingers {
            ready!(self.poll_discard(cx));
        }
        Poll::Ready(Ok(()))
    }
}

/// The body of an answer; when it is dropped, it was given.
pub(super) struct Answer {
    body: BoxBody<Bytes, io::Error>,
    pace: Arc<Pace>,
}

impl Answer {
    pub fn new(body: BoxBody<Bytes, io::Error>, pace: Arc<Pace>) -> Self {
        Self { body, pace }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.pace.answered();
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_small_write_does_not_wait_for_the_one_before() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(!stream.nodelay().unwrap());

        let socket = Socket::new(stream, Arc::new(Pace::start())).unwrap();
        assert!(socket.stream.nodelay().unwrap());
    }

    #[test]
    fn silence_begins_with_the_end_of_an_answer_and_ends_with_the_next_byte() {
        let pace = Pace::start();
        pace.heard();
        pace.enter(Phase::Working);
        pace.heard();
        assert_eq!(pace.now().phase, Phase::Working);

        pace.enter(Phase::Sending);
        pace.flushed();
        assert_eq!(pace.now().phase, Phase::Sending);
        pace.answered();
        assert_eq!(pace.now().phase, Phase::Flushing);
        pace.flushed();
        assert_eq!(pace.now().phase, Phase::Silent);

        pace.heard();
        assert_eq!(pace.now().phase, Phase::Head);
    }
}
