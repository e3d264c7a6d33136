//! The types that go through the routes.

use kit_runtime::Timestamp;
use kit_values::{Money, Sku, Text, given};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use subscriptions_api::ServiceStatus;

/// How many queues a plan may promise.
pub const MOST_QUEUES: u32 = 10_000;

/// How many connections at once a plan may promise.
pub const MOST_CONNECTIONS: u32 = 10_000;

/// How many bytes of messages in each queue a plan may promise: what a JSON number says exactly in every language.
pub const MOST_QUEUE_BYTES: u64 = (1 << 53) - 1;

/// `POST /plans`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateQueuePlan {
    /// 1 to 64 of `A-Z a-z 0-9 . _ -`, unique without case, for ever.
    #[schemars(with = "Sku")]
    pub sku: String,
    /// 1 to 100 characters.
    #[schemars(with = "Text<100, 1>")]
    pub name: String,
    /// Up to 2000 characters.
    #[serde(default)]
    #[schemars(with = "Text<2000>")]
    pub description: String,
    /// What a period costs: more than nothing.
    pub price: Money,
    /// How long a period is: 1 to 3660 days.
    #[schemars(range(min = 1, max = 3660))]
    pub duration_days: u32,
    /// How many queues there may be: 1 to 10000.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_queues: u32,
    /// How many connections there may be at once: 1 to 10000.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_connections: u32,
    /// How many bytes of messages each queue may hold: 1 to 2^53 - 1.
    #[schemars(range(min = 1, max = 9_007_199_254_740_991_i64))]
    pub max_queue_bytes: u64,
    /// What comes with it, at most 20.
    #[serde(default)]
    #[schemars(with = "Vec<Text<200, 1>>")]
    pub features: Vec<String>,
}

/// `PATCH /plans/{sku}`: what is left out stays as it is. What is sold already keeps the terms it was sold on.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateQueuePlan {
    /// 1 to 100 characters.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<100, 1>")]
    pub name: Option<String>,
    /// Up to 2000 characters.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<2000>")]
    pub description: Option<String>,
    /// What a period costs: more than nothing.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Money")]
    pub price: Option<Money>,
    /// How long a period is: 1 to 3660 days.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 3660))]
    pub duration_days: Option<u32>,
    /// How many queues there may be: 1 to 10000.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 10_000))]
    pub max_queues: Option<u32>,
    /// How many connections there may be at once: 1 to 10000.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 10_000))]
    pub max_connections: Option<u32>,
    /// How many bytes of messages each queue may hold: 1 to 2^53 - 1.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = 1, max = 9_007_199_254_740_991_i64))]
    pub max_queue_bytes: Option<u64>,
    /// All that comes with it from now on, at most 20.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Text<200, 1>>")]
    pub features: Option<Vec<String>>,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct QueuePlanView {
    /// What names it; unique without case.
    pub sku: Sku,
    /// Its name for people.
    pub name: String,
    /// The text about it.
    pub description: String,
    /// What a period costs.
    pub price: Money,
    /// How many days a period has.
    pub duration_days: u32,
    /// How many queues there may be.
    pub max_queues: u32,
    /// How many connections there may be at once.
    pub max_connections: u32,
    /// How many bytes of messages each queue may hold; beyond them the oldest messages go.
    pub max_queue_bytes: u64,
    /// What comes with it.
    pub features: Vec<String>,
    /// Whether nobody may begin with it any more. Services of it go on.
    pub retired: bool,
}

/// What a service holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct QueueUsageView {
    /// The sum of the sizes of the messages' bodies in all queues.
    pub bytes: u64,
    /// How many messages there are in all queues.
    pub objects: u64,
    /// When it was asked for (UTC). The broker counts every few seconds.
    pub measured_at: Timestamp,
}

/// A service: a virtual host and its user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct QueueServiceView {
    /// How it stands.
    pub status: ServiceStatus,
    /// Its plan.
    pub plan_sku: Sku,
    /// Where clients of AMQP 0-9-1 find it: `amqp` or `amqps`, host and port; null where no broker is configured.
    pub endpoint: Option<String>,
    /// The virtual host.
    pub vhost: String,
    /// The name of its user; null where there is none yet, or none any more.
    pub username: Option<String>,
    /// How many queues there may be, as it was sold.
    pub max_queues: u32,
    /// How many connections there may be at once, as it was sold.
    pub max_connections: u32,
    /// How many bytes of messages each queue may hold, as it was sold.
    pub max_queue_bytes: u64,
    /// What it holds; null where there is nothing to be measured, or that is not known now.
    pub usage: Option<QueueUsageView>,
    /// Until when it is paid (UTC); null where that is not known now.
    pub expires_at: Option<Timestamp>,
}

/// A user with its password, which is shown this once.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct QueueCredentialsView {
    /// The name of the user.
    pub username: String,
    /// The password.
    pub password: String,
}
