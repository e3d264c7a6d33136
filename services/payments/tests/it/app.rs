//! Payments as the stories start it, and what people do with it.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use bytes::Bytes;
use http::Method;
use kit_testing::{App, AppBuilder, Fixture, Person, Reply};
use serde_json::{Value, json};

/// Every transaction.
pub(crate) const TRANSACTIONS: &str = "SELECT id FROM transactions";

/// What one is told who would have more.
pub(crate) const OVER: &str = "Transaction limit exceeded: maximum 1000 total per user";

/// Payments, not started yet, without orders in reach.
pub(crate) fn payments(fixture: &Fixture) -> AppBuilder {
    App::of(fixture, payments::service()).out_of_reach(orders_api::TOPICS)
}

pub(crate) async fn start(fixture: &Fixture) -> App {
    payments(fixture).start().await
}

/// With another limit, which counts `all` or `unpaid` transactions.
pub(crate) async fn start_limited(fixture: &Fixture, limit: &str, counts: &str) -> App {
    payments(fixture)
        .set("payments.transaction_limit", limit)
        .set("payments.limit_counts", counts)
        .start()
        .await
}

/// What somebody does with transactions.
pub(crate) trait Transactions {
    /// Asks for a transaction of this amount, as it is written here.
    async fn send(&self, amount: &str) -> Reply;
    /// Asks for a transaction in these words.
    async fn send_body(&self, body: impl Into<Bytes>) -> Reply;
    /// Makes a transaction of this amount.
    async fn create(&self, amount: &str) -> Value;
    /// Asks to pay what is pending.
    async fn send_pay(&self) -> Reply;
    /// Pays what is pending: how many transactions, and the sum as it is printed.
    async fn pay(&self) -> (u64, String);
    /// Their hundred newest transactions.
    async fn transactions(&self) -> Vec<Value>;
    /// One member of each of them.
    async fn each(&self, member: &str) -> Vec<Value>;
    /// How many of them have this status.
    async fn counted(&self, status: &str) -> usize;
}

impl Transactions for Person {
    async fn send(&self, amount: &str) -> Reply {
        let body = format!("{{\"amount\":{amount},\"description\":\"books\"}}");
        self.send_body(body).await
    }

    async fn send_body(&self, body: impl Into<Bytes>) -> Reply {
        let (json, body) = (Some("application/json"), body.into());
        self.client
            .send_raw(Method::POST, "/transactions", json, body)
            .await
    }

    async fn create(&self, amount: &str) -> Value {
        self.send(amount).await.expect(201)
    }

    async fn send_pay(&self) -> Reply {
        self.client.send(Method::POST, "/transactions/pay", None).await
    }

    async fn pay(&self) -> (u64, String) {
        let reply = self.send_pay().await;
        let paid = reply.expect(200);
        let printed = String::from_utf8(reply.body.to_vec()).unwrap();
        let (_, sum) = printed.split_once("\"amount_paid\":").unwrap();
        let count = paid["transactions_paid"].as_u64().unwrap();
        (count, sum.trim_end_matches('}').to_owned())
    }

    async fn transactions(&self) -> Vec<Value> {
        let listed = self.client.get("/transactions/list?limit=100").await.expect(200);
        listed.as_array().unwrap().clone()
    }

    async fn each(&self, member: &str) -> Vec<Value> {
        let transactions = self.transactions().await;
        transactions.into_iter().map(|one| one[member].clone()).collect()
    }

    async fn counted(&self, status: &str) -> usize {
        let expected = json!(status);
        let all = self.each("status").await;
        all.iter().filter(|found| **found == expected).count()
    }
}
