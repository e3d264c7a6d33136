//! A client of AMQP that knows what its owner was told, and the test server's administrator, who sees everything.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kit_runtime::Tasks;
use kit_testing::{Client, backend, eventually};
use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::Value;

/// The management API of the test server: its address, an administrator and their password.
pub(crate) fn management() -> (String, String, String) {
    let url = backend("rabbitmq", "management_url");
    let (access, address) = url.strip_prefix("http://").unwrap().split_once('@').unwrap();
    let (username, password) = access.split_once(':').unwrap();
    (address.to_owned(), username.to_owned(), password.to_owned())
}

/// Where clients find the test server.
pub(crate) fn public_url() -> String {
    let url = kit_testing::rabbitmq_url();
    let (_, rest) = url.split_once('@').unwrap();
    format!("amqp://{}", rest.split_once('/').unwrap().0)
}

/// The administrator, whom nothing is hidden from.
pub(crate) struct Administrator(Client);

impl Administrator {
    pub(crate) fn new(tasks: Tasks) -> Self {
        let (address, username, password) = management();
        let address: SocketAddr = address.parse().unwrap();
        let pair = STANDARD.encode(format!("{username}:{password}"));
        Self(Client::new(address, tasks).with("authorization", &format!("Basic {pair}")))
    }

    pub(crate) async fn has_vhost(&self, name: &str) -> bool {
        self.0.get(&format!("/api/vhosts/{name}")).await.status == 200
    }

    pub(crate) async fn has_user(&self, name: &str) -> bool {
        self.0.get(&format!("/api/users/{name}")).await.status == 200
    }

    /// The tags of a user, and where they may do something.
    pub(crate) async fn rights(&self, name: &str) -> (Value, Vec<String>) {
        let user = self.0.get(&format!("/api/users/{name}")).await.expect(200);
        let path = format!("/api/users/{name}/permissions");
        let permissions = self.0.get(&path).await.expect(200);
        let vhosts = permissions.as_array().unwrap().iter();
        let names = vhosts.map(|permission| text(permission, "vhost").to_owned());
        (user["tags"].clone(), names.collect())
    }
}

pub(crate) fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap()
}

/// Connects with credentials, to their own virtual host.
pub(crate) async fn connect(credentials: &Value) -> Result<Connection, lapin::Error> {
    connect_to(credentials, text(credentials, "vhost")).await
}

/// Connects with credentials to another virtual host.
pub(crate) async fn connect_to(credentials: &Value, vhost: &str) -> Result<Connection, lapin::Error> {
    let endpoint = public_url();
    let address = endpoint.strip_prefix("amqp://").unwrap();
    let (username, password) = (text(credentials, "username"), text(credentials, "password"));
    let url = format!("amqp://{username}:{password}@{address}/{vhost}");
    Connection::connect(&url, ConnectionProperties::default()).await
}

/// A channel that is told what becomes of what it publishes, and a queue of this name.
pub(crate) async fn queue(connection: &Connection, name: &str) -> Result<Channel, lapin::Error> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    channel
        .queue_declare(name.into(), options, FieldTable::default())
        .await?;
    Ok(channel)
}

/// Publishes to a queue, and waits until the broker has it.
pub(crate) async fn publish(channel: &Channel, queue: &str, payload: &[u8]) {
    let options = BasicPublishOptions::default();
    let persistent = BasicProperties::default().with_delivery_mode(2);
    let published = channel.basic_publish("".into(), queue.into(), options, payload, persistent);
    assert!(published.await.unwrap().await.unwrap().is_ack());
}

/// The next message of a queue, taken for good.
pub(crate) async fn take(channel: &Channel, queue: &str) -> Option<Vec<u8>> {
    let options = BasicGetOptions { no_ack: true };
    let got = channel.basic_get(queue.into(), options).await.unwrap();
    got.map(|message| message.delivery.data)
}

/// Waits until the broker has closed a connection.
pub(crate) async fn is_put_out(connection: &Connection) {
    let closed = async || (!connection.status().connected()).then_some(());
    eventually("the connection is closed", closed).await;
}
