//! A relay's way in: every message mandatory and confirmed.
//!
//! The broker sends back what it cannot route before it confirms it, but the client gives a returned message to
//! whichever confirm comes next, which is another's where several are on their way. So all confirms of a batch
//! are awaited, and what came back is told by its message id.

use std::collections::HashSet;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use lapin::options::BasicPublishOptions;
use lapin::{Confirmation, PublisherConfirm};

use super::link::{Link, Purpose};
use super::{Hub, message, refused, topology};
use crate::carrier::{BrokerError, Publisher, Sent, Trouble};
use crate::envelope::Record;

pub(super) struct RabbitPublisher {
    hub: Arc<Hub>,
    link: Option<Link>,
}

/// What the broker said to each of a batch, in order.
struct Answers {
    said: Vec<Result<(), BrokerError>>,
    /// By message id.
    returned: HashSet<String>,
}

impl RabbitPublisher {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self { hub, link: None }
    }

    async fn link(&mut self) -> Result<&Link, BrokerError> {
        let link = if let Some(link) = self.link.take() {
            link
        } else {
            let link = Link::open(&self.hub, Purpose::Publish).await?;
            topology::exchange(&link, &self.hub.settings.exchange).await?;
            topology::confirms(&link).await?;
            link
        };
        Ok(self.link.insert(link))
    }

    async fn send(&mut self, records: &[Arc<Record>]) -> Result<Answers, BrokerError> {
        let (limit, exchange) = (
            self.hub.settings.confirm_limit,
            self.hub.settings.exchange.clone(),
        );
        let link = self.link().await?;
        let sending = async {
            let mut confirms = Vec::with_capacity(records.len());
            for record in records {
                confirms.push(publish(link, &exchange, record).await?);
            }
            Ok(answers(confirms).await)
        };
        let late = || refused(format_args!("publishing: no confirm within {limit:?}"));
        tokio::time::timeout(limit, sending).await.map_err(|_| late())?
    }
}

impl Publisher for RabbitPublisher {
    fn publish<'a>(&'a mut self, records: &'a [Arc<Record>]) -> BoxFuture<'a, Sent> {
        async move {
            let sent = match self.send(records).await {
                Ok(answers) => answers.judge(records),
                Err(error) => Sent {
                    confirmed: 0,
                    trouble: Some(error.into()),
                },
            };
            if matches!(sent.trouble, Some(Trouble::Failed(_))) {
                // What is still on its way is cut off.
                self.link = None;
            }
            sent
        }
        .boxed()
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        async {
            if let Some(link) = self.link.take() {
                link.close().await;
            }
        }
        .boxed()
    }
}

async fn publish(link: &Link, exchange: &str, record: &Record) -> Result<PublisherConfirm, BrokerError> {
    let outgoing =
        message::outgoing(record).map_err(|reason| refused(format_args!("{}: {reason}", record.id)))?;
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let published = link.channel.basic_publish(
        exchange.into(),
        outgoing.routing_key,
        options,
        record.payload.as_bytes(),
        outgoing.properties,
    );
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
        for (index, (record, said)) in records.iter().zip(self.said).enumerate() {
            let trouble = match said {
                Err(error) => Trouble::Failed(error),
                Ok(()) if self.returned.contains(&record.id) => Trouble::Unroutable,
                Ok(()) => continue,
            };
            return Sent {
                confirmed: index,
                trouble: Some(trouble),
            };
        }
        Sent {
            confirmed: records.len(),
            trouble: None,
        }
    }
}
