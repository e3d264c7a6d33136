//! Redis as its users see it.

use std::fmt;
use std::sync::Arc;

use kit_runtime::{Ids, Tasks};
use kit_telemetry::Metrics;
use redis::io::tcp::TcpSettings;
use redis::{Client, Cmd, FromRedisValue, RedisError, ToRedisArgs, Value};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::error::{Away, BadUrl};
use crate::keeper::Keeper;
use crate::line::Line;
use crate::metrics::RedisMetrics;
use crate::script::Script;
use crate::settings::RedisSettings;

/// What Redis needs of its process.
#[derive(Clone, Debug)]
pub struct RedisDeps {
    /// Where connections are opened.
    pub tasks: Tasks,
    /// The randomness of pauses.
    pub ids: Ids,
    /// Where calls are counted, if anywhere.
    pub metrics: Option<RedisMetrics>,
}

/// A way to Redis that may be interrupted. A cheap handle.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    settings: RedisSettings,
    metrics: RedisMetrics,
    /// Nothing while Redis is not asked.
    line: watch::Sender<Option<Line>>,
}

impl Redis {
    /// Begins to connect, and goes on trying until the process stops. Fails for an address that is none.
    pub fn open(settings: RedisSettings, deps: RedisDeps) -> Result<Self, BadUrl> {
        // A command is one small packet, and somebody waits for it.
        let tcp = TcpSettings::default().set_nodelay(true);
        let client = Client::open(settings.address()?.set_tcp_settings(tcp)).map_err(BadUrl)?;
        let metrics = deps.metrics;
        let metrics = metrics.unwrap_or_else(|| RedisMetrics::new(&Metrics::new()));
        let (line, _) = watch::channel(None);
        let keeper = Arc::new(Keeper {
            client,
            settings: settings.clone(),
            line: line.clone(),
            ids: deps.ids,
            metrics: metrics.clone(),
        });
        deps.tasks.supervise("redis.keeper", move |stop| {
            let keeper = Arc::clone(&keeper);
            async move {
                keeper.run(&stop).await;
                Ok(())
            }
        });
        Ok(Self(Arc::new(Inner {
            settings,
            metrics,
            line,
        })))
    }

    /// The key of something in an area of the installation: `stoa:profiles:17`.
    pub fn key(&self, area: &str, name: impl fmt::Display) -> String {
        format!("{}:{area}:{name}", self.0.settings.prefix)
    }

    /// Asks for one command; `call` is its name in metrics.
    pub async fn ask<T: FromRedisValue>(&self, call: &'static str, command: &Cmd) -> Result<T, Away> {
        let asking = async |mut line: Line| command.query_async(&mut line.connection).await;
        read(self.within_limits(call, asking).await?)
    }

    /// Runs a script on one key.
    pub async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        key: &str,
        arguments: impl ToRedisArgs,
    ) -> Result<T, Away> {
        let invocation = script.on(key, arguments);
        let running = async |mut line: Line| invocation.invoke_async(&mut line.connection).await;
        read(self.within_limits(script.name(), running).await?)
    }

    /// Whether Redis is asked at this moment.
    pub fn is_asked(&self) -> bool {
        self.0.line.borrow().is_some()
    }

    async fn within_limits(
        &self,
        call: &'static str,
        work: impl AsyncFnOnce(Line) -> Result<Value, RedisError>,
    ) -> Result<Value, Away> {
        let Inner {
            settings, metrics, ..
        } = &*self.0;
        let began = Instant::now();
        let line = self.0.line.borrow().clone();
        let Some(line) = line else {
            metrics.called(call, Err(&Away::NotAsked), began.elapsed());
            return Err(Away::NotAsked);
        };
        let ended = match timeout(settings.limit, work(line.clone())).await {
            Ok(ended) => ended.map_err(Away::of),
            Err(_) => Err(Away::TooSlow(settings.limit)),
        };
        let outcome = ended.as_ref().map(drop);
        metrics.called(call, outcome, began.elapsed());
        if line.has_failed(outcome, settings.failures) {
            self.give_up(&line);
        }
        ended
    }

    /// Nobody is sent there any more; the keeper opens another.
    fn give_up(&self, failed: &Line) {
        let was_open = self.0.line.send_if_modified(|line| {
            let is_this = line.as_ref().is_some_and(|line| line.is(failed));
            if is_this {
                *line = None;
            }
            is_this
        });
        if was_open {
            self.0.metrics.given_up();
            tracing::warn!("redis does not answer; going on without it");
        }
    }
}

/// Apart from asking: an answer that is not what was expected says nothing of the connection.
fn read<T: FromRedisValue>(answer: Value) -> Result<T, Away> {
    T::from_redis_value(answer).map_err(|error| Away::Refused(error.into()))
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redis")
    }
}
