//! A process with a way to Redis.

use std::time::Duration;

use kit_redis::{Away, Redis, RedisDeps, RedisMetrics, RedisSettings, cmd};
use kit_runtime::{Ids, Lifecycle, Secret};
use kit_telemetry::Metrics;
use kit_testing::eventually;

pub(crate) struct TestClient {
    pub(crate) redis: Redis,
    pub(crate) metrics: Metrics,
    lifecycle: Lifecycle,
}

impl TestClient {
    pub(crate) fn at(url: &str) -> Self {
        let mut settings = RedisSettings::new(Secret::new(url.to_owned()));
        settings.prefix = format!("test-{}", Ids::system().uuid().simple());
        settings.first_pause = Duration::from_millis(20);
        settings.longest_pause = Duration::from_millis(200);
        settings.connect_limit = Duration::from_millis(500);
        Self::with(settings)
    }

    /// Patient enough for a loaded machine, where nothing is to fail.
    pub(crate) async fn patient(url: &str) -> Self {
        let mut settings = RedisSettings::new(Secret::new(url.to_owned()));
        settings.prefix = format!("test-{}", Ids::system().uuid().simple());
        settings.limit = Duration::from_mins(1);
        settings.connect_limit = Duration::from_mins(1);
        let client = Self::with(settings);
        eventually("there is a connection", async || {
            client.redis.is_asked().then_some(())
        })
        .await;
        client
    }

    fn with(settings: RedisSettings) -> Self {
        let (lifecycle, metrics) = (Lifecycle::new(), Metrics::new());
        let deps = RedisDeps {
            tasks: lifecycle.tasks(),
            ids: Ids::system(),
            metrics: Some(RedisMetrics::new(&metrics)),
        };
        Self {
            redis: Redis::open(settings, deps).unwrap(),
            metrics,
            lifecycle,
        }
    }

    pub(crate) async fn echo(&self, word: &str) -> Result<String, Away> {
        self.redis.ask("echo", cmd("ECHO").arg(word)).await
    }

    /// How many attempts to connect have failed.
    pub(crate) fn failed_connects(&self) -> u64 {
        let text = self.metrics.encode();
        let count = text
            .lines()
            .find_map(|line| line.strip_prefix("stoa_redis_connects_total{outcome=\"failed\"} "));
        count.map_or(0, |count| count.parse().unwrap())
    }

    pub(crate) fn counts(&self, line: &str) -> bool {
        let text = self.metrics.encode();
        text.lines().any(|found| found == line)
    }

    pub(crate) async fn end(self) {
        self.lifecycle.end().await;
    }
}
