//! A relay's way in: every message mandatory and confirmed.
//!
//! The broker sends back what it cannot route before it confirms it, but the client gives a returned message to
//! whichever confirm comes next, which is another's where several are on their way. So all confirms of a batch
//! are awaited, and what came back is told by its message id. It is no trouble, since the log has it for
//! whoever comes later, but it is counted.

use std::collections::HashSet;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{Confirmation, PublisherConfirm};

use super::link::{Link, Purpose};
use super::newcomers::Desk;
use super::{Hub, message, refused, topology};
use crate::carrier::{BrokerError, Newcomer, Publisher, Sent};
use crate::envelope::Record;

pub(super) struct RabbitPublisher {
    hub: Arc<Hub>,
    topic: &'static str,
    link: Option<Link>,
    desk: Desk,
}

/// What the broker said to each of a batch, in order.
struct Answers {
    said: Vec<Result<(), BrokerError>>,
    /// By message id.
    returned: HashSet<String>,
}

/// Where messages go.
#[derive(Clone, Copy)]
enum Way<'w> {
    /// To all who listen.
    Stream { entry: &'w str },
    /// To one queue, by the exchange that knows every queue by its name.
    Queue { queue: &'w str },
}

impl RabbitPublisher {
    pub(super) fn new(hub: Arc<Hub>, service: &str, topic: &'static str) -> Self {
        Self {
            desk: Desk::new(hub.clone(), service, topic),
            hub,
            topic,
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

    async fn send(&mut self, way: Way<'_>, records: &[Arc<Record>]) -> Sent {
        let limit = self.hub.settings.confirm_limit;
        let sent = match self.link().await {
            Ok(link) => {
                let late = || refused(format_args!("publishing: no confirm within {limit:?}"));
                let sending = tokio::time::timeout(limit, send_all(link, way, records));
                sending.await.unwrap_or_else(|_| Err(late()))
            }
            Err(error) => Err(error),
        };
        let sent = sent.map_or_else(Sent::failed, |answers| answers.judge(records));
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
async fn send_all(link: &Link, way: Way<'_>, records: &[Arc<Record>]) -> Result<Answers, BrokerError> {
    let mut confirms = Vec::with_capacity(records.len());
    for record in records {
        confirms.push(publish(link, way, record).await?);
    }
    Ok(answers(confirms).await)
}

impl Publisher for RabbitPublisher {
    fn publish<'a>(&'a mut self, records: &'a [Arc<Record>]) -> BoxFuture<'a, Sent> {
        async move {
            let entry = self.hub.exchanges.entry.clone();
            self.send(Way::Stream { entry: &entry }, records).await
        }
        .boxed()
    }

    fn newcomer(&mut self) -> BoxFuture<'_, Newcomer> {
        self.desk.next().boxed()
    }

    fn publish_to<'a>(&'a mut self, group: &'a Newcomer, records: &'a [Arc<Record>]) -> BoxFuture<'a, Sent> {
        let queue = &group.queue;
        self.send(Way::Queue { queue }, records).boxed()
    }

    fn admit<'a>(&'a mut self, group: &'a Newcomer) -> BoxFuture<'a, Result<(), BrokerError>> {
        async move {
            let admitted = self.let_in(&group.queue).await;
            match &admitted {
                Ok(()) => self.desk.done(group.ticket).await,
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
            self.desk.close().await;
        }
        .boxed()
    }
}

async fn publish(link: &Link, way: Way<'_>, record: &Record) -> Result<PublisherConfirm, BrokerError> {
    let outgoing =
        message::outgoing(record).map_err(|reason| refused(format_args!("{}: {reason}", record.id)))?;
    let (exchange, routing_key) = match way {
        Way::Stream { entry } => (entry.into(), outgoing.routing_key),
        Way::Queue { queue } => (ShortString::default(), queue.into()),
    };
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let payload = record.payload.as_bytes();
    let published = link
        .channel
        .basic_publish(exchange, routing_key, options, payload, outgoing.properties);
    published
        .await
        .map_err(|error| refused(format_args!("publishing: {error}")))
}

async fn answers(confirms: Vec<PublisherConfirm>) -> Answers {
    let mut answers = Answers {
        said: Vec::with_capacity(confirms.len()),
        returned: HashSet::new(),
    };
    for confirm in confirms {
        let (said, message) = match confirm.await {
            Ok(Confirmation::Ack(message)) => (Ok(()), message),
            Ok(Confirmation::Nack(message)) => (Err(refused("publishing: the broker refused")), message),
            Ok(Confirmation::NotRequested) => (Err(refused("publishing: nothing is confirmed")), None),
            Err(error) => (Err(refused(format_args!("publishing: {error}"))), None),
        };
        answers.said.push(said);
        let id = message.and_then(|message| message.delivery.properties.message_id().clone());
        answers.returned.extend(id.map(|id| id.as_str().to_owned()));
    }
    answers
}

impl Answers {
    fn judge(self, records: &[Arc<Record>]) -> Sent {
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
