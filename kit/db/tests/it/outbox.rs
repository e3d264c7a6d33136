//! Events leave with the change, or not at all.

use kit_db::{Db, PARTITIONS, Reader, Row, StoreError, Tx, WriteError, partition_of, sql};
use kit_event::{CarrierClass, Event, Retention, Topic};
use kit_runtime::{Ids, Timestamp};
use kit_telemetry::TraceParent;
use kit_testing::both_databases;
use serde::{Serialize, Serializer};

use crate::shop::{MIGRATIONS, ids, insert, save};

const ACCOUNTS: Topic = Topic {
    name: "accounts",
    retention: Retention::Usual,
    carrier: CarrierClass::Stream,
    key: "the account's id",
};

#[derive(Serialize)]
struct AccountOpened {
    account_id: String,
    amount: i64,
}

impl Event for AccountOpened {
    const TOPIC: &'static Topic = &ACCOUNTS;
    const TYPE: &'static str = "account.opened";

    fn key(&self) -> String {
        self.account_id.clone()
    }

    fn sequence(&self) -> Option<i64> {
        Some(self.amount)
    }
}

fn opened(id: impl Into<String>) -> AccountOpened {
    AccountOpened {
        account_id: id.into(),
        amount: 7,
    }
}

/// An event that JSON cannot hold.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not today"))
    }
}

impl Event for Unwritable {
    const TOPIC: &'static Topic = &ACCOUNTS;
    const TYPE: &'static str = "account.unwritable";

    fn key(&self) -> String {
        String::new()
    }
}

async fn outbox(db: &Db) -> Vec<Row> {
    db.read(async |reader: &mut Reader| sql("SELECT * FROM outbox ORDER BY position").all(reader).await)
        .await
        .unwrap()
}

both_databases! {
    migrations = MIGRATIONS;

    async fn an_event_is_in_the_log_once_its_change_is_committed(db: Db) {
        let trace = TraceParent::start(Ids::system().random());
        let published = db.published();
        let before = db.clock().now();
        db.with_trace(trace)
            .write(async |tx: &mut Tx| {
                insert(tx, "a").await?;
                tx.publish(opened("a"));
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        assert!(published.has_changed().unwrap());
        let rows = outbox(&db).await;
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        assert_eq!(row.get::<String>("topic").unwrap(), "accounts");
        assert_eq!(row.get::<String>("type").unwrap(), "account.opened");
        assert_eq!(row.get::<String>("key").unwrap(), "a");
        assert_eq!(row.get::<i64>("partition").unwrap(), partition_of("a"));
        assert_eq!(row.get::<String>("payload").unwrap(), r#"{"account_id":"a","amount":7}"#);
        let headers: serde_json::Value = row.json("headers").unwrap();
        assert_eq!(headers["ce_id"], row.get::<String>("event_id").unwrap());
        assert_eq!(headers["ce_type"], "account.opened");
        assert_eq!(headers["ce_source"], "/stoa/test");
        assert_eq!(headers["ce_subject"], "a");
        assert_eq!(headers["sequence"], "7");
        assert_eq!(headers["traceparent"], trace.to_string());
        let time: Timestamp = headers["ce_time"].as_str().unwrap().parse().unwrap();
        assert_eq!(row.get::<Timestamp>("created_at").unwrap(), time);
        assert!(time >= before);
        assert!(row.get::<i64>("position").unwrap() > 0);
    }

    async fn a_refused_unit_publishes_nothing(db: Db) {
        let published = db.published();
        let refused = db.write(async |tx: &mut Tx| {
            tx.publish(opened("a"));
            insert(tx, "a").await?;
            insert(tx, "a").await
        });
        assert!(refused.await.is_err());
        save(&db, "b").await.unwrap();
        assert!(outbox(&db).await.is_empty());
        assert!(!published.has_changed().unwrap());
    }

    async fn many_events_of_a_unit_keep_their_order(db: Db) {
        db.write(async |tx: &mut Tx| {
            for number in 0..1200 {
                tx.publish(opened(format!("{number:04}")));
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
        let keys: Vec<String> = outbox(&db).await.iter().map(|row| row.get("key").unwrap()).collect();
        assert_eq!(keys.len(), 1200);
        assert!(keys.is_sorted());
    }

    async fn an_event_that_cannot_be_written_takes_its_change_along(db: Db) {
        let refused = db.write(async |tx: &mut Tx| {
            insert(tx, "a").await?;
            tx.publish(Unwritable);
            Ok::<_, StoreError>(())
        });
        let refused = refused.await;
        assert!(matches!(refused, Err(WriteError::Failed(_))), "{refused:?}");
        assert!(ids(&db).await.is_empty());
    }
}

#[test]
fn a_partition_is_the_same_for_ever() {
    // Consumers' positions are kept by partition; a change here would lose events.
    assert_eq!(partition_of(""), 1);
    let used: std::collections::BTreeSet<i64> = (0..1000).map(|n| partition_of(&n.to_string())).collect();
    assert_eq!(used.len(), usize::try_from(PARTITIONS).unwrap());
    assert!(used.iter().all(|partition| (0..16).contains(partition)));
}
