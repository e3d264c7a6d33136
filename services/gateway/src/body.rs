//! A request's body on its way to whoever answers.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use kit_http::RequestBody;
use thiserror::Error;

/// What is known of a body before it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announced {
    /// So many bytes at least.
    pub(crate) least: u64,
    pub(crate) has_ended: bool,
}

impl Announced {
    pub(crate) fn of(body: &RequestBody) -> Self {
        Self {
            least: body.size_hint().lower(),
            has_ended: body.is_end_stream(),
        }
    }
}

/// Passes a body on as it comes, up to a limit, and without trailers: those arrive after the headers were
/// cleaned, and a proxy may drop them (RFC 9110, section 6.5.1).
#[derive(Debug)]
pub(crate) struct ForwardedBody {
    inner: RequestBody,
    left: u64,
    overrun: Overrun,
}

/// Whether the body turned out too long; asked when the sending failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrun(Arc<AtomicBool>);

impl Overrun {
    pub(crate) fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the reader of a forwarded body is told.
#[derive(Debug, Error)]
pub(crate) enum ForwardError {
    #[error("the body is larger than the route allows")]
    TooLarge,
    #[error("the client's body ended early")]
    Client(#[source] hyper::Error),
}

impl ForwardedBody {
    pub(crate) fn new(inner: RequestBody, limit: u64) -> Self {
        Self {
            inner,
            left: limit,
            overrun: Overrun::default(),
        }
    }

    pub(crate) fn overrun(&self) -> Overrun {
        self.overrun.clone()
    }
}

impl Body for ForwardedBody {
    type Data = Bytes;
    type Error = ForwardError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ForwardError>>> {
        let frame = match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(ForwardError::Client(error)))),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => return Poll::Pending,
        };
        let Ok(data) = frame.into_data() else {
            return Poll::Ready(None);
        };
        let Some(left) = self.left.checked_sub(data.len() as u64) else {
            self.overrun.0.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(ForwardError::TooLarge)));
        };
        self.left = left;
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
