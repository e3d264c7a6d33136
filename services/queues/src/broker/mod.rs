//! RabbitMQ, by its management API. What it is asked may be asked again: what is done already is no error.

mod api;

use http::StatusCode;
use http::header::InvalidHeaderValue;
use kit_config::BaseUrl;
use kit_rpc::pool::SendError;
use kit_runtime::Secret;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

pub(crate) use self::api::Access;
use self::api::{Api, Server};
use crate::domain::Limits;

/// How many channels a user may have open for each connection that the plan promises.
const CHANNELS_A_CONNECTION: u32 = 64;

/// The name of the policy by which each queue is bounded.
const BOUNDS: &str = "stoa";

/// Why the broker did not do what it was asked.
#[derive(Debug, Error)]
pub(crate) enum BrokerError {
    /// There is none.
    #[error("no RabbitMQ is configured: set `queues.management_url`")]
    NotConfigured,
    /// It did not hear of it.
    #[error("RabbitMQ's management API is not reached")]
    Away(#[source] SendError),
    /// It may have done it.
    #[error("RabbitMQ's management API did not answer")]
    Lost(#[source] SendError),
    /// It has answered something else than that it is done.
    #[error("RabbitMQ's management API answered {0}")]
    Answered(StatusCode),
    /// Its answer is not what it is known to answer.
    #[error("an answer of RabbitMQ's management API cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// The account that is configured is not an administrator's.
    #[error("the account of `queues.management_username` is no administrator of RabbitMQ")]
    NoAdministrator,
}

/// What is in a virtual host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// The sum of the sizes of the messages' bodies.
    pub bytes: u64,
    pub messages: u64,
}

/// A queue, as the broker counts it: nothing of one that it has not counted yet.
#[derive(Deserialize)]
struct Counted {
    #[serde(default)]
    messages: u64,
    #[serde(default)]
    message_bytes: u64,
}

#[derive(Deserialize)]
struct Identity {
    /// A list, or in older versions a text with commas.
    tags: Value,
}

/// The broker, if there is one. A cheap handle.
#[derive(Clone)]
pub(crate) struct Broker(Option<Api>);

impl Broker {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// At a server, of whose address the path counts.
    pub(crate) fn at(server: Server, url: &BaseUrl, access: &Access<'_>) -> Result<Self, InvalidHeaderValue> {
        Api::new(server, url, access).map(|api| Self(Some(api)))
    }

    pub(crate) const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Makes a virtual host with limits; where it is closed, nobody may connect.
    pub(crate) async fn put_vhost(
        &self,
        vhost: &str,
        limits: Limits,
        is_closed: bool,
    ) -> Result<(), BrokerError> {
        let api = self.api()?;
        api.put(&format!("/api/vhosts/{vhost}"), json!({})).await?;
        let queues = json!({ "value": limits.queues });
        api.put(&format!("/api/vhost-limits/{vhost}/max-queues"), queues)
            .await?;
        let bounds = json!({
            "pattern": ".*", "apply-to": "queues", "priority": 0,
            "definition": { "max-length-bytes": limits.queue_bytes },
        });
        api.put(&format!("/api/operator-policies/{vhost}/{BOUNDS}"), bounds)
            .await?;
        let connections = if is_closed { 0 } else { limits.connections };
        self.let_connect(vhost, connections).await
    }

    /// Takes a virtual host away with all that is in it; its connections are closed.
    pub(crate) async fn remove_vhost(&self, vhost: &str) -> Result<(), BrokerError> {
        self.api()?.delete(&format!("/api/vhosts/{vhost}")).await
    }

    /// Makes a user without any access, or gives it another password.
    pub(crate) async fn put_user(&self, name: &str, password: &Secret<String>) -> Result<(), BrokerError> {
        let user = json!({ "password": password.expose(), "tags": "" });
        self.api()?.put(&format!("/api/users/{name}"), user).await
    }

    /// Takes a user away; its connections are closed.
    pub(crate) async fn remove_user(&self, name: &str) -> Result<(), BrokerError> {
        self.api()?.delete(&format!("/api/users/{name}")).await
    }

    /// Closes a user's connections. A version that cannot do that says so, and is not taken for one without any.
    pub(crate) async fn disconnect(&self, name: &str) -> Result<(), BrokerError> {
        self.api()?
            .clear(&format!("/api/connections/username/{name}"))
            .await
    }

    /// Lets a user do everything in a virtual host, within its limits.
    pub(crate) async fn admit(&self, vhost: &str, name: &str, limits: Limits) -> Result<(), BrokerError> {
        let api = self.api()?;
        let channels = limits.connections * CHANNELS_A_CONNECTION;
        for (limit, value) in [
            ("max-connections", limits.connections),
            ("max-channels", channels),
        ] {
            let value = json!({ "value": value });
            api.put(&format!("/api/user-limits/{name}/{limit}"), value)
                .await?;
        }
        let everything = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        api.put(&format!("/api/permissions/{vhost}/{name}"), everything)
            .await
    }

    /// Lets nobody connect to a virtual host, and those who have go; its queues stay. The permissions go too, so that
    /// who came in at the last moment can do nothing.
    pub(crate) async fn close(&self, vhost: &str, name: &str) -> Result<(), BrokerError> {
        self.let_connect(vhost, 0).await?;
        self.api()?
            .delete(&format!("/api/permissions/{vhost}/{name}"))
            .await?;
        self.disconnect(name).await
    }

    /// Undoes that.
    pub(crate) async fn open(&self, vhost: &str, name: &str, limits: Limits) -> Result<(), BrokerError> {
        self.admit(vhost, name, limits).await?;
        self.let_connect(vhost, limits.connections).await
    }

    async fn let_connect(&self, vhost: &str, connections: u32) -> Result<(), BrokerError> {
        let limit = format!("/api/vhost-limits/{vhost}/max-connections");
        self.api()?.put(&limit, json!({ "value": connections })).await
    }

    /// What is in a virtual host, as it was counted in the last seconds; none where there is none.
    pub(crate) async fn content(&self, vhost: &str) -> Result<Option<Content>, BrokerError> {
        let path = format!("/api/queues/{vhost}?columns=messages,message_bytes");
        let Some(queues) = self.api()?.get::<Vec<Counted>>(&path).await? else {
            return Ok(None);
        };
        let sum = |content: Content, queue: &Counted| Content {
            bytes: content.bytes.saturating_add(queue.message_bytes),
            messages: content.messages.saturating_add(queue.messages),
        };
        Ok(Some(queues.iter().fold(Content::default(), sum)))
    }

    /// Whether it answers, and lets us do what we have to.
    pub(crate) async fn check(&self) -> Result<(), BrokerError> {
        let identity = self.api()?.get::<Identity>("/api/whoami").await?;
        let is_administrator = identity.is_some_and(|identity| match &identity.tags {
            Value::Array(tags) => tags.iter().any(|tag| tag == "administrator"),
            Value::String(tags) => tags.split(',').any(|tag| tag.trim() == "administrator"),
            _ => false,
        });
        is_administrator.then_some(()).ok_or(BrokerError::NoAdministrator)
    }

    fn api(&self) -> Result<&Api, BrokerError> {
        self.0.as_ref().ok_or(BrokerError::NotConfigured)
    }
}
