//! A client's connection: under HTTP first, and after an answer 101 in the hands of whoever took it over.
//!
//! The server lends the socket to hyper, and hyper gives it to whoever waits for the upgrade. Three things
//! must hold wherever it is by then, so they are held here, below all of them:
//! - It is counted until it is closed: a tunnel is a connection of the listener's as any other.
//! - It is a tunnel only if 101 was answered. hyper hands the socket on at the end of any connection whose
//!   last request named a protocol, whatever was answered.
//! - It ends with the process, and when nothing has moved on it for too long. Cut, it reads as ended and
//!   cannot be written to.
//!
//! Whether something moved is one flag that is looked at once an idle time, not a timer that every byte sets
//! anew; so a silent tunnel lives between one and two idle times.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::task::AtomicWaker;
use http::StatusCode;
use kit_runtime::Stop;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// How long a tunnel may live past its use.
#[derive(Clone, Copy, Debug)]
pub(super) struct TunnelLimits {
    /// Without a byte either way.
    pub(super) idle: Duration,
    /// After the wish to stop, for the service to take its leave.
    pub(super) goodbye: Duration,
}

/// The socket, as hyper and whoever takes it over hold it.
pub(super) struct Line {
    stream: TcpStream,
    state: Arc<State>,
    /// Dropped with the socket.
    _open: oneshot::Sender<()>,
}

/// The server's view of a socket it has lent.
pub(super) struct LineWatch {
    state: Arc<State>,
    closed: oneshot::Receiver<()>,
}

#[derive(Default)]
struct State {
    switched: AtomicBool,
    moved: AtomicBool,
    cut: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> (Self, LineWatch) {
        let state = Arc::new(State::default());
        let (open, closed) = oneshot::channel();
        let line = Self {
            stream,
            state: state.clone(),
            _open: open,
        };
        (line, LineWatch { state, closed })
    }
}

impl LineWatch {
    /// Takes note of what was answered: after 101 the socket is a tunnel's.
    pub(super) fn answered(&self, status: StatusCode) {
        if status == StatusCode::SWITCHING_PROTOCOLS {
            self.state.switched.store(true, Ordering::Release);
        }
    }

    /// Returns when the socket is closed, or has no business being open. To be called once HTTP is over.
    pub(super) async fn outlast(&mut self, limits: TunnelLimits, stop: &Stop) {
        if !self.state.switched.load(Ordering::Acquire) {
            return self.state.cut();
        }
        tokio::select! {
            _ = &mut self.closed => return,
            () = self.state.fall_silent(limits.idle) => tracing::debug!("a silent tunnel is closed"),
            () = stop.requested() => {
                // Whoever hears the same wish may say goodbye in its own protocol.
                if tokio::time::timeout(limits.goodbye, &mut self.closed).await.is_ok() {
                    return;
                }
            }
        }
        self.state.cut();
        // It fails when the sender is dropped, which is what is waited for.
        let _ = (&mut self.closed).await;
    }
}

impl State {
    async fn fall_silent(&self, idle: Duration) {
        self.moved.store(true, Ordering::Relaxed);
        while self.moved.swap(false, Ordering::Relaxed) {
            tokio::time::sleep(idle).await;
        }
    }

    fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Whether what was polled stands; where it is pending, the cutting of the line will wake its task.
    fn stands<T>(&self, polled: &Poll<T>, waiting: &AtomicWaker, cx: &Context<'_>) -> bool {
        if polled.is_ready() {
            self.moved.store(true, Ordering::Relaxed);
            return true;
        }
        waiting.register(cx.waker());
        // Asked once more: a cutting before the waker was known woke nobody.
        !self.is_cut()
    }
}

fn broken<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, state, .. } = self.get_mut();
        if !state.is_cut() {
            let read = Pin::new(stream).poll_read(cx, buf);
            if state.stands(&read, &state.reader, cx) {
                return read;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, state, .. } = self.get_mut();
        if !state.is_cut() {
            let written = Pin::new(stream).poll_write(cx, buf);
            if state.stands(&written, &state.writer, cx) {
                return written;
            }
        }
        broken()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, state, .. } = self.get_mut();
        if !state.is_cut() {
            let written = Pin::new(stream).poll_write_vectored(cx, bufs);
            if state.stands(&written, &state.writer, cx) {
                return written;
            }
        }
        broken()
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
