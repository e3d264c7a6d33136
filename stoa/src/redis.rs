//! Redis, where one is configured: never needed, and asked for what is faster or stricter with it.

use anyhow::Context;
use kit_config::{Check, Span};
use kit_redis::{Redis, RedisDeps, RedisMetrics, RedisSettings};
use kit_runtime::Secret;

use crate::node::Node;
use crate::settings::section;

kit_config::config! {
    /// Redis: copies of what was read, and rates that all gateways count together. Nothing is lost with it, and
    /// everything works without.
    pub(crate) struct RedisConfig("redis") {
        /// `redis://user:password@host:port/database`, or `rediss://` for TLS. Without it, each process keeps
        /// copies in its own memory, and each gateway counts by itself.
        url: Option<Secret<String>>,
        /// What every key begins with, so that several installations can share a server.
        prefix: String = "stoa",
        /// How long a command may take at most. After five in a row that took longer, Redis is not asked until it
        /// has answered a process by itself.
        time_limit: Span = "50ms",
    }
    validate(check_redis)
}

fn check_redis(config: &RedisConfig, check: &mut Check<'_>) {
    if let Some(settings) = config.settings()
        && let Err(error) = settings.check()
    {
        check.refuse("url", error.to_string());
    }
    if config.prefix.is_empty() {
        check.refuse("prefix", "must not be empty");
    }
}

impl RedisConfig {
    fn settings(&self) -> Option<RedisSettings> {
        let mut settings = RedisSettings::new(self.url.clone()?);
        settings.prefix.clone_from(&self.prefix);
        settings.limit = self.time_limit.into();
        Some(settings)
    }
}

/// The process's way to Redis, if it has one.
pub(crate) fn open(node: &Node) -> anyhow::Result<Option<Redis>> {
    let Some(settings) = section::<RedisConfig>(&node.config)?.settings() else {
        return Ok(None);
    };
    let deps = RedisDeps {
        tasks: node.tasks.clone(),
        ids: node.ids.clone(),
        metrics: Some(RedisMetrics::new(&node.metrics)),
    };
    let redis = Redis::open(settings, deps).context("`redis.url` cannot be used")?;
    Ok(Some(redis))
}
