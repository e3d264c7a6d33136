//! Whether the broker does its work: something is published, confirmed, and comes back.

use futures::StreamExt;
use kit_bus::carrier::BrokerError;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Confirmation};

use crate::link::{Link, Purpose};
use crate::{Hub, broker_error, topology};

/// On two connections, as in earnest.
pub(crate) async fn check(hub: &Hub) -> Result<(), BrokerError> {
    let listening = Link::open(hub, Purpose::Look).await?;
    let queue = topology::exclusive(&listening).await?;
    let options = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    let mut consumer = topology::consume(&listening, queue.as_str(), options).await?;
    let publishing = Link::open(hub, Purpose::Look).await?;
    topology::exchanges(&publishing, &hub.exchanges).await?;
    topology::confirms(&publishing).await?;
    let word = hub.ids.uuid().to_string();
    let coming = async {
        publish(&publishing, queue, &word).await?;
        while let Some(delivery) = consumer.next().await {
            if delivery.is_ok_and(|delivery| delivery.data == word.as_bytes()) {
                return Ok(());
            }
        }
        Err(broker_error("checking: the queue is gone"))
    };
    let limit = hub.settings.confirm_limit;
    let late = || {
        broker_error(format_args!(
            "checking: what was published did not come within {limit:?}"
        ))
    };
    tokio::time::timeout(limit, coming).await.map_err(|_| late())??;
    publishing.close().await;
    listening.close().await;
    Ok(())
}

/// Through the default exchange, which knows every queue by its name.
async fn publish(link: &Link, queue: ShortString, word: &str) -> Result<(), BrokerError> {
    let failed = |error| broker_error(format_args!("checking: {error}"));
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let properties = BasicProperties::default().with_message_id(word.into());
    let published = link.channel.basic_publish(
        ShortString::default(),
        queue,
        options,
        word.as_bytes(),
        properties,
    );
    match published.await.map_err(failed)?.await.map_err(failed)? {
        Confirmation::Ack(None) => Ok(()),
        _ => Err(broker_error("checking: the broker refused")),
    }
}
