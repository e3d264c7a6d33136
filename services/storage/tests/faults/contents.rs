//! What an object store really has, seen behind the back of storage.

use std::collections::{BTreeMap, BTreeSet};

use kit_testing::Fixture;
use rusqlite::{Connection, OpenFlags};

use crate::app::Shop;
use crate::back_ends::BackEnd;

/// Keys by the buckets that they are to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents(BTreeMap<String, BTreeSet<String>>);

impl Contents {
    pub(crate) fn add(&mut self, bucket: &str, keys: impl IntoIterator<Item = String>) {
        self.0.entry(bucket.to_owned()).or_default().extend(keys);
    }
}

/// The keys that storage says an instance has.
pub(crate) async fn keys(shop: &Shop, instance_id: &str) -> [String; 2] {
    let rows = shop
        .rows("SELECT instance_id, access_key_id, signing_key_id FROM services")
        .await;
    let of_instance = |row: &&kit_db::Row| row.get::<String>("instance_id").unwrap() == instance_id;
    let row = rows.iter().find(of_instance).unwrap();
    ["access_key_id", "signing_key_id"].map(|key| row.get(key).unwrap())
}

pub(crate) async fn contents(fixture: &Fixture, shop: &Shop, back_end: &BackEnd) -> Contents {
    let mut contents = Contents::default();
    match back_end {
        BackEnd::Embedded => {
            let file = fixture.data().join("objects/objects.db");
            let store = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
            let buckets = "SELECT name, id FROM buckets LEFT JOIN access_keys ON bucket = name";
            let mut buckets = store.prepare(buckets).unwrap();
            let rows = buckets
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap();
            for row in rows {
                let (bucket, key): (String, Option<String>) = row.unwrap();
                contents.add(&bucket, key);
            }
        }
        BackEnd::MinIo(user) => {
            let users = user.root.list_users().await.unwrap();
            for row in shop.rows("SELECT bucket FROM services").await {
                let bucket: String = row.get("bucket").unwrap();
                let keys: BTreeSet<_> = users
                    .iter()
                    .filter(|(_, user)| user.has_policy(&bucket))
                    .map(|(key, _)| key.clone())
                    .collect();
                if keys.is_empty() {
                    user.check_is_gone(&bucket, &[]).await;
                } else {
                    contents.add(&bucket, keys);
                }
            }
        }
    }
    contents
}
