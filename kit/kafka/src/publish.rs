//! A relay's way in: a producer that sends each message once and in order, and waits for the brokers' word.
//!
//! A producer that has failed once is let go, and the next one begins anew: what it had not confirmed may be
//! there or not, and its relay sends it again. So whatever a producer sends begins at or before the first event
//! that is not certain to be there, and has no gap; that keeps the order of a key, counted by each event's first
//! appearance, even when an old producer's messages arrive late. The inboxes see to the second appearances.

use std::sync::Arc;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::BoxFuture;
use kit_bus::carrier::{BrokerError, JoiningGroup, Publisher, Record, Sent};
use kit_event::Topic;
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureRecord, Producer as _, PurgeConfig};

use crate::blocking::aside;
use crate::client::{LogContext, Producer, publishing};
use crate::{Hub, broker_error, message, topics};

pub(crate) struct KafkaPublisher {
    hub: Arc<Hub>,
    topic: &'static Topic,
    producer: Option<Producer>,
    /// The topic is known to be there.
    is_ready: bool,
}

impl KafkaPublisher {
    pub(crate) fn new(hub: Arc<Hub>, topic: &'static Topic) -> Self {
        Self {
            hub,
            topic,
            producer: None,
            is_ready: false,
        }
    }

    /// What is under way, and why there is not more of it.
    async fn send(&mut self, records: &[Arc<Record>]) -> (Vec<DeliveryFuture>, Option<BrokerError>) {
        let mut sent = Vec::with_capacity(records.len());
        if let Err(error) = self.make_ready().await {
            return (sent, Some(error));
        }
        let wire_name = self.hub.settings.wire_name(self.topic.name);
        for record in records {
            let queued = match self.producer() {
                Ok(producer) => queue(producer, &wire_name, record),
                Err(error) => Err(error),
            };
            match queued {
                Ok(delivery) => sent.push(delivery),
                Err(error) => return (sent, Some(error)),
            }
        }
        (sent, None)
    }

    async fn make_ready(&mut self) -> Result<(), BrokerError> {
        if !self.is_ready {
            topics::make_sure(&self.hub, self.topic.name, self.topic.retention).await?;
            self.is_ready = true;
        }
        Ok(())
    }

    fn producer(&mut self) -> Result<&Producer, BrokerError> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => publishing(&self.hub.settings)
                .create_with_context(LogContext)
                .map_err(broker_error)?,
        };
        Ok(self.producer.insert(producer))
    }

    /// Waits for the brokers' word on each, in order, until one is bad or does not come.
    async fn confirmed(&self, sent: Vec<DeliveryFuture>) -> (usize, Option<BrokerError>) {
        let mut confirmed = 0;
        for delivery in sent {
            let reason = match tokio::time::timeout(self.hub.settings.confirm_limit, delivery).await {
                Ok(Ok(Ok(_))) => {
                    confirmed += 1;
                    continue;
                }
                Ok(Ok(Err((error, _)))) => format!("an event was not confirmed: {error}"),
                Ok(Err(_)) => "the producer has ended".to_owned(),
                Err(_) => "an event was not confirmed in time".to_owned(),
            };
            return (confirmed, Some(broker_error(reason)));
        }
        (confirmed, None)
    }

    /// Nothing that it has not sent yet is sent any more.
    fn let_go(&mut self) {
        self.is_ready = false;
        if let Some(producer) = self.producer.take() {
            // It waits for its threads.
            let dropped = aside("kafka-goodbye", move || {
                producer.purge(PurgeConfig::default().queue().inflight());
                drop(producer);
            });
            if let Err(error) = dropped {
                tracing::warn!(%error, "a producer is left behind");
            }
        }
    }
}

fn queue(producer: &Producer, wire_name: &str, record: &Record) -> Result<DeliveryFuture, BrokerError> {
    let headers = message::outgoing(record).map_err(broker_error)?;
    let message = FutureRecord::to(wire_name)
        .key(&record.chain.key)
        .payload(&record.payload)
        .headers(headers)
        // For a topic that somebody else made; on ours the brokers' time stands.
        .timestamp(record.created_at.as_micros() / 1_000);
    let queued = producer.send_result(message);
    queued.map_err(|(error, _)| broker_error(format_args!("an event cannot be sent: {error}")))
}

impl Publisher for KafkaPublisher {
    fn publish<'a>(&'a mut self, records: &'a [Arc<Record>]) -> BoxFuture<'a, Sent> {
        async {
            let (sent, unsent) = self.send(records).await;
            let (confirmed, unconfirmed) = self.confirmed(sent).await;
            let trouble = unconfirmed.or(unsent);
            if trouble.is_some() {
                self.let_go();
            }
            Sent {
                confirmed,
                unwanted: 0,
                trouble,
            }
        }
        .boxed()
    }

    /// Never: a topic keeps its events for whoever may come.
    fn next_joining(&mut self) -> BoxFuture<'_, JoiningGroup> {
        std::future::pending().boxed()
    }

    fn publish_to<'a>(
        &'a mut self,
        _group: &'a JoiningGroup,
        records: &'a [Arc<Record>],
    ) -> BoxFuture<'a, Sent> {
        self.publish(records)
    }

    fn admit<'a>(&'a mut self, _group: &'a JoiningGroup) -> BoxFuture<'a, Result<(), BrokerError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        async {
            let Some(producer) = self.producer.take() else {
                return;
            };
            let limit = self.hub.settings.confirm_limit;
            let (tell, told) = oneshot::channel();
            let flushing = aside("kafka-flush", move || {
                if let Err(error) = producer.flush(limit) {
                    tracing::warn!(%error, "events under way are left, and are sent again by the next relay");
                }
                let _ = tell.send(());
            });
            if flushing.is_ok() {
                let _ = told.await;
            }
        }
        .boxed()
    }
}
