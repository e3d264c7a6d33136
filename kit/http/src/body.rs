//! The two bodies of the edge: what came from a socket, and what goes to one.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// The error of a body; what it was only matters to the log.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A body on its way out: made by a hosted service, passed through from a peer, or ready.
#[derive(Debug)]
pub enum ReplyBody {
    /// A service in this process made it.
    Hosted(axum::body::Body),
    /// A peer's answer, passed through frame by frame.
    Proxied(Incoming),
    /// All of it, or nothing.
    Full(Option<Bytes>),
}

impl ReplyBody {
    /// No body.
    pub const fn empty() -> Self {
        Self::Full(None)
    }
}

impl From<Bytes> for ReplyBody {
    fn from(bytes: Bytes) -> Self {
        Self::Full(Some(bytes))
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Hosted(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Proxied(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Hosted(body) => body.is_end_stream(),
            Self::Proxied(body) => body.is_end_stream(),
            Self::Full(bytes) => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Hosted(body) => body.size_hint(),
            Self::Proxied(body) => body.size_hint(),
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
        }
    }
}

/// A body that came from a socket. What its reader leaves unread when it is dropped goes back to the
/// server, which reads on for a while: a client still sending must be able to read why it was refused,
/// and would see a reset connection instead.
#[derive(Debug)]
pub struct RequestBody {
    incoming: Option<Incoming>,
    unread: Unread,
}

/// Where a body that was not read to its end waits for the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread(Arc<Mutex<Option<Incoming>>>);

impl Unread {
    pub(crate) fn take(&self) -> Option<Incoming> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming) -> (Self, Unread) {
        let unread = Unread::default();
        (
            Self {
                incoming: Some(incoming),
                unread: unread.clone(),
            },
            unread,
        )
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take().filter(|incoming| !incoming.is_end_stream()) {
            *self.unread.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(incoming);
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.incoming.as_mut() {
            Some(incoming) => Pin::new(incoming).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
