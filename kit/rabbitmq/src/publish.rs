//! A relay's way in: every message confirmed, and mandatory while anybody listens.
//!
//! The broker sends back what it cannot route before it confirms it, but the client gives a returned message to
//! whichever confirm comes next, which is another's where several are on their way. So all confirms of a batch
//! are awaited, and what came back is told by its message id. It is no trouble, since the log has it for
//! whoever comes later, but it is counted.
//!
//! The client also writes each returned message into the process's log. So one event goes alone before others
//! follow, and while such a one comes back those that follow are not mandatory; now and then another is tried.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, maybe_done};
use kit_bus::carrier::{BrokerError, JoiningGroup, Publisher, Record, Sent};
use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{Confirmation, PublisherConfirm};
use tokio::time::Instant;

use crate::join_requests::JoinRequests;
use crate::link::{Link, Purpose};
use crate::{Hub, broker_error, message, topology};

/// How long nobody is believed to listen.
const UNHEARD: Duration = Duration::from_mins(1);

/// Whether anybody listens to the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subscribers {
    Unknown,
    Some,
    /// Until somebody is let in, or it is time to try again.
    None(Instant),
}

pub(crate) struct RabbitPublisher {
    hub: Arc<Hub>,
    topic: &'static str,
    subscribers: Subscribers,
    link: Option<Link>,
    join_requests: JoinRequests,
}

/// What the broker said to each of a batch, in order.
struct Answers {
    said: Vec<Result<(), BrokerError>>,
    /// By message id.
    returned: HashSet<String>,
}

/// Where messages go.
#[derive(Clone, Copy)]
enum Destination<'w> {
    /// To all who listen.
    Stream { entry: &'w str, is_mandatory: bool },
    /// To one queue, by the exchange that knows every queue by its name.
    Queue { queue: &'w str },
}

impl RabbitPublisher {
    pub(crate) fn new(hub: Arc<Hub>, service: &str, topic: &'static str) -> Self {
        Self {
            join_requests: JoinRequests::new(hub.clone(), service, topic),
            hub,
            topic,
            subscribers: Subscribers::Unknown,
            link: None,
        }
    }

    async fn link(&mut self) -> Result<&Link, BrokerError> {
        let link = if let Some(link) = self.link.take() {
            link
        } else {
            let link = Link::open(&self.hub, Purpose::Publish).await?;
            topology::exchanges(&link, &self.hub.exchanges).await?;
            topology::confirms(&link).await?;
            link
        };
        Ok(self.link.insert(link))
    }

    async fn send(&mut self, destination: Destination<'_>, records: &[Arc<Record>]) -> Sent {
        let limit = self.hub.settings.confirm_limit;
        let sent = match self.link().await {
            Ok(link) => {
                let late = || broker_error(format_args!("publishing: no confirm within {limit:?}"));
                let sending = tokio::time::timeout(limit, send_all(link, destination, records));
                sending.await.unwrap_or_else(|_| Err(late()))
            }
            Err(error) => Err(error),
        };
        let sent = sent.map_or_else(Sent::nothing, |answers| answers.into_sent(records));
        if sent.trouble.is_some() {
            // What is still on its way is cut off.
            self.link = None;
        }
        sent
    }

    async fn let_in(&mut self, queue: &str) -> Result<(), BrokerError> {
        let (hub, topic) = (self.hub.clone(), self.topic);
        let link = self.link().await?;
        if topology::is_there(link, queue).await? {
            topology::let_in(link, &hub.exchanges.entry, queue, topic).await?;
        }
        Ok(())
    }
}

/// Sends all, then hears what the broker says to each.
async fn send_all(
    link: &Link,
    destination: Destination<'_>,
    records: &[Arc<Record>],
) -> Result<Answers, BrokerError> {
    let sending = records
        .iter()
        .map(|record| maybe_done(publish(link, destination, record)));
    let mut sending: Vec<_> = sending.map(Box::pin).collect();
    // The first poll of each hands it to the client, so they go out in this order and without waiting for each
    // other.
    for sent in &mut sending {
        let _ = futures::poll!(sent.as_mut());
    }
    let mut confirms = Vec::with_capacity(records.len());
    for mut sent in sending {
        sent.as_mut().await;
        let confirm = sent.as_mut().take_output();
        confirms.push(confirm.ok_or_else(|| broker_error("publishing: no answer"))??);
    }
    Ok(answers(confirms).await)
}

impl Publisher for RabbitPublisher {
    fn publish<'a>(&'a mut self, records: &'a [Arc<Record>]) -> BoxFuture<'a, Sent> {
        async move {
            let hub = self.hub.clone();
            let (subscribers, records) = match self.subscribers {
                Subscribers::None(until) if Instant::now() < until => (self.subscribers, records),
                Subscribers::Some => (Subscribers::Some, records),
                Subscribers::None(_) | Subscribers::Unknown => {
                    (Subscribers::Unknown, &records[..records.len().min(1)])
                }
            };
            let destination = Destination::Stream {
                entry: &hub.exchanges.entry,
                is_mandatory: !matches!(subscribers, Subscribers::None(_)),
            };
            let sent = self.send(destination, records).await;
            self.subscribers = match (&sent.trouble, sent.unwanted, subscribers) {
                (Some(_), _, _) => Subscribers::Unknown,
                (None, 0, Subscribers::None(_)) => subscribers,
                (None, 0, _) => Subscribers::Some,
                (None, _, _) => Subscribers::None(Instant::now() + UNHEARD),
            };
            sent
        }
        .boxed()
    }

    fn next_joining(&mut self) -> BoxFuture<'_, JoiningGroup> {
        self.join_requests.next().boxed()
    }

    fn publish_to<'a>(
        &'a mut self,
        group: &'a JoiningGroup,
        records: &'a [Arc<Record>],
    ) -> BoxFuture<'a, Sent> {
        let queue = &group.queue;
        self.send(Destination::Queue { queue }, records).boxed()
    }

    fn admit<'a>(&'a mut self, group: &'a JoiningGroup) -> BoxFuture<'a, Result<(), BrokerError>> {
        async move {
            let admitted = self.let_in(&group.queue).await;
            match &admitted {
                Ok(()) => {
                    self.subscribers = Subscribers::Unknown;
                    self.join_requests.done(group.receipt).await;
                }
                Err(_) => self.link = None,
            }
            admitted
        }
        .boxed()
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        async {
            if let Some(link) = self.link.take() {
                link.close().await;
            }
            self.join_requests.close().await;
        }
        .boxed()
    }
}

