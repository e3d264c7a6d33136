//! From an address to a byte stream: TCP, and TLS where the address asks for it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderValue;
use kit_config::BaseUrl;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::reach::Reach;
use super::tls::TrustError;

/// Opens connections to one address.
pub(super) struct Connector {
    host: String,
    port: u16,
    reach: Reach,
    host_header: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        write!(f, "Connector({scheme}://{}:{})", self.host, self.port)
    }
}

impl Connector {
    /// With TLS where there is a configuration for it.
    pub(super) fn new(
        address: &BaseUrl,
        reach: Reach,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self, TrustError> {
        let host = address.host();
        let not_a_name = || TrustError::NotAName(host.to_owned());
        let host_header = HeaderValue::from_str(address.authority()).map_err(|_| not_a_name())?;
        let tls = match tls {
            None => None,
            Some(config) => {
                let name = ServerName::try_from(host.to_owned()).map_err(|_| not_a_name())?;
                Some((TlsConnector::from(config), name))
            }
        };
        Ok(Self {
            host: host.to_owned(),
            port: address.port(),
            reach,
            host_header,
            tls,
        })
    }

    /// The `Host` of requests that do not say it themselves.
    pub(super) fn host_header(&self) -> &HeaderValue {
        &self.host_header
    }

    pub(super) async fn connect(&self) -> io::Result<Stream> {
        let stream = match self.reach {
            Reach::Anywhere => TcpStream::connect((self.host.as_str(), self.port)).await?,
            // To what was looked at, and nowhere else.
            Reach::Public => {
                let checked = self.reach.resolve(&self.host, self.port).await?;
                TcpStream::connect(checked.as_slice()).await?
            }
        };
        // Heads and small bodies leave at once.
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Stream::Plain(stream)),
            Some((tls, name)) => Ok(Stream::Tls(Box::new(tls.connect(name.clone(), stream).await?))),
        }
    }
}

/// A connection's bytes.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
