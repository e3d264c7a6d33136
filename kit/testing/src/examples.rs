//! Whether the examples of a document are true: what is sent as the example is answered as the example says.

use bytes::Bytes;
use kit_http::RouteTable;
use serde_json::{Value, json};

use crate::client::Client;
use crate::routes::document;

/// The examples of a service's document, to be tried in an order in which each finds what it needs.
pub struct Examples {
    table: RouteTable,
    document: Value,
    untried: Vec<&'static str>,
}

impl Examples {
    /// None of them is tried yet.
    #[must_use]
    pub fn of(table: RouteTable) -> Self {
        Self {
            document: document(&table),
            untried: table.routes.iter().map(|route| route.operation).collect(),
            table,
        }
    }

    /// What the document says of an operation.
    ///
    /// # Panics
    /// When there is no such operation.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a story about a route that is not there cannot go on"
    )]
    pub fn operation(&self, operation: &str) -> &Value {
        let route = self.table.find(operation).expect("the operation is in the table");
        &self.document["paths"][route.pattern][route.method.as_str().to_ascii_lowercase()]
    }

    /// The example of an operation's JSON body.
    #[must_use]
    pub fn body(&self, operation: &str) -> &Value {
        &self.operation(operation)["requestBody"]["content"]["application/json"]["example"]
    }

    /// Sends an operation's example to a path; its answer has the status and the members that the document says.
    /// The answer, and the example of it.
    ///
    /// # Panics
    /// When it is answered otherwise.
    #[expect(
        clippy::expect_used,
        reason = "a story about a route that is not there cannot go on"
    )]
    pub async fn check(&mut self, client: &Client, operation: &str, path: &str) -> (Value, Value) {
        self.untried.retain(|untried| *untried != operation);
        let route = self.table.find(operation).expect("the operation is in the table");
        let body = Some(self.body(operation)).filter(|body| !body.is_null());
        let responses = self.operation(operation)["responses"].as_object();
        let good = responses.and_then(|all| all.iter().find(|(status, _)| status.starts_with('2')));
        let (status, said) = good.expect("a good answer is described");
        let table = self.operation(operation)["requestBody"]["content"]["text/csv"]["example"].as_str();
        let reply = match table {
            Some(table) => {
                let table = Bytes::from(table.to_owned());
                client
                    .send_raw(route.method.clone(), path, Some("text/csv"), table)
                    .await
            }
            None => client.send(route.method.clone(), path, body).await,
        };
        let answer = reply.expect(status.parse().expect("a status"));
        let example = said["content"]["application/json"]["example"].clone();
        assert_eq!(shape(&answer), shape(&example), "`{operation}`");
        (answer, example)
    }

    /// The operations that were not tried.
    #[must_use]
    pub fn untried(&self) -> &[&'static str] {
        &self.untried
    }
}

/// A value with the names of its members and nothing in them.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        _ => json!(null),
    }
}
