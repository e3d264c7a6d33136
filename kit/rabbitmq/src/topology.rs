//! What there is at the broker, by name, and how it is made.

use std::future::Future;

use kit_bus::carrier::BrokerError;
use lapin::options::{
    BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
    ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Consumer, ErrorKind, ExchangeKind};

use crate::Hub;
use crate::link::Link;

/// The names of what everybody shares.
#[derive(Clone, Debug)]
pub(crate) struct Exchanges {
    /// Where events are published.
    pub(crate) entry: String,
    /// Where new groups ask relays for what the logs hold.
    pub(crate) joins: String,
    pub(crate) dead: String,
}

/// The names of a group's part.
#[derive(Clone, Debug)]
pub(crate) struct Queues {
    pub(crate) queue: String,
    pub(crate) dead: String,
}

impl Exchanges {
    pub(crate) fn new(entry: &str) -> Self {
        Self {
            entry: entry.to_owned(),
            joins: format!("{entry}.joins"),
            dead: format!("{entry}.dead"),
        }
    }
}

impl Queues {
    pub(crate) fn new(entry: &str, service: &str, group: &str) -> Self {
        let queue = format!("{entry}.{service}.{group}");
        Self {
            dead: format!("{queue}.dead"),
            queue,
        }
    }
}

/// What every user of the exchanges makes sure of.
pub(crate) async fn exchanges(link: &Link, names: &Exchanges) -> Result<(), BrokerError> {
    exchange(link, &names.entry, ExchangeKind::Topic).await?;
    exchange(link, &names.joins, ExchangeKind::Direct).await
}

async fn exchange(link: &Link, name: &str, kind: ExchangeKind) -> Result<(), BrokerError> {
    let options = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    let declared = link
        .channel
        .exchange_declare(name.into(), kind, options, FieldTable::default());
    link.ask("declaring an exchange", declared).await
}

/// Confirms from now on.
pub(crate) async fn confirms(link: &Link) -> Result<(), BrokerError> {
    let selected = link.channel.confirm_select(ConfirmSelectOptions::default());
    link.ask("asking for confirms", selected).await
}

/// A group's queue with its dead letters. A queue that was made with other settings is used as it is. The topics
/// that it is not in the stream of yet are the answer.
pub(crate) async fn queue(
    hub: &Hub,
    link: &Link,
    names: &Queues,
    topics: &[&'static str],
) -> Result<Vec<&'static str>, BrokerError> {
    exchanges(link, &hub.exchanges).await?;
    exchange(link, &hub.exchanges.dead, ExchangeKind::Direct).await?;
    durable(link, &names.dead, table([("x-queue-type", text("quorum"))])).await?;
    bind(link, &names.dead, &hub.exchanges.dead, &names.queue).await?;
    let is_new = !is_there(link, &names.queue).await?;
    if is_new {
        durable(link, &names.queue, arguments(hub, names)).await?;
    }
    let mut outside = Vec::new();
    for topic in topics {
        if is_new || !is_in_stream(link, &names.queue, topic).await? {
            outside.push(*topic);
        }
    }
    Ok(outside)
}

/// Where a relay is asked for what its log holds of a topic.
pub(crate) async fn join_queue(
    link: &Link,
    names: &Exchanges,
    queue: &str,
    topic: &str,
) -> Result<(), BrokerError> {
    exchanges(link, names).await?;
    durable(link, queue, table([("x-queue-type", text("quorum"))])).await?;
    bind(link, queue, &names.joins, topic).await
}

/// Lets a group's queue into the stream of a topic. An exchange that nothing goes through says that it is there,
/// since the broker does not tell which queues are bound to what.
pub(crate) async fn let_in(link: &Link, entry: &str, queue: &str, topic: &str) -> Result<(), BrokerError> {
    bind(link, queue, entry, &format!("{topic}.#")).await?;
    exchange(link, &mark(queue, topic), ExchangeKind::Fanout).await
}

