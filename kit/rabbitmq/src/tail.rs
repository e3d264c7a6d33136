//! What a broadcast hears: a queue of its own connection, gone with it.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use kit_bus::Failure;
use kit_bus::carrier::{BrokerError, Record, Tail};
use lapin::Consumer;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions};

use crate::link::{Link, Purpose};
use crate::message::{self, Arrival};
use crate::{Hub, broker_error, topology};

pub(crate) struct QueueTail {
    hub: Arc<Hub>,
    topics: Vec<&'static str>,
    open: Option<Open>,
    /// What came and was not yet taken.
    came: Vec<Arc<Record>>,
}

struct Open {
    consumer: Consumer,
    link: Link,
    /// What came last, unless it was acknowledged: the broker sends no more than it may.
    last: Option<u64>,
}

impl QueueTail {
    pub(crate) fn new(hub: Arc<Hub>, topics: Vec<&'static str>) -> Self {
        Self {
            hub,
            topics,
            open: None,
            came: Vec::new(),
        }
    }

    async fn subscribe(&self) -> Result<Open, BrokerError> {
        let link = Link::open(&self.hub, Purpose::Listen).await?;
        let exchanges = &self.hub.exchanges;
        topology::exchanges(&link, exchanges).await?;
        let queue = topology::exclusive(&link).await?;
        for topic in &self.topics {
            topology::bind(&link, queue.as_str(), &exchanges.entry, &format!("{topic}.#")).await?;
        }
        topology::limit(&link, self.hub.settings.prefetch).await?;
        let consumer = topology::consume(&link, queue.as_str(), BasicConsumeOptions::default()).await?;
        Ok(Open {
            consumer,
            link,
            last: None,
        })
    }

    /// Keeps what came; an event without an identity is left out.
    fn keep(&mut self, came: Option<lapin::Result<Delivery>>) -> Result<(), BrokerError> {
        let delivery = match came {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => return Err(broker_error(format_args!("listening: {error}"))),
            None => return Err(broker_error("listening: the queue is gone")),
        };
        if let Some(open) = &mut self.open {
            open.last = Some(delivery.delivery_tag);
        }
        let arrival = Arrival {
            position: 0,
            deliveries: u64::MAX,
            clock: &self.hub.clock,
        };
        self.came
            .extend(message::incoming(&delivery, &arrival).map(Arc::new));
        Ok(())
    }
}

impl Tail for QueueTail {
    fn begin(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        async {
            self.open = None;
            self.came.clear();
            self.open = Some(self.subscribe().await?);
            Ok(())
        }
        .boxed()
    }

    fn take(&mut self) -> BoxFuture<'_, Result<Vec<Arc<Record>>, Failure>> {
        async {
            while let Some(open) = &mut self.open
                && let Some(came) = open.consumer.next().now_or_never()
            {
                self.keep(came)?;
            }
            if let Some(open) = &mut self.open
                && let Some(last) = open.last.take()
            {
                let all = BasicAckOptions { multiple: true };
                let told = open.link.channel.basic_ack(last, all);
                open.link.ask("acknowledging", told).await?;
            }
            Ok(std::mem::take(&mut self.came))
        }
        .boxed()
    }

    fn changed(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        async {
            let Some(open) = &mut self.open else {
                return Err(Failure::again("not connected"));
            };
            let came = open.consumer.next().await;
            Ok(self.keep(came)?)
        }
        .boxed()
    }
}
