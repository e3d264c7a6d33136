//! Processes that share a Redis: each with a cache of its own, and a connection of its own.

use std::future::ready;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Either, select};
use kit_cache::{Cache, CacheDeps, CacheError, CacheMetrics, CacheSettings, Versioned};
use kit_redis::{FromRedisValue, Redis, RedisDeps, RedisSettings, cmd};
use kit_runtime::{Clock, Ids, Lifecycle, Secret};
use kit_telemetry::Metrics;
use kit_testing::{eventually, redis_url};
use tokio::sync::oneshot;

use crate::fixture::Away;

pub(crate) type Answer = Result<Option<Versioned<String>>, CacheError<Away>>;
pub(crate) type Loaded = Result<Option<Versioned<String>>, Away>;

/// An installation: a Redis, and the prefix of its keys there.
pub(crate) struct Installation {
    settings: RedisSettings,
}

pub(crate) struct Process {
    pub(crate) cache: Cache<String, String, Away>,
    pub(crate) redis: Redis,
    pub(crate) metrics: Metrics,
    lifecycle: Lifecycle,
}

impl Installation {
    /// On the test server, and patient enough for a loaded machine.
    pub(crate) fn new() -> Self {
        Self::at(&redis_url(), Duration::from_mins(1))
    }

    /// On a server of the test's own, where a command may take so long.
    pub(crate) fn at(url: &str, limit: Duration) -> Self {
        let mut settings = RedisSettings::new(Secret::new(url.to_owned()));
        settings.prefix = format!("test-{}", Ids::system().uuid().simple());
        settings.limit = limit;
        settings.first_pause = Duration::from_millis(20);
        settings.longest_pause = Duration::from_millis(200);
        Self { settings }
    }

    /// A process that has its connection.
    pub(crate) async fn process(&self) -> Process {
        let process = self.process_at(Clock::system(), |_| {});
        process.until_asked().await;
        process
    }

    pub(crate) fn process_at(&self, clock: Clock, change: impl FnOnce(&mut CacheSettings)) -> Process {
        let (lifecycle, metrics) = (Lifecycle::new(), Metrics::new());
        let deps = RedisDeps {
            tasks: lifecycle.tasks(),
            ids: Ids::system(),
            metrics: None,
        };
        let redis = Redis::open(self.settings.clone(), deps).unwrap();
        let mut settings = CacheSettings::new("peers");
        settings.load_limit = Duration::from_mins(1);
        change(&mut settings);
        let deps = CacheDeps {
            tasks: lifecycle.tasks(),
            clock,
            ids: Ids::system(),
            metrics: Some(CacheMetrics::new(&metrics)),
        };
        Process {
            cache: Cache::layered(settings, deps, Some(redis.clone())),
            redis,
            metrics,
            lifecycle,
        }
    }
}

impl Process {
    pub(crate) async fn until_asked(&self) {
        eventually("redis is asked", async || self.redis.is_asked().then_some(())).await;
    }

    /// A look-up whose load brings this.
    pub(crate) async fn get(&self, key: &str, loaded: Loaded) -> Answer {
        let found = self.cache.get(&key.to_owned(), || ready(loaded)).await?;
        Ok(found.map(|found| (*found).clone()))
    }

    /// A look-up whose load brings this version at once.
    pub(crate) async fn load(&self, key: &str, version: i64) -> i64 {
        let answer = self.get(key, Ok(Some(of(version)))).await;
        answer.unwrap().unwrap().version
    }

    /// The version that is found without a load, in memory or in Redis.
    pub(crate) async fn held(&self, key: &str) -> Option<i64> {
        match self.get(key, Err(Away)).await {
            Ok(found) => found.map(|found| found.version),
            Err(CacheError::Failed(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// A look-up whose load has begun, and ends when it is told what it read.
    pub(crate) async fn reading(&self, key: &str) -> Reading {
        self.try_reading(key).await.unwrap()
    }

    /// As [`Process::reading`], unless a copy turns up.
    pub(crate) async fn try_reading(&self, key: &str) -> Option<Reading> {
        let (end, until) = oneshot::channel::<Loaded>();
        let (began, has_begun) = oneshot::channel();
        let (cache, key) = (self.cache.clone(), key.to_owned());
        let asking = async move {
            let load = async move || {
                began.send(()).unwrap();
                until.await.unwrap()
            };
            let found = cache.get(&key, load).await?;
            Ok(found.map(|found| (*found).clone()))
        };
        match select(asking.boxed(), has_begun).await {
            Either::Left(_) => None,
            Either::Right((result, asking)) => result.ok().map(|()| Reading { asking, end }),
        }
    }

    pub(crate) fn put(&self, key: &str, version: i64) {
        self.cache.put(key.to_owned(), of(version));
    }

    /// What lies in Redis.
    pub(crate) async fn lying(&self, key: &str) -> Option<Vec<u8>> {
        self.ask("GET", key, &[]).await
    }

    /// The head of what lies in Redis: a value or a mark, of which version.
    pub(crate) async fn head(&self, key: &str) -> Option<(char, i64)> {
        let lying = String::from_utf8(self.lying(key).await?).unwrap();
        let version: u64 = lying[1..21].parse().unwrap();
        Some((lying.chars().next()?, (version ^ (1 << 63)).cast_signed()))
    }

    pub(crate) async fn until_head(&self, key: &str, head: (char, i64)) {
        eventually("redis has it", async || {
            (self.head(key).await == Some(head)).then_some(())
        })
        .await;
    }

    /// One command on a key.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &str, key: &str, arguments: &[&[u8]]) -> T {
        let key = self.redis.key("peers", key);
        let command = cmd(command).arg(key).arg(arguments).to_owned();
        eventually("redis answers", async || {
            self.redis.ask("test", &command).await.ok()
        })
        .await
    }

    pub(crate) async fn lay(&self, key: &str, lying: &[u8]) {
        let laid: String = self.ask("SET", key, &[lying, b"EX", b"600"]).await;
        assert_eq!(laid, "OK");
    }

    pub(crate) fn counts(&self, line: &str) -> bool {
        let text = self.metrics.encode();
        text.lines().any(|found| found == line)
    }

    pub(crate) async fn end(self) {
        self.lifecycle.end().await;
    }
}

/// A look-up that waits for its load.
pub(crate) struct Reading {
    asking: BoxFuture<'static, Answer>,
    end: oneshot::Sender<Loaded>,
}

impl Reading {
    /// Its load has read this version.
    pub(crate) async fn brings(self, version: i64) -> Option<i64> {
        assert!(self.end.send(Ok(Some(of(version)))).is_ok(), "it waits");
        self.asking.await.unwrap().map(|found| found.version)
    }
}

pub(crate) fn of(version: i64) -> Versioned<String> {
    Versioned {
        version,
        value: format!("value {version}"),
    }
}