/// Removes a group's queue with all that waits in it, its dead letters, and what says that it is in the stream of
/// topics. What is not there is removed already.
pub(crate) async fn remove(link: &Link, names: &Queues, topics: &[&str]) -> Result<(), BrokerError> {
    for queue in [&names.queue, &names.dead] {
        let deleted = link
            .channel
            .queue_delete(queue.as_str().into(), QueueDeleteOptions::default());
        link.ask("deleting a queue", deleted).await?;
    }
    for topic in topics {
        let mark = mark(&names.queue, topic);
        let deleted = link
            .channel
            .exchange_delete(mark.into(), ExchangeDeleteOptions::default());
        link.ask("deleting an exchange", deleted).await?;
    }
    Ok(())
}

fn mark(queue: &str, topic: &str) -> String {
    format!("{queue}.{topic}")
}

pub(crate) async fn is_in_stream(link: &Link, queue: &str, topic: &str) -> Result<bool, BrokerError> {
    let channel = link.another_channel().await?;
    let options = ExchangeDeclareOptions {
        passive: true,
        ..ExchangeDeclareOptions::default()
    };
    let looked = channel.exchange_declare(
        mark(queue, topic).into(),
        ExchangeKind::Fanout,
        options,
        FieldTable::default(),
    );
    let found = there(link, "looking at an exchange", looked).await?;
    if found.is_some() {
        close(link, channel).await?;
    }
    Ok(found.is_some())
}

/// A queue of this connection alone, gone with it.
pub(crate) async fn exclusive(link: &Link) -> Result<ShortString, BrokerError> {
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

pub(crate) async fn bind(link: &Link, queue: &str, exchange: &str, key: &str) -> Result<(), BrokerError> {
    let bound = link.channel.queue_bind(
        queue.into(),
        exchange.into(),
        key.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    link.ask("binding a queue", bound).await
}

/// How many messages may be sent to us and not acknowledged.
pub(crate) async fn limit(link: &Link, prefetch: u16) -> Result<(), BrokerError> {
    let limited = link.channel.basic_qos(prefetch, BasicQosOptions::default());
    link.ask("limiting what comes at once", limited).await
}

pub(crate) async fn consume(
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
pub(crate) async fn is_there(link: &Link, queue: &str) -> Result<bool, BrokerError> {
    let channel = link.another_channel().await?;
    let found = waiting(link, &channel, queue).await?;
    if found.is_some() {
        close(link, channel).await?;
    }
    Ok(found.is_some())
}

/// How many messages wait in a queue, those under way not counted. None where there is no such queue; the
/// broker closes the channel then.
pub(crate) async fn waiting(link: &Link, channel: &Channel, queue: &str) -> Result<Option<u64>, BrokerError> {
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let looked = channel.queue_declare(queue.into(), options, FieldTable::default());
    let found = there(link, "looking at a queue", looked).await?;
    Ok(found.map(|queue| u64::from(queue.message_count())))
}

/// The answer, or that there is no such thing.
async fn there<T>(
    link: &Link,
    what: &'static str,
    looked: impl Future<Output = lapin::Result<T>>,
) -> Result<Option<T>, BrokerError> {
    let found = async {
        match looked.await {
            Ok(found) => Ok(Some(found)),
            // 404.
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    };
    link.ask(what, found).await
}

fn is_absent(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(error) if error.get_id() == 404)
}

async fn close(link: &Link, channel: Channel) -> Result<(), BrokerError> {
    let closed = channel.close(200, ShortString::from("OK"));
    link.ask("closing a channel", closed).await
}

async fn durable(link: &Link, queue: &str, arguments: FieldTable) -> Result<(), BrokerError> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    let declared = link.channel.queue_declare(queue.into(), options, arguments);
    link.ask("declaring a queue", declared).await?;
    Ok(())
}

/// One consumer at a time, so that what one has not acknowledged comes before what follows. Dead letters are
/// sent on with confirms, which the broker does only for queues that refuse when they are full; ours have no
/// bound.
fn arguments(hub: &Hub, names: &Queues) -> FieldTable {
    table([
        ("x-queue-type", text("quorum")),
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
        (
            "x-delivery-limit",
            AMQPValue::LongLongInt(hub.settings.delivery_limit.into()),
        ),
        ("x-dead-letter-exchange", text(&hub.exchanges.dead)),
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
