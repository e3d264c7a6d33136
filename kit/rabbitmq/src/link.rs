//! A connection to RabbitMQ with one channel.
//!
//! It is given up as a whole: whoever meets an error drops it, which cuts the connection, and opens another.
//! The client's own way of mending connections is left alone, because what is to be done anew after an
//! interruption differs by use.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use kit_bus::carrier::BrokerError;
use lapin::types::ShortString;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, Channel, Connection, ConnectionProperties};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::wire::{self, Wire};
use crate::{Hub, RabbitMqSettings, broker_error};

/// Bytes of a frame. The client keeps room for 32 each way for every connection, and the default is 128 KiB.
const FRAME: u32 = 32 * 1_024;

/// What a connection is for; the broker shows it to operators.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Publish,
    /// A relay's, for the requests of new groups.
    JoinRequests,
    Consume,
    Listen,
    /// A short look.
    Look,
}

pub(crate) struct Link {
    pub(crate) channel: Channel,
    connection: Connection,
    /// How long an answer may take.
    pub(crate) limit: Duration,
    _cut: DropGuard,
}

impl Link {
    pub(crate) async fn open(hub: &Hub, purpose: Purpose) -> Result<Self, BrokerError> {
        let settings = &hub.settings;
        let uri = address(settings)?;
        let token = CancellationToken::new();
        let cut = token.clone().drop_guard();
        let tls = tls(settings, &uri)?;
        let properties = ConnectionProperties::default()
            .with_connection_name(format!("{} {purpose}", settings.exchange).into());
        let runtime = wire::runtime();
        let connect = async move |uri: AMQPUri, _runtime| {
            let (host, port) = (uri.authority.host.as_str(), uri.authority.port);
            let wire = Wire::connect(host, port, tls.clone(), token.clone()).await?;
            Ok(AsyncTcpStream::Plain(wire))
        };
        let opening = async {
            let connection = Connection::connector(uri, runtime, connect, properties).await?;
            let channel = connection.create_channel().await?;
            Ok((connection, channel))
        };
        let (connection, channel) = within(settings.answer_limit, "connecting", opening).await?;
        Ok(Self {
            channel,
            connection,
            limit: settings.answer_limit,
            _cut: cut,
        })
    }

    /// Asks the broker for something, for as long as an answer may take.
    pub(crate) async fn ask<T>(
        &self,
        what: &'static str,
        answer: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, BrokerError> {
        within(self.limit, what, answer).await
    }

    pub(crate) async fn another_channel(&self) -> Result<Channel, BrokerError> {
        self.ask("opening a channel", self.connection.create_channel())
            .await
    }

    /// Ends in order, so that what was sent arrives.
    pub(crate) async fn close(self) {
        let closing = self.connection.close(200, ShortString::from("OK"));
        if let Err(error) = within(self.limit, "closing", closing).await {
            tracing::debug!(%error, "a connection ended without order");
        }
    }
}

async fn within<T>(
    limit: Duration,
    what: &'static str,
    answer: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(broker_error(format_args!("{what}: {error}"))),
        Err(_) => Err(broker_error(format_args!("{what}: no answer within {limit:?}"))),
    }
}

/// Whether the settings could ever work.
pub(crate) fn check_address(settings: &RabbitMqSettings) -> Result<(), BrokerError> {
    let uri = address(settings)?;
    tls(settings, &uri)?;
    Ok(())
}

fn address(settings: &RabbitMqSettings) -> Result<AMQPUri, BrokerError> {
    // What is wrong with it is not said, because it holds a password.
    let parsed: Result<AMQPUri, _> = settings.url.expose().parse();
    let mut uri =
        parsed.map_err(|_| broker_error("the address is not `amqp[s]://user:password@host:port/vhost`"))?;
    let heartbeat = settings.heartbeat.as_secs().max(1);
    uri.query.heartbeat = Some(u16::try_from(heartbeat).unwrap_or(u16::MAX));
    uri.query.frame_max.get_or_insert(FRAME);
    Ok(uri)
}

fn tls(
    settings: &RabbitMqSettings,
    uri: &AMQPUri,
) -> Result<Option<(TlsConnector, ServerName<'static>)>, BrokerError> {
    if uri.scheme == AMQPScheme::AMQP {
        return Ok(None);
    }
    let host = uri.authority.host.clone();
    let name = ServerName::try_from(host)
        .map_err(|_| broker_error(format_args!("`{}` is not the name of a host", uri.authority.host)))?;
    Ok(Some((
        wire::connector(&settings.roots).map_err(broker_error)?,
        name,
    )))
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publish => "relay",
            Self::JoinRequests => "joins",
            Self::Consume => "group",
            Self::Listen => "broadcast",
            Self::Look => "look",
        })
    }
}
