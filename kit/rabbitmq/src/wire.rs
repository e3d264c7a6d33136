//! The bytes below a connection: TCP or TLS, and a way to cut it.
//!
//! The client runs each connection on a thread of its own, which ends when the connection does and not when
//! whoever asked for it has lost patience. So the stream that it is given can be cut from outside: it fails from
//! then on, and the thread with it. Without that, every attempt to connect to a broker that accepts and never
//! answers would leave a thread and a socket behind.
//!
//! TLS is made here too, by the same rustls on the same cryptography as everywhere else; what the client would
//! bring of its own is left out.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures::{AsyncRead, AsyncWrite, Future, Stream};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::compat::TokioAsyncReadCompatExt as _;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A stream that can be cut.
pub(crate) struct Wire {
    stream: Pin<Box<dyn Stretch>>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    token: CancellationToken,
}

/// TCP or TLS.
trait Stretch: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Stretch for T {}

/// The client's runtime: this process's, with streams of ours.
pub(crate) type Wires = RuntimeParts<Tokio, Streams>;

pub(crate) fn runtime() -> Runtime<Wires> {
    Runtime::new(RuntimeParts::new(Tokio::current(), Streams(Tokio::current())))
}

impl Wire {
    /// Connects; `tls` holds the name that the other side must prove.
    pub(crate) async fn connect(
        host: &str,
        port: u16,
        tls: Option<(TlsConnector, ServerName<'static>)>,
        token: CancellationToken,
    ) -> io::Result<Self> {
        let connecting = async {
            let stream = TcpStream::connect((host, port)).await?;
            stream.set_nodelay(true)?;
            let stream: Pin<Box<dyn Stretch>> = match tls {
                None => Box::pin(stream.compat()),
                Some((connector, name)) => Box::pin(connector.connect(name, stream).await?.compat()),
            };
            io::Result::Ok(stream)
        };
        let stream = tokio::select! {
            connected = connecting => connected?,
            () = token.cancelled() => return Err(io::ErrorKind::ConnectionAborted.into()),
        };
        Ok(Self {
            stream,
            cut: Box::pin(token.clone().cancelled_owned()),
            token,
        })
    }

    /// Fails once it is cut.
    fn is_whole(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.is_whole(cx)?;
        self.stream.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.is_whole(cx)?;
        self.stream.as_mut().poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_whole(cx)?;
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.token.is_cancelled() {
            return Poll::Ready(Ok(()));
        }
        self.stream.as_mut().poll_close(cx)
    }
}

/// The client's reactor: Tokio's, but for the type of its streams.
#[derive(Clone, Debug)]
pub(crate) struct Streams(Tokio);

impl Reactor for Streams {
    type TcpStream = Wire;
    type Sleep = <Tokio as Reactor>::Sleep;

    /// Never asked: a client has no other handles.
    fn register<H: io::Read + io::Write + Send + 'static>(
        &self,
        _handle: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        Err::<Wire, _>(io::ErrorKind::Unsupported.into())
    }

    fn sleep(&self, span: Duration) -> Self::Sleep {
        self.0.sleep(span)
    }

    fn interval(&self, span: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(span)
    }

    /// Never asked: connections are made by [`Wire::connect`].
    fn tcp_connect_addr(
        &self,
        _address: SocketAddr,
    ) -> impl Future<Output = io::Result<Wire>> + Send + 'static {
        std::future::ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

/// Whose certificates are believed: those signed by one of these, or, where there are none, by one of those
/// that the operating system believes.
pub(crate) fn connector(roots: &[Vec<u8>]) -> Result<TlsConnector, String> {
    let mut believed = RootCertStore::empty();
    if roots.is_empty() {
        believed.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for root in roots {
        let added = believed.add(CertificateDer::from(root.clone()));
        added.map_err(|error| format!("a root certificate cannot be used: {error}"))?;
    }
    if believed.is_empty() {
        return Err("there are no root certificates, so no `amqps` address can be trusted".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(believed)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