async fn publish(
    link: &Link,
    destination: Destination<'_>,
    record: &Record,
) -> Result<PublisherConfirm, BrokerError> {
    let outgoing =
        message::outgoing(record).map_err(|reason| broker_error(format_args!("{}: {reason}", record.id)))?;
    let (exchange, routing_key, mandatory) = match destination {
        Destination::Stream { entry, is_mandatory } => (entry.into(), outgoing.routing_key, is_mandatory),
        Destination::Queue { queue } => (ShortString::default(), queue.into(), true),
    };
    let options = BasicPublishOptions {
        mandatory,
        ..BasicPublishOptions::default()
    };
    let payload = record.payload.as_bytes();
    let published = link
        .channel
        .basic_publish(exchange, routing_key, options, payload, outgoing.properties);
    published
        .await
        .map_err(|error| broker_error(format_args!("publishing: {error}")))
}

async fn answers(confirms: Vec<PublisherConfirm>) -> Answers {
    let mut answers = Answers {
        said: Vec::with_capacity(confirms.len()),
        returned: HashSet::new(),
    };
    for confirm in confirms {
        let (said, message) = match confirm.await {
            Ok(Confirmation::Ack(message)) => (Ok(()), message),
            Ok(Confirmation::Nack(message)) => (Err(broker_error("publishing: the broker refused")), message),
            Ok(Confirmation::NotRequested) => (Err(broker_error("publishing: nothing is confirmed")), None),
            Err(error) => (Err(broker_error(format_args!("publishing: {error}"))), None),
        };
        answers.said.push(said);
        let id = message.and_then(|message| message.delivery.properties.message_id().clone());
        answers.returned.extend(id.map(|id| id.as_str().to_owned()));
    }
    answers
}

impl Answers {
    fn into_sent(self, records: &[Arc<Record>]) -> Sent {
        let mut sent = Sent {
            confirmed: 0,
            unwanted: 0,
            trouble: None,
        };
        for (record, said) in records.iter().zip(self.said) {
            if let Err(error) = said {
                sent.trouble = Some(error);
                break;
            }
            sent.confirmed += 1;
            sent.unwanted += usize::from(self.returned.contains(&record.id));
        }
        sent
    }
}
