//! What there is at the broker, by name, and how it is made.

use lapin::options::{
    BasicConsumeOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Consumer, ErrorKind, ExchangeKind};

use super::link::Link;
use super::{Hub, refused};
use crate::carrier::BrokerError;

/// The names of a group's part.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) exchange: String,
    pub(super) queue: String,
    pub(super) dead_exchange: String,
    pub(super) dead_queue: String,
}

impl Names {
    pub(super) fn new(exchange: &str, service: &str, group: &str) -> Self {
        let queue = format!("{exchange}.{service}.{group}");
        Self {
            exchange: exchange.to_owned(),
            dead_exchange: format!("{exchange}.dead"),
            dead_queue: format!("{queue}.dead"),
            queue,
        }
    }
}

/// What every user of the exchange makes sure of.
pub(super) async fn exchange(link: &Link, exchange: &str) -> Result<(), BrokerError> {
    let declared = link.channel.exchange_declare(
        exchange.into(),
        ExchangeKind::Topic,
        durable_exchange(),
        FieldTable::default(),
    );
    link.ask("declaring the exchange", declared).await
}

/// Confirms from now on.
pub(super) async fn confirms(link: &Link) -> Result<(), BrokerError> {
    let selected = link.channel.confirm_select(ConfirmSelectOptions::default());
    link.ask("asking for confirms", selected).await
}

/// A group's queue with its dead letters, bound to its topics. A queue that was made with other settings is
/// used as it is.
pub(super) async fn queue(
    hub: &Hub,
    link: &Link,
    names: &Names,
    topics: &[&'static str],
) -> Result<(), BrokerError> {
    exchange(link, &names.exchange).await?;
    let dead = link.channel.exchange_declare(
        names.dead_exchange.as_str().into(),
        ExchangeKind::Direct,
        durable_exchange(),
        FieldTable::default(),
    );
    link.ask("declaring the exchange of dead letters", dead).await?;
    let dead = declare(&link.channel, &names.dead_queue, quorum());
    link.ask("declaring the queue of dead letters", dead).await?;
    bind(link, &names.dead_queue, &names.dead_exchange, &names.queue).await?;
    if !is_there(link, &names.queue).await? {
        let queue = declare(&link.channel, &names.queue, arguments(hub, names));
        link.ask("declaring the queue", queue).await?;
    }
    for topic in topics {
        bind(link, &names.queue, &names.exchange, &format!("{topic}.#")).await?;
    }
    Ok(())
}

/// A queue of this connection alone, gone with it.
pub(super) async fn exclusive(link: &Link) -> Result<ShortString, BrokerError> {
    let options = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..QueueDeclareOptions::default()
    };
    let declared = link
        .channel
        .queue_declare(ShortString::default(), options, FieldTable::default());
    let queue = link.ask("declaring a queue", declared).await?;
    Ok(queue.name().clone())
}

pub(super) async fn bind(link: &Link, queue: &str, exchange: &str, key: &str) -> Result<(), BrokerError> {
    let bound = link.channel.queue_bind(
        queue.into(),
        exchange.into(),
        key.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    link.ask("binding a queue", bound).await
}

pub(super) async fn consume(
    link: &Link,
    queue: &str,
    options: BasicConsumeOptions,
) -> Result<Consumer, BrokerError> {
    let consuming = link.channel.basic_consume(
        queue.into(),
        ShortString::default(),
        options,
        FieldTable::default(),
    );
    link.ask("consuming", consuming).await
}

/// Asked on a channel of its own, which the broker closes when the answer is no.
async fn is_there(link: &Link, queue: &str) -> Result<bool, BrokerError> {
    let channel = link.another_channel().await?;
    let found = waiting(link, &channel, queue).await?;
    if found.is_some() {
        let closed = channel.close(200, ShortString::from("OK"));
        link.ask("closing a channel", closed).await?;
    }
    Ok(found.is_some())
}

/// How many messages wait in a queue, those under way not counted. None where there is no such queue; the
/// broker closes the channel then.
pub(super) async fn waiting(link: &Link, channel: &Channel, queue: &str) -> Result<Option<u64>, BrokerError> {
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let looked = channel.queue_declare(queue.into(), options, FieldTable::default());
    match tokio::time::timeout(link.limit, looked).await {
        Ok(Ok(queue)) => Ok(Some(u64::from(queue.message_count()))),
        Ok(Err(error)) if is_absent(&error) => Ok(None),
        Ok(Err(error)) => Err(refused(format_args!("looking at a queue: {error}"))),
        Err(_) => Err(refused("looking at a queue: no answer")),
    }
}

/// 404.
fn is_absent(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(error) if error.get_id() == 404)
}

async fn declare(channel: &Channel, queue: &str, arguments: FieldTable) -> lapin::Result<()> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    channel.queue_declare(queue.into(), options, arguments).await?;
    Ok(())
}

fn durable_exchange() -> ExchangeDeclareOptions {
    ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    }
}

fn quorum() -> FieldTable {
    table([("x-queue-type", text("quorum"))])
}

/// One consumer at a time, so that what one has not acknowledged comes before what follows. Dead letters are
/// sent on with confirms, which the broker does only for queues that refuse when they are full; ours have no
/// bound.
fn arguments(hub: &Hub, names: &Names) -> FieldTable {
    table([
        ("x-queue-type", text("quorum")),
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
        (
            "x-delivery-limit",
            AMQPValue::LongLongInt(hub.settings.delivery_limit.into()),
        ),
        ("x-dead-letter-exchange", text(&names.dead_exchange)),
        ("x-dead-letter-routing-key", text(&names.queue)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ])
}

fn table<const N: usize>(entries: [(&'static str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert(name.into(), value);
    }
    table
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}
