//! The copies in Redis, which the processes share.
//!
//! A process believes a copy only where it would believe a value that it had loaded itself at the moment at
//! which the copy's load began. It knows that moment without any two clocks agreeing: a copy carries when its
//! load began by Redis's clock, a look-up brings that clock's time along, and the difference is an age. So a
//! copy that is older than the last news without a version, than the last interruption of the broadcast, or than
//! this process, is passed over, as is one of a version that this process knows to be gone.
//!
//! Redis is told of news as well (marks, with which the scripts refuse late values), and that makes copies
//! useful; but what is right does not rest on it. Where Redis could not be told, this process believes no copy
//! from before that moment; the other processes hear the event and see for themselves.

mod entry;
mod scripts;

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kit_redis::{Away, Redis};
use kit_runtime::{Clock, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::Versioned;
use crate::change::Known;
use crate::settings::CacheSettings;
use entry::Lying;

/// Added to how long a load may take: the commands around it.
const AROUND_A_LOAD: Duration = Duration::from_secs(1);

/// A cache's part of Redis.
pub(crate) struct Shared<K, V> {
    redis: Redis,
    area: &'static str,
    codec: Codec<K, V>,
    /// How old a load may be whose value comes late.
    latest: Duration,
    remembered: Duration,
    /// Microseconds of this process's clock: no copy from before is believed.
    floor: AtomicI64,
}

/// How keys and values are written. As functions, so that a cache without Redis asks nothing of its types.
struct Codec<K, V> {
    name: fn(&K) -> String,
    write: fn(&V) -> serde_json::Result<Vec<u8>>,
    read: fn(&[u8]) -> serde_json::Result<V>,
}

/// What a look into Redis brings.
pub(crate) enum Looked<V> {
    /// A copy of a value.
    Copy(Copied<V>),
    Missing(Since),
    /// Something that is no copy, or not any more.
    Unreadable(Since),
    Away,
}

pub(crate) struct Copied<V> {
    pub(crate) found: Arc<Versioned<V>>,
    /// When its load began at the earliest, by this process's clock.
    pub(crate) began: Timestamp,
    pub(crate) since: Since,
}

/// A moment of Redis's clock before a load. Without one, its value is not shared.
#[derive(Clone, Copy)]
pub(crate) struct Since(i64);

impl<K, V> Shared<K, V> {
    pub(crate) fn new(redis: Redis, settings: &CacheSettings) -> Self
    where
        K: Display,
        V: Serialize + DeserializeOwned,
    {
        let latest = settings.load_limit + AROUND_A_LOAD;
        Self {
            redis,
            area: settings.name,
            codec: Codec {
                name: K::to_string,
                write: |value| serde_json::to_vec(value),
                read: |text| serde_json::from_slice(text),
            },
            latest,
            remembered: settings.remembered.max(latest),
            floor: AtomicI64::new(i64::MIN),
        }
    }

    /// What lies in Redis under the key.
    pub(crate) async fn look(&self, key: &K, clock: &Clock) -> Looked<V> {
        let sent = clock.now();
        let looked = self.redis.run(&scripts::LOOK, &self.key(key), None::<i64>).await;
        let (now, lying): (i64, Option<Vec<u8>>) = match looked {
            Ok(looked) => looked,
            Err(away) => {
                self.log_failure(&away);
                return Looked::Away;
            }
        };
        let since = Since(now);
        let Some(lying) = lying else {
            return Looked::Missing(since);
        };
        let entry = match entry::read(&lying) {
            Lying::Value(entry) => entry,
            Lying::Mark => return Looked::Missing(since),
            Lying::Odd => return Looked::Unreadable(since),
        };
        let age = now
            .checked_sub(entry.began)
            .and_then(|age| u64::try_from(age).ok());
        match (age, (self.codec.read)(entry.value)) {
            (Some(age), Ok(value)) => Looked::Copy(Copied {
                found: Arc::new(Versioned {
                    version: entry.version,
                    value,
                }),
                began: sent.minus(Duration::from_micros(age)),
                since,
            }),
            // Redis's clock was set back, or another release wrote the value.
            _ => Looked::Unreadable(since),
        }
    }

    /// Lays down a value whose load began after `since`.
    pub(crate) async fn fill(&self, key: &K, value: &Versioned<V>, since: Since, span: Duration) {
        let text = match (self.codec.write)(&value.value) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(cache = self.area, %error, "a value cannot be shared");
                return;
            }
        };
        let stamp = entry::stamp(Known::there(value.version));
        let began = format!("{:016}", since.0);
        // Long enough to stand in the way of older ones that come late.
        let stays = millis(span.max(self.latest));
        let arguments = (stamp, began, micros(self.latest), stays, text);
        let key = self.key(key);
        let filled = self.redis.run::<i64>(&scripts::FILL, &key, arguments).await;
        if let Err(away) = filled {
            self.log_failure(&away);
        }
    }

    /// Records a change in Redis, or that whatever lies there is out of date.
    pub(crate) async fn record_change(&self, key: &K, news: Option<Known>, clock: &Clock) {
        let stamp = news.map(entry::stamp).unwrap_or_default();
        let arguments = (stamp, millis(self.remembered));
        let key = self.key(key);
        let recorded = self.redis.run::<i64>(&scripts::MARK, &key, arguments).await;
        if let Err(away) = recorded {
            self.log_failure(&away);
            self.distrust_before(clock.now());
        }
    }

    /// From now on no copy is believed whose load began before.
    pub(crate) fn distrust_before(&self, moment: Timestamp) {
        self.floor.fetch_max(moment.as_micros(), Ordering::SeqCst);
    }

    pub(crate) fn trusts(&self, began: Timestamp) -> bool {
        began.as_micros() > self.floor.load(Ordering::SeqCst)
    }

    fn key(&self, key: &K) -> String {
        self.redis.key(self.area, (self.codec.name)(key))
    }

    /// That Redis is away is its own concern; that it refuses what it is asked is a defect.
    fn log_failure(&self, away: &Away) {
        if let Away::Refused(reason) = away {
            tracing::error!(cache = self.area, %reason, "redis refuses");
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

fn millis(span: Duration) -> u64 {
    // Redis refuses zero.
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}
