//! The log of another service, which publishes what a story wants.

use std::sync::Arc;

use kit_bus::Source;
use kit_db::{Db, DbTarget, Migrations, StoreError, Tx, partition_of, sql};
use kit_event::{Event, Topic};
use kit_runtime::{Clock, Ids};

use crate::app::open_database;
use crate::fixture::Fixture;
use crate::process::TestProcess;

/// The outbox of a service that a consumer under test listens to.
pub struct EventLog {
    /// What it is kept in.
    pub db: Db,
    service: &'static str,
    topics: &'static [&'static Topic],
    target: DbTarget,
}

#[expect(
    clippy::expect_used,
    reason = "a story whose events are not published cannot go on"
)]
impl EventLog {
    /// The log of a service that publishes these topics, open in a process. It has the time of those who read it,
    /// which goes on by itself.
    pub async fn open(
        fixture: &Fixture,
        process: &Arc<TestProcess>,
        service: &'static str,
        topics: &'static [&'static Topic],
    ) -> Self {
        let target = fixture.target_of(service).await;
        let named = (service, Clock::system());
        Self {
            db: open_database(process, named, target.clone(), &Migrations::none()).await,
            service,
            topics,
            target,
        }
    }

    /// For the bus of a consumer.
    #[must_use]
    pub fn source(&self) -> Source {
        Source {
            service: self.service,
            topics: self.topics,
            target: self.target.clone(),
            published: Some(self.db.published()),
        }
    }

    /// Publishes an event.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn publish(&self, event: impl Event + Clone + Send + Sync + 'static) {
        self.publish_all(vec![event]).await;
    }

    /// Publishes several events in one transaction.
    ///
    /// # Panics
    /// When the database refuses them.
    pub async fn publish_all<E: Event + Clone + Send + Sync + 'static>(&self, events: Vec<E>) {
        let published = self.db.write(async move |tx: &mut Tx| {
            for event in &events {
                tx.publish(event.clone());
            }
            Ok::<_, StoreError>(())
        });
        published.await.expect("the events are published");
    }

    /// Publishes an event as somebody else may: of this topic, type and key, with this payload, whatever it is.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn publish_raw(&self, (topic, kind): (&'static str, &'static str), key: &str, payload: &str) {
        let (key, payload) = (key.to_owned(), payload.to_owned());
        let (id, now) = (Ids::system().uuid().to_string(), Clock::system().now());
        let headers =
            format!("{{\"ce_source\":\"/elsewhere\",\"ce_subject\":\"{key}\",\"ce_time\":\"{now}\"}}");
        let published = self.db.write(async move |tx: &mut Tx| {
            sql(
                "INSERT INTO outbox (event_id, topic, key, partition, type, payload, headers, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(&id)
            .bind(topic)
            .bind(&key)
            .bind(partition_of(&key))
            .bind(kind)
            .bind(&payload)
            .bind(&headers)
            .bind(now)
            .execute(tx)
            .await
        });
        published.await.expect("the event is published");
    }
}
