//! Connections to other servers, kept alive and used again.
//!
//! A pool of our own over `hyper::client::conn::http1`, since the general-purpose client costs a fifth more
//! instructions a request: it boxes connectors, wraps every body and asks a shared map for every request.
//! Here a caller resolves its [`Upstream`] once, at start, and afterwards takes connections from that
//! upstream's own idle connections.
//!
//! - **Last in, first out.** The connection used last is the one most surely alive; the others grow old and
//!   are closed.
//! - **The answer's body stays hyper's `Incoming`.** A connection is idle again as soon as the head
//!   of the answer is there, and whoever takes it asks whether it is ready. It becomes ready when the body
//!   has been read to its end, and never if the body was dropped before that.
//! - **A request is sent once.** It is sent again only when the first connection turned out to be closed
//!   and hyper handed the request back, so that not a byte of it was written. Anything else is for the
//!   caller to decide, who knows whether the request may be repeated; [`SendError`] says what is known.
//! - **No timer a connection.** One task per pool walks the idle connections.
//!
//! What it deliberately does not do: HTTP/2, redirects, cookies, decompression, proxies, following DNS
//! changes on live connections, or limiting how many connections are open at once.

mod connect;
mod idle;
mod reach;
mod tls;
mod upstream;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use kit_config::BaseUrl;
use kit_runtime::{Stop, Tasks};
use thiserror::Error;
use tokio_rustls::rustls::ClientConfig;

use self::connect::Connector;
pub use self::reach::{NotPublic, Reach, is_public};
use self::tls::client_config;
pub use self::tls::{Trust, TrustError};
use self::upstream::UpstreamInner;
pub use self::upstream::{Exchange, Upstream};

/// Any error, where it matters to the log alone.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How a pool keeps its connections.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// How long name resolution, TCP and TLS together may take.
    pub connect_timeout: Duration,
    /// After how long without use a connection is closed; at the earliest after half of it. Choose it
    /// shorter than the upstreams' own.
    pub idle_timeout: Duration,
    /// How many idle connections an upstream keeps; one more pushes out the one unused longest.
    pub max_idle_per_host: usize,
    /// Whose certificates are believed where the upstream is `https`.
    pub trust: Trust,
    /// Which addresses it connects to: somebody else's upstreams are kept out of our own network.
    pub reach: Reach,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(30),
            max_idle_per_host: 256,
            trust: Trust::System,
            reach: Reach::Anywhere,
        }
    }
}

/// Why there is no answer, and whether the request was sent.
#[derive(Debug, Error)]
pub enum SendError {
    /// No connection, or it was closed before a byte was written: surely not done, safe to repeat.
    #[error("the request was not sent")]
    NotSent(#[source] BoxError),
    /// The connection broke, or spoke something other than HTTP, after the request may have been sent.
    #[error("the connection failed after the request may have been sent")]
    Unknown(#[source] BoxError),
    /// The request was sent, and the deadline passed without the whole answer.
    #[error("no answer in time")]
    TimedOut,
    /// The request's own body failed while it was sent, as when a client hangs up; part of it may have
    /// arrived.
    #[error("the body of the request failed")]
    RequestBody(#[source] BoxError),
    /// The answer's body is larger than the caller takes.
    #[error("the answer is too large")]
    AnswerTooLarge,
}

impl SendError {
    /// Whether the upstream surely never saw the request.
    pub fn is_surely_not_sent(&self) -> bool {
        matches!(self, Self::NotSent(_))
    }

    /// Its kind in a word, for spans.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "not_sent",
            Self::Unknown(_) => "broken_off",
            Self::TimedOut => "timeout",
            Self::RequestBody(_) => "request_body",
            Self::AnswerTooLarge => "answer_too_large",
        }
    }
}

/// Keep-alive connections to any number of upstreams, for requests whose bodies are `B`. A cheap handle.
#[derive(Debug)]
pub struct Pool<B>(Arc<PoolInner<B>>);

impl<B> Clone for Pool<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[derive(Debug)]
pub(crate) struct PoolInner<B> {
    settings: PoolSettings,
    tasks: Tasks,
    /// Set when the process wants to stop: from then on no connection is kept.
    closed: AtomicBool,
    known: Mutex<Known<B>>,
}

#[derive(Debug)]
struct Known<B> {
    /// By origin. Weak, since an upstream keeps the pool.
    upstreams: HashMap<String, Weak<UpstreamInner<B>>>,
    /// Made for the first upstream that needs it.
    tls: Option<Arc<ClientConfig>>,
}

impl<B> Pool<B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// A pool whose connections run in `tasks`: kept ones are closed when the process wants to stop, those
    /// in use when their answer is complete. Must be called in a tokio runtime.
    pub fn new(settings: PoolSettings, tasks: Tasks) -> Self {
        let round = settings.idle_timeout / 2;
        let inner = Arc::new(PoolInner {
            settings,
            tasks,
            closed: AtomicBool::new(false),
            known: Mutex::new(Known {
                upstreams: HashMap::new(),
                tls: None,
            }),
        });
        let tidying = tidy(Arc::downgrade(&inner), inner.tasks.stop(), round);
        inner.tasks.spawn("tidying of idle connections", tidying);
        Self(inner)
    }

    /// The upstream at an address, of which scheme, host and port count. Resolve it once and keep it.
    pub fn upstream(&self, address: &BaseUrl) -> Result<Upstream<B>, TrustError> {
        let mut known = self.0.known();
        let origin = format!("{}:{}:{}", address.is_https(), address.host(), address.port());
        if let Some(upstream) = known.upstreams.get(&origin).and_then(Weak::upgrade) {
            return Ok(Upstream(upstream));
        }
        let tls = match (address.is_https(), known.tls.clone()) {
            (false, _) => None,
            (true, Some(config)) => Some(config),
            (true, None) => Some(known.tls.insert(client_config(&self.0.settings.trust)?).clone()),
        };
        let connector = Connector::new(address, self.0.settings.reach, tls)?;
        let upstream = Arc::new(UpstreamInner::new(connector, self.0.clone()));
        known.upstreams.insert(origin, Arc::downgrade(&upstream));
        Ok(Upstream(upstream))
    }
}

impl<B> PoolInner<B> {
    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn each_upstream(&self, act: impl Fn(&UpstreamInner<B>)) {
        let mut known = self.known();
        known
            .upstreams
            .retain(|_, upstream| upstream.upgrade().map(|upstream| act(&upstream)).is_some());
    }

    fn known(&self) -> MutexGuard<'_, Known<B>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes what has not been used for a while, twice per idle time, until the pool or the process ends.
async fn tidy<B>(pool: Weak<PoolInner<B>>, stop: Stop, round: Duration) {
    while stop.sleep(round).await {
        match pool.upgrade() {
            Some(pool) => pool.each_upstream(UpstreamInner::tidy),
            None => return,
        }
    }
    if let Some(pool) = pool.upgrade() {
        pool.closed.store(true, Ordering::Release);
        pool.each_upstream(UpstreamInner::clear);
    }
}
