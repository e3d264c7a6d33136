//! Accepting connections and driving them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use kit_runtime::{Stop, Tasks};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::line::{Line, LineWatch, TunnelLimits};
use super::{Endpoint, PeerAddress, Stack};

/// After an accept that failed for want of file descriptors there is nothing to do but wait for some.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Above the stack's own limits, so that what is too much is told in the one error shape.
const READ_BUFFER: usize = 128 * 1024;
const MOST_HEADERS: usize = 256;

/// Limits of a listening socket.
#[derive(Clone, Copy, Debug)]
pub struct ServerSettings {
    /// How many connections at once; more wait unaccepted.
    pub connections: usize,
    /// From the first byte of a head to its last, and how long a kept-alive connection may be silent.
    pub head_timeout: Duration,
    /// How long a tunnel (a WebSocket) may be silent both ways; it is closed after twice that at the latest.
    pub tunnel_idle: Duration,
    /// How long tunnels may go on once the process wants to stop, for services to close them in order.
    pub tunnel_goodbye: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_timeout: Duration::from_secs(30),
            tunnel_idle: Duration::from_mins(5),
            tunnel_goodbye: Duration::from_secs(2),
        }
    }
}

/// A bound socket that does not accept yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    settings: ServerSettings,
}

impl Server {
    /// Binds the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, settings: ServerSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
        Ok(Self { listener, settings })
    }

    /// The address on which the server listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Accepts until the process wants to stop; then open connections finish the request at hand.
    pub fn serve<E: Endpoint>(self, endpoint: E, stack: Stack, tasks: &Tasks) {
        let served = Arc::new(Served {
            endpoint,
            stack,
            settings: self.settings,
        });
        let (stop, connections) = (tasks.stop(), tasks.clone());
        tasks.spawn("http.accept", async move {
            let permits = Arc::new(Semaphore::new(served.settings.connections));
            loop {
                tokio::select! {
                    () = stop.requested() => return,
                    (stream, peer, permit) = accept(&self.listener, &permits) => {
                        let (served, stop) = (served.clone(), stop.clone());
                        connections.spawn("http.connection", async move {
                            served.drive(stream, peer, stop).await;
                            drop(permit);
                        });
                    }
                }
            }
        });
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed; without a permit the connection would merely not be counted.
    let permit = permits.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

struct Served<E> {
    endpoint: E,
    stack: Stack,
    settings: ServerSettings,
}

impl<E: Endpoint> Served<E> {
    async fn drive(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, stop: Stop) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let settings = self.settings;
        let (line, mut watch) = Line::new(stream);
        self.speak_http(line, &watch, peer, &stop).await;
        let limits = TunnelLimits {
            idle: settings.tunnel_idle,
            goodbye: settings.tunnel_goodbye,
        };
        watch.outlast(limits, &stop).await;
    }

    async fn speak_http(&self, line: Line, watch: &LineWatch, peer: SocketAddr, stop: &Stop) {
        let service = service_fn(async |request: http::Request<Incoming>| {
            let answer = self
                .stack
                .answer(&self.endpoint, request, PeerAddress(peer))
                .await;
            watch.answered(answer.status());
            Ok::<_, Infallible>(answer)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.settings.head_timeout)
            .max_buf_size(READ_BUFFER)
            .max_headers(MOST_HEADERS)
            .serve_connection(TokioIo::new(line), service)
            .with_upgrades();
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.requested() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, %peer, "a connection broke");
        }
    }
}
