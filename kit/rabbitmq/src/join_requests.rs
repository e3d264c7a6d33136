//! How a new group asks for what the logs hold.
//!
//! A queue gets what is published after it is bound, and RabbitMQ keeps nothing for queues that are not there
//! yet. So a group does not bind its queue itself. It asks the relay of each topic, by a message to a queue that
//! the relay keeps for that; the relay sends its log to the group's queue alone, and binds the queue
//! once that has everything. The message is acknowledged after that, so whoever relays next goes on with it.
//!
//! A topic that no service of ours publishes has no relay, and there the group binds its queue itself.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use kit_bus::carrier::{BrokerError, JoiningGroup};
use kit_runtime::Timestamp;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions};
use lapin::{BasicProperties, Confirmation, Consumer};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::link::{Link, Purpose};
use crate::{Hub, broker_error, topology};

/// What a group asks for.
#[derive(Serialize, Deserialize)]
struct Request {
    queue: String,
    since: Option<Timestamp>,
}

/// Asks the relays of a topic; false where there is none yet.
pub(crate) async fn ask(
    hub: &Hub,
    link: &Link,
    queue: &str,
    topic: &str,
    since: Option<Timestamp>,
) -> Result<bool, BrokerError> {
    let failed = |error| broker_error(format_args!("asking for what the logs hold: {error}"));
    let request = Request {
        queue: queue.to_owned(),
        since,
    };
    let request = serde_json::to_vec(&request).map_err(broker_error)?;
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let properties = BasicProperties::default().with_delivery_mode(super::message::PERSISTENT);
    let exchange = hub.exchanges.joins.as_str().into();
    let published = link
        .channel
        .basic_publish(exchange, topic.into(), options, &request, properties);
    let confirmed = async { published.await?.await };
    match link.ask("asking for what the logs hold", confirmed).await? {
        Confirmation::Ack(None) => Ok(true),
        Confirmation::Ack(Some(_)) => Ok(false),
        Confirmation::Nack(_) | Confirmation::NotRequested => Err(failed("the broker refused")),
    }
}

/// Where a relay is asked for what its log holds of one topic.
pub(crate) struct JoinRequests {
    hub: Arc<Hub>,
    /// Its queue.
    name: String,
    topic: &'static str,
    state: State,
    pause: Duration,
}

enum State {
    /// Until the next attempt.
    Resting(Instant),
    Connecting(BoxFuture<'static, Result<(Link, Consumer), BrokerError>>),
    Open(Box<(Link, Consumer)>),
}

impl JoinRequests {
    pub(crate) fn new(hub: Arc<Hub>, service: &str, topic: &'static str) -> Self {
        Self {
            name: format!("{}.relay.{service}.{topic}", hub.exchanges.entry),
            topic,
            state: State::Resting(Instant::now()),
            pause: hub.settings.first_pause,
            hub,
        }
    }

    /// The next who asks. Cancel-safe.
    pub(crate) async fn next(&mut self) -> JoiningGroup {
        loop {
            match &mut self.state {
                State::Resting(until) => {
                    tokio::time::sleep_until(*until).await;
                    let (hub, name, topic) = (self.hub.clone(), self.name.clone(), self.topic);
                    self.state = State::Connecting(async move { open(&hub, &name, topic).await }.boxed());
                }
                State::Connecting(connecting) => match connecting.await {
                    Ok(open) => {
                        self.pause = self.hub.settings.first_pause;
                        self.state = State::Open(Box::new(open));
                    }
                    Err(error) => self.lose(&error),
                },
                State::Open(open) => match open.1.next().await {
                    Some(Ok(delivery)) => {
                        if let Some(group) = read(&delivery) {
                            return group;
                        }
                        self.done(delivery.delivery_tag).await;
                    }
                    Some(Err(error)) => self.lose(&broker_error(error)),
                    None => self.lose(&broker_error("the queue of requests is gone")),
                },
            }
        }
    }

    /// Somebody has been served, or need not be. Where that cannot be told they are served again.
    pub(crate) async fn done(&mut self, receipt: u64) {
        if let State::Open(open) = &mut self.state {
            let told = open.0.channel.basic_ack(receipt, BasicAckOptions::default());
            if let Err(error) = open.0.ask("acknowledging", told).await {
                self.lose(&error);
            }
        }
    }

    pub(crate) async fn close(&mut self) {
        let closed = State::Resting(Instant::now());
        if let State::Open(open) = std::mem::replace(&mut self.state, closed) {
            open.0.close().await;
        }
    }

    fn lose(&mut self, error: &BrokerError) {
        let queue = &self.name;
        tracing::warn!(queue, %error, "requests of new groups cannot be read");
        self.state = State::Resting(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(self.hub.settings.longest_pause);
    }
}

async fn open(hub: &Hub, name: &str, topic: &str) -> Result<(Link, Consumer), BrokerError> {
    let link = Link::open(hub, Purpose::JoinRequests).await?;
    topology::join_queue(&link, &hub.exchanges, name, topic).await?;
    let consumer = topology::consume(&link, name, BasicConsumeOptions::default()).await?;
    Ok((link, consumer))
}

fn read(delivery: &Delivery) -> Option<JoiningGroup> {
    let request: Request = match serde_json::from_slice(&delivery.data) {
        Ok(request) => request,
        Err(error) => {
            tracing::error!(%error, "what a new group says cannot be read");
            return None;
        }
    };
    Some(JoiningGroup {
        queue: request.queue,
        since: request.since,
        receipt: delivery.delivery_tag,
    })
}
