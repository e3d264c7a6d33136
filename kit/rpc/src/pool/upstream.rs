//! One upstream: take a connection or open one, send, and put it back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout, timeout_at};

use super::connect::Connector;
use super::idle::IdleConnections;
use super::{BoxError, PoolInner, SendError};

/// How long an exchange waits for its connection to be ready again, once the answer has been read. The
/// connection's task needs a moment to notice; only an upstream that answered before it had read the whole
/// request takes longer.
const SETTLING: Duration = Duration::from_millis(5);

/// A server that requests are sent to. A cheap handle; see [`super::Pool::upstream`].
#[derive(Debug)]
pub struct Upstream<B>(pub(super) Arc<UpstreamInner<B>>);

impl<B> Clone for Upstream<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The bounds of a request whose whole answer is read.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// When to give up the request.
    pub deadline: Instant,
    /// The largest body of an answer, in bytes.
    pub most_bytes: usize,
}

#[derive(Debug)]
pub(super) struct UpstreamInner<B> {
    connector: Connector,
    pool: Arc<PoolInner<B>>,
    idle: Mutex<IdleConnections<B>>,
}

/// What became of a request that was given to a connection.
enum Attempt<B> {
    Answered(Response<Incoming>),
    /// The connection was closed and nothing written; here is the request again.
    HandedBack(Request<B>, BoxError),
}

impl<B> Upstream<B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// Sends a request and returns when the answer's head is there. The request's address is sent as it
    /// is, so it must be a path (RFC 9112, 3.2.1); `Host` is added where it is missing. An answer 101
    /// carries [`hyper::upgrade::OnUpgrade`].
    ///
    /// To stop waiting, drop the future: the connection is then closed.
    pub async fn send(&self, request: Request<B>) -> Result<Response<Incoming>, SendError> {
        let (sender, response) = self.0.transfer(request, None).await?;
        self.0.keep(sender);
        Ok(response)
    }

    /// As [`Upstream::send`], giving up when `deadline` passes before the answer's head is there.
    pub async fn send_before(
        &self,
        request: Request<B>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, SendError> {
        let (sender, response) = self.0.transfer(request, Some(deadline)).await?;
        self.0.keep(sender);
        Ok(response)
    }

    /// Sends a request and reads the whole answer.
    pub async fn exchange(
        &self,
        request: Request<B>,
        bounds: Exchange,
    ) -> Result<Response<Bytes>, SendError> {
        let (mut sender, response) = self.0.transfer(request, Some(bounds.deadline)).await?;
        let (head, body) = response.into_parts();
        let reading = Limited::new(body, bounds.most_bytes).collect();
        let body = match timeout_at(bounds.deadline, reading).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(SendError::AnswerTooLarge),
            Ok(Err(error)) => return Err(SendError::Unknown(error)),
            Err(_) => return Err(SendError::TimedOut),
        };
        if !sender.is_ready() {
            // Not ready in that time, or closed: the shelf looks at it again before it is used.
            let _ = timeout(SETTLING, sender.ready()).await;
        }
        self.0.keep(sender);
        Ok(Response::from_parts(head, body))
    }
}

impl<B> UpstreamInner<B> {
    pub(super) fn new(connector: Connector, pool: Arc<PoolInner<B>>) -> Self {
        Self {
            connector,
            pool,
            idle: Mutex::default(),
        }
    }

    pub(super) fn tidy(&self) {
        self.idle().tidy();
    }

    pub(super) fn clear(&self) {
        self.idle().clear();
    }

    fn keep(&self, connection: SendRequest<B>) {
        let mut parked = self.idle();
        // Asked under the lock, so that nothing is put back after the last clearing.
        if !self.pool.is_closed() {
            parked.put(connection, self.pool.settings.max_idle_per_host);
        }
    }

    fn idle(&self) -> MutexGuard<'_, IdleConnections<B>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> UpstreamInner<B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn transfer(
        &self,
        mut request: Request<B>,
        deadline: Option<Instant>,
    ) -> Result<(SendRequest<B>, Response<Incoming>), SendError> {
        let host = self.connector.host_header();
        request.headers_mut().entry(HOST).or_insert_with(|| host.clone());
        let kept = self.idle().take();
        if let Some(mut sender) = kept {
            match attempt(&mut sender, request, deadline).await? {
                Attempt::Answered(response) => return Ok((sender, response)),
                Attempt::HandedBack(unsent, _) => request = unsent,
            }
        }
        let mut sender = self.connect(deadline).await?;
        match attempt(&mut sender, request, deadline).await? {
            Attempt::Answered(response) => Ok((sender, response)),
            Attempt::HandedBack(_, error) => Err(SendError::NotSent(error)),
        }
    }

    async fn connect(&self, deadline: Option<Instant>) -> Result<SendRequest<B>, SendError> {
        let limit = Instant::now() + self.pool.settings.connect_timeout;
        let limit = deadline.map_or(limit, |deadline| deadline.min(limit));
        let stream = match timeout_at(limit, self.connector.connect()).await {
            Ok(connected) => connected.map_err(|error| SendError::NotSent(error.into()))?,
            Err(late) => return Err(SendError::NotSent(late.into())),
        };
        let handshake = Builder::new().handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| SendError::NotSent(error.into()))?;
        self.pool.tasks.spawn("upstream connection", async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "an upstream connection failed");
            }
        });
        Ok(sender)
    }
}

async fn attempt<B>(
    sender: &mut SendRequest<B>,
    request: Request<B>,
    deadline: Option<Instant>,
) -> Result<Attempt<B>, SendError>
where
    B: Body + 'static,
{
    let sending = sender.try_send_request(request);
    let sent = match deadline {
        None => sending.await,
        Some(deadline) => timeout_at(deadline, sending)
            .await
            .map_err(|_| SendError::TimedOut)?,
    };
    let mut refusal = match sent {
        Ok(response) => return Ok(Attempt::Answered(response)),
        Err(refusal) => refusal,
    };
    let unsent = refusal.take_message();
    let error = refusal.into_error();
    match unsent {
        Some(request) => Ok(Attempt::HandedBack(request, error.into())),
        None if error.is_user() => Err(SendError::RequestBody(error.into())),
        None => Err(SendError::Unknown(error.into())),
    }
}
